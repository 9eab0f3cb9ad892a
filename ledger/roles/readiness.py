"""How a role tells whoever supervises it that it can do its work, or why it cannot."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.roles.settings import SettingsError

READY_FILE: Final = "CUSTODY_READY_FILE"
ON_REFUSAL: Final = "CUSTODY_ON_REFUSAL"
_WAIT_SECONDS: Final = 60.0


def say_ready() -> None:
    """Touch the file named by `CUSTODY_READY_FILE`, if any: the role can do its work now."""
    for ready, refused in _files():
        refused.unlink(missing_ok=True)
        ready.touch()


def not_ready(reason: str | None = None) -> None:
    """Take the file away: the role cannot do its work; a reason stands beside it, in `<file>.refused`."""
    for ready, refused in _files():
        with suppress(OSError):  # a folder that cannot be written to must not hide why the role refuses
            ready.unlink(missing_ok=True)
            if reason is not None:
                refused.write_text(reason + "\n", encoding="utf-8")


def wait_after_refusal(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return how long a role that refuses waits before it tries again; None: it ends. Raises `SettingsError`.

    Supervisors such as compose start whatever ended again at once, and cannot tell one exit status from another.
    """
    told = environment.get(ON_REFUSAL) or "end"
    if told == "end":
        return None
    asked = re.fullmatch(r"wait(?::(\d{1,6}))?", told, re.ASCII)
    if asked is None:
        raise SettingsError(f"{ON_REFUSAL} is {told!r}; it is `end`, `wait`, or `wait:SECONDS`")
    return _WAIT_SECONDS if asked[1] is None else float(asked[1])


def _files() -> list[tuple[Path, Path]]:
    name = os.environ.get(READY_FILE)
    return [(Path(name), Path(f"{name}.refused"))] if name else []
