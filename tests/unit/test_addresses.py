"""The OIG's classes of addresses, judged offline; examples are made up, counts are of public address strings."""

import csv
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.addresses.classes import RULE_VERSION, AddressClass, assess, is_blank, spelling, uses_care_of
from ledger.addresses.zip_prefixes import STATE_CODES, STATES_BY_PREFIX, state_code
from ledger.facts import Address

HOUSTON = {"city": "Houston", "state": "TX", "zip": "77002"}


def at(*lines: str, **members: Any) -> Address:
    return Address(lines=lines, **{**HOUSTON, **members})


@pytest.mark.parametrize(
    "address",
    [
        Address(),
        Address(lines=()),
        Address(lines=(), unit="4B", city="Houston"),
        Address(city="Houston", county="Harris", state="TX"),
        at(""),
        at("  ", "\n"),
        at("N/A"),
        at("unknown"),
        at("tbd."),
        at("XXX"),
        at("0"),
        at("Same as above"),
        at("homeless"),
        at("?"),
        at("Houston"),
        at("HOUSTON, TX"),
        at("Houston, TX 77002"),
        at("77002"),
        at("Maria Lopez"),
        at("c/o Maria Lopez"),
        at("c/o Maria Lopez", "N/A"),
        at("Harris", county="Harris"),
        at("Orange Park", city="Orange Park", state="FL", zip="32073"),
    ],
)
def test_an_address_that_names_no_door_is_blank(address: Address) -> None:
    """Empty, a placeholder, the city again or no more than a name: the OIG's first class."""
    assert is_blank(address)
    assert assess(address).address_class == "BLANK"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (at("1200 Elm St"), "OK"),
        (at("1200 Elm St", unit="4"), "OK"),
        (at("82-10 Roosevelt Ave", city="Queens", state="NY", zip="11372"), "OK"),
        (at("12 1/2 Main St"), "OK"),
        (at("One Penn Plaza"), "OK"),
        (at("123 5th Ave"), "OK"),
        (at("Urb. Las Lomas", "Calle 5 D-12", city="San Juan", state="PR", zip="00921"), "OK"),
        (at("RR 2 Box 15"), "OK"),
        (at("c/o Maria Lopez", "1200 Elm St"), "OK"),
        (at("c/o Maria Lopez 1200 Elm St"), "OK"),
        (at("PO Box 12", "1200 Elm St"), "OK"),
        (Address(lines=("1200 Elm St, Houston TX 77002",)), "OK"),
        (at("1200 Elm St", zip=None), "OK"),
        (at("1200 Elm St", state="unknown"), "OK"),
        (at("1200 Elm St", city=None), "OK"),
        (at("500 Tower Hill Rd"), "OK"),
        (at("12 Manor Ave"), "OK"),
        (at("9 Hotel St"), "OK"),
        (at("500 Oak Towers Apt 12"), "OK"),
        (at("500 Oak Towers", unit="12"), "OK"),
        (at("500 Oak Towers", unit="N/A"), "MISSING_UNIT"),
        (at("500 Oak Towers"), "MISSING_UNIT"),
        (at("77 Kings Arms"), "MISSING_UNIT"),
        (at("10 Elm Court Apts"), "MISSING_UNIT"),
        (at("88 Sunset Complex"), "MISSING_UNIT"),
        (at("1200 Elm St Apt"), "MISSING_UNIT"),
        (at("1200 Elm St Apt #"), "MISSING_UNIT"),
        (at("1200 Elm St", "Unit"), "MISSING_UNIT"),
        (at("Elm St"), "UNDELIVERABLE"),
        (at("Elm St Apt 4"), "UNDELIVERABLE"),
        (at("5th Ave"), "UNDELIVERABLE"),
        (at("Highway 278"), "UNDELIVERABLE"),
        (at("1200 Elm St", state="CA"), "UNDELIVERABLE"),
        (at("1200 Elm St", state="Ontario"), "UNDELIVERABLE"),
        (at("1200 Elm St", zip="7700"), "UNDELIVERABLE"),
        (at("1200 Elm St", zip="00000-1"), "UNDELIVERABLE"),
        (at("1200 Elm St", zip="21300", state="MD"), "UNDELIVERABLE"),
        (at("1200 Elm St", zip="M5V 2T6"), "UNDELIVERABLE"),
        (at("1200 Elm St", city=None, zip=None), "UNDELIVERABLE"),
        (at("PO Box 12"), "NOT_RESIDENTIAL"),
        (at("P.O. Box 12"), "NOT_RESIDENTIAL"),
        (at("1200 Elm St PMB 30"), "NOT_RESIDENTIAL"),
        (at("Hotel Maya, 12 Main St"), "NOT_RESIDENTIAL"),
        (at("Greyhound Bus Station", "2121 Main St"), "NOT_RESIDENTIAL"),
        (at("Taqueria Sol", "9 Main St"), "NOT_RESIDENTIAL"),
        (at("Lone Star Auto Sales", "9 Main St"), "NOT_RESIDENTIAL"),
        (at("Law Office of J. Doe", "9 Main St"), "NOT_RESIDENTIAL"),
        (at("Karnes Detention Center", "409 FM 1144"), "NOT_RESIDENTIAL"),
    ],
)
def test_the_first_class_that_fits_is_the_address_class(address: Address, expected: str) -> None:
    """Domain (c), in its order; houses are not taken for towers, nor streets for hotels."""
    assessment = assess(address)
    assert assessment.address_class == expected, assessment


@pytest.mark.parametrize(
    "unit",
    "Apt 4B|apt. 4|#4|# 4-B|Unit 12|Ste 200|Bldg C Apt 3|2nd Floor|Depto 5|Piso 2|Rear|Casa 3|Lot 7|Apto A".split("|"),
)
def test_a_unit_is_seen_however_it_is_written(unit: str) -> None:
    """Publication 28's designators and Spanish ones, in the street line or one of its own."""
    assert assess(at(f"500 Oak Towers {unit}")).address_class == "OK"
    assert assess(at("500 Oak Towers", unit)).address_class == "OK"


def test_a_unit_may_stand_before_the_number() -> None:
    """`5B 500 Oak Towers` names its unit."""
    assert assess(at("5B 500 Oak Towers")).address_class == "OK"


def test_a_zip_that_lost_its_zero_in_a_spreadsheet_is_read_with_it() -> None:
    """`7030` beside New Jersey is Hoboken; beside Texas it is in another state."""
    assert assess(at("1200 Elm St", city="Hoboken", state="NJ", zip="7030")).address_class == "OK"
    assert assess(at("1200 Elm St", state="TX", zip="7030")).address_class == "UNDELIVERABLE"


def test_every_state_has_zips_and_is_known_by_name_and_code() -> None:
    """The table covers the states, territories and the armed forces' post."""
    covered = frozenset().union(*STATES_BY_PREFIX.values())
    assert covered == STATE_CODES
    assert (state_code("new  york"), state_code("N.Y."), state_code("NY")) == ("NY", "NY", "NY")
    assert state_code("Ontario") is None
    assert state_code(None) is None


def test_the_reason_repeats_nothing_of_the_address() -> None:
    """Reasons stand in findings, which more people read than addresses."""
    for address in (at("Zzyzx Towers 7"), at("Zzyzx"), at("PO Box 7, Zzyzx"), at("Zzyzx Rd")):
        assert "zzyzx" not in assess(address).reason.lower()


def test_care_of_is_seen_in_its_member_and_in_a_line() -> None:
    """W21 asks whether mail goes to somebody else's name."""
    assert uses_care_of(at("1200 Elm St", care_of="Rosa"))
    assert uses_care_of(at("C/O Rosa", "1200 Elm St"))
    assert uses_care_of(at("in care of Rosa", "1200 Elm St"))
    assert not uses_care_of(at("1200 Elm St", care_of=" "))
    assert not uses_care_of(at("1200 Coast Rd"))


def test_two_spellings_of_one_place_are_the_same_and_two_units_are_not() -> None:
    """Case, spaces and punctuation are spelling; a unit, a city or a ZIP is a place."""
    elm = at("1200 Elm St", "Apt 4")
    assert spelling(elm) == spelling(at("1200 ELM  ST.", unit="apt 4", state="Texas", zip="77002-1234"))
    for other in (at("1200 Elm St", "Apt 5"), at("1200 Elm St"), at("1200 Elm St", "Apt 4", zip="77003")):
        assert spelling(elm) != spelling(other)


@given(
    st.builds(
        Address,
        lines=st.lists(st.text(max_size=300), max_size=30).map(tuple),
        unit=st.none() | st.text(max_size=20),
        care_of=st.none() | st.text(max_size=20),
        city=st.none() | st.text(max_size=20),
        state=st.none() | st.text(max_size=20),
        zip=st.none() | st.text("0123456789- ²", max_size=12),
    )
)
def test_whatever_is_given_has_one_class_and_is_its_own_place(address: Address) -> None:
    """No text stops the judgment; blank addresses and only those are of the class BLANK."""
    assessment = assess(address)
    assert assessment.address_class in get_args(AddressClass)
    assert (assessment.address_class == "BLANK") is is_blank(address)
    assert spelling(address) == spelling(address.model_copy())
    uses_care_of(address)
    assert RULE_VERSION


@pytest.mark.parametrize("word", ["UNIT ", "BOX ", "APT ", "TOWER ", "1 ", "# ", "C/O ", "HWY "])
def test_an_address_made_to_be_slow_is_judged_on_its_beginning(word: str) -> None:
    """Lines full of one word takes no longer than a street: one sender must not hold up everybody."""
    long, short = at(*[word * 500] * 100), at(*[(word * 500)[:200]] * 10)
    assert assess(long) == assess(short)
    assert is_blank(at(*[""] * 10, "1200 Elm St"))
    assert is_blank(at("N/A" + " " * 200 + "1200 Elm St"))


def _labeled(path: Path) -> Iterator[Address]:
    """Read usaddress' labelled strings: place, state and ZIP as members, the rest as one line, as the Portal has it."""
    members = {"PlaceName": "city", "StateName": "state", "ZipCode": "zip"}
    for string in ET.parse(path).getroot():
        found: dict[str, list[str]] = {"line": [], "city": [], "state": [], "zip": []}
        for part in string:
            found[members.get(part.tag, "line")].append((part.text or "").strip(" ,"))
        line = " ".join(found.pop("line"))
        yield Address(
            lines=(line,) if line else None, **{name: " ".join(parts) or None for name, parts in found.items()}
        )


def test_real_addresses_fall_into_the_classes_counted_here(test_data: Path) -> None:
    """A change of the rules that moves real addresses shows as a change of these numbers, and needs a new version."""
    folder = test_data / "addresses"
    counts = {
        name: Counter(assess(address).address_class for address in _labeled(folder / name))
        for name in ("labeled.xml", "us50_messiest_manual_label.xml")
    }
    with (folder / "unparseable.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row[0] for row in csv.reader(lines) if row]
    counts["unparseable.csv"] = Counter(assess(Address(lines=(row,))).address_class for row in rows)
    assert RULE_VERSION == "offline-1"
    assert counts == {
        "labeled.xml": {"OK": 887, "UNDELIVERABLE": 488, "NOT_RESIDENTIAL": 88, "BLANK": 44, "MISSING_UNIT": 6},
        "us50_messiest_manual_label.xml": {"OK": 40, "BLANK": 13, "UNDELIVERABLE": 8, "NOT_RESIDENTIAL": 2},
        "unparseable.csv": {"OK": 948, "NOT_RESIDENTIAL": 250, "UNDELIVERABLE": 123, "BLANK": 1},
    }
