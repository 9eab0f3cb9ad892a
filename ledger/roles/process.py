"""What every role's process does alike: settings, log, stopping on a signal, and how it ends."""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError
from kafka.errors import KafkaError

from ledger.roles.logs import configure
from ledger.roles.readiness import not_ready, say_ready, wait_after_refusal
from ledger.roles.refusals import RefusedError
from ledger.roles.settings import Settings, SettingsError, read_settings

EX_CONFIG: Final = 78
"""Exit status of a role that refuses to start: trying again changes nothing, the message says what would."""

_LOOK_SECONDS: Final = 0.2


class Stop:
    """Set by SIGTERM or SIGINT; loops look at it between batches, so that no batch is cut."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def __bool__(self) -> bool:
        return self.asked


Role = Callable[[Settings, structlog.typing.FilteringBoundLogger, Stop], None]


def run_role(name: str, role: Role) -> int:
    """Run a role until SIGTERM; return the exit status: 0 stopped, 78 refused to start, 1 a server failed it.

    Where `CUSTODY_ON_REFUSAL` says so, a role that refuses stays, and tries again by itself in a fresh process image.
    """
    log = configure(name)
    stop = Stop()
    not_ready()
    try:
        settings = read_settings()
        log.info("role.started", clock=settings.clock, zone=settings.zone)
        role(settings, log, stop)
    except (SettingsError, RefusedError) as error:
        return _refused(str(error), log, stop)
    except KafkaError as error:
        log.error("role.failed", reason=f"Kafka: {type(error).__name__}: {error}; tried again by the supervisor")
        return 1
    except (psycopg.OperationalError, OperationalError, InterfaceError) as error:
        log.error("role.failed", reason=f"PostgreSQL: {type(error).__name__}: {error}; tried again by the supervisor")
        return 1
    log.info("role.stopped")
    return 0


def _refused(reason: str, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> int:
    """Say why the role refuses, and end; or wait and begin again, when asked to stop meanwhile, end."""
    log.error("role.refused", reason=reason)
    try:
        wait_seconds = wait_after_refusal()
    except SettingsError as error:
        log.error("role.refused", reason=str(error))
        return EX_CONFIG
    if wait_seconds is None:
        return EX_CONFIG
    not_ready(reason)
    log.info("role.waits", seconds=wait_seconds)
    until = time.monotonic() + wait_seconds
    while time.monotonic() < until:
        if stop:
            log.info("role.stopped")
            return 0
        time.sleep(min(_LOOK_SECONDS, max(until - time.monotonic(), 0)))
    return os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def settle_memory() -> None:
    """Keep the collector away from what was built at the start, and from the hot loop as far as it can be."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


__all__ = ["EX_CONFIG", "Role", "Stop", "run_role", "say_ready", "settle_memory"]
