"""Which records are one person. The recording application needs to know it too, so it is told in `ledger.merges`."""

from ledger.merges import groups, person_of

__all__ = ["groups", "person_of"]
