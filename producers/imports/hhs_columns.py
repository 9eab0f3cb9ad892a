"""The columns of HHS release files, in the layouts in which they circulate, and rows of them that are no child."""

import re
from collections.abc import Sequence
from typing import Final

from producers.tables.csv_table import repeats_header
from producers.tables.names import Column, Wanted, is_nothing
from producers.tables.table import MEGABYTE, Cell, Limits, Ragged, Row

COLUMNS: Final = (
    "id",
    "childs_country_of_origin",
    "childs_gender",
    "childs_date_of_entry",
    "childs_date_of_release",
    "sponsor_category_code",
    "sponsor_category",
    "relationship_of_sponsor",
    "state_abbr",
    "county",
    "city",
)
"""Those of the file as The New York Times publishes it."""

WANTED: Final = Wanted(
    "an HHS release file",
    (
        Column("id", ("row id", "record id", "child id", "childs id", "uc id", "uac id", "row number"), needed=True),
        Column(
            "childs_country_of_origin",
            ("child country of origin", "country of origin", "origin country", "country", "childs country"),
        ),
        Column("childs_gender", ("child gender", "gender", "sex", "child sex", "childs sex")),
        Column(
            "childs_date_of_entry",
            ("child date of entry", "date of entry", "entry date", "date entered", "childs entry date"),
            needed=True,
        ),
        Column(
            "childs_date_of_release",
            ("child date of release", "date of release", "release date", "date released", "childs release date"),
            needed=True,
        ),
        Column("sponsor_category_code", ("category code", "sponsor cat code")),
        Column("sponsor_category", ("category", "category of sponsor", "sponsor type")),
        Column(
            "relationship_of_sponsor",
            ("relationship to sponsor", "sponsor relationship", "relationship", "sponsors relationship"),
        ),
        Column("state_abbr", ("state", "sponsor state", "state abbreviation", "sponsors state")),
        Column("county", ("sponsor county", "county name", "sponsors county")),
        Column("city", ("sponsor city", "sponsors city", "city name")),
        Column(
            "sponsor_zipcode",
            (
                *("sponsor zip code", "sponsor zip", "sponsors zipcode", "sponsors zip code", "zipcode", "zip code"),
                *("zip", "postal code", "sponsor postal code", "zip5", "zip 5"),
            ),
        ),
        Column(
            "sponsor_address",
            ("sponsors address", "sponsor street address", "sponsor street", "street address", "street", "address"),
        ),
    ),
)
LIMITS: Final = Limits("an HHS release file", rows=5_000_000, file_bytes=512 * MEGABYTE, unpacked_bytes=1024 * MEGABYTE)

_DAYS: Final = ("childs_date_of_entry", "childs_date_of_release")
_OF_CHILD: Final = ("id", *_DAYS, "childs_country_of_origin", "childs_gender")
_TOTAL: Final = re.compile(r"(grand |sub ?)?(totals?|sum|count|average|mean)\b.*", re.IGNORECASE)
_AN_ID: Final = re.compile(r"[^\s:]{1,40}")


def no_child(row: Row | Ragged, columns: Sequence[str], places: dict[str, int]) -> str | None:
    """Return what a row is that is no child, None where it is one, or nobody can tell."""
    if repeats_header(row.cells, columns):
        return "the names of the columns again"
    said = [cell for cell in row.cells if not _blank(cell)]
    if not said:
        return "nothing but words for nothing"
    first = next((cell for cell in said if isinstance(cell, str)), "")
    shown = first if len(first) <= 60 else f"{first[:60]}…"
    ragged = isinstance(row, Ragged)
    if ragged or not any(_has(row, places, column) for column in _DAYS):
        if any(isinstance(cell, str) and _TOTAL.fullmatch(cell) for cell in said):
            return f"a total, no child: `{shown}`"
        id = row.cells[0] if ragged else row.cells[places["id"]]
        if isinstance(id, str) and not _blank(id) and _AN_ID.fullmatch(id) is None:
            return f"a note, no child: `{shown}`"
    if not ragged and not any(_has(row, places, column) for column in _OF_CHILD):
        return f"no child: it has neither id nor dates, country or gender, but `{shown}`"
    return None


def _has(row: Row | Ragged, places: dict[str, int], column: str) -> bool:
    place = places.get(column)
    return place is not None and place < len(row.cells) and not _blank(row.cells[place])


def _blank(cell: Cell) -> bool:
    return isinstance(cell, str) and is_nothing(cell)
