"""Whose a data folder is, and that nobody else put anything into it: links, files or folders of another user's.

What runs as root writes there. A link that another user planted at a name we write to would let him overwrite any
file of the machine, and a folder he may write into lets him plant one at any moment.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from custody.errors import Problem

_FILES: Final = ("lock", "servers.json", "ledger.json", "state.json")
_FOLDERS: Final = ("imports", "kafka", "logs", "run")
_POSTGRES: Final = "postgres"
"""PostgreSQL's folder, which is another user's under root; only that it is no link matters here."""
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def require_own(data: Path) -> None:
    """Raise `Problem` unless `data` is ours, and all that we write to in it; take others' right to write away.

    Nothing is looked at where `data` does not exist yet.
    """
    try:
        folder = data.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(folder.st_mode):
        raise Problem(f"{data} is no folder; nothing was done. Name another data folder with --data")
    _require_owner(data, folder)
    if folder.st_mode & _OTHERS_WRITE and folder.st_uid == os.geteuid():
        data.chmod(stat.S_IMODE(folder.st_mode) & ~_OTHERS_WRITE)
    elif folder.st_mode & stat.S_IWOTH:
        raise Problem(f"everybody may write to {data}; nothing was done. Let its owner run `chmod go-w {data}`")
    for path in _written_to(data):
        _require_plain(path)


def open_own(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file of ours and return its descriptor; raises `Problem` where another user put something there."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except OSError as failure:
        if path.is_symlink():
            raise _planted(path, "is a symbolic link") from failure
        raise
    try:
        _require_file(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _written_to(data: Path) -> Iterator[Path]:
    """Yield what we write to in `data`, and what stands in the folders of ours; other names there are not ours."""
    for name in (*_FILES, *_FOLDERS, _POSTGRES):
        yield data / name
    for name in _FOLDERS:
        if (data / name).is_dir():
            yield from sorted((data / name).iterdir())


def _require_plain(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise _planted(path, "is a symbolic link")
    if path.name == _POSTGRES:
        return
    if stat.S_ISDIR(found.st_mode):
        _require_owner(path, found)
    else:
        _require_file(path, found)


def _require_file(path: Path, found: os.stat_result) -> None:
    _require_owner(path, found)
    if not stat.S_ISREG(found.st_mode):
        raise _planted(path, "is no file")
    if found.st_nlink > 1:
        raise _planted(path, "has a second name somewhere (a hard link)")


def _require_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (0, os.geteuid()):
        raise Problem(
            f"{path} belongs to another user (uid {found.st_uid}), who could change under our hands what is written "
            f"there; nothing was done. Run this as that user, or give it to this one: `chown -h {os.geteuid()} {path}`"
        )


def _planted(path: Path, what: str) -> Problem:
    return Problem(
        f"{path} {what}; nothing was done, for what is written there would end up elsewhere. Find out who put it "
        "there and remove it. To have the data on another disk, mount that disk there or name the folder with --data"
    )
