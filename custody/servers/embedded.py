"""Both private servers of one data folder, from nothing to ready and down again."""

import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from custody.errors import Problem
from custody.servers import kafka, postgres
from custody.servers.account import ServerUser, unprivileged
from custody.servers.choices import choices_of, remember, remembered, settle
from custody.servers.homes import existing_home
from custody.servers.jars import classpath
from custody.servers.java import find_java
from custody.servers.own_files import require_own
from custody.servers.postgres_binaries import find_binaries
from custody.servers.process import stop, tail

START_SECONDS: Final = 120.0
UNFINISHED: Final = "restore-unfinished"
"""In a data folder into which a backup is being restored, or was."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The two servers of a data folder, prepared; nothing says that they run."""

    postgres: postgres.Postgres
    kafka: kafka.Kafka
    logs: Path

    @property
    def postgres_log(self) -> Path:
        """Return the file PostgreSQL writes to."""
        return self.logs / "postgres.log"

    @property
    def kafka_log(self) -> Path:
        """Return the file Kafka writes to."""
        return self.logs / "kafka.log"


@dataclass(frozen=True, slots=True)
class Running:
    """Both servers, running and ready."""

    servers: Embedded
    postgres: subprocess.Popen[bytes]
    kafka: subprocess.Popen[bytes]


def prepare(data: Path, *, say: Callable[[str], None]) -> Embedded:
    """Find the programs, make what is missing in `data`; afterwards both servers can be started. Raises `Problem`.

    Both are prepared at once: initdb and the check of the jars wait for the disk, one behind the other for nothing.
    """
    make_folder(data)
    account = account_of(data)
    chosen = choices_of(data, account, say=say)
    settle(data, chosen)
    logs = data / "logs"

    def of_postgres() -> postgres.Postgres:
        server = postgres.Postgres(find_binaries(account), Path(chosen.postgres_home), chosen.postgres_port, account)
        postgres.prepare(server)
        return server

    def of_kafka() -> kafka.Kafka:
        ports, id = (chosen.kafka_port, chosen.kafka_controller_port), chosen.kafka_cluster_id
        server = kafka.Kafka(find_java(), classpath(say=say), data / "kafka", *ports, id, options=kafka.options_given())
        kafka.prepare(server, logs / "kafka.log")
        return server

    with ThreadPoolExecutor(2) as both:
        first, second = both.submit(of_postgres), both.submit(of_kafka)
        prepared = Embedded(first.result(), second.result(), logs)
    remember(data, replace(chosen, made=True))
    return prepared


def make_folder(data: Path) -> None:
    """Make the data folder if there is none; raises `Problem` where another user could write to it, or did."""
    data.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    require_own(data)


def require_no_half_restore(data: Path) -> None:
    """Raise `Problem` where a restore into this folder was broken off."""
    if (data / UNFINISHED).exists():
        raise Problem(
            f"nothing was started: a restore into {data} was broken off, so what is there is no whole ledger. Remove "
            "the folder and run `custody restore` again"
        )


def account_of(data: Path) -> ServerUser | None:
    """Return the account PostgreSQL runs as for this folder, the same at every start; None: the user we are."""
    chosen = remembered(data)
    return unprivileged(existing_home(data, None if chosen is None else Path(chosen.postgres_home)))


def start(data: Path, *, say: Callable[[str], None]) -> Running:
    """Start both servers and return when both are ready; on failure neither is left running."""
    servers = prepare(data, say=say)
    running = Running(
        servers,
        postgres.start(servers.postgres, servers.postgres_log),
        kafka.start(servers.kafka, servers.kafka_log),
    )
    try:
        wait_ready("PostgreSQL", running.postgres, lambda: postgres.is_ready(servers.postgres), servers.postgres_log)
        wait_ready("Kafka", running.kafka, lambda: kafka.is_ready(servers.kafka), servers.kafka_log)
    except BaseException:
        stop_both(running)
        raise
    return running


def stop_both(running: Running) -> None:
    """Stop Kafka, then PostgreSQL."""
    stop(running.kafka, first=kafka.STOP, patience_seconds=kafka.STOP_SECONDS)
    stop(running.postgres, first=postgres.STOP, patience_seconds=postgres.STOP_SECONDS)


def wait_ready(name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    """Return once a server is ready; raises `Problem` with the end of its log where it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None:
            raise Problem(f"{name} ended with {process.returncode} while it started; {log} ends:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Problem(f"{name} was not ready after {START_SECONDS:.0f} s; {log} ends:\n{tail(log)}")
        time.sleep(0.05)
