"""The HHS release file: what its rows claim, and what is said of a file that is not whole.

`tests/data/releases_traps.csv` is made up; it has the traps of the real file: a doubled id, rows out of the order
of their dates, blank states, blank codes with and without their text, names of countries that are none.
"""

import io
import lzma
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.codes import ISO_3166_ALPHA_3
from ledger.entry import Finding
from ledger.facts import ReleasedToSponsor
from ledger.intake.submission import Refusal, read_submission
from ledger.times import parse_instant
from producers.imports.countries import ALPHA_3_BY_NAME, alpha_3
from producers.imports.drafts import Draft
from producers.imports.hhs_file import HhsRow, open_releases, read_releases
from producers.imports.hhs_releases import ADMISSION, PARTICULARS, RELEASE, claims
from producers.tables.reading import How
from producers.tables.rows import BadRow, PassedOver
from producers.tables.table import TableError

TRAPS = (Path(__file__).parents[1] / "data" / "releases_traps.csv").read_bytes()
HEADER, *LINES = TRAPS.splitlines(keepends=True)


def rows(content: bytes) -> list[HhsRow | BadRow | PassedOver]:
    return list(read_releases(io.BytesIO(content)))


def good(content: bytes) -> list[HhsRow]:
    found = rows(content)
    assert not [row for row in found if isinstance(row, BadRow)]
    return [row for row in found if isinstance(row, HhsRow)]


def up_to_the_break(content: bytes) -> tuple[list[HhsRow | BadRow | PassedOver], TableError]:
    found: list[HhsRow | BadRow | PassedOver] = []
    try:
        for row in read_releases(io.BytesIO(content)):
            found.append(row)  # what was read before the break is kept
    except TableError as broken:
        return found, broken
    pytest.fail("the file was taken for a whole one")


def claimed(label: str) -> dict[str, Any]:
    """Return what the row of this label claims, by the last part of each id."""
    row = next(row for row in good(TRAPS) if row.label == label)
    return {claim.id.rsplit(":", 1)[1]: orjson.loads(claim.data) for claim in claims(row)}


def test_every_row_claims_particulars_admission_and_release_in_that_order() -> None:
    """A row of the file is three facts of ORR about one child."""
    for row in good(TRAPS):
        made = claims(row)
        assert [claim.wire for claim in made] == [PARTICULARS, ADMISSION, RELEASE]
        assert [claim.id for claim in made] == [f"{row.label}:{n}" for n in ("particulars", "admission", "release")]


def test_every_claim_of_every_trap_is_a_submission_the_contract_knows() -> None:
    """Whatever the file holds is sent in a form the ledger accepts; nothing of it is refused for its form."""
    for row in good(TRAPS):
        for claim in claims(row):
            read = read_submission(claim.wire, claim.data)
            assert not isinstance(read, Refusal), read
            submission, remarks = read
            assert remarks == ()
            assert submission.door == "import"
            assert [(i.scheme, i.value) for i in submission.child] == [("hhs-release-row", row.label)]


def test_a_claim_happened_and_was_known_on_the_day_the_row_gives() -> None:
    """The file speaks of days: admission and particulars on the day of entry, release on its own day."""
    of_row = claimed("901")
    assert [(d["occurred_at"], d["known_since"]) for d in of_row.values()] == [
        ("2016-02-10", "2016-02-10"),
        ("2016-02-10", "2016-02-10"),
        ("2016-03-11", "2016-03-11"),
    ]


def test_a_release_carries_category_relationship_and_the_address_as_given() -> None:
    """Relationship and place are kept to the letter, the address has no line the file does not have."""
    release = claimed("902")["release"]
    assert release["fact"] == {
        "sponsor_category": "2",
        "relationship": "Uncle (Non-Primary Caregiver)",
        "address": {"city": "Port example", "county": "Miami-Dade", "state": "FL"},
    }
    assert release["source"] == {
        "document": "HHS releases 2015-2023",
        "reference": "902",
        "grade": "document",
        "codes": {"sponsor_category": "2"},
    }


def test_a_row_without_a_place_has_an_address_without_members() -> None:
    """A blank address is recorded as blank: nothing is invented, and the release is not kept out."""
    assert claimed("903")["release"]["fact"]["address"] == {}


@pytest.mark.parametrize(
    ("label", "category", "codes"),
    [
        ("904", "3", {"sponsor_category": "", "sponsor_category_text": "Distant relative or unrelated adult"}),
        ("905", "unknown", {"sponsor_category": ""}),
        ("908", "unknown", {"sponsor_category": "4", "sponsor_category_text": "Immediate relative"}),
        ("909", "2A", {"sponsor_category": "2A", "sponsor_category_text": "Immediate relative"}),
        ("901", "1", {"sponsor_category": "1"}),
    ],
)
def test_the_text_of_a_category_decides_where_its_code_is_blank(
    label: str, category: str, codes: dict[str, str]
) -> None:
    """A blank code is said to be blank, so that the ledger remarks on it; a code of no list is unknown, and kept."""
    release = claimed(label)["release"]
    assert release["fact"]["sponsor_category"] == category
    assert release["source"]["codes"] == codes


def test_the_second_row_of_an_id_is_another_child() -> None:
    """Two rows of one id may be one child or two; they are kept apart, and the ledger says so."""
    labels = [row.label for row in good(TRAPS)]
    assert labels[4:6] == ["905", "905#2"]
    assert claimed("905#2")["release"]["occurred_at"] == "2016-04-03"
    assert len(labels) == len(set(labels)) == len(LINES)


def test_a_third_row_and_ids_that_are_no_numbers_are_told_apart_too() -> None:
    """The memory of ids seen is exact for whatever an id looks like."""
    line = LINES[0].removeprefix(b"901")
    ids = ["7", "7", "7", "007", "x", "x", "16777215", "16777216", "16777216", "99999999999", "7"]
    content = HEADER + b"".join(id.encode() + line for id in ids)
    assert [row.label for row in good(content)] == [
        *("7", "7#2", "7#3", "007", "x", "x#2", "16777215", "16777216", "16777216#2", "99999999999", "7#4")
    ]


def test_countries_become_alpha_3_and_what_is_none_stays_unknown_with_its_name() -> None:
    """A name nobody foresaw loses nothing: the country is unknown and the name is kept as the source's own code."""
    assert claimed("908")["particulars"]["fact"] == {"sex": "F", "country": "COD"}
    assert claimed("909")["particulars"]["fact"]["country"] == "COG"
    for label, name in (("906", "Unknown"), ("907", "Atlantis")):
        assert claimed(label)["particulars"]["fact"]["country"] == "unknown"
        assert claimed(label)["particulars"]["source"]["codes"] == {"country": name}


def test_every_country_of_the_table_is_a_code_of_the_ledger() -> None:
    """What the table gives, the ledger accepts; no two names give one code by mistake."""
    assert set(ALPHA_3_BY_NAME.values()) <= ISO_3166_ALPHA_3
    assert len(set(ALPHA_3_BY_NAME.values())) == len(ALPHA_3_BY_NAME) == 111
    assert alpha_3("TURKS AND CAICOS ISLANDS ") == "TCA"


def test_a_blank_date_is_an_unknown_time() -> None:
    """A row without a day of entry is imported: the time is unknown, which the ledger remarks on."""
    of_row = claimed("909")
    assert of_row["admission"]["occurred_at"] is None
    assert "known_since" not in of_row["admission"]
    assert of_row["release"]["occurred_at"] == "2016-05-08"


def test_the_same_row_gives_the_same_bytes_in_every_run() -> None:
    """An import that is repeated is recognised: ids and bodies depend on the rows alone."""
    once = [claims(row) for row in good(TRAPS)]
    assert once == [claims(row) for row in good(lzma.compress(TRAPS))]


def test_no_claim_was_sent_before_it_happened() -> None:
    """On the driven clock a fact must not be recorded before it happened; on the wall clock it makes no difference."""
    for row in good(TRAPS):
        for claim in claims(row):
            day = orjson.loads(claim.data)["occurred_at"]
            assert day is None or parse_instant(claim.time).date().isoformat() >= day
            assert len({other.time for other in claims(row)}) == 1


def test_columns_are_found_by_name_and_a_mark_of_byte_order_is_passed_over() -> None:
    """A spreadsheet program may reorder columns, add some, write a mark and Windows line ends."""
    content = b"\xef\xbb\xbfextra," + HEADER.replace(b"\n", b"\r\n") + b"x," + LINES[0].replace(b"\n", b"\r\n")
    assert good(content)[0]._replace(line=0) == good(HEADER + LINES[0])[0]._replace(line=0)


def test_quoted_fields_may_hold_commas_and_line_ends() -> None:
    """CSV as it is written elsewhere; line numbers go on counting lines, not rows."""
    quoted = LINES[0].replace(b"Fictionville", b'"Fiction\nville, TX"')
    found = good(HEADER + quoted + LINES[1])
    assert found[0].city == "Fiction\nville, TX"
    assert [row.line for row in found] == [2, 4]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINES[0].replace(b"2016-02-10", b"early 2016"), "childs_date_of_entry: 'early 2016' is no date"),
        (
            LINES[0].replace(b"2016-03-11", b"2016-02-30"),
            "childs_date_of_release: '2016-02-30' is no day of the calendar",
        ),
        (LINES[0].replace(b",Harris", b""), "10 fields under 11 columns"),
        (LINES[0].replace(b"901", b" ", 1), "column id"),
        (LINES[0].replace(b"901", b"1#2", 1), "column id"),
    ],
)
def test_a_row_nobody_can_read_is_named_by_its_line_and_the_others_are_read(line: bytes, reason: str) -> None:
    """One bad row does not keep the others out, and it is not passed over in silence."""
    before, bad, after = rows(HEADER + LINES[1] + line + LINES[2])
    assert isinstance(before, HhsRow)
    assert isinstance(after, HhsRow)
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert reason in bad.reason


def test_a_packed_file_that_breaks_off_gives_what_stands_before_and_says_where() -> None:
    """A download that was cut: the rows before the cut are good, and the person learns what to do."""
    many = HEADER + b"".join(LINES[0].replace(b"901", str(n).encode(), 1) for n in range(1, 40_001))
    found, broken = up_to_the_break(lzma.compress(many)[:-3000])
    assert len(found) > 1000
    assert broken.line == len(found) + 2
    assert f"line {broken.line} was not read" in str(broken)
    assert "get the file again" in str(broken)


def test_a_damaged_packed_file_is_told_apart_from_a_bug() -> None:
    """Bits that turned on the way are an answer with a line, not a traceback."""
    packed = bytearray(lzma.compress(TRAPS))
    packed[len(packed) // 2] ^= 0xFF
    _, broken = up_to_the_break(bytes(packed))
    assert "damaged" in str(broken)


def test_a_last_line_without_its_end_is_read_where_no_field_of_it_is_missing() -> None:
    """Many programs write no line end behind the last row: its child must not be lost, and the person hears it."""
    releases = open_releases(io.BytesIO(TRAPS[:-1]), How(), "month-first")
    assert list(releases.rows) == rows(TRAPS)
    assert releases.table.notes.unended_last_line == 11


@pytest.mark.parametrize("cut", [20, 30, 60])
def test_a_last_line_that_ends_within_its_fields_is_not_taken_for_a_whole_one(cut: int) -> None:
    """What is missing is not known; so the line is named and left out."""
    found, broken = up_to_the_break(TRAPS[:-cut])
    assert [row.label for row in found if isinstance(row, HhsRow)] == [row.label for row in good(TRAPS)[:-1]]
    assert broken.line == 11
    assert "no line end" in str(broken)


def test_text_in_two_encodings_is_named_with_the_cure() -> None:
    """Rows before the first foreign byte are good; which of the two encodings is right nobody can say."""
    foreign = LINES[8].replace(b"908", b"9080", 1).decode().replace("’", "é").encode("latin-1")
    found, broken = up_to_the_break(HEADER + LINES[0] + foreign + LINES[8])
    assert len(found) == 1
    assert broken.line == 3
    assert "--encoding" in str(broken)


def test_a_quotation_mark_that_is_not_closed_ends_the_reading() -> None:
    """Otherwise it would swallow the rest of the file into one field."""
    found, broken = up_to_the_break(HEADER + LINES[0] + LINES[1].replace(b"Port", b'"Port') + LINES[2])
    assert len(found) == 1
    assert "quotation mark" in str(broken)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n \n,,,\n", "the file is empty"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (HEADER.replace(b"_of_release", b""), "lacks the column childs_date_of_release;"),
        (b"a,b\n1,2\n", "row 1 lacks the columns id, childs_date_of_entry, childs_date_of_release"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "old form (.xls)"),
        ("id,x\n".encode("utf-16"), "lacks the columns childs_date_of_entry"),
    ],
)
def test_a_file_that_is_no_release_file_is_refused_with_its_reason(content: bytes, says: str) -> None:
    """Nothing is read of a file that is something else, and what it lacks is named."""
    found, broken = up_to_the_break(content)
    assert found == []
    assert says in str(broken)
    assert "nothing was sent" in str(broken)


def test_reading_goes_on_row_by_row() -> None:
    """The file is not read into memory: a row is there before the file's end was looked at."""
    content = io.BytesIO(HEADER + LINES[0] * 200_000)
    reader = read_releases(content)
    next(reader)
    assert content.tell() < 1_000_000


def test_the_whole_real_file_is_read_with_its_known_traps(test_data: Path) -> None:
    """553,322 rows; ids 1905 and 3787 stand twice; 656 codes are blank; 6,035 rows have no state; one odd country."""
    count, doubled, blank, stateless, unmapped = 0, [], 0, 0, []
    with (test_data / "releases" / "hhs_releases_2015_2023.csv.xz").open("rb") as raw:
        for row in read_releases(raw):
            assert isinstance(row, HhsRow)
            count += 1
            blank += not row.category_code
            stateless += not row.state
            if "#" in row.label:
                doubled.append(row.label)
            if alpha_3(row.country) == "unknown":
                unmapped.append(row.country)
    assert (count, doubled, blank, stateless, unmapped) == (553_322, ["1905#2", "3787#2"], 656, 6_035, ["Unknown"])


def test_what_is_claimed_of_the_sponsor_can_be_read_back() -> None:
    """The release as the ledger will hold it."""
    row = next(row for row in good(TRAPS) if row.label == "908")
    release: Draft = claims(row)[2]
    read = read_submission(release.wire, release.data)
    assert not isinstance(read, Refusal)
    submission, remarks = read
    fact = submission.fact
    assert isinstance(fact, ReleasedToSponsor)
    assert fact.relationship == "Parent’s Partner"
    assert fact.address.city == "Madeup falls, east"
    no_remarks: tuple[Finding, ...] = ()
    assert remarks == no_remarks
