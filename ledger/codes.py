"""Code lists of other people's making, with their source and version; coded members accept `unknown` besides."""

from typing import Final

EOIR_ADJOURNMENT_CODES: Final = frozenset(
    """
    01 02 03 04 05 06 07 08 09 10 11 12 13 14 16 17 18 19 1A 1B 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
    35 36 37 38 39 3A 3B 40 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F 50 51 52 53 54 55 56 57 58 59 5A 5B
    5C 60 61 62 63 64 74 7A 7B 7C 7D 7E 7F 7G 7H 8A 8B 96 97 98 99 9A 9B 9C 9V AB AS CA CB DD IA IB MR OT PD
    RD RE RO RR SR ST SU TQ WA
    """.split()
)
"""EOIR tblAdjournmentcodes, as decoded in the public CASE data of August 2025. `NA` is not among them."""

ISO_3166_ALPHA_3: Final = frozenset(
    """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS
    BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV
    CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM
    GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN
    IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE
    LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS
    MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK
    PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR
    SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY
    USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE XKX
    """.split()
)
"""ISO 3166-1 alpha-3, with XKX for Kosovo (user-assigned, in general use)."""

REOPENING_MOTIONS: Final = frozenset({"MA", "MC", "O", "RD", "VO"})
"""EOIR motion codes whose grant opens a decided case again: reopen, rescind, vacate the order."""

USCIS_PENDING_ADJOURNMENTS: Final = frozenset({"7A", "7B", "7C", "7D", "7E", "7F", "7G", "7H"})
"""Adjournments that reveal an application pending with DHS (8 USC 1367): existence protected."""

NINTH_CIRCUIT_STATES: Final = frozenset({"AK", "AZ", "CA", "GU", "HI", "ID", "MP", "MT", "NV", "OR", "WA"})
"""28 USC 41: where Flores-Chavez v. Ashcroft asks for notice to the adult as well."""
