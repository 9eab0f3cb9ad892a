"""Making a ledger from a backup: in a new data folder, or in an empty database of servers of yours.

Nothing is overwritten, and what is not finished is never taken for a ledger.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from kafka.errors import KafkaError

from custody.backups import manifest
from custody.backups.making import cluster_of
from custody.backups.manifest import Manifest
from custody.backups.roles import give_rights, make_roles
from custody.errors import Problem
from custody.servers import choices, homes, postgres
from custody.servers.account import ServerUser
from custody.servers.embedded import UNFINISHED, account_of, make_folder, wait_ready
from custody.servers.ports import is_free
from custody.servers.postgres_binaries import find_binaries
from custody.servers.postgres_programs import find, run_program
from custody.servers.process import stop
from custody.supervision.state import left_over, read_state
from custody.supervision.which_ledger import ledger_of_folder, remember_ledger
from ledger.store.migrating import migrations
from projections.tables.versions import start_over

Say = Callable[[str], None]


def restore_folder(backup: Path, data: Path, kafka: Path | None, *, say: Say) -> Manifest:
    """Make the new data folder `data` from a backup; `kafka` is the old data folder whose Kafka goes on in it."""
    found = _read(backup, say)
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Problem(f"{data} is not empty and a restore overwrites nothing; nothing was done. Name a new folder")
    if kafka is not None:
        _require_its_kafka(kafka, found)
    with _new_folder(data):
        account = account_of(data)
        chosen = _choices(backup, data, account, found)
        choices.settle(data, chosen)
        server = postgres.Postgres(find_binaries(account), Path(chosen.postgres_home), chosen.postgres_port, account)
        postgres.prepare(server)
        log = data / "logs" / "postgres.log"
        say("filling a new PostgreSQL")
        process = postgres.start(server, log)
        try:
            wait_ready("PostgreSQL", process, lambda: postgres.is_ready(server), log)
            _fill(backup, server.url(), found, same_kafka=kafka is not None, at_once=False)
        finally:
            stop(process, first=postgres.STOP, patience_seconds=postgres.STOP_SECONDS)
        if kafka is not None:
            say(f"copying the Kafka of {kafka}")
            shutil.copytree(kafka / "kafka", data / "kafka", symlinks=True)
        _fill_folder(backup, data, found)
        choices.remember(data, replace(chosen, made=True))
    return found


def restore_database(backup: Path, data: Path, database_url: str, bootstrap: str, *, say: Say) -> Manifest:
    """Fill an empty database of a server of yours from a backup, all of it or nothing."""
    found = _read(backup, say)
    ours = ledger_of_folder(data)
    if ours not in (None, found.ledger):
        raise Problem(
            f"the backup is of the ledger {found.ledger}, and {data} is the data folder of the ledger {ours}; nothing "
            "was restored. Name another data folder with --data"
        )
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        row = connection.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'"
        ).fetchone()
        if row != (0,):
            raise Problem("the database of DATABASE_URL is not empty; nothing was restored. Make a new, empty one")
    try:
        same_kafka = cluster_of(bootstrap) == found.kafka_cluster_id
    except KafkaError as failure:
        raise Problem(
            f"Kafka at {bootstrap} does not answer ({type(failure).__name__}), and whether it is the one of the backup "
            "must be known; nothing was restored"
        ) from failure
    _fill(backup, database_url, found, same_kafka=same_kafka, at_once=True)
    if ours is None:
        make_folder(data)
        _fill_folder(backup, data, found)
    return found


def _read(backup: Path, say: Say) -> Manifest:
    find("pg_restore")
    say("looking whether the backup is whole")
    found = manifest.read_whole_backup(backup)
    newest = migrations()[-1].number
    if found.migration > newest:
        raise Problem(
            f"the backup was made by release {found.release}, whose schema {found.migration} is newer than the "
            f"{newest} this one knows; nothing was restored. Install that release"
        )
    return found


@contextmanager
def _new_folder(data: Path) -> Iterator[None]:
    """Make the folder, marked as unfinished until the end; what was made is removed when anything fails."""
    make_folder(data)
    (data / UNFINISHED).touch(mode=0o600)
    try:
        yield
        (data / UNFINISHED).unlink()
    except BaseException:
        chosen = choices.remembered(data)
        if chosen is not None and homes.is_outside(Path(chosen.postgres_home)):
            shutil.rmtree(chosen.postgres_home, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        raise


def _choices(backup: Path, data: Path, account: ServerUser | None, found: Manifest) -> choices.Choices:
    """Choose for a new folder: the ports of the ledger that was backed up if they are free, and its Kafka's id."""
    new = choices.choices_of(data, account)
    before = choices.remembered(backup)
    if before is not None:
        ports = {name: getattr(before, name) for name in ("postgres_port", "kafka_port", "kafka_controller_port")}
        if all(is_free(port) for port in ports.values()):
            new = replace(new, **ports)
    if found.kafka_cluster_id is not None:
        new = replace(new, kafka_cluster_id=found.kafka_cluster_id)
    choices.remember(data, new)
    return new


def _require_its_kafka(old: Path, found: Manifest) -> None:
    """Raise `Problem` unless the folder `old` holds the Kafka of the ledger that was backed up, and it is stopped."""
    state = read_state(old) if old.is_dir() else None
    if state is not None and left_over(state.processes):
        raise Problem(f"the ledger on {old} runs; nothing was restored. Stop it with `custody down --data {old}`")
    try:
        text = (old / "kafka" / "data" / "meta.properties").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Problem(f"{old} is no data folder with a Kafka in it; nothing was restored") from None
    if f"cluster.id={found.kafka_cluster_id}\n" not in f"{text}\n":
        raise Problem(f"the Kafka in {old} is not that of the ledger that was backed up; nothing was restored")


def _fill(backup: Path, database_url: str, found: Manifest, *, same_kafka: bool, at_once: bool) -> None:
    """Make the roles, fill the database, and look whether it holds what was backed up.

    With another Kafka than before the read tables begin anew, for how far they have read means nothing there.
    """
    roles: dict[str, Any] = json.loads((backup / manifest.ROLES).read_text(encoding="utf-8"))
    with psycopg.connect(database_url, autocommit=False) as connection:
        make_roles(connection, roles)
    how = ("--single-transaction",) if at_once else ("--jobs=2",)
    run_program(
        "pg_restore", "--no-owner", "--exit-on-error", *how, str(backup / manifest.DATABASE), database_url=database_url
    )
    with psycopg.connect(database_url, autocommit=False) as connection:
        give_rights(connection, roles)
        row = connection.execute(
            "select (select id::text from ledger.made), (select count(*) from ledger.stored_events),"
            " (select coalesce(max(notification_id), 0) from ledger.stored_events)"
        ).fetchone()
        if row != (found.ledger, found.entries, found.position):
            raise Problem(f"what was restored is not what was backed up: {row}, not {found.entries} entries")
        there = connection.execute("select to_regclass('read.ledger') is not null").fetchone()
        if there == (True,) and not same_kafka:
            start_over(connection)


def _fill_folder(backup: Path, data: Path, found: Manifest) -> None:
    if (backup / manifest.IMPORTS).is_dir():
        with suppress(FileExistsError):
            shutil.copytree(backup / manifest.IMPORTS, data / manifest.IMPORTS)
    remember_ledger(data, zone=found.zone, clock=found.clock, id=found.ledger)
