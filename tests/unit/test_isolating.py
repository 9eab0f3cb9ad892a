"""One entry that cannot be applied blocks its child and nobody else, until it can be, or is voided or corrected."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from ledger.entry import Entry
from ledger.kafka.entries import EntryMessage
from projections.fold import effects
from projections.following.applying import Applying
from projections.following.isolating import HeldBack, isolated
from projections.rows.changes import Changes
from projections.rows.persons import Loaded
from tests.integration.filling import ZONE, Ledger, _message, child_number

ANN, BEN = child_number(1), child_number(2)
ENCOUNTER = {"encounter_type": "between-ports", "place": "RGV"}
DAY = "2022-01-01T00:00:00Z"


def history() -> Ledger:
    """Two children, whose entries lie among each other; that at position 3 is Ann's second."""
    ledger = Ledger()
    ledger.add(ANN, "child-encountered", ENCOUNTER, occurred_at=DAY, agency="CBP")
    ledger.add(BEN, "child-encountered", ENCOUNTER, occurred_at=DAY, agency="CBP")
    ledger.add(ANN, "referred-to-orr", {"referring_office": "BAD"}, occurred_at=DAY, agency="CBP")
    ledger.add(BEN, "referred-to-orr", {"referring_office": "RGV"}, occurred_at=DAY, agency="CBP")
    ledger.add(ANN, "placement-designated", {"program": "P", "level_of_care": "shelter"}, occurred_at=DAY)
    return ledger


def unreadable(ledger: Ledger) -> list[bytes]:
    """Return the history with a newer release's fact at position 3."""
    payloads = list(ledger.payloads)
    payloads[2] = payloads[2].replace(b"referred-to-orr.v1", b"referred-to-orr.v9")
    return payloads


def applied(payloads: Sequence[bytes]) -> tuple[Changes, HeldBack]:
    """Apply entries as a rebuild does, and return the rows they come to."""
    done: list[Changes] = []

    def attempt(messages: Sequence[EntryMessage], held: HeldBack, dry: bool) -> None:
        applying = Applying(ZONE, lambda _: Loaded({}, {}, {}), alone=True)
        applying.held = held
        for message in messages:
            applying.apply(message)
        changes = applying.take_changes()
        if not dry:
            done.append(changes)

    held = isolated([_message(payload, 0) for payload in payloads], attempt)
    [changes] = done
    return changes, held


def waiting(changes: Changes) -> list[tuple[UUID, int, int | None]]:
    return [(row[0], row[1], row[5]) for row in changes.parked]


def failing(monkeypatch: pytest.MonkeyPatch, *, unless: str | None = None) -> None:
    """Have the fold fail at Ann's second entry, as for a fault of ours; `unless` it names this office."""
    apply = effects.apply

    def faulty(state: Any, entry: Entry) -> None:
        if entry.position == 3 and getattr(entry.fact, "referring_office", None) != unless:
            raise ZeroDivisionError("a fault of ours")
        apply(state, entry)

    monkeypatch.setattr("projections.fold.folding.apply", faulty)


def test_an_entry_that_cannot_be_read_blocks_its_child_alone() -> None:
    """Her later entries wait behind it; the other child's are applied."""
    changes, _ = applied(unreadable(history()))
    assert waiting(changes) == [(ANN, 3, None), (ANN, 5, None)]
    assert "referred-to-orr.v9" in changes.parked[0][4]
    assert [row[1] for row in changes.entries] == [1, 2, 4]
    assert (changes.locations[ANN][2], changes.locations[BEN][2]) == ("dhs-custody", "referred")


def test_a_fault_in_the_fold_blocks_its_child_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is raised, and wherever: the entry at which it is raised is found, and kept from the others."""
    failing(monkeypatch)
    changes, _ = applied(history().payloads)
    assert waiting(changes) == [(ANN, 3, None), (ANN, 5, None)]
    assert changes.parked[0][4].startswith("ZeroDivisionError")
    assert changes.locations[BEN][2] == "referred"


def test_a_void_unblocks_a_child_whose_entry_cannot_be_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The voided entry is left out of the fold; it stays listed, as any that was voided."""
    failing(monkeypatch)
    ledger = history()
    ledger.add(ANN, "entry-voided", {"voids": 3, "reason": "typed in error"}, occurred_at=None, agency="CBP")
    changes, held = applied(ledger.payloads)
    assert (waiting(changes), held.until) == ([], {3: 6})
    assert sorted(row[1] for row in changes.entries) == [1, 2, 3, 4, 5, 6]
    assert changes.locations[ANN][2] == "designated"


def test_a_void_unblocks_a_child_whose_entry_cannot_be_read() -> None:
    """Nothing is known of such an entry but where it stands, so it is left out altogether, and kept."""
    ledger = history()
    ledger.add(ANN, "entry-voided", {"voids": 3, "reason": "typed in error"}, occurred_at=None, agency="CBP")
    changes, _ = applied(unreadable(ledger))
    assert waiting(changes) == [(ANN, 3, 6)]
    assert sorted(row[1] for row in changes.entries) == [1, 2, 4, 5, 6]
    assert changes.locations[ANN][2] == "designated"


def test_a_correction_unblocks_a_child_when_what_it_sets_can_be_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The members are replaced before they are evaluated; a correction that mends nothing leaves her blocked."""
    failing(monkeypatch, unless="GOOD")
    ledger = history()
    for office in ("WORSE", "GOOD"):
        changed = {"corrects": 3, "set": {"referring_office": office}, "reason": "typed in error"}
        ledger.add(ANN, "correction-issued", changed, occurred_at=None, agency="CBP")
    changes, held = applied(ledger.payloads[:-1])
    assert waiting(changes) == [(ANN, 3, None), (ANN, 5, None), (ANN, 6, None)]
    changes, held = applied(ledger.payloads)
    assert (waiting(changes), held.until) == ([], {3: 7})
    assert changes.locations[ANN][2] == "designated"


def test_a_fault_of_the_role_blocks_nobody() -> None:
    """Where a server is gone no entry is to blame."""

    def attempt(messages: Sequence[EntryMessage], held: HeldBack, dry: bool) -> None:
        raise ConnectionResetError("the server is gone")

    with pytest.raises(ConnectionResetError):
        isolated([_message(payload, 0) for payload in history().payloads], attempt)
