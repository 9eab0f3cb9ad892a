"""In which time zone an office counts its days: a small dated table, and the ledger's civil zone where it is silent."""

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ledger.agencies import Agency
from ledger.facts.vocabulary import Day, Id, Text
from ledger.model_words import in_words

TABLE: Final = Path(__file__).with_name("offices.toml")


class OfficeFileError(ValueError):
    """The table of offices cannot be used; the message names each place and the cure."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone of the IANA list; write it like America/Chicago") from None
    return name


class OfficesIn(BaseModel):
    """Offices of some agencies that lie in one zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_zone)]
    agencies: Annotated[tuple[Agency, ...], Field(min_length=1)]
    names: tuple[Id, ...] = ()
    """No name: every office of these agencies that is named nowhere else."""
    effective_from: Day | None = None
    effective_to: Day | None = None


class OfficeTable(BaseModel):
    """The table: rows, where they come from, and which words behind a name mean the same office."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Text
    mark: Text
    kinds: tuple[Id, ...] = ()
    """Words that may stand behind a name: `Houston`, `Houston field office`."""
    offices: tuple[OfficesIn, ...] = ()


def read_offices(file: Path) -> OfficeTable:
    """Read a table from its TOML file; raises `OfficeFileError` that names everything that is wrong with it."""
    try:
        return OfficeTable.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise OfficeFileError(f"{file} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise OfficeFileError(f"{file} is no TOML: {error}") from None
    except ValidationError as error:
        raise OfficeFileError(
            "\n".join(f"{file}: {'.'.join(map(str, fault['loc']))}: {in_words(fault)}" for fault in error.errors())
        ) from None


@cache
def shipped_offices() -> OfficeTable:
    """Return the table that comes with this program."""
    return read_offices(TABLE)


def zone_of(table: OfficeTable, agency: str, office: str | None, day: date, civil_zone: str) -> str:
    """Return the zone in which an office of `agency` counted its days on `day`; one nobody knows: `civil_zone`.

    Names are compared as a whole, without regard to case and spaces: no zone is guessed from a part of a name.
    """
    named, rest = None, None
    for row in _in_force(table.offices, agency, day):
        if not row.names:
            rest = row.zone
        elif office is not None and _is_one_of(office, row.names, table.kinds):
            named = row.zone
    return named or rest or civil_zone


def _in_force(rows: Sequence[OfficesIn], agency: str, day: date) -> list[OfficesIn]:
    return [
        row
        for row in rows
        if agency in row.agencies
        and (row.effective_from is None or row.effective_from <= day)
        and (row.effective_to is None or day <= row.effective_to)
    ]


def _is_one_of(office: str, names: Sequence[str], kinds: Sequence[str]) -> bool:
    given = _plain(office)
    return any(given == _plain(spelt) for name in names for spelt in (name, *(f"{name} {kind}" for kind in kinds)))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


@cache
def known_offices() -> frozenset[str]:
    """Return the names of the offices in the table that comes with the program."""
    return frozenset(name for row in shipped_offices().offices for name in row.names)
