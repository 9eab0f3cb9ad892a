"""Simulated sendings, sent for real: in order, with positions filled in once the ledger has given them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from ledger.agencies import Agency
from producers.client.outcomes import Outcome
from producers.client.submissions import AgencyClient, Key
from producers.simulation.sendings import Sending

WINDOW: Final = 2_000
"""Outcomes awaited at most: what is played in order is sent far faster than it is recorded."""


@dataclass(slots=True)
class Played:
    """What the ledger made of the sendings: counts by status, and each one that it took otherwise than expected."""

    statuses: Counter[str] = field(default_factory=Counter)
    surprises: list[tuple[Sending, dict[str, Any]]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)


def play(
    sendings: Iterable[Sending],
    clients: Mapping[Agency, AgencyClient],
    *,
    in_step: bool = False,
    patience_seconds: float = 60.0,
    tell: Callable[[Sending, Outcome], None] = lambda sending, outcome: None,
) -> Played:
    """Send each sending through its agency's client and take in what the ledger answers.

    Agencies send on topics of their own, so the ledger may record them in another order than they were sent. With
    `in_step` each waits for the outcome of the one before: on the driven clock that makes `recorded_at` follow
    `ce_time` exactly. Raises `NoOutcomeError`, `NotSentError`.
    """
    played = Played()
    waiting: dict[Agency, list[tuple[Sending, Key]]] = {}
    count = 0
    for sending in sendings:
        if sending.positions_of or sending.agency == "STEWARD":  # both speak of what is recorded
            _answers(waiting, clients, played, tell, patience_seconds)
            count = 0
            sending = sending.with_positions(played.positions)  # noqa: PLW2901  # the same sending, now complete
        client = clients[sending.agency]
        if not sending.id:
            client.send_event(_without_id(sending))
            played.statuses["set-aside"] += 1
            continue
        key = client.send(sending.wire, sending.body(), id=sending.id, sent_at=sending.time, source=sending.source)
        waiting.setdefault(sending.agency, []).append((sending, key))
        count += 1
        if in_step or count >= WINDOW:
            _answers(waiting, clients, played, tell, patience_seconds)
            count = 0
    _answers(waiting, clients, played, tell, patience_seconds)
    for client in clients.values():
        client.settle()
    return played


def _answers(
    waiting: dict[Agency, list[tuple[Sending, Key]]],
    clients: Mapping[Agency, AgencyClient],
    played: Played,
    tell: Callable[[Sending, Outcome], None],
    patience_seconds: float,
) -> None:
    for agency, sent in waiting.items():
        for sending, key in sent:
            outcome = clients[agency].outcome(key, timeout_seconds=patience_seconds)
            played.statuses[outcome.status] += 1
            position = outcome.body["position"]
            if position is not None:
                played.positions[sending.id] = position
            if outcome.status != sending.expected:
                played.surprises.append((sending, outcome.body))
            tell(sending, outcome)
    waiting.clear()


def _without_id(sending: Sending) -> bytes:
    assert isinstance(sending.data, dict)
    return orjson.dumps(
        {
            "specversion": "1.0",
            "source": sending.source,
            "type": sending.wire,
            "time": sending.time,
            "data": sending.data,
        }
    )
