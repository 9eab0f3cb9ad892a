"""Which entry a correction or void speaks of, found without reading entries that are neither."""

import re
from typing import Final

from ledger.entry import read_entry
from ledger.facts import CorrectionIssued, EntryVoided
from ledger.kafka.entries import EntryMessage
from ledger.roles.faults import is_of_the_message
from ledger.streams import STREAMS

_MAY_SPEAK: Final = re.compile(rb'"type":"custody\.(correction-issued|entry-voided)\.')


def speaks_of(message: EntryMessage) -> int | None:
    """Return the position that an entry corrects or voids; None where it does neither, or cannot be read."""
    if message.child in STREAMS or not _MAY_SPEAK.search(message.payload[:300]):
        return None
    try:
        match read_entry(message.payload).fact:
            case CorrectionIssued(corrects=position) | EntryVoided(voids=position):
                return position
            case _:
                return None
    except Exception as error:
        if not is_of_the_message(error):
            raise
        return None
