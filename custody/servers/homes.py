"""Where the data of a folder's PostgreSQL lie: in the folder, or elsewhere when its user cannot enter the folder.

What lies in the folder is moved and copied with it. What lies elsewhere is not, so it says whose it is (`owner.json`):
a copy of the folder must never start the PostgreSQL of the original.
"""

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Final

from custody.errors import Problem
from custody.files import write_whole
from custody.servers.account import ServerUser, can_enter
from custody.servers.place import FolderPlace

_FOR_ROOT: Final = Path("/var/lib/custody-ledger")
_INSIDE: Final = "postgres"
_OWNER: Final = "owner.json"
_NEVER_MISSING: Final = ("data/PG_VERSION", "data/global/pg_control", "data/base", "data/pg_wal", "password")


def inside(data: Path) -> Path:
    """Return the place of PostgreSQL's data in the data folder."""
    return data / _INSIDE


def is_outside(home: Path) -> bool:
    """Say whether `home`, as remembered, is elsewhere; the path of one inside is that of where the folder lay once."""
    return home.name != _INSIDE


def is_made(home: Path) -> bool:
    """Say whether there are data of a PostgreSQL."""
    return (home / "data").is_dir()


def existing_home(data: Path, remembered: Path | None) -> Path | None:
    """Return the home there is already; the one in the folder goes before one elsewhere. Not yet: whose it is."""
    if is_made(inside(data)):
        return inside(data)
    return remembered if remembered is not None and is_outside(remembered) and remembered.exists() else None


def new_home(data: Path, account: ServerUser | None) -> Path:
    """Return `data`/postgres, or a place elsewhere when the account that runs PostgreSQL cannot enter `data`.

    The place elsewhere is new each time: a data folder that was deleted and made again must not find its old entries.
    """
    if account is None or can_enter(data, account):
        return inside(data)
    home = _FOR_ROOT / f"postgres-{_digest(data)}-{secrets.token_hex(4)}"
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    if not can_enter(home.parent, account):
        raise Problem(
            f"PostgreSQL was not started: it runs as an account that can enter neither {data} nor {home.parent}; "
            f"let it in with `chmod o+x` on one of them, or name another folder with --data"
        )
    return home


def move_out(data: Path, home: Path) -> None:
    """Move what lies in the folder to `home`, as its user can no longer enter the folder; broken off, nothing moved."""
    try:
        inside(data).rename(home)
    except OSError:  # another disk
        beside = home.with_name(f"unfinished-{home.name}")
        beside.mkdir(mode=0o700)
        shutil.copytree(inside(data), beside, symlinks=True, dirs_exist_ok=True)
        beside.rename(home)
        shutil.rmtree(inside(data))


def claim(home: Path, here: FolderPlace) -> None:
    """Write into `home` whose it is."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(home / _OWNER, json.dumps(asdict(here)) + "\n")


def require_ours(data: Path, home: Path, here: FolderPlace) -> None:
    """Raise `Problem` with the cure when the PostgreSQL data elsewhere are gone, or are another data folder's."""
    if not home.exists():
        raise Problem(
            f"no server was started: the PostgreSQL data of {data} were in {home}, and they are not there; if the "
            f"folder came from another machine, copy them from there, too: `cp -a {home} {inside(data)}`"
        )
    owner = _owner(home)
    if owner is None:  # of the first release, which had only the path in the name
        if home.name.split("-")[1] == _digest(data):
            return
        whose = "another data folder"
    elif owner.is_same_folder(here) or owner.path == here.path:
        return
    else:
        whose = f"the data folder {owner.path}"
    raise Problem(
        f"no server was started: the PostgreSQL data that {data} names, in {home}, are those of {whose}. This folder "
        f"was copied or moved without its own, and using them would write into that ledger. Stop that ledger and "
        f"copy its data, too: `cp -a {home} {inside(data)}` (`mv` instead, where that folder is no more); then start "
        "this one"
    )


def require_whole(data: Path, home: Path) -> None:
    """Raise `Problem` when a part of PostgreSQL's data is missing, as after a copy that was broken off."""
    for name in _NEVER_MISSING:
        if not (home / name).exists():
            raise Problem(
                f"no server was started: {data} is not whole, {home / name} is missing. It was probably copied only "
                "in part: copy it again while its ledger is stopped, or restore a backup with `custody restore`. "
                "Nothing was made anew, for that would be an empty ledger"
            )


def require_one_moment(data: Path, home: Path, last: FolderPlace) -> None:
    """Raise `Problem` for a copy that was made while PostgreSQL ran, or whose data are partly the original's."""
    lock = home / "data" / "postmaster.pid"
    if lock.exists():
        raise Problem(
            f"no server was started: {data} is a copy of {last.path} that was made while its PostgreSQL ran, so that "
            "its files are of different moments. Copy it again while that ledger is stopped, or use `custody backup` "
            "and `custody restore`. Only if that machine had been switched off, or the copy is one moment of the whole "
            f"disk: remove {lock}, start, and run `custody verify`"
        )
    for link in (home / "data" / "pg_wal", *(home / "data" / "pg_tblspc").glob("*")):
        if link.is_symlink():
            raise Problem(
                f"no server was started: {link} in this copy of {last.path} is a link to {os.readlink(link)}, which is "
                "the original's; put a copy of what it leads to in its place"
            )


def _owner(home: Path) -> FolderPlace | None:
    try:
        return FolderPlace(**json.loads((home / _OWNER).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _digest(data: Path) -> str:
    return hashlib.sha256(str(data).encode()).hexdigest()[:16]
