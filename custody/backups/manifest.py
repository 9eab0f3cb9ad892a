"""What a backup is: a folder with a manifest that names every file in it with its size and digest.

The manifest is written last, so a backup that was broken off has none; it has a digest of its own, too.
"""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from custody.errors import NO_SUCH_THING, Problem
from custody.files import write_whole

NAME: Final = "manifest.json"
DATABASE: Final = "database"
"""The folder `pg_dump` writes and `pg_restore` reads."""
ROLES: Final = "roles.json"
LEDGER: Final = "ledger.json"
SERVERS: Final = "servers.json"
IMPORTS: Final = "imports"
_BLOCK: Final = 1_048_576


class File(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    size: int
    sha256: str


class Manifest(BaseModel):
    """Which ledger was backed up, as of which entry, and every file of the backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal[1]
    made_at: datetime
    release: str
    postgres: int
    ledger: str
    zone: str
    clock: str
    migration: int
    position: int
    entries: int
    kafka_cluster_id: str | None
    """Null: Kafka did not answer when the backup was made."""
    files: dict[str, File]


def write_manifest(backup: Path, manifest: Manifest) -> None:
    """Write the manifest, and see to it that all of the backup is on the disk."""
    for path in backup.rglob("*"):
        _to_disk(path)
    body = manifest.model_dump(mode="json")
    write_whole(backup / NAME, json.dumps({**body, "digest": _digest(body)}, indent=1) + "\n")
    _to_disk(backup)


def files_of(folder: Path) -> dict[str, File]:
    """Return every file in `folder` with its size and digest, by its path in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Problem(f"{path} is no file; a backup holds files only, and nothing was restored from this one")
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = File(size=path.stat().st_size, sha256=_sum(path))
    return found


def read_whole_backup(backup: Path) -> Manifest:
    """Return the manifest of a backup of which every file is there and as it was written; raises `Problem`."""
    manifest = _read(backup)
    there = {name: file for name, file in files_of(backup).items() if name != NAME}
    for name, file in manifest.files.items():
        found = there.pop(name, None)
        if found is None:
            raise _damaged(backup, f"{name} is missing")
        if found != file:
            what = f"{found.size:,} bytes long, not {file.size:,}" if found.size != file.size else "not as written"
            raise _damaged(backup, f"{name} is {what}")
    if there:
        raise _damaged(backup, f"{min(there)} does not belong to it")
    return manifest


def _read(backup: Path) -> Manifest:
    if not backup.is_dir():
        raise Problem(f"there is no backup {backup}; nothing was restored", NO_SUCH_THING)
    try:
        written: dict[str, Any] = json.loads((backup / NAME).read_text(encoding="utf-8"))
        digest = written.pop("digest", None)
    except FileNotFoundError:
        raise Problem(
            f"{backup} is no whole backup: it has no {NAME}, which is written last. Making it was probably broken off; "
            "nothing was restored. Take another backup"
        ) from None
    except (ValueError, AttributeError):
        raise _damaged(backup, f"{NAME} cannot be read") from None
    if digest != _digest(written):
        raise _damaged(backup, f"{NAME} is not as written")
    try:
        return Manifest.model_validate(written)
    except ValidationError as flaw:
        raise Problem(
            f"{backup} was made by another release, in a form this one does not know "
            f"({flaw.errors()[0]['loc'][0]}); nothing was restored. Install the release {written.get('release')}"
        ) from None


def _damaged(backup: Path, what: str) -> Problem:
    return Problem(f"the backup {backup} is damaged: {what}; nothing was restored. Take another backup")


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        summed = hashlib.sha256()
        while block := file.read(_BLOCK):
            summed.update(block)
    return summed.hexdigest()


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
