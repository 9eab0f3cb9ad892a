"""What the ledger looks up for receipts: how far each signer's feed is, and the last version of its own record.

Neither grows with the ledger: an agency's record may have millions of entries, and so may `ledger.publications`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from psycopg import Cursor, sql
from psycopg.rows import DictRow

from ledger.agencies import RECEIVERS, Agency, topic_suffix
from ledger.intake.receipt import last_covered
from ledger.rules.arrivals import ReceiptArrival
from ledger.rules.receipts import Published
from ledger.streams import OF_AGENCY

LAST_COLUMN: Final[dict[Agency, str]] = {
    agency: "last_" + topic_suffix(agency).replace("-", "_") for agency in RECEIVERS
}
"""The column of `ledger.publications` with the last number on an agency's feed after a batch."""

_LAST_BATCH: Final = sql.SQL("select number, {} from ledger.publications order by number desc limit 1").format(
    sql.SQL(", ").join(map(sql.Identifier, LAST_COLUMN.values()))
)
_FIRST_TO_REACH: Final = sql.SQL(
    # batches have numbers without a gap and a feed's last number never falls: some twenty looks find the batch. The
    # looks are subqueries, so that no plan can read the whole table instead
    "with recursive search(wanted, low, high) as ("
    " select wanted, 1::bigint, %b::bigint from unnest(%b::bigint[]) as w(wanted)"
    " union all"
    " select wanted, case when reached then low else middle + 1 end, case when reached then middle else high end"
    " from (select wanted, low, high, (low + high) / 2 as middle,"
    "  (select p.{last} from ledger.publications p where p.number = (low + high) / 2) >= wanted as reached"
    "  from search where low < high) as looked)"
    " select wanted, (select p.published_at from ledger.publications p where p.number = low) as published_at"
    " from search where low = high"
)


def last_versions(cursor: Cursor[DictRow], receipts: Sequence[ReceiptArrival]) -> dict[Agency, int]:
    """Return the last version of the own record of each agency that signs, 0 where it has none; under the lock."""
    agencies = list({receipt.agency for receipt in receipts})
    cursor.execute(
        "select a.agency, (select max(e.originator_version) from ledger.stored_events e where e.originator_id = a.id)"
        " as version from unnest(%b::text[], %b::uuid[]) as a(agency, id)",
        (agencies, [OF_AGENCY[agency] for agency in agencies]),
    )
    return {row["agency"]: row["version"] or 0 for row in cursor}


def published(cursor: Cursor[DictRow], receipts: Sequence[ReceiptArrival]) -> dict[Agency, Published]:
    """Return how far the feed of each agency that signs is, and when the last number of each claim was published."""
    row = cursor.execute(_LAST_BATCH).fetchone()
    bounds: dict[Agency, Published] = {}
    for agency in {receipt.agency for receipt in receipts}:
        last = 0 if row is None else int(row[LAST_COLUMN[agency]])
        claimed = {last_covered(r.fact) for r in receipts if r.agency == agency and r.fact.at is not None}
        wanted = [number for number in claimed if number <= last]
        at = _published_at(cursor, agency, wanted, batches=row["number"]) if row is not None and wanted else {}
        bounds[agency] = Published(last, at)
    return bounds


def _published_at(
    cursor: Cursor[DictRow], agency: Agency, wanted: Sequence[int], *, batches: int
) -> Mapping[int, datetime]:
    """Return when each of these numbers of an agency's feed was published, all of them having been."""
    cursor.execute(_FIRST_TO_REACH.format(last=sql.Identifier(LAST_COLUMN[agency])), (batches, list(wanted)))
    return {row["wanted"]: row["published_at"] for row in cursor}
