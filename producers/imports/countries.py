"""The country names of the HHS release file, as ISO 3166-1 alpha-3 codes (`ledger.codes`)."""

from typing import Final

_NAMES: Final = """
AFG Afghanistan; AGO Angola; ALB Albania; ARG Argentina; ARM Armenia; AZE Azerbaijan; BDI Burundi; BEL Belgium;
BGD Bangladesh; BHS Bahamas; BLR Belarus; BLZ Belize; BOL Bolivia; BRA Brazil; CAN Canada; CHE Switzerland;
CHL Chile; CHN China; CIV Ivory Coast; CMR Cameroon; COD Dem Rep Of The Congo; COG Congo; COL Colombia;
CRI Costa Rica; CUB Cuba; CYM Cayman Islands; DEU Germany; DOM Dominican Republic; DZA Algeria; ECU Ecuador;
EGY Egypt; ERI Eritrea; ESP Spain; ETH Ethiopia; FRA France; GBR United Kingdom; GEO Georgia; GHA Ghana;
GIN Guinea; GLP Guadeloupe; GMB Gambia; GNB Guinea-Bissau; GNQ Equatorial Guinea; GTM Guatemala;
GUF French Guiana; GUY Guyana; HND Honduras; HTI Haiti; HUN Hungary; IND India; IRL Ireland; IRN Iran; IRQ Iraq;
ISR Israel; ITA Italy; JAM Jamaica; JOR Jordan; JPN Japan; KAZ Kazakhstan; KEN Kenya; KGZ Kyrgyzstan; LAO Laos;
LBN Lebanon; LBR Liberia; LKA Sri Lanka; MDA Moldova; MEX Mexico; MNG Mongolia; MRT Mauritania; NGA Nigeria;
NIC Nicaragua; NPL Nepal; PAK Pakistan; PAN Panama; PER Peru; PHL Philippines; POL Poland; PRT Portugal;
PRY Paraguay; ROU Romania; RUS Russia; SAU Saudi Arabia; SDN Sudan; SEN Senegal; SLE Sierra Leone;
SLV El Salvador; SOM Somalia; SRB Serbia; SSD South Sudan; SUR Suriname; SVK Slovakia; SWE Sweden; SYR Syria;
TCA Turks And Caicos Islands; TCD Chad; TGO Togo; TJK Tajikistan; TKM Turkmenistan; TTO Trinidad and Tobago;
TUR Turkey; TZA Tanzania; UGA Uganda; UKR Ukraine; URY Uruguay; USA United States of America; UZB Uzbekistan;
VEN Venezuela; VNM Vietnam; XKX Kosovo; ZAF South Africa; ZWE Zimbabwe
"""

ALPHA_3_BY_NAME: Final[dict[str, str]] = {
    entry.strip()[4:].casefold(): entry.strip()[:3] for entry in " ".join(_NAMES.split()).split(";")
}
"""By name in lower case. `Unknown` is not among them: it stays `unknown`, like a name nobody foresaw."""


def alpha_3(name: str) -> str:
    """Return the code of the country of this name, `unknown` where the table has none."""
    return ALPHA_3_BY_NAME.get(name.strip().casefold(), "unknown")
