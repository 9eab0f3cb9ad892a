"""What a process must be told: read once from the environment, then passed in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Literal["wall", "driven"]


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and the cure."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Servers and the two things fixed when a ledger is made: its civil time zone and its clock."""

    database_url: str
    kafka_bootstrap: str
    zone: str
    clock: Clock


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read `DATABASE_URL`, `KAFKA_BOOTSTRAP_SERVERS`, `CUSTODY_ZONE`, `CUSTODY_CLOCK`; raises `SettingsError`."""
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        if not environment.get(name):
            raise SettingsError(
                f"{name} is not set; start the embedded servers with `custody up`, which sets it for every role, "
                f"or set {name} to a server of yours"
            )
    zone = environment.get("CUSTODY_ZONE") or "America/New_York"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"CUSTODY_ZONE is {zone!r}, no time zone of the IANA list; try America/New_York") from None
    clock = clock_of(environment.get("CUSTODY_CLOCK") or "wall")
    return Settings(environment["DATABASE_URL"], environment["KAFKA_BOOTSTRAP_SERVERS"], zone, clock)


def clock_of(text: str) -> Clock:
    """Return the clock of this name; raises `SettingsError`."""
    if text not in ("wall", "driven"):
        raise SettingsError(f"CUSTODY_CLOCK is {text!r}; it is `wall`, or `driven` for demo and simulation")
    return cast(Clock, text)


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the variables from which another process reads the same settings."""
    return {
        "DATABASE_URL": settings.database_url,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap,
        "CUSTODY_ZONE": settings.zone,
        "CUSTODY_CLOCK": settings.clock,
    }
