"""Agencies as people write them: `ICE ERO`, `HHS/ORR`, `Immigration Court`."""

import re
from typing import Final

from ledger.agencies import AGENCIES, GROUPS, Agency
from ledger.choices import no_choice

_PARTS: Final = re.compile(r"[\s./_()-]+")
_ALSO: Final[dict[str, str]] = {
    "ero": "ICE-ERO",
    "dhs ice ero": "ICE-ERO",
    "enforcement and removal operations": "ICE-ERO",
    "opla": "ICE-OPLA",
    "dhs ice opla": "ICE-OPLA",
    "office of the principal legal advisor": "ICE-OPLA",
    "hhs": "ORR",
    "hhs orr": "ORR",
    "hhs acf orr": "ORR",
    "acf orr": "ORR",
    "orr hhs": "ORR",
    "office of refugee resettlement": "ORR",
    "doj eoir": "EOIR",
    "eoir doj": "EOIR",
    "immigration court": "EOIR",
    "executive office for immigration review": "EOIR",
    "dhs cbp": "CBP",
    "usbp": "CBP",
    "cbp usbp": "CBP",
    "cbp ofo": "CBP",
    "border patrol": "CBP",
    "us border patrol": "CBP",
    "customs and border protection": "CBP",
    "dhs uscis": "USCIS",
    "cis": "USCIS",
    "citizenship and immigration services": "USCIS",
    "dhs oig": "OIG",
    "inspector general": "OIG",
    "dhs ice": "ICE",
}


def spelled(text: str) -> str:
    """Return a name without what people vary."""
    return _PARTS.sub(" ", text.casefold()).strip()


_BY_NAME: Final[dict[str, str]] = {
    **{spelled(name): name for name in (*AGENCIES, *GROUPS)},
    **{spelled(name.replace("-", " ")[::1]): name for name in AGENCIES},
    **_ALSO,
}


def agency_called(text: str) -> Agency:
    """Return the agency that is meant. Raises `ValueError` that names the members of a group, or what is near."""
    name = _BY_NAME.get(spelled(text), text)
    for agency in AGENCIES:
        if agency == name:
            return agency
    if name in GROUPS:
        raise ValueError(f"{name} is a group; say which of its agencies was told: {', '.join(GROUPS[name])}")
    raise ValueError(no_choice(text, "agency of the ledger", AGENCIES))


def is_called(text: str) -> bool:
    """Return whether a text as a whole names an agency or a group."""
    return spelled(text) in _BY_NAME
