"""Schema `ledger` as all migrations together make it, in PostgreSQL's own words.

`python -m tests.golden.ledger_schema` writes it anew, on a PostgreSQL of its own: run it after adding a migration, and
read in the difference what the migration did.
"""

import re
import tempfile
from pathlib import Path
from typing import Final

from custody.servers.postgres_programs import run_program
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger

GOLDEN: Final = Path(__file__).with_name("ledgers") / "schema.sql"
_SAID: Final = re.compile(r"--|SET |SELECT pg_catalog\.set_config|\\")
"""Comments, and settings of the session: they say when, and by which minor release, the schema was written down."""


def schema_of(database_url: str) -> str:
    """Return what schema `ledger` of this database holds besides rows: tables, keys, indexes, triggers, rights."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.sql"
        run_program(
            "pg_dump", "--schema-only", "--schema=ledger", "--no-owner", f"--file={file}", database_url=database_url
        )
        lines = [line for line in file.read_text("utf-8").splitlines() if not _SAID.match(line)]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _write() -> None:
    from tests.conftest import temporary_data_folder
    from tests.integration.postgres_alone import server_of, started

    with temporary_data_folder() as folder, started(server := server_of(folder)):
        open_ledger(Settings(server.url(), "", "America/New_York", "wall")).close()
        GOLDEN.write_text(schema_of(server.url()), encoding="utf-8")


if __name__ == "__main__":
    _write()
