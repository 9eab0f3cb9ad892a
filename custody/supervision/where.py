"""Where the ledger of this command is: its data folder and the two servers."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.errors import UNREACHABLE, WRONG_USAGE, Problem

_SERVERS: Final = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS")
ZONE: Final = "America/New_York"
CLOCK: Final = "wall"


@dataclass(frozen=True, slots=True)
class Where:
    """The servers a verb talks to, and the zone and clock the ledger was started with."""

    data: Path
    database_url: str
    bootstrap: str
    zone: str
    clock: str


def find_data(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: `--data`, `CUSTODY_DATA`, or the user's own; links on the way to it are followed."""
    if option is not None:
        return option.resolve()
    if environment.get("CUSTODY_DATA"):
        return Path(environment["CUSTODY_DATA"]).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/custody-ledger")
    share = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return (Path(share) / "custody-ledger").resolve()


def servers_given(environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Return the database URL and the Kafka address that were set; None when neither was: then ours are used."""
    given = [environment.get(name) for name in _SERVERS]
    match given:
        case [str(database_url), str(bootstrap)] if database_url and bootstrap:
            return database_url, bootstrap
        case [first, second] if first or second:
            there, absent = _SERVERS if first else reversed(_SERVERS)
            raise Problem(
                f"{there} is set and {absent} is not; nothing was done. Set both, to use servers of yours, or neither, "
                "to use the private ones that `custody up` starts",
                WRONG_USAGE,
            )
        case _:
            return None


def zone_and_clock(data: Path, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Return the ledger's civil time zone and clock: as set, else as at the last start, else the defaults."""
    try:
        last = json.loads((data / "ledger.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        last = {"zone": ZONE, "clock": CLOCK}
    return environment.get("CUSTODY_ZONE") or last["zone"], environment.get("CUSTODY_CLOCK") or last["clock"]


def find_where(option: Path | None, environment: Mapping[str, str] = os.environ) -> Where:
    """Return where the ledger is; raises `Problem` with exit code 4 and the cure when nothing runs."""
    data = find_data(option, environment)
    given = servers_given(environment)
    if given is not None:
        return Where(data, *given, *zone_and_clock(data, environment))
    from custody.supervision.state import left_over, read_state

    state = read_state(data)
    if state is None or state.database_url is None or state.bootstrap is None or not left_over(state.processes):
        raise Problem(
            f"no server can be reached: nothing runs on {data}. Start the ledger with `custody up`, name another data "
            f"folder with --data or CUSTODY_DATA, or set {' and '.join(_SERVERS)}",
            UNREACHABLE,
        )
    return Where(data, state.database_url, state.bootstrap, state.zone, state.clock)
