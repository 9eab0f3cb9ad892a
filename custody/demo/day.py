"""The demo's day: what the simulated agencies send, sent through Kafka in its order, and what became of it."""

import textwrap
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from custody.demo.asking import COLUMNS, Asking, headline, tell
from custody.demo.reading import Readers
from custody.supervision.where import Where
from ledger.agencies import PRODUCERS
from ledger.times import parse_instant
from producers.client.outcomes import Outcome
from producers.client.submissions import AgencyClient
from producers.simulation.playing import Played, play
from producers.simulation.sendings import Sending
from producers.simulation.simulator import STORY, day

SEED: Final = 7
MET_ON: Final = date(2022, 1, 9)
CHILDREN: Final = 26
"""As many as it takes for every trouble the simulator knows to come up."""
ENDS: Final = "2022-07-01"
_ZONE: Final = ZoneInfo("America/New_York")
_TOLD_EVERY: Final = 100
_LEAVING: Final = frozenset(
    f"custody.{name}.v1" for name in ("released-to-sponsor", "discharged-otherwise", "departure-verified")
)


@dataclass(frozen=True, slots=True)
class Day:
    """What was sent, and what the ledger answered."""

    sent: list[Sending]
    played: Played
    last_position: int
    """Of the last entry, receipts counted."""

    def released(self, first: date, last: date) -> int:
        """Return how many releases were sent, and accepted, of the days from `first` to `last`."""
        return sum(
            sending.wire == "custody.released-to-sponsor.v1" and first <= on <= last
            for on, _, sending in self._happenings()
        )

    def in_care(self, on: date) -> int:
        """Return how many children were in care on a day, counted from what was sent."""
        inside: dict[str, bool] = {}
        for happened_on, child, sending in self._happenings():
            if happened_on <= on and sending.wire == "custody.admitted-to-program.v1":
                inside[child] = True
            elif happened_on <= on and sending.wire in _LEAVING:
                inside[child] = False
        return sum(inside.values())

    def _happenings(self) -> list[tuple[date, str, Sending]]:
        """Return (civil day, child, sending) of all that was to be accepted, as it happened."""
        found: list[tuple[datetime, str, Sending]] = []
        for sending in self.sent:
            if sending.expected == "accepted" and isinstance(sending.data, dict):
                name, at = sending.data["child"][0]["value"], sending.data["occurred_at"]
                if at is not None:
                    found.append((parse_instant(at), name, sending))
        found.sort(key=lambda happening: happening[0])
        return [(at.astimezone(_ZONE).date(), child, sending) for at, child, sending in found]


def play_day(where: Where, asking: Asking) -> Day:
    """Send everything, each message when the one before is answered; show and check what the ledger answered."""
    headline("What the agencies sent")
    told = [sending for sending in day(SEED, MET_ON, CHILDREN) if sending.time < ENDS]
    sent = sorted([*told, *STORY], key=lambda sending: parse_instant(sending.time))
    agencies = Counter(sending.agency for sending in sent)
    tell(
        f"{len(sent)} messages about {CHILDREN + 1} made-up children met on {MET_ON}, as they were sent until the end "
        "of June. Each agency sends with a client of its own, through Kafka: "
        + ", ".join(f"{agency} {agencies[agency]}" for agency in PRODUCERS)
        + "."
    )
    print()
    readers = Readers(where.database_url, where.bootstrap)
    refusals: list[dict[str, Any]] = []
    count = 0

    def follow(sending: Sending, outcome: Outcome) -> None:
        nonlocal count
        count += 1
        if outcome.status == "refused":
            refusals.append(outcome.body["refusal"])
        if count % _TOLD_EVERY == 0:
            print(f"  {count} of {len(sent)} answered; the ledger's clock shows {sending.time[:10]}", flush=True)

    with ExitStack() as open_clients:
        clients = {agency: open_clients.enter_context(AgencyClient(where.bootstrap, agency)) for agency in PRODUCERS}
        played = play(readers.in_between(sent), clients, in_step=True, tell=follow)
    _show(played, refusals)
    for sending, outcome in played.surprises:
        asking.expect(False, f"{sending.agency}'s {sending.id} was {outcome['status']}, not {sending.expected}")
    expected = Counter(sending.expected for sending in sent)
    asking.expect(played.statuses == expected, f"the answers were {dict(played.statuses)}, not {dict(expected)}")
    return Day(sent, played, readers.position())


def _show(played: Played, refusals: list[dict[str, Any]]) -> None:
    statuses = played.statuses
    print(f"\n  accepted   {statuses['accepted']:>5}")
    print(f"  duplicate  {statuses['duplicate']:>5}   sent twice by its system, recorded once")
    print(f"  set aside  {statuses['set-aside']:>5}   without an id, so nobody can be answered; its bytes are kept")
    print(f"  refused    {statuses['refused']:>5}   each with its rule and what to do:")
    texts = Counter((refusal["code"], refusal["message"]) for refusal in refusals)
    for (code, message), number in sorted(texts.items()):
        first = f"    {code:<7}  {number:>5}   "
        print(textwrap.fill(message, COLUMNS, initial_indent=first, subsequent_indent=" " * len(first)))
