"""Roles and verbs as processes of their own without their imports, which cost more than most of what they do.

A server that has imported them once is forked for each. What runs is what `python -m <role>` and `custody` run; that
these start and end as they should, the tests end to end and compose's commands show.
"""

import importlib
import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import custody
import producers
import readers
from custody.__main__ import main
from custody.supervision.roles import ROLES
from ledger.roles.process import run_role

_MODULES: Final = {role: module if "." in module else f"{module}.__main__" for role, (module, *_) in ROLES.items()}


def _imported_by_verbs() -> Iterator[str]:
    """Yield what verbs import when they are asked, and not before."""
    for package in (custody, readers, producers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                yield module.name


_FORKING: Final = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__, *_MODULES.values(), *_imported_by_verbs(), "tests.integration.frozen"])


class RoleProcess:
    """A role's process, with what tests need of `subprocess.Popen`."""

    def __init__(self, role: str, told: Mapping[str, str], log: Path) -> None:
        self._process = _FORKING.Process(target=_run, args=(role, dict(told), str(log)), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Return how it ended; None: it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Return how it ended, or raise `TimeoutExpired`."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return status


def run_custody(
    words: Sequence[str], told: Mapping[str, str], *, stdin: bytes = b"", timeout: float
) -> "subprocess.CompletedProcess[bytes]":
    """Run `custody` with these words in this environment, and return how it ended and what it printed."""
    with tempfile.TemporaryDirectory(prefix="custody-verb-") as name:
        folder = Path(name)
        (folder / "in").write_bytes(stdin)
        process = _FORKING.Process(target=_custody, args=(tuple(words), dict(told), name), daemon=True)
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["custody", *words], timeout)
        printed, said = ((folder / stream).read_bytes() for stream in ("out", "err"))
        return subprocess.CompletedProcess(["custody", *words], process.exitcode, printed, said)


def _custody(words: tuple[str, ...], told: dict[str, str], folder: str) -> None:
    os.dup2(os.open(f"{folder}/in", os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115  # the process ends with it
    _become(told, f"{folder}/out", f"{folder}/err")
    sys.argv = ["custody", *words]
    main()


def _become(told: Mapping[str, str], printed: str, said: str) -> None:
    """Take on an environment, and print into files."""
    os.environ.clear()
    os.environ.update(told)
    for stream, path in ((1, printed), (2, said)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), stream)


def _run(role: str, told: dict[str, str], log: str) -> None:
    Path(log).unlink(missing_ok=True)
    _become(told, log, log)
    sys.exit(run_role(role, getattr(importlib.import_module(_MODULES[role]), role)))
