"""What is chosen when the servers are first started on a data folder, and must stay the same ever after."""

import base64
import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from custody.errors import Problem
from custody.files import write_whole
from custody.servers.account import Account, can_enter
from custody.servers.ports import choose, to_choose_from

_FILE: Final = "servers.json"
_FOR_ROOT: Final = Path("/var/lib/custody-ledger")


@dataclass(frozen=True, slots=True)
class Choices:
    """Ports and places of the private servers of one data folder."""

    postgres_home: str
    postgres_port: int
    kafka_port: int
    kafka_controller_port: int
    kafka_cluster_id: str


def choices_of(data: Path, account: Account | None, environment: Mapping[str, str] = os.environ) -> Choices:
    """Return what was chosen for `data`, choosing now what never was; ports set in the environment win."""
    chosen = remembered(data) or _choose(data, account, environment)
    fixed = {
        name: _port(setting, environment[setting])
        for name, setting in (
            ("postgres_port", "CUSTODY_POSTGRES_PORT"),
            ("kafka_port", "CUSTODY_KAFKA_PORT"),
            ("kafka_controller_port", "CUSTODY_KAFKA_CONTROLLER_PORT"),
        )
        if environment.get(setting)
    }
    chosen = replace(chosen, **fixed)  # type: ignore[arg-type]
    write_whole(data / _FILE, json.dumps(asdict(chosen), indent=1) + "\n")
    return chosen


def remembered(data: Path) -> Choices | None:
    """Return what was chosen for `data`; None when servers were never started on it."""
    try:
        return Choices(**json.loads((data / _FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _choose(data: Path, account: Account | None, environment: Mapping[str, str]) -> Choices:
    within = to_choose_from(environment)
    ports: list[int] = []
    for _ in range(3):
        ports.append(choose(within, taken=frozenset(ports)))
    # The form Kafka gives its own cluster ids: 16 bytes, URL-safe base64. A leading `-` would read as an option.
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
    return Choices(
        postgres_home=str(_postgres_home(data, account)),
        postgres_port=ports[0],
        kafka_port=ports[1],
        kafka_controller_port=ports[2],
        kafka_cluster_id="C" + cluster_id[1:],
    )


def _postgres_home(data: Path, account: Account | None) -> Path:
    """Return `data`/postgres, or a place outside when the account that runs PostgreSQL cannot enter `data`.

    The place outside is new each time: a data folder that was deleted and made again must not find its old entries.
    """
    if account is None or can_enter(data, account):
        return data / "postgres"
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:16]
    home = _FOR_ROOT / f"postgres-{digest}-{secrets.token_hex(4)}"
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    if not can_enter(home.parent, account):
        raise Problem(
            f"PostgreSQL was not started: it runs as an account that can enter neither {data} nor {home.parent}; "
            f"let it in with `chmod o+x` on one of them, or name another folder with --data"
        )
    return home


def _port(setting: str, given: str) -> int:
    if given.isdecimal() and 0 < int(given) < 65_536:
        return int(given)
    raise Problem(f"{setting} is {given!r}, no port number; set it to one from 1 to 65535 or unset it", exit_code=2)
