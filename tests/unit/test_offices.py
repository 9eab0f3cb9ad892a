"""In which zone an office counts its days: named offices of the agencies named, on the days named, and nobody else.

Broken by hand to see these tests fail: the agency, either day, the kinds or the default of an agency passed over.
"""

from datetime import date
from pathlib import Path

import pytest

from ledger.obligations.offices import OfficeFileError, OfficesIn, OfficeTable, read_offices, shipped_offices, zone_of

CIVIL, DAY = "America/New_York", date(2022, 6, 9)


def table(*rows: OfficesIn) -> OfficeTable:
    return OfficeTable(source="made up", mark="design", kinds=("field office",), offices=rows)


def in_houston(**more: date) -> OfficesIn:
    return OfficesIn(zone="America/Chicago", agencies=("ICE-ERO",), names=("Houston",), **more)


def test_an_office_is_found_by_its_whole_name_and_its_agency() -> None:
    """Case and spaces are the sender's; a part of a name, or another agency's office, proves nothing."""
    rows = table(in_houston())
    for name in ("Houston", " HOUSTON ", "houston  Field Office"):
        assert zone_of(rows, "ICE-ERO", name, DAY, CIVIL) == "America/Chicago"
    for other in ("Houston Street, New York", "South Houston", None, ""):
        assert zone_of(rows, "ICE-ERO", other, DAY, CIVIL) == CIVIL
    assert zone_of(rows, "ORR", "Houston", DAY, CIVIL) == CIVIL


def test_a_row_holds_on_its_days_only() -> None:
    """An office that moved counts by where it was then."""
    rows = table(in_houston(effective_from=date(2022, 1, 1), effective_to=date(2022, 12, 31)))
    zones = [zone_of(rows, "ICE-ERO", "Houston", date(year, 6, 9), CIVIL) for year in (2021, 2022, 2023)]
    assert zones == [CIVIL, "America/Chicago", CIVIL]


def test_an_agency_may_have_a_zone_for_all_its_other_offices() -> None:
    """A named office goes before it; an office nobody named, and none at all, follow it."""
    rest = OfficesIn(zone="America/Denver", agencies=("ICE-ERO",))
    for rows in (table(rest, in_houston()), table(in_houston(), rest)):
        assert zone_of(rows, "ICE-ERO", "Houston", DAY, CIVIL) == "America/Chicago"
        assert zone_of(rows, "ICE-ERO", None, DAY, CIVIL) == "America/Denver"


def test_the_table_that_comes_with_the_ledger_knows_every_field_office_of_the_domain_reference() -> None:
    """Twenty-five offices of ICE ERO, from Atlanta to Washington."""
    offices = """Atlanta;Baltimore;Boston;Buffalo;Chicago;Dallas;Denver;Detroit;El Paso;Harlingen;Houston;Los Angeles;
        Miami;New Orleans;New York City;Newark;Philadelphia;Phoenix;Salt Lake City;San Antonio;San Diego;San Francisco;
        Seattle;St Paul;Washington"""
    names = {name.strip() for name in offices.split(";")}
    known = {name for row in shipped_offices().offices if "ICE-ERO" in row.agencies for name in row.names}
    assert (len(names), names - known) == (25, set())


def test_a_table_that_is_none_is_refused_with_every_place(tmp_path: Path) -> None:
    """What the person who wrote it needs to mend it."""
    file = tmp_path / "offices.toml"
    with pytest.raises(OfficeFileError, match="cannot be read"):
        read_offices(file)
    file.write_text("offices = ")
    with pytest.raises(OfficeFileError, match="is no TOML"):
        read_offices(file)
    file.write_text('source = "x"\nmark = "x"\n[[offices]]\nzone = "Houston"\nagencies = ["ICE"]\n')
    with pytest.raises(OfficeFileError) as refused:
        read_offices(file)
    assert "offices.0.zone: 'Houston' is no time zone of the IANA list" in str(refused.value)
    assert "offices.0.agencies.0: 'CBP'" in str(refused.value)
