"""The roles of the ledger: each is one process, `python -m <module>`."""

import os
import sys
from collections.abc import Mapping
from typing import Final

ROLES: Final = {"intake": "consumers", "relay": "producers", "projections": "projections"}
"""Role and the module that is its process, in the order of the flow."""

_ANOTHERS: Final = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "CUSTODY_ZONE", "CUSTODY_CLOCK", "CUSTODY_READY_FILE")


def command(role: str) -> list[str]:
    """Return the command of a role's process."""
    return [sys.executable, "-m", ROLES[role]]


def environment(
    *, database_url: str, bootstrap: str, zone: str, clock: str, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment a role runs with: all it is told comes this way."""
    return {
        **{name: value for name, value in inherited.items() if name not in _ANOTHERS},
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "CUSTODY_ZONE": zone,
        "CUSTODY_CLOCK": clock,
        "PYTHONUNBUFFERED": "1",
    }
