"""Agencies as people write them: `ICE ERO`, `HHS/ORR`, `Immigration Court`."""

import re
from collections.abc import Sequence
from typing import Final

from ledger.agencies import AGENCIES, GROUPS, Agency
from ledger.choices import chosen, no_choice

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


def agency_among(text: str, among: Sequence[Agency]) -> Agency:
    """Return the agency that is spelled so: `ICE-ERO`, `ice-ero` as in names of topics, `ice_ero`. Raises `ValueError`.

    Only spelling is forgiven: what a program or a command is told is no name people use.
    """
    name = chosen(text, among)
    for agency in among:
        if agency == name:
            return agency
    meant = _BY_NAME.get(spelled(text))
    if meant is not None and meant in among:
        raise ValueError(f"{text!r} is no agency here (did you mean {meant}?); there are {', '.join(among)}")
    raise ValueError(no_choice(text, "agency here", among))


def is_called(text: str) -> bool:
    """Return whether a text as a whole names an agency or a group."""
    return spelled(text) in _BY_NAME
