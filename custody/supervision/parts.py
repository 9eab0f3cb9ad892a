"""The servers and roles of one data folder, each as something the supervisor can keep alive."""

import signal
import subprocess
from pathlib import Path
from typing import Final

from custody.servers import kafka, postgres
from custody.servers.embedded import Embedded
from custody.servers.process import spawn
from custody.supervision import roles
from custody.supervision.supervised import Supervised
from ledger.roles.readiness import ON_REFUSAL, READY_FILE

_ROLE_SECONDS: Final = 30.0
"""How long a role may take to finish its batch once it is asked to stop."""


def server_parts(servers: Embedded) -> list[Supervised]:
    """Return PostgreSQL and Kafka, in the order in which they start; they stop the other way round."""
    return [
        Supervised(
            "postgres",
            "server",
            start=lambda: postgres.start(servers.postgres, servers.postgres_log),
            ready=lambda: postgres.is_ready(servers.postgres),
            log=servers.postgres_log,
            stop_with=postgres.STOP,
            patience_seconds=postgres.STOP_SECONDS,
        ),
        Supervised(
            "kafka",
            "server",
            start=lambda: kafka.start(servers.kafka, servers.kafka_log),
            ready=lambda: kafka.is_ready(servers.kafka),
            log=servers.kafka_log,
            stop_with=kafka.STOP,
            patience_seconds=kafka.STOP_SECONDS,
        ),
    ]


def role_part(role: str, *, data: Path, environment: dict[str, str]) -> Supervised:
    """Return one role; it is ready once it has made the file that `CUSTODY_READY_FILE` names."""
    log = data / "logs" / f"{role}.log"
    ready = data / "run" / f"{role}.ready"
    ready.parent.mkdir(exist_ok=True, mode=0o700)

    def start() -> subprocess.Popen[bytes]:
        ready.unlink(missing_ok=True)
        # it ends when it refuses, whatever the shell says of other supervisors: this one knows what that means
        told = {**environment, READY_FILE: str(ready), ON_REFUSAL: "end"}
        return spawn(roles.command(role), log=log, environment=told)

    return Supervised(
        role,
        "role",
        start=start,
        ready=ready.exists,
        log=log,
        stop_with=signal.SIGTERM,
        patience_seconds=_ROLE_SECONDS,
    )


def stop_signal(name: str) -> signal.Signals:
    """Return the signal on which the server or role `name` ends in order."""
    return postgres.STOP if name == "postgres" else signal.SIGTERM
