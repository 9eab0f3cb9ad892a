"""How duties stand that have changed since a moment: what the role `alerts` asks, as of one moment after the other."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from psycopg import Connection, Cursor

from ledger.agencies import Agency
from ledger.entry import Entry, read_entry
from ledger.obligations.alerts import ALERT_STATES, Again, DutyKey, FindAgain, Looked, Standing
from ledger.obligations.shipped import shipped_rules
from ledger.roles.faults import is_of_the_message, place_of
from ledger.streams import LEDGER, OF_AGENCY
from ledger.times import plus
from readers.moments import Moments
from readers.obligations.owed_by_all import records_of
from readers.obligations.population import SQL, Chosen, Owed, Population
from readers.snapshot import Rows, in_snapshot

MOST: Final = 1000
"""Changed duties of one look, about: a ledger that was filled before is looked through in steps."""
_ALL: Final = 1_000_000
_SOON: Final = timedelta(seconds=1)
_RARELY: Final = timedelta(hours=1)
"""How long to wait at least and at most until it is seen again whether an agency was told of what obliges it."""
_BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)
_AGENCY_OF: Final[dict[UUID, Agency]] = {record: agency for agency, record in OF_AGENCY.items()}


def look(connection: Connection[Rows], since: datetime | None, find_again: FindAgain) -> Looked | None:
    """Return how the duties stand that may have changed since a moment; None where nothing is published yet.

    It is as of the moment to which answers reach, so that an alert and an answer never say different things of a duty.
    Raises `NotShownError` where the tables cannot be asked.
    """
    return in_snapshot(connection, lambda cursor: _look(cursor, since or _BEGINNING, find_again))


def _look(cursor: Cursor[Rows], since: datetime, find_again: FindAgain) -> Looked | None:
    heading = cursor.execute(
        "select p.version, p.position, u.position, u.complete_to, p.zone from read.progress_v1 p, read.publishing_v1 u"
    ).fetchone()
    if heading is None or heading[3] is None:
        return None
    version, applied, published, until, zone = heading
    until, position = _window(cursor, version, since, until, min(applied, published))
    if until <= since:
        return None
    window = {"since": since, "until": until}
    changed = {row[0] for row in cursor.execute(_of(version, "changed"), {**window, "ledger": LEDGER})}
    agencies = cursor.execute(_of(version, "signed_or_read"), {**window, "records": list(_AGENCY_OF)}).fetchall()
    persons = changed | find_again(until, [_AGENCY_OF[record] for (record,) in agencies])
    standing: list[Standing] = []
    again: list[Again] = []
    blocked: dict[UUID, str] = {}
    for found, later in _worked_out(cursor, version, zone, until, sorted(persons), blocked=blocked):
        standing += found
        again += later
    again += [Again(person, until + _RARELY, ()) for person in sorted(blocked)]
    return Looked(until, position, persons, standing, again, blocked)


def _worked_out(
    cursor: Cursor[Rows], version: str, zone: str, until: datetime, persons: Sequence[UUID], *, blocked: dict[UUID, str]
) -> Iterator[tuple[list[Standing], list[Again]]]:
    """Yield how the duties of persons stand; a fault with one of them blocks her, and nobody else."""
    if not persons:
        return
    try:
        with cursor.connection.transaction():
            found = _of_persons(cursor, version, zone, until, persons)
    except Exception as error:
        if not is_of_the_message(error):
            raise
        if len(persons) == 1:
            blocked[persons[0]] = place_of(error)
            return
        half = len(persons) // 2
        yield from _worked_out(cursor, version, zone, until, persons[:half], blocked=blocked)
        yield from _worked_out(cursor, version, zone, until, persons[half:], blocked=blocked)
    else:
        yield found


def _of_persons(
    cursor: Cursor[Rows], version: str, zone: str, until: datetime, persons: Sequence[UUID]
) -> tuple[list[Standing], list[Again]]:
    population = Population(cursor, version, Moments(until, until, until, until), zone=zone, published=True)
    owed = population.page(Chosen(persons=list(persons), live=True), _ALL)
    standing, untold = _standing(cursor, version, until, owed)
    given: dict[str, Any] = {"persons": list(persons), "recorded_by": until, "on": until}
    to_come: dict[UUID, datetime] = dict(cursor.execute(_of(version, "moments_to_come"), given).fetchall())
    return standing, _again(to_come, owed, untold)


def _window(
    cursor: Cursor[Rows], version: str, since: datetime, until: datetime, position: int
) -> tuple[datetime, int]:
    """Return up to when and where this look reaches."""
    row = cursor.execute(_of(version, "window"), {"since": since, "most": MOST}).fetchone()
    return (row[0], row[1]) if row is not None and row[0] < until else (until, position)


def _standing(
    cursor: Cursor[Rows], version: str, until: datetime, owed: Sequence[Owed]
) -> tuple[list[Standing], dict[UUID, datetime]]:
    """Return how the duties stand of which the obliged agency was told what opened them, and when to see again whose.

    What an agency was not told, it is not told by an alert either: not even that there is something.
    """
    if not owed:
        return [], {}
    records = records_of(cursor, version, until, {one.person for one in owed})
    given = {
        "children": [record for group in records.values() for record in group],
        "positions": list({one.obligation.opened_by for one in owed}),
        "recorded_by": until,
    }
    opened: dict[int, tuple[Entry, Collection[str]]] = {}
    for position, _, payload, told in cursor.execute(_of(version, "openings"), given):
        entry = read_entry(payload)
        opened[position] = entry, {entry.producer.agency, *told}
    titles = {(rule.id, rule.version): rule.title for rule in shipped_rules()}
    standing: list[Standing] = []
    untold: dict[UUID, datetime] = {}
    for one in owed:
        duty = one.obligation
        if duty.state == "not-covered" and one.tells and until - one.heard_at < _RARELY:
            untold[one.person] = plus(until, max(until - one.heard_at, _SOON))  # the feed may tell it any moment
        if duty.state not in ALERT_STATES:
            continue
        entry, knowing = opened[duty.opened_by]
        if duty.obliged not in knowing:
            # an entry is published a moment after it is recorded; one that is not told then may be told much later
            then = plus(until, min(max(until - one.heard_at, _SOON), _RARELY))
            untold[one.person] = min(then, untold.get(one.person, then))
            continue
        standing.append(
            Standing(
                DutyKey(cast(Agency, duty.obliged), duty.rule, duty.opened_by, duty.towards or ""),
                one.person,
                duty.version,
                titles[duty.rule, duty.version],
                duty.kind,
                duty.state,
                duty.due_at,
                duty.due_at is None or duty.due_at >= one.heard_at,
                duty.met_at,
                duty.days_late,
                entry.child,
                entry.identifiers,
            )
        )
    return standing, untold


def _again(look_at: dict[UUID, datetime], owed: Iterable[Owed], untold: Mapping[UUID, datetime]) -> list[Again]:
    """Return when to look at persons again, and whose signing or reading could change anything before.

    `look_at` holds the next moment of their duties.
    """
    for person, then in untold.items():
        look_at[person] = min(then, look_at.get(person, then))
    awaits: dict[UUID, set[str]] = {}
    for one in owed:
        if (
            one.tells
            and one.obligation.towards is not None
            and one.obligation.state in ("open", "missed", "not-covered")
        ):
            awaits.setdefault(one.person, set()).add(one.obligation.towards)
    return [
        Again(person, look_at.get(person), sorted(awaits.get(person, ())))
        for person in sorted(look_at.keys() | awaits.keys())
    ]


def _of(version: str, name: str) -> bytes:
    return SQL[name].replace("{schema}", version).encode()
