"""Options that every import of a table has: where its columns are, how its days and its text are written."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from producers.tables.dates import Order
    from producers.tables.names import Wanted
    from producers.tables.reading import How

Sheet = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of a workbook: the sheet; default: the first not hidden.")
]
HeaderRow = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="The row with the names of the columns; default: it is looked for."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar='NAME="HEADING"',
        help="Which heading of the file means a column (or its number); may be given several times.",
    ),
]
MonthFirst = Annotated[
    bool, typer.Option("--month-first", help="Every date such as 6/7/2022 in this file is month first.")
]
DayFirst = Annotated[bool, typer.Option("--day-first", help="Every date such as 6/7/2022 in this file is day first.")]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="How a text is encoded, such as windows-1252; default: it is found.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing; show how the file is read and what would be sent.")
]


def how_to_read(
    wanted: "Wanted", sheet: str | None, header_row: int | None, columns: list[str] | None, encoding: str | None
) -> "How":
    """Return what the options say. Raises a `Problem` of wrong usage."""
    from codecs import lookup

    from custody.errors import WRONG_USAGE, Problem
    from producers.tables.names import check_chosen
    from producers.tables.reading import How

    chosen: dict[str, str] = {}
    for given in columns or ():
        name, equals, heading = given.partition("=")
        name, heading = name.strip().lower().replace("-", "_"), heading.strip().strip("\"'")
        if not equals or not name or not heading:
            raise Problem(f'--column {given!r}: write it like --column {wanted.names[0]}="A heading"', WRONG_USAGE)
        if name in chosen:
            raise Problem(f"--column {name} is given twice; give it once", WRONG_USAGE)
        chosen[name] = heading
    wrong = check_chosen(chosen, wanted)
    if wrong is not None:
        raise Problem(f"--column: {wrong}", WRONG_USAGE)
    try:
        found = None if encoding is None else lookup(encoding)
        if found is not None:
            "".encode(found.name)
    except (LookupError, UnicodeError):
        raise Problem(
            f"--encoding {encoding!r} is no encoding of text; such are utf-8, utf-16, windows-1252, latin-1",
            WRONG_USAGE,
        ) from None
    return How(sheet, header_row, chosen, None if found is None else found.name)


def order_of(month_first: bool, day_first: bool) -> "Order | None":
    """Return the order of days that the options say. Raises a `Problem` where they say both."""
    from custody.errors import WRONG_USAGE, Problem

    if month_first and day_first:
        raise Problem("--month-first and --day-first cannot both be so; give one", WRONG_USAGE)
    return "month-first" if month_first else "day-first" if day_first else None


def set_values(wanted: "Wanted", given: list[str] | None) -> dict[str, str]:
    """Return what `--set` says of each column. Raises a `Problem` of wrong usage."""
    from custody.errors import WRONG_USAGE, Problem
    from producers.tables.names import check_chosen

    found: dict[str, str] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        name = name.strip().lower().replace("-", "_")
        if not equals or not name or not value.strip():
            raise Problem(f"--set {one!r}: write it like --set channel=email", WRONG_USAGE)
        found[name] = value.strip()
    wrong = check_chosen(found, wanted)
    if wrong is not None:
        raise Problem(f"--set: {wrong}", WRONG_USAGE)
    return found


def checked_zone(zone: str | None) -> str | None:
    """Return the time zone as it is spelled. Raises a `Problem` where there is none of that name."""
    from zoneinfo import available_timezones

    from custody.errors import WRONG_USAGE, Problem
    from ledger.choices import chosen, did_you_mean

    if zone is None:
        return None
    zones = available_timezones()
    found = zone if zone in zones else chosen(zone, sorted(zones))
    if found is None:
        near = did_you_mean(zone, sorted(zones))
        raise Problem(f"--zone: there is no time zone {zone!r}{near}; such are America/New_York, UTC", WRONG_USAGE)
    return found
