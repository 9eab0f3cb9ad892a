"""Asking the demo's ledger: a command as a reader would type it, its real output, and whether that is right."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Final

COLUMNS: Final = 100
_END_SECONDS: Final = 30.0
_CUSTODY: Final = 'custody() { "$CUSTODY_PYTHON" -P -m custody "$@"; }\n'
"""So that what is shown is what runs, also where `custody` is not on the path."""


class Asking:
    """What is `asked` of one ledger, as commands; `wrong` names each answer that was not the expected one."""

    def __init__(self, data: Path) -> None:
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self._environment = {**os.environ, "CUSTODY_DATA": str(data), "CUSTODY_PYTHON": sys.executable}

    def ask(self, command: str, *expected: str) -> str:
        """Show `command`, run it in a shell, show and return what it printed.

        Each of `expected` must be in it, whatever the spacing, and the command must end with status 0.
        """
        self.asked.append(command)
        print(f"\n$ {command}", flush=True)
        status, output = self._run(command)
        print(output, end="", flush=True)
        self.expect(status == 0, f"`{command}` ended with status {status}")
        said = " ".join(output.split())
        for words in expected:
            self.expect(" ".join(words.split()) in said, f"`{command}` did not say: {words}")
        return output

    def expect(self, holds: bool, otherwise: str) -> None:
        """Keep `otherwise`, and show it, when something does not hold."""
        if not holds:
            self.wrong.append(otherwise)
            print(f"WRONG: {otherwise}", flush=True)

    def _run(self, command: str) -> tuple[int, str]:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _CUSTODY + command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate()
        except BaseException:
            # a Ctrl-C came: the shell would leave what it started running
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.communicate(timeout=_END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, output


def tell(text: str) -> None:
    """Print a paragraph, after an empty line."""
    print("\n" + textwrap.fill(" ".join(text.split()), COLUMNS, break_on_hyphens=False), flush=True)


def headline(text: str) -> None:
    """Print the heading of a chapter."""
    print(f"\n\n{text}\n{'=' * len(text)}", flush=True)
