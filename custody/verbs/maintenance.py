"""The verbs that keep the ledger sound: `rebuild`, `verify`, `recover`."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from custody.verbs.options import Data, Json

if TYPE_CHECKING:
    from custody.supervision.where import Where
    from ledger.roles.settings import Settings
    from readers.verify.verify import Verified

Say = Callable[[str, int, int], None]


def rebuild(
    name: Annotated[
        str | None,
        typer.Argument(help="A read table that made you ask; all of them are rebuilt together. Default: all."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Rebuild the read tables from Kafka beside the live ones, compare, and swap.

    Readers go on with the live tables and see the new ones all at once. Where the live tables were not what Kafka's
    entries come to, the rows are named; the new tables are right. Interrupted, it changes nothing.

    \b
    Examples:
      custody rebuild
      custody rebuild --json
    """
    from custody.errors import WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_where
    from ledger.roles.logs import configure
    from projections.rebuilding.rebuild import rebuild as rebuild_tables
    from projections.rebuilding.workers import RebuildError
    from projections.rows.columns import TABLES

    if name is not None and name not in TABLES:
        raise Problem(f"{name!r} is no read table; they are {', '.join(TABLES)}", WRONG_USAGE)
    where = find_where(data)
    began = time.monotonic()
    with _telling() as say:
        try:
            rebuilt = rebuild_tables(_settings(where), configure("rebuild"), say)
        except RebuildError as error:
            raise Problem(f"not rebuilt: {error}") from None
    seconds = time.monotonic() - began
    if as_json:
        shown = {
            "version": rebuilt.schema,
            "position": rebuilt.position,
            "entries": rebuilt.entries,
            "fill_seconds": round(rebuilt.fill_seconds, 3),
            "seconds": round(seconds, 3),
            "live_differed": list(rebuilt.differences),
        }
        print_json(shown)
        return
    print_lines(
        [
            f"{rebuilt.entries:,} entries in {seconds:.1f} s; the read tables now stand at position "
            f"{rebuilt.position:,}",
            *(f"the live tables had been wrong in {difference}" for difference in rebuilt.differences),
            *([] if rebuilt.differences else ["no differences found"]),
        ]
    )


def verify(
    feeds: Annotated[
        bool,
        typer.Option(
            "--feeds",
            help="Also work out anew what each agency was to be told, and read every item of every feed; takes longer, "
            "the more the feeds hold.",
        ),
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Check that PostgreSQL, Kafka and the read tables say the same, entry by entry and row by row.

    Everything is read anew and nothing is changed. Exit status 1 when something is wrong; what it is, is named by
    position, child and table, on the feeds by agency, number and position.

    \b
    Examples:
      custody verify
      custody verify --feeds
      custody verify --json
    """
    from custody.errors import FAILED, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_where
    from ledger.roles.logs import configure
    from projections.rebuilding.workers import RebuildError
    from readers.verify.verify import verify as verify_all

    where = find_where(data)
    began = time.monotonic()
    with _telling() as say:
        try:
            verified = verify_all(_settings(where), configure("verify"), say, feeds=feeds)
        except RebuildError as error:
            raise Problem(f"not verified: {error}") from None
    seconds = time.monotonic() - began
    if as_json:
        print_json({**verified.as_json(), "seconds": round(seconds, 3)})
    else:
        print_lines(_verified_lines(verified, seconds))
    if not verified.sound:
        raise Problem("verification failed: see what is named above", FAILED)


def _verified_lines(verified: "Verified", seconds: float) -> Iterator[str]:
    """Say what was compared, and name what is wrong."""
    yield f"{verified.entries:,} entries up to position {verified.position:,} compared in {seconds:.1f} s"
    if verified.not_yet_in_tables:
        yield f"{verified.not_yet_in_tables:,} newer entries are not in the read tables yet and were not compared"
    if verified.parked_children:
        yield f"{verified.parked_children} children wait for an entry that cannot be applied: custody set-aside list"
    for wrong in verified.entries_wrong:
        yield _wrong(f"entry {wrong['position']} of child {wrong['child']}: {wrong['what']}")
    for table in verified.tables_wrong:
        yield _wrong(f"rows of read table {table}; `custody rebuild` makes them again from Kafka")
    yield from _sent_lines(verified)
    yield from _published_lines(verified)
    for one in verified.foreign:
        claimed = "" if one["position"] is None else f", which claims position {one['position']}"
        yield _wrong(
            f"record at offset {one['offset']} of custody.entries, partition {one['partition']}{claimed}: "
            f"{one['what']}; no role took it for an entry. See who can write there, then `custody set-aside close` it"
        )
    if verified.foreign_closed:
        yield f"{verified.foreign_closed} foreign records of custody.entries are closed with a reason"
    if verified.chain_has_gap:
        yield _wrong("custody.entries: the chain of positions has a gap")
    if verified.sound:
        yield "PostgreSQL, Kafka and the read tables say the same"


def _sent_lines(verified: "Verified") -> Iterator[str]:
    """Say what was found of the messages that agencies sent."""
    sent = verified.intake
    yield f"{sent.messages:,} messages that agencies sent compared with their answers"
    for lost in sent.lost:
        yield f"{lost}. `custody set-aside close` it when they have"
    for wrong in sent.wrong:
        where = (
            ""
            if wrong["topic"] is None
            else f"{wrong['topic']} partition {wrong['partition']} offset {wrong['offset']}: "
        )
        yield _wrong(f"{where}{wrong['what']}")
    if sent.wrong_more:
        yield _wrong(f"messages that agencies sent: {sent.wrong_more:,} more findings")


def _published_lines(verified: "Verified") -> Iterator[str]:
    """Say what was found of the batches of publications, and of the feeds where that was asked for."""
    published, feeds = verified.publications, verified.feeds
    yield f"{published.batches:,} batches of publications compared"
    if published.not_yet_told:
        yield f"{published.not_yet_told:,} of them are not told on Kafka yet; the role `feeds` tells them"
    for wrong in published.wrong:
        which = "custody.publications" if wrong["batch"] is None else f"batch {wrong['batch']} of publications"
        yield _wrong(f"{which}: {wrong['what']}")
    if published.wrong_more:
        yield _wrong(f"batches of publications: {published.wrong_more:,} more findings")
    if feeds is None:
        return
    yield f"{feeds.items:,} items on the feeds compared, and every batch with what the entries give"
    if feeds.blocked:
        yield (
            f"{feeds.waiting:,} entries of {feeds.blocked:,} blocked records wait to be told; "
            "`custody set-aside list` says why"
        )
    for wrong in feeds.wrong:
        place = "" if wrong["agency"] is None else f" feed of {wrong['agency']}"
        place += "" if wrong["number"] is None else f", number {wrong['number']}"
        place += "" if wrong["position"] is None else f", position {wrong['position']}"
        yield _wrong(f"{place.strip()}: {wrong['what']}")
    if feeds.wrong_more:
        yield _wrong(f"feeds: {feeds.wrong_more:,} more findings")


def _wrong(what: str) -> str:
    from custody.shown.printing import styled, wants_colour

    return f"{styled('WRONG', 'bad', colour=wants_colour())} {what}"


def recover(
    foreign: Annotated[
        list[str] | None,
        typer.Option(
            "--foreign",
            metavar="PARTITION:OFFSET",
            help="A record of custody.entries that is not the ledger's, where two claim one position. May be repeated.",
        ),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Bring entries, and what was published of them, back from Kafka into a PostgreSQL restored from an older backup.

    Stop the roles first (the servers must run). Nothing is overwritten: where PostgreSQL and Kafka tell different
    stories under one position, nothing is changed and the position is named.

    \b
    Examples:
      custody recover
    """
    from consumers.recovering_publications import check_same_publications, recover_publications
    from consumers.recovery import recover as bring_back
    from custody.errors import WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_where
    from ledger.roles.refusals import KafkaAheadError
    from ledger.roles.settings import SettingsError
    from ledger.store.eventstore import open_ledger

    places = []
    for given in foreign or ():
        partition, _, offset = given.partition(":")
        if not (partition.isdecimal() and offset.isdecimal()):
            raise Problem(f"{given!r} is no PARTITION:OFFSET, as the message names it", WRONG_USAGE)
        places.append((int(partition), int(offset)))
    where = find_where(data)
    settings = _settings(where)
    try:
        ledger = open_ledger(settings)
    except SettingsError as error:
        raise Problem(f"not recovered: {error}") from None
    try:
        with _telling() as say:
            check_same_publications(ledger, settings)
            recovered = bring_back(ledger, settings, lambda done, of: say("bringing back", done, of), foreign=places)
            published = recover_publications(
                ledger, settings, lambda done, of: say("bringing back what was published", done, of)
            )
    except KafkaAheadError as error:
        raise Problem(f"not recovered: {error}") from None
    finally:
        ledger.close()
    if as_json:
        print_json({"entries": recovered, "batches": published})
        return
    print_lines(
        [f"{recovered:,} entries and {published:,} batches of publications brought back; start the roles again"]
    )


def _settings(where: "Where") -> "Settings":
    from ledger.roles.settings import Settings, clock_of

    return Settings(where.database_url, where.bootstrap, where.zone, clock_of(where.clock))


@contextmanager
def _telling() -> Iterator[Say]:
    """Draw a bar on standard error where that is a terminal; be silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda what, done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of or None)
