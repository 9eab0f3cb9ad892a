"""The private PostgreSQL by itself, on a data folder, for tests that need no Kafka."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from custody.servers import postgres
from custody.servers.choices import choices_of, remember, settle
from custody.servers.embedded import account_of, make_folder
from custody.servers.postgres_binaries import find_binaries
from custody.servers.process import stop, tail
from tests.integration.running import PATIENCE_SECONDS


def server_of(data: Path) -> postgres.Postgres:
    """Return the server of this folder as a start of the ledger would prepare it; it is not started."""
    make_folder(data)
    account = account_of(data)
    chosen = choices_of(data, account)
    settle(data, chosen)
    remember(data, chosen)
    return postgres.Postgres(find_binaries(account), Path(chosen.postgres_home), chosen.postgres_port, account)


@contextmanager
def started(server: postgres.Postgres) -> Iterator[psycopg.Connection]:
    """Run the server until the block ends."""
    postgres.prepare(server)
    process = postgres.start(server, server.home.parent / "log")
    try:
        until_ready(server, process)
        with psycopg.connect(server.url()) as connection:
            yield connection
    finally:
        stop(process, first=postgres.STOP, patience_seconds=postgres.STOP_SECONDS)


def until_ready(server: postgres.Postgres, process: "subprocess.Popen[bytes]") -> None:
    """Return once the server accepts connections."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not postgres.is_ready(server):
        assert process.poll() is None, tail(server.home.parent / "log")
        assert time.monotonic() < deadline
        time.sleep(0.05)
