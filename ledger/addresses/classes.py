"""What class an address falls into, judged from the address alone, without network (domain (c)).

The classes are those of OIG-25-21 and OIG-23-47; the first that fits wins. This is a heuristic, not a delivery-point
check: it misses a unit that only the Postal Service or a second child at the same door would betray, and a real
validator's answer may replace it. Nothing is ever filled in or put right; the address stays as it was given.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from ledger.addresses.words import (
    BOX_NUMBER,
    BUILDINGS,
    CARE_OF,
    LAST_ZIP,
    MAILBOX,
    NUMBER_WORDS,
    ORDINAL,
    PLACEHOLDERS,
    PREMISES,
    ROUTE,
    RURAL_BOX,
    STREET_WORDS,
    UNIT,
    UNIT_WITHOUT_VALUE,
    WORD,
)
from ledger.addresses.zip_prefixes import STATES_BY_PREFIX, state_code
from ledger.facts import Address

RULE_VERSION: Final = "offline-1"
"""Names this set of rules, so that yesterday's class can be told from today's."""

READ_LINES: Final = 10
READ_CHARACTERS: Final = 200
"""No street line is longer; a message made to be slow must not hold up everybody's."""

AddressClass = Literal["BLANK", "MISSING_UNIT", "UNDELIVERABLE", "NOT_RESIDENTIAL", "UNIT_UNCONFIRMED", "OK"]
"""`UNIT_UNCONFIRMED` needs the Postal Service's file: it is never given offline."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The class of an address, and why, in words that repeat nothing of the address."""

    address_class: AddressClass
    reason: str


OK: Final = Assessment("OK", "nothing found wrong with it")
BLANK: Final = Assessment("BLANK", "no street line")
_VALUE_MISSING: Final = Assessment("MISSING_UNIT", "a unit designator without its number")
_BUILDING: Final = Assessment("MISSING_UNIT", "the name of a building of many units, and no unit")
_NO_NUMBER: Final = Assessment("UNDELIVERABLE", "no street number")
_NO_PLACE: Final = Assessment("UNDELIVERABLE", "neither city nor ZIP")
_FOREIGN: Final = Assessment("UNDELIVERABLE", "no state of the United States")
_NO_ZIP: Final = Assessment("UNDELIVERABLE", "the ZIP is not five or nine digits, or assigned to no post office")
_ZIP_ELSEWHERE: Final = Assessment("UNDELIVERABLE", "the ZIP lies in another state")
_BOX: Final = Assessment("NOT_RESIDENTIAL", "a post office box or private mailbox")
_PREMISES: Final = Assessment("NOT_RESIDENTIAL", "a hotel, station, restaurant, dealer, court, law office or facility")


def is_blank(address: Address) -> bool:
    """Return whether the address names no place to deliver to: no line, or none but placeholders, city and names."""
    if not address.lines:
        return True  # nearly all of ORR's history, so before anything else
    places = {_plain(address.city), _plain(address.state), _plain(address.county), _plain(address.zip)}
    return all(_says_nothing(line, places) for line in _lines(address))


def assess(address: Address) -> Assessment:
    """Return the class of `address` and the reason for it."""
    if is_blank(address):
        return BLANK
    text = ", ".join(line for line in _lines(address) if line and not _only_a_name(line))
    unit = _plain(address.unit)
    if _placeholder(unit):
        unit = ""
    return _missing_unit(text, unit) or _undeliverable(text, address) or _not_residential(text) or OK


def uses_care_of(address: Address) -> bool:
    """Return whether mail to this address goes to somebody else's name: in a member of its own, or in a line."""
    return not _placeholder(_plain(address.care_of)) or any(CARE_OF.match(line) for line in address.lines or ())


def spelling(address: Address) -> tuple[str, ...]:
    """Return what is left of an address without case, spaces and punctuation: the same for spellings of one place."""
    street = " ".join((*_lines(address), _plain(address.unit)))
    return (
        re.sub(r"[^\w#/-]+", " ", street).strip(),
        _plain(address.city),
        state_code(address.state) or _plain(address.state),
        _plain(address.zip)[:5],
    )


def _lines(address: Address) -> list[str]:
    return [_plain(line[:READ_CHARACTERS]) for line in (address.lines or ())[:READ_LINES]]


def _plain(given: str | None) -> str:
    return " ".join(given.upper().split()) if given else ""


def _placeholder(plain: str) -> bool:
    return not plain or plain.strip(" .,").replace(" ", "-") in PLACEHOLDERS or plain in PLACEHOLDERS


def _only_a_name(plain: str) -> bool:
    """Return whether a line is `c/o` somebody and no more; a whole address can stand behind it in the same line."""
    return CARE_OF.match(plain) is not None and not any(character.isdigit() for character in plain)


def _says_nothing(plain: str, places: set[str]) -> bool:
    """Return whether a line is empty, a placeholder, the city and state again, or no more than a name."""
    if _placeholder(plain) or plain in places or _only_a_name(plain):
        return True
    if any(part.isdigit() for part in plain):
        return all(
            _placeholder(word) or word in places or state_code(word) for word in re.split(r"[\s,]+", plain) if word
        )
    words = WORD.findall(plain)
    return not (STREET_WORDS.intersection(words) or PREMISES.search(plain) or "BOX" in words or "DELIVERY" in words)


def _missing_unit(text: str, unit: str) -> Assessment | None:
    if unit or UNIT.search(text) or MAILBOX.search(text):
        return None
    if UNIT_WITHOUT_VALUE.search(text):
        return _VALUE_MISSING
    building = BUILDINGS.search(text)
    if building and not _names_a_street(building["rest"]):
        return _BUILDING
    return None


def _names_a_street(rest: str) -> bool:
    """Return whether what follows a keyword makes it a street's name: Tower Hill Rd, Hotel St."""
    return bool(STREET_WORDS.intersection(WORD.findall(rest.split(",", maxsplit=1)[0])))


def _undeliverable(text: str, address: Address) -> Assessment | None:
    state = state_code(address.state)
    if state is None and not _placeholder(_plain(address.state)):
        return _FOREIGN
    zip_code = _plain(address.zip).strip(" .,")
    wrong_zip = None if _placeholder(zip_code) else _wrong_zip(zip_code, state)
    if wrong_zip:
        return wrong_zip
    last_zip = LAST_ZIP.search(text)
    last_word = text.rpartition(" ")[2].strip(",")
    if _placeholder(zip_code) and _placeholder(_plain(address.city)) and not (last_zip or state_code(last_word)):
        return _NO_PLACE
    if BOX_NUMBER.search(text) or RURAL_BOX.search(text):
        return None
    street = text[: last_zip.start()] if last_zip else text
    street = ROUTE.sub(" ", ORDINAL.sub(" ", UNIT.sub(" ", street)))
    if any(character.isdigit() for character in street) or NUMBER_WORDS.intersection(WORD.findall(street)[:1]):
        return None
    return _NO_NUMBER


def _wrong_zip(given: str, state: str | None) -> Assessment | None:
    digits = given.replace("-", "").replace(" ", "")
    if len(digits) == 4:
        digits = "0" + digits  # spreadsheets drop the zero of New England and New Jersey
    if not (digits.isascii() and digits.isdigit() and len(digits) in (5, 9)):
        return _NO_ZIP
    states = STATES_BY_PREFIX.get(digits[:3])
    if states is None:
        return _NO_ZIP
    return None if state is None or state in states else _ZIP_ELSEWHERE


def _not_residential(text: str) -> Assessment | None:
    if MAILBOX.search(text) or (
        BOX_NUMBER.search(text) and not RURAL_BOX.search(text) and not _street_besides_box(text)
    ):
        return _BOX
    premises = PREMISES.search(text)
    if premises and not _names_a_street(premises["rest"]):
        return _PREMISES
    return None


def _street_besides_box(text: str) -> bool:
    """Return whether a street stands beside the box: then mail may go there, and somebody may live there."""
    return any(
        any(c.isdigit() for c in part) and STREET_WORDS.intersection(WORD.findall(part))
        for part in BOX_NUMBER.sub(" ", text).split(",")
    )
