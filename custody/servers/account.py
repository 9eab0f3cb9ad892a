"""The user PostgreSQL runs as: it refuses to run as root, so root hands it to `nobody`."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.errors import Problem

NAME: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user without rights of its own, and its group."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Return the account root hands PostgreSQL to; None when we are an ordinary user and run it ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        raise Problem(
            f"PostgreSQL was not started: it refuses to run as root and there is no user `{NAME}` to run it; "
            "run `custody up` as an ordinary user"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def can_enter(folder: Path, account: Account) -> bool:
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


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path`; nothing to do for an ordinary user."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
