"""Which identifiers of an entry come to name its record, and which are too many to be one child's.

An identifier names its first carrier for good, so a name claimed in advance would draw another child's entries to this
record. A child has one A-number; a second one beside it is far more often another child's, and names nobody until an
agency asserts it by itself. What is too many is kept in the entry as it was sent; nothing is refused for it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from ledger.entry import Entry
from ledger.identifiers import shown
from ledger.rules.remark import Remark

Name = tuple[str, str]

MOST_BESIDE: Final = {"a-number": 1}
"""How many identifiers of a scheme a record carries at most by being named beside others."""
MOST_ASSERTED: Final = {"a-number": 3}
"""The same, where an agency asserts the identifier as a fact of its own."""
MOST: Final = 10
"""The same of any other scheme: a child referred, detained or heard again is numbered anew."""


class Attached(NamedTuple):
    """The identifiers that come to name the record, those that are too many, and what is to be remarked on."""

    names: tuple[Name, ...]
    too_many: tuple[Name, ...]
    remarks: tuple[Remark, ...]
    repeated: tuple[Name, ...] = ()
    """Released ones that a statement repeats from the entry it is about: they go on naming nobody."""


NOTHING_NEW: Final = Attached((), (), ())


def attach(beside: Iterable[Name], asserted: Name | None, entries: Iterable[Entry]) -> Attached:
    """Return what becomes of identifiers nobody carries yet, in the order in which they were sent.

    `entries` are those of the record; the names in them count, but for those that were released.
    """
    carried = _carried(entries)
    count = Counter(scheme for scheme, _ in carried)
    names: list[Name] = []
    further: list[Name] = []
    too_many: list[Name] = []
    for most, new in ((MOST_BESIDE, tuple(beside)), (MOST_ASSERTED, () if asserted is None else (asserted,))):
        for name in new:
            scheme = name[0]
            if scheme == "ledger" or name in carried:
                continue
            if count[scheme] >= most.get(scheme, MOST):
                too_many.append(name)
                continue
            if count[scheme]:
                further.append(name)
            count[scheme] += 1
            carried.add(name)
            names.append(name)
    return Attached(tuple(names), tuple(too_many), tuple(_remarks(further, too_many)))


def _carried(entries: Iterable[Entry]) -> set[Name]:
    """Return the names that the record of these entries carries after the last of them."""
    carried: set[Name] = set()
    for entry in entries:
        carried.update(_its_own(entry))
        carried.difference_update((scheme, value) for scheme, value, record in entry.released if record == entry.child)
        carried.update((scheme, value) for scheme, value, record in entry.attached if record == entry.child)
    return carried


def _its_own(entry: Entry) -> tuple[Name, ...]:
    """Return the names that are the record's; older entries say only that some were another's, not which."""
    names = entry.names()
    if not entry.unattached and any(finding.code == "identifiers-disagree" for finding in entry.findings):
        return names[:1]
    return names


def _remarks(further: list[Name], too_many: list[Name]) -> Iterable[Remark]:
    if further:
        yield Remark(
            "identifier-attached",
            f"{_listed(further)} names this child from now on, beside another of the same scheme; if it is another "
            "child's, have the steward look at both records",
            "child",
        )
    if too_many:
        yield Remark(
            "identifier-implausible",
            f"{_listed(too_many)} does not name this child: her record carries another of the same scheme; kept as "
            "sent. If she has both, assert it with identifier-asserted; if it is another child's, leave it out",
            "child",
        )


def _listed(names: list[Name]) -> str:
    return ", ".join(shown(scheme, value) for scheme, value in names)
