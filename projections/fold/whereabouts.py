"""The whereabouts region: how well it is known where the child is, and the addresses in force.

Two things are kept apart. What is known of the address: `unknown`, `reported`, `confirmed`, `address-defective`.
And what comes before any address: `in-custody`, `missing-reported`, `departed`, `deceased`. Paper (an address, a
returned letter, a contact that denies the address) moves the first only: a letter does not find a missing child.
Where the contract's sentence leaves room, this is how it is read:

- `in-custody` comes with every fact that puts the child into the hands of DHS or ORR, an escort's on the way included;
  with a handoff that is called off goes what it brought.
- A confirming contact ends `missing-reported` and `departed`; it does not end custody or a death.
- An absence resolved gives `in-custody` where somebody has legal custody, else back what is known of the address.
- A discharge to a program, to law enforcement or for another reason leaves `unknown`: no address came with it.
- The region tells where the child lives: a mailing address is kept, and moves no state; one of unknown purpose is
  neither. A discharge, an absence or a new encounter leaves the last residence in force until another is reported.
"""

from collections.abc import Mapping
from typing import Any

from ledger.addresses.classes import is_blank
from ledger.facts import Address, AddressReported, PostReleaseContactRecorded
from ledger.times import When, first_instant, last_instant
from projections.fold.regions import Whereabouts


def in_force_from(fact: AddressReported, occurred_at: When | None, zone: str) -> When | None:
    """Return when a reported address comes into force, which is its place in the fold: when it was reported, or
    `effective_from` where that is later.

    An `effective_from` on the day of the report is not later. With *happened by* H, an address of which the report
    is known but which comes into force after H is not in force yet; with no H every one counts, in this order.
    """
    later = fact.effective_from
    if later is None:
        return occurred_at
    if occurred_at is None or first_instant(later, zone) > last_instant(occurred_at, zone):
        return later
    return occurred_at


class Tracking:
    """The whereabouts of one person, moved by one happening after the other in fold order."""

    __slots__ = ("_address", "_addresses", "_apart", "_mailing", "_residence", "_residence_of", "_since", "_state")

    def __init__(self) -> None:
        self._apart: str | None = None
        """The state that comes before any address, if there is one."""
        self._address = "unknown"
        """What is known of the residence."""
        self._addresses: dict[int, Mapping[str, Any]] = {}
        """Every residence and mailing address so far, by the position of its entry."""
        self._residence: Mapping[str, Any] | None = None
        self._residence_of: int | None = None
        """The entry that gave it."""
        self._mailing: Mapping[str, Any] | None = None
        self._state = "unknown"
        self._since: When | None = None

    def whereabouts(self) -> Whereabouts:
        return Whereabouts(self._state, self._residence, self._mailing, self._since)

    @property
    def residence_of(self) -> int | None:
        """The position of the entry that gave the residence in force."""
        return self._residence_of

    def held(self, when: When | None) -> None:
        """The child is in custody."""
        self._apart = "in-custody"
        self._show(when)

    @property
    def apart(self) -> str | None:
        """The state that comes before any address, if there is one."""
        return self._apart

    def called_off(self, apart: str | None, when: When | None) -> None:
        """A handoff was called off: the child is where she was before the escort had her."""
        if self._apart == "in-custody":
            self._apart = apart
            self._show(when)

    def released(self, address: Address, given: Mapping[str, Any], position: int, when: When | None) -> None:
        """The child left custody to live at `address`."""
        self._apart = None
        self.lives_at(address, given, position, when)

    def left(self, apart: str | None, when: When | None) -> None:
        """The child left custody otherwise: `departed`, `deceased`, `missing-reported`, or nobody knows (`None`)."""
        self._apart = apart
        self._address = "unknown"
        self._show(when)

    def missing(self, when: When | None) -> None:
        self._apart = "missing-reported"
        self._show(when)

    def found(self, when: When | None, *, in_custody: bool) -> None:
        """An absence was resolved, and somebody has legal custody or not."""
        if self._apart == "missing-reported":
            self._apart = "in-custody" if in_custody else None
            self._show(when)

    def lives_at(self, address: Address, given: Mapping[str, Any], position: int, when: When | None) -> None:
        """`address` is the residence in force; `given` is its JSON, by the entry at `position`."""
        moved = given != self._residence
        self._addresses[position] = self._residence = given
        self._residence_of = position
        self._address = "address-defective" if is_blank(address) else "reported"
        if moved and self._apart is None:
            self._since = when
            self._state = self._address
        self._show(when)

    def gets_mail_at(self, given: Mapping[str, Any], position: int) -> None:
        self._addresses[position] = self._mailing = given

    def mail_returned(self, position: int | None, when: When | None) -> None:
        """Mail came back from the address of the entry at `position`, or (`None`) from the residence in force.

        It counts against the residence in force if it was sent there, under whichever entry that address is known.
        """
        if self._residence is not None and (position is None or self._addresses.get(position) == self._residence):
            self._address = "address-defective"
            self._show(when)

    def contacted(self, fact: PostReleaseContactRecorded, when: When | None) -> None:
        live = fact.mode in ("in-person", "live-call") and "child" in fact.spoke_with
        if fact.address_confirmed is False:
            self._address = "unknown"
        elif fact.address_confirmed is True and fact.identity_checked is True and (fact.child_seen is True or live):
            self._address = "confirmed"
            if self._apart in ("missing-reported", "departed"):
                self._apart = None
        self._show(when)

    def _show(self, when: When | None) -> None:
        state = self._apart or self._address
        if state != self._state:
            self._state = state
            self._since = when
