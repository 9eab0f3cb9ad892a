"""One question about a child reads what is hers and nothing else, however much there is of other children.

Broken by hand to see these tests fail, one at a time: the key of receipts by lane left out, their index by range left
out, `p.one` left out of the views, an answer that nothing is known raised inside its transaction.
"""

import re
from typing import Any

import psycopg
import pytest

from ledger.agencies import RECEIVERS
from projections.knowledge.receipts import lane_of
from readers.child.known_set import Viewpoint
from readers.child.records import FOUND
from readers.child.stated import STATED
from readers.child.view import view
from readers.moments import MomentsAsked
from readers.snapshot import connect
from readers.unanswerable import NothingKnownError
from tests.integration.asking import Connection
from tests.integration.counting import made_up
from tests.integration.filling import fill

LANES = [lane_of(agency, level) for agency in RECEIVERS for level in (1, 2, 3)]
TYPES = {"scheme": "text", "value": "text", "child": "uuid", "bound": "text", "lanes": "int8[]"}
VALUES = {
    "scheme": "'orr-id'",
    "value": "'C1'",
    "child": "null",
    "bound": "'infinity'",
    "lanes": f"'{{{','.join(map(str, LANES))}}}'",
}
OTHERS = """
    insert into {schema}.publications
        (child, position, batch, item, published_at, cbp, ice_ero, ice_opla, orr, eoir, uscis)
    select gen_random_uuid(), n, n, 0, '2022-01-01', n, n, n, n, n, n from generate_series(%(from)s, %(to)s) n;
    insert into {schema}.receipts (record, level, lane, first, last, step, at, recorded_at, position)
    select gen_random_uuid(), 1, lane, n, n, step, null, '2022-01-01', n
    from generate_series(%(from)s, %(to)s) n, unnest(%(lanes)s) lane, unnest(array[true, false]) step
    where step or n %% 10 = 0;
    insert into {schema}.entries (child, position, recorded_at, payload)
    select gen_random_uuid(), n, '2022-01-01', '' from generate_series(%(from)s, %(to)s) n;
    insert into {schema}.identifiers (scheme, value, child, position, turn, recorded_at)
    select 'fin', n::text, gen_random_uuid(), n, 0, '2022-01-01' from generate_series(%(from)s, %(to)s) n;
    insert into {schema}.links (child, other, position)
    select gen_random_uuid(), gen_random_uuid(), n from generate_series(%(from)s, %(to)s) n;
    insert into {schema}.reads
        (child, record, position, recorded_at, viewpoint, known_at, happened_by, recorded_by, basis, at_least)
    select gen_random_uuid(), gen_random_uuid(), n, t.at, 'ORR', t.at, t.at, t.at, 'any', 'told'
    from generate_series(%(from)s, %(to)s) n, (select '2022-01-01'::timestamptz) t(at)
"""


def planned(connection: Connection, statement: bytes, how: str) -> dict[str, Any]:
    """Return what PostgreSQL says of a statement about the child C1, of whom six agencies may know."""
    order: list[str] = []

    def numbered(name: re.Match[str]) -> str:
        if name[1] not in order:
            order.append(name[1])
        return f"${order.index(name[1]) + 1}"

    text = re.sub(r"%\((\w+)\)s", numbered, statement.decode())
    connection.execute("deallocate all")
    connection.execute(f"prepare asked({', '.join(TYPES[name] for name in order)}) as {text}".encode(), prepare=False)
    asked = f"explain ({how}, format json) execute asked({', '.join(VALUES[name] for name in order)})"
    row = connection.execute(asked.encode(), prepare=False).fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


@pytest.mark.parametrize("statement", [FOUND, STATED], ids=["found", "stated"])
def test_a_child_is_found_without_reading_whole_tables(database_url: str, statement: bytes) -> None:
    """Whatever the planner knows of the tables: nothing, here. It once took 60 ms to make room for what never came."""
    fill(database_url, made_up(seed=1, children=3).payloads)
    with connect(database_url) as connection, connection.transaction(force_rollback=True):
        connection.execute("update pg_class set reltuples = -1, relpages = 0 where relname = 'progress'")
        assert planned(connection, statement, "costs")["Total Cost"] < 10_000


@pytest.mark.parametrize("statement", [FOUND, STATED], ids=["found", "stated"])
def test_what_is_kept_of_other_children_costs_a_question_nothing(database_url: str, statement: bytes) -> None:
    """Ten times as many entries, items, receipts, merges and answers of others: a few pages more at most.

    The child herself stands on six feeds, and every lane was signed for, in steps and by number.
    """
    fill(database_url, made_up(seed=1, children=3).payloads)
    with connect(database_url) as connection:
        connection.execute(
            "insert into read_1.publications (child, position, batch, item, published_at, cbp, ice_ero, ice_opla, orr,"
            " eoir, uscis) select child, 1, n, 1, '2022-01-01', n, n, n, n, n, n"
            " from read_1.identifiers, generate_series(10, 17) n where value = 'C1'"
        )
        read = [pages_read(connection, statement, among) for among in (range(1, 1001), range(1001, 10001))]
    assert read[1] <= 1.3 * read[0], read


def pages_read(connection: Connection, statement: bytes, others: range) -> int:
    """Return how many pages a question reads when so much more is kept of others."""
    given = {"from": others.start, "to": others.stop - 1, "lanes": LANES}
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(OTHERS.replace("{schema}", "read_1").encode(), given)
    for table in ("entries", "identifiers", "links", "publications", "receipts", "reads"):
        connection.execute(f"vacuum analyze read_1.{table}".encode())
    for _ in range(2):  # the first one of a connection reads PostgreSQL's own catalogues, too
        plan = planned(connection, statement, "analyze, buffers, timing off")
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_an_answer_that_nothing_is_known_leaves_the_next_question_as_quick(database_url: str) -> None:
    """What was prepared on the connection stays: planned anew, the next question would take ten times as long."""
    fill(database_url, made_up(seed=1, children=3).payloads)
    with connect(database_url) as connection:
        for name, viewpoint in (("C1", "ledger"), ("C1", "OIG"), ("nobody", "ledger"), ("nobody", "OIG")):
            try:
                view(connection, ("orr-id", name), MomentsAsked(), Viewpoint(viewpoint))
            except NothingKnownError:
                continue
        prepared = connection.execute("select statement from pg_prepared_statements").fetchall()
    assert sum(statement.startswith("with recursive") for (statement,) in prepared) == 2
