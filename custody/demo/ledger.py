"""The demo's ledger: a folder and servers of its own, stopped and removed however the demo ends."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from custody.errors import Problem
from custody.servers.choices import remembered
from custody.supervision.starting import end
from custody.supervision.where import Where, find_where
from custody.verbs.running import up

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_OURS: Final = {"CUSTODY_CLOCK": "driven", "CUSTODY_ZONE": "America/New_York"}
_NOT_OURS: Final = (
    "DATABASE_URL",
    "KAFKA_BOOTSTRAP_SERVERS",
    "CUSTODY_DATA",
    "CUSTODY_POSTGRES_PORT",
    "CUSTODY_KAFKA_PORT",
    "CUSTODY_KAFKA_CONTROLLER_PORT",
)
"""They speak of a ledger that is somebody's: made-up children must not come near it."""


@contextmanager
def ledger_of_its_own(*, keep: bool) -> Iterator[Where]:
    """Give a new ledger on the driven clock, all ready; it goes on running afterwards only with `keep`.

    Ctrl-C and SIGTERM stop it, too, also with `keep`: what was broken off is of no use. Raises `Problem`.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in _SIGNALS}
    for name in _NOT_OURS:
        os.environ.pop(name, None)
    os.environ.update(_OURS)
    folder = Path(tempfile.mkdtemp(prefix="custody-demo-"))
    done = False
    try:
        if os.geteuid() == 0:
            folder.chmod(0o711)  # PostgreSQL runs as somebody else then, who must get through
        print("Starting a ledger of its own for the demo; its clock is driven by the times of the messages")
        up(data=folder)
        yield find_where(folder)
        done = True
    except KeyboardInterrupt:
        raise Problem("the demo was stopped; nothing of it is left running, its data is removed") from None
    finally:
        if not (done and keep):
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C would leave servers running
            _remove(folder)
        for number, handler in before.items():
            signal.signal(number, handler)


def say_how_to_go_on(data: Path, *, keep: bool) -> None:
    """Tell how to ask the ledger more: now, to stop it and to remove it, or after another run that keeps it."""
    if not keep:
        print("\nTo ask it more yourself, let it go on running: custody demo --keep, or make demo KEEP=1")
        return
    print(
        f"\nThe demo's ledger goes on running. To ask it more:\n\n  export CUSTODY_DATA={data}\n  custody --help\n\n"
        f"To stop it and remove its data:\n\n  custody down && rm -r {' '.join(map(str, _folders(data)))}"
    )


def _remove(folder: Path) -> None:
    with suppress(OSError):  # whoever read what we print may be gone
        print("\nStopping the demo's ledger and removing its data", flush=True)
    end(folder, say=lambda line: None)
    for each in _folders(folder):
        shutil.rmtree(each, ignore_errors=True)


def _folders(data: Path) -> list[Path]:
    """Return the data folder, and PostgreSQL's where that could not live in it."""
    chosen = remembered(data)
    home = None if chosen is None else Path(chosen.postgres_home)
    return [data] if home is None or home.is_relative_to(data) else [data, home]
