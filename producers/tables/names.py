"""Which column is which: names as people write them, by alias, or as they were told with `--column`."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ledger.choices import did_you_mean, nearest
from producers.tables.table import TableError

_NOTHING: Final = frozenset(
    {"na", "n/a", "#n/a", "n.a.", "nan", "null", "none", "nil", "(blank)", "(null)", "<na>", "-", "--", "---", "–", "—"}
)
"""Words that programs and people write where there is nothing."""
_QUOTES: Final = re.compile("['\"`´‘’‚‛“”„ʼ′]")
_OTHER: Final = re.compile(r"[\W_]+")
_PLACE: Final = re.compile(r"\d{1,3}|[A-Z]{1,3}")


class Column(NamedTuple):
    """A column that is looked for, and what else people call it."""

    name: str
    aliases: tuple[str, ...] = ()
    needed: bool = False


class Wanted(NamedTuple):
    """What a kind of file must and may have. `one_of`: at least one of these columns is needed."""

    kind: str
    columns: tuple[Column, ...]
    one_of: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, as the documents write them."""
        return tuple(column.name for column in self.columns)


@lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """Return a column's name without what people vary: capitals, accents of type, quotes, underscores, blanks."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("#", " number ")
    return _OTHER.sub(" ", _QUOTES.sub("", text)).strip()


def is_nothing(text: str) -> bool:
    """Return whether a cell says in words that there is nothing."""
    return not text or (len(text) < 10 and text.casefold() in _NOTHING)


def matched(cells: Sequence[str], wanted: Wanted, chosen: Mapping[str, str]) -> set[str]:
    """Return which of the wanted columns a row names."""
    names = {plain(cell) for cell in cells if cell}
    found = {column.name for column in wanted.columns if not names.isdisjoint(_called(column))}
    return found | {name for name, heading in chosen.items() if _is_place(heading, cells) or plain(heading) in names}


def lacking(found: set[str], wanted: Wanted) -> list[str]:
    """Return what a header still needs."""
    lacks = [column.name for column in wanted.columns if column.needed and column.name not in found]
    if wanted.one_of and found.isdisjoint(wanted.one_of):
        first, *others = wanted.one_of
        lacks.append(f"{first} (or {', '.join(others)})")
    return lacks


def check_header(row: int, cells: Sequence[str], wanted: Wanted, chosen: Mapping[str, str]) -> None:
    """Raise `TableError` where a row of column names lacks one, by its own name or by the heading chosen for it."""
    found = matched(cells, wanted, chosen)
    for name, heading in chosen.items():
        if name not in found:
            _place_of(name, heading, cells, row)
    lacks = lacking(found, wanted)
    if lacks:
        raise _missing(row, cells, lacks, wanted)


def no_header(header_row: int | None, wanted: Wanted) -> TableError:
    """Say that there is no row of column names."""
    if header_row is None:
        return TableError(1, f"the file is empty; nothing was sent; {wanted.kind} begins with a row of column names")
    return TableError(
        header_row,
        f"row {header_row} of the file is blank or not there; nothing was sent; look which row has the names of the "
        "columns, and give its number with --header-row",
    )


def _missing(line: int, cells: Iterable[str], lacks: list[str], wanted: Wanted) -> TableError:
    """Say which columns a file lacks, and how to say which they are."""
    named = [cell[:40] for cell in cells if cell]
    there = ", ".join(f"`{name}`" for name in named)[:400]
    return TableError(
        line,
        f"not {wanted.kind}: row {line} lacks the column{'s' if len(lacks) > 1 else ''} {', '.join(lacks)}; "
        f"nothing was sent; it names {there or 'nothing'}; if a heading means a column, say so, for instance --column "
        f'{lacks[0].split(" ")[0]}="{named[0] if named else "heading"}"; if another row has the '
        f"names, --header-row N; the columns are {', '.join(wanted.names)}",
    )


def places(columns: Sequence[str], wanted: Wanted, chosen: Mapping[str, str], row: int) -> dict[str, int]:
    """Return where each wanted column stands; `chosen` gives the heading of some. Raises `TableError`."""
    found = {name: _place_of(name, heading, columns, row) for name, heading in chosen.items()}
    taken = set(found.values())
    for column in wanted.columns:
        if column.name in found:
            continue
        called = _called(column)
        there = [at for at, name in enumerate(columns) if at not in taken and plain(name) in called]
        exact = [at for at in there if plain(columns[at]) == plain(column.name)]
        there = exact or there
        if len(there) > 1:
            twice = ", ".join(f"`{columns[at]}` (column {at + 1})" for at in there)
            raise TableError(
                row,
                f"the column {column.name} stands twice: as {twice}; nothing was sent; say which is meant, for "
                f"instance --column {column.name}={there[0] + 1}",
            )
        if there:
            found[column.name] = there[0]
            taken.add(there[0])
    return found


def check_chosen(chosen: Mapping[str, str], wanted: Wanted) -> str | None:
    """Return what is wrong with a choice of columns by name, None where nothing is."""
    for name in chosen:
        if name not in wanted.names:
            return f"{wanted.kind} has no column {name!r}{did_you_mean(name, wanted.names)}; they are " + ", ".join(
                wanted.names
            )
    return None


def _called(column: Column) -> frozenset[str]:
    return frozenset(plain(name) for name in (column.name, *column.aliases))


def _is_place(heading: str, cells: Sequence[str]) -> bool:
    at = _counted(heading)
    return at is not None and at < len(cells)


def _counted(heading: str) -> int | None:
    """Return the column, from 0, that a number (7) or letters (G) speak of."""
    if _PLACE.fullmatch(heading) is None:
        return None
    if heading.isdigit():
        return int(heading) - 1 if heading != "0" else None
    at = 0
    for letter in heading:
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1


def _place_of(name: str, heading: str, columns: Sequence[str], row: int) -> int:
    for same in (
        [at for at, column in enumerate(columns) if column == heading],
        [at for at, column in enumerate(columns) if plain(column) == plain(heading) and column],
    ):
        if len(same) == 1:
            return same[0]
        if same:
            raise TableError(
                row,
                f"--column {name}={heading}: that heading stands {len(same)} times; nothing was sent; give the "
                f"column's number in its place, such as {name}={same[0] + 1}",
            )
    at = _counted(heading)
    if at is not None and at < len(columns):
        return at
    near = nearest(heading, [column for column in columns if column])
    meant = (
        f"did you mean `{near[0]}`?" if near else "its headings are " + ", ".join(f"`{c}`" for c in columns if c)[:600]
    )
    raise TableError(row, f"--column {name}={heading}: row {row} has no such heading; nothing was sent; {meant}")
