"""The roles of the ledger: each is one process, `python -m <module>`."""

import os
import sys
from collections.abc import Mapping
from typing import Final

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "intake": ("consumers",),
    "relay": ("producers", "relay"),
    "feeds": ("producers", "feeds"),
    "projections": ("projections",),
    "alerts": ("custody.alerts",),
}
"""Role and the module that is its process, with what the module is told, in the order of the flow."""


def command(role: str) -> list[str]:
    """Return the command of a role's process; -P: no file in the folder it is started from takes a module's name."""
    return [sys.executable, "-P", "-m", *ROLES[role]]


def environment(
    *, database_url: str, bootstrap: str, zone: str, clock: str, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment a role runs with: all it is told comes this way."""
    return {
        **inherited,
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "CUSTODY_ZONE": zone,
        "CUSTODY_CLOCK": clock,
        "PYTHONUNBUFFERED": "1",
    }
