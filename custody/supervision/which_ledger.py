"""Which ledger a data folder is of, and which one a database holds: nothing starts where they are two.

A folder keeps what belongs to one ledger: how far each import is, its zone, its Kafka.
"""

import json
from pathlib import Path
from typing import Any, Final

from custody.errors import Problem
from custody.files import write_whole

FILE: Final = "ledger.json"


def remember_ledger(data: Path, *, zone: str, clock: str, id: str | None) -> None:
    """Write down which ledger the folder is of, and what was fixed when it was made."""
    write_whole(data / FILE, json.dumps({"zone": zone, "clock": clock, "id": id}) + "\n")


def ledger_of_folder(data: Path) -> str | None:
    """Return the id of the ledger the folder is of; None: not known yet."""
    try:
        written: dict[str, Any] = json.loads((data / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return written.get("id")


def ledger_in(database_url: str) -> tuple[bool, str | None]:
    """Say whether the database holds a ledger, and its id; None: of a release before ledgers had one."""
    import psycopg

    with psycopg.connect(database_url, connect_timeout=10) as connection:
        row = connection.execute(
            "select count(*), count(*) filter (where attname = 'id') from pg_attribute"
            " where attrelid = to_regclass('ledger.made') and attnum > 0"
        ).fetchone()
        assert row is not None
        if not row[0]:
            return False, None
        if not row[1]:
            return True, None
        made = connection.execute("select id::text from ledger.made").fetchone()
        return made is not None, None if made is None else made[0]


def require_same_ledger(data: Path, database_url: str) -> None:
    """Raise `Problem` with the cure where the database holds another ledger than the folder is of, or none any more."""
    ours = ledger_of_folder(data)
    there, theirs = ledger_in(database_url)
    if ours is None or theirs == ours or (there and theirs is None):
        return
    found = f"holds the ledger {theirs}" if theirs else "holds no ledger"
    raise Problem(
        f"no role was started: {data} is the data folder of the ledger {ours}, and the PostgreSQL it would be used "
        f"with {found}. Set DATABASE_URL to that ledger's database, or name another data folder with --data; where its "
        "database was lost, restore a backup with `custody restore`"
    )
