"""Roles as processes of their own without their imports, which cost a role more than to start and stop it.

A server that has imported them once is forked for each. What runs is what `python -m <role>` runs; that this starts
and ends as it should, `custody up` and compose's commands show in other tests.
"""

import importlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from custody.roles import ROLES
from ledger.process import run_role

_MODULES: Final = {role: module if "." in module else f"{module}.__main__" for role, (module, *_) in ROLES.items()}
_FORKING: Final = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__, *_MODULES.values()])


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


def _run(role: str, told: dict[str, str], log: str) -> None:
    os.environ.clear()
    os.environ.update(told)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.exit(run_role(role, getattr(importlib.import_module(_MODULES[role]), role)))
