"""Making a backup while the ledger runs: one moment of the database, the roles, and what the data folder keeps."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from kafka.errors import KafkaError

from custody.backups import manifest
from custody.backups.roles import read_roles
from custody.errors import Problem
from custody.files import write_whole
from custody.servers.postgres_programs import find, run_program
from custody.supervision.where import Where
from ledger.store.migrating import migrations

Say = Callable[[str], None]


def back_up(where: Where, target: Path, *, say: Say) -> tuple[manifest.Manifest, bool]:
    """Make a backup in the new folder `target`, which appears whole or not at all.

    Return its manifest, and whether the logins' passwords are in it: only a superuser of PostgreSQL can read those.
    """
    find("pg_dump")
    with new_folder(target) as beside:
        with psycopg.connect(where.database_url, connect_timeout=10) as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            stands = _standing(connection)
            say(f"backing up {stands['entries']:,} entries, up to position {stands['position']:,}")
            run_program(
                "pg_dump",
                *("--format=directory", f"--file={beside / manifest.DATABASE}", "--jobs=2", "--compress=gzip:1"),
                f"--snapshot={stands.pop('snapshot')}",
                database_url=where.database_url,
            )
        with psycopg.connect(where.database_url, connect_timeout=10, autocommit=True) as connection:
            roles = read_roles(connection)  # after the dump: whoever is named there is in here
        _write(beside / manifest.ROLES, roles)
        _write(beside / manifest.LEDGER, {name: stands[name] for name in ("zone", "clock")} | {"id": stands["ledger"]})
        _keep_folder(where.data, beside)
        whole = manifest.Manifest(
            format=1,
            made_at=datetime.now(UTC),
            release=version("custody-ledger"),
            kafka_cluster_id=_cluster_id(where.bootstrap),
            files=manifest.files_of(beside),
            **stands,
        )
        manifest.write_manifest(beside, whole)
    return whole, roles["passwords"]


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a folder beside `target`, and rename it to `target` at the end; removed when anything fails."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Problem(f"{target} is there already and a backup overwrites nothing; nothing was done. Name a new folder")
    if not target.parent.is_dir():
        raise Problem(f"there is no folder {target.parent} to make the backup in; nothing was done")
    beside = Path(tempfile.mkdtemp(prefix=f"unfinished-{target.name}-", dir=target.parent))
    try:
        yield beside
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _standing(connection: "psycopg.Connection[tuple[Any, ...]]") -> dict[str, Any]:
    """Return which ledger this is and how far it is, at the moment that `snapshot` gives to others, too."""
    there = connection.execute("select to_regclass('ledger.migrations') is not null").fetchone()
    last = connection.execute("select max(number) from ledger.migrations").fetchone() if there == (True,) else None
    if last is None or last[0] != migrations()[-1].number:
        raise Problem(
            "this PostgreSQL holds no ledger of this release; nothing was backed up. Start the roles once with "
            "`custody up`, or use the release that its ledger is of"
        )
    row = connection.execute(
        "select pg_export_snapshot(), current_setting('server_version_num')::int / 10000, id::text, zone, clock,"
        " (select coalesce(max(notification_id), 0) from ledger.stored_events),"
        " (select count(*) from ledger.stored_events) from ledger.made"
    ).fetchone()
    assert row is not None
    names = ("snapshot", "postgres", "ledger", "zone", "clock", "position", "entries")
    return {**dict(zip(names, row, strict=True)), "migration": last[0]}


def _keep_folder(data: Path, backup: Path) -> None:
    """Put what the data folder keeps of the ledger into the backup: ports and ids of the servers, and imports."""
    with suppress(FileNotFoundError):
        write_whole(backup / manifest.SERVERS, (data / "servers.json").read_text(encoding="utf-8"))
    if (data / manifest.IMPORTS).is_dir():
        shutil.copytree(data / manifest.IMPORTS, backup / manifest.IMPORTS)


def _cluster_id(bootstrap: str) -> str | None:
    try:
        return cluster_of(bootstrap)
    except KafkaError:
        return None


def cluster_of(bootstrap: str) -> str:
    """Return the id of the Kafka cluster at this address."""
    from kafka import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=15_000)
    try:
        return str(admin.describe_cluster()["cluster_id"])
    finally:
        admin.close()


def _write(path: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
