"""Duties of one child in a few words: entries, who knew what since when, and the day asked about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from ledger.agencies import PRODUCERS, Agency
from ledger.entry import Entry, Producer
from ledger.facts import CURRENT, CoverageDeclared, ObligationWaived, short_name
from ledger.facts.ledger_wide import WaiverReason
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import ObligationRule, shipped_rules
from projections.fold.amended import effective
from projections.obligations.coverage import Coverage, Declared
from projections.obligations.states import Knows, Obligation, Shows, Told, Waiver, obligations
from tests.histories import ZONE

NOW: Final = datetime.fromisoformat("2031-01-01T00:00:00Z")
ALL_COVERED: Final = Coverage(
    ZONE,
    [
        Declared(
            number,
            datetime(1990, 1, 1, tzinfo=UTC),
            CoverageDeclared(
                agency=agency,
                facts=tuple(short_name(fact.wire) for fact in CURRENT),
                since=date(1990, 1, 1),
                door="feed",
                reason="all of it",
            ),
        )
        for number, agency in enumerate(PRODUCERS)
    ],
)
MOMENT: Final = timedelta(microseconds=1)


def rule(name: str, version: int = 1) -> ObligationRule:
    return next(one for one in shipped_rules() if (one.id, one.version) == (name, version))


def knows(moments: Mapping[tuple[int, Agency], str]) -> Knows:
    """Return what says since when an agency knew the entry at a position."""

    def told(position: int, agency: Agency) -> Told | None:
        text = moments.get((position, agency))
        at = None if text is None else datetime.fromisoformat(text)
        return None if at is None else Told(at, True, "receipt", position + 100, position + 1000)

    return told


def owed(
    entries: Sequence[Entry],
    rules: Sequence[ObligationRule] | str,
    *,
    on: str | datetime | None = None,
    recorded_by: str | datetime = NOW,
    told: Mapping[tuple[int, Agency], str] | None = None,
    waivers: Sequence[Waiver] = (),
    coverage: Coverage | None = None,
    carried: Mapping[tuple[int, Agency], str] | None = None,
) -> list[Obligation]:
    """Return the duties by these rules; one rule may be named by its id, in all its versions.

    Where nothing is said of coverage, all is covered.
    """
    by = _instant(recorded_by)
    return obligations(
        effective(entry for entry in entries if entry.recorded_at <= by),
        rules=[one for one in shipped_rules() if one.id == rules] if isinstance(rules, str) else rules,
        offices=shipped_offices(),
        recorded_by=by,
        zone=ZONE,
        shows=Shows(
            knows(told or {}),
            ALL_COVERED if coverage is None else coverage,
            lambda position, agency: None if (at := (carried or {}).get((position, agency))) is None else _instant(at),
        ),
        waivers=[one for one in waivers if one.recorded_at <= by],
        on=None if on is None else _instant(on),
    )


def states(*args: Any, **more: Any) -> list[str]:
    return [one.state for one in owed(*args, **more)]


def state(*args: Any, **more: Any) -> str:
    """Return the state of the only duty there is."""
    (one,) = owed(*args, **more)
    return one.state


def recorded(entry: Entry, at: str, *, office: str | None = None, agency: Agency | None = None) -> Entry:
    """Return the entry as recorded at that moment, by that office."""
    producer = Producer(agency or entry.producer.agency, office, None, "/tests")
    return entry._replace(recorded_at=datetime.fromisoformat(at), producer=producer)


def waiver(
    name: str,
    position: int,
    obliged: Any,
    *,
    at: str,
    towards: Agency | None = None,
    code: WaiverReason = "surge-or-influx",
) -> Waiver:
    fact = ObligationWaived(
        rule=name, position=position, obliged=obliged, towards=towards, reason_code=code, reason="declared"
    )
    return Waiver(900, datetime.fromisoformat(at), fact)


def _instant(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(text)
