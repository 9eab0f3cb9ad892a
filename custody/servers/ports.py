"""Ports on 127.0.0.1 for the private servers: chosen once, then the same at every start."""

import random
import re
import socket
from collections.abc import Mapping
from typing import Final

from custody.errors import Problem

HOST: Final = "127.0.0.1"
RANGE: Final = range(20_000, 32_000)
"""Below the ports that Linux (32768 up) and macOS (49152 up) give to outgoing connections, which would take ours."""
SETTING: Final = "CUSTODY_PORTS"


def to_choose_from(environment: Mapping[str, str]) -> range:
    """Return the ports that may be chosen: RANGE, or those the setting names, as in `24000-24999`."""
    given = environment.get(SETTING)
    if not given:
        return RANGE
    ends = re.fullmatch(r"(\d{1,5})-(\d{1,5})", given, re.ASCII)
    if ends is None or not 0 < int(ends[1]) <= int(ends[2]) < 65_536:
        raise Problem(f"{SETTING} is {given!r}; set it to the first and the last port, like 24000-24999", exit_code=2)
    return range(int(ends[1]), int(ends[2]) + 1)


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(within: range = RANGE, *, taken: frozenset[int] = frozenset()) -> int:
    """Return a free port of `within` but none of `taken`; at random: two ledgers made at once seldom pick the same."""
    for port in random.SystemRandom().sample(within, k=len(within)):
        if port not in taken and is_free(port):
            return port
    raise Problem(
        f"no further port from {within.start} to {within.stop - 1} is free on {HOST}; stop some servers, or set "
        f"{SETTING} to other ports, and try again"
    )


def require_free(port: int, *, server: str, setting: str) -> None:
    """Raise the `Problem` that names the port and the cure when something else listens on `port`."""
    if not is_free(port):
        raise Problem(
            f"{server} was not started: port {port} on {HOST} is taken by another program; "
            f"stop that program, or set {setting} to a free port and run `custody up` again"
        )


def accepts(port: int) -> bool:
    """Say whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
