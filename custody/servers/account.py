"""The user PostgreSQL runs as under root, since it refuses to run as root: a number of its own that nobody else has.

`nobody` would not do: whatever else runs as `nobody` could read the data and the password, and stop the server. A user
made with `useradd` would change the machine, and cannot be made where `/etc` is read-only. A number needs no entry
anywhere: files and processes carry it, and whoever is not root cannot take it on.
"""

import os
import pwd
import random
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from custody.errors import Problem

RANGE: Final = range(60_706, 61_184)
"""Numbers that no system gives to users, services or containers by itself, and that a user namespace of 65,536 has."""
_NO_LOGIN: Final = ("nologin", "false")
_CURE: Final = "run `custody up` as an ordinary user"


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user without rights of its own, and its group."""

    uid: int
    gid: int


def unprivileged(home: Path | None = None) -> ServerUser | None:
    """Return the account root hands PostgreSQL to; None when we are an ordinary user and run it ourselves.

    It is the one that `home` belongs to already, if that is one of ours; else one that nobody on this machine has.
    """
    if os.geteuid() != 0:
        return None
    if home is not None and (found := _of_home(home)) is not None:
        return ServerUser(found, found)
    taken = _at_work()
    for number in random.SystemRandom().sample(RANGE, k=len(RANGE)):
        if number not in taken and not _is_named(number):
            return ServerUser(number, number)
    raise Problem(
        f"PostgreSQL was not started: it refuses to run as root, and every user number from {RANGE[0]} to {RANGE[-1]} "
        f"is in use; {_CURE}"
    )


def lender() -> ServerUser:
    """Return a named user as whom nothing runs: initdb alone insists on a name, for the second it takes.

    What it makes belongs to `ServerUser`'s number at once afterwards.
    """
    busy = {0, *_at_work()}
    idle = [each for each in pwd.getpwall() if each.pw_uid not in busy and each.pw_shell.endswith(_NO_LOGIN)]
    if not idle:
        raise Problem(
            "PostgreSQL was not started: it refuses to run as root, and there is no user without a login as whom "
            f"nothing runs, which its initdb needs for a moment; {_CURE}"
        )
    chosen = max(idle, key=lambda each: each.pw_uid)
    return ServerUser(chosen.pw_uid, chosen.pw_gid)


def is_idle(account: ServerUser) -> bool:
    """Say whether nothing runs as `account`."""
    return account.uid not in _at_work()


def can_enter(folder: Path, account: ServerUser) -> bool:
    """Say whether `account` can reach `folder` from the root; asked of the system itself, which knows of ACLs."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def give(path: Path, account: ServerUser | None) -> None:
    """Make `account` the owner of `path`, itself and not what it may be a link to; nothing to do for ordinary users."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def give_all(top: Path, account: ServerUser | None) -> None:
    """Make `account` the owner of everything in `top`, whoever had it before and may still be changing it.

    Each folder is held open while its files are given, so that no name can be turned into a link meanwhile. A file
    with a second name is refused: it may be another's.
    """
    if account is None:
        return
    for _, folders, files, folder in os.fwalk(top, follow_symlinks=False):
        for name in (*folders, *files):
            if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                _give_file(name, folder, top, account)
            else:
                os.chown(name, account.uid, account.gid, dir_fd=folder, follow_symlinks=False)
        os.chown(folder, account.uid, account.gid)


def _give_file(name: str, folder: int, top: Path, account: ServerUser) -> None:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        if os.fstat(file).st_nlink > 1:
            raise Problem(
                f"PostgreSQL was not started: {name} in {top} has a second name somewhere (a hard link) and was not "
                "given to the user it runs as; find out who made it and remove it"
            )
        os.chown(file, account.uid, account.gid)
    finally:
        os.close(file)


def _of_home(home: Path) -> int | None:
    try:
        owner = home.lstat().st_uid
    except FileNotFoundError:
        return None
    return owner if owner in RANGE and not _is_named(owner) else None


def _is_named(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:
        return False
    return True


def _at_work() -> set[int]:
    """Return the numbers of all users as whom something runs."""
    found: set[int] = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found.update(process.uids())
    return found
