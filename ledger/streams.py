"""Records about no child: what one agency says of itself, and what the steward says of the ledger (contract: Entry).

Their entries carry `child` null; in the event store and on Kafka they stand under a UUID of their own that follows
from the name alone, so that every reader knows it without asking.
"""

from typing import Final
from uuid import UUID, uuid5

from ledger.agencies import AGENCIES, Agency

_NAMES: Final = UUID("6f0d3c52-6d1b-5c0f-9a53-0c5f8f0d7a11")
LEDGER: Final = uuid5(_NAMES, "ledger")
"""The record of the ledger itself: sharing rules, waivers."""
OF_AGENCY: Final[dict[Agency, UUID]] = {agency: uuid5(_NAMES, agency) for agency in AGENCIES}
STREAMS: Final = frozenset((LEDGER, *OF_AGENCY.values()))
"""Every record that is no child's."""
