"""A private Apache Kafka: one node that is broker and controller, 127.0.0.1 only."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.errors import Problem
from custody.servers.java import NOTHING_IN_TMP
from custody.servers.ports import HOST, accepts, require_free
from custody.servers.process import spawn, tail
from ledger.topics import LARGEST_MESSAGE_BYTES

STOP: Final = signal.SIGTERM
STOP_SECONDS: Final = 60.0
OPTIONS: Final = "CUSTODY_KAFKA_JAVA_OPTIONS"

_ENVELOPE_BYTES: Final = 65_536
"""What headers, key and the batch's frame may add to the largest message."""
_FLAGS: Final = (
    NOTHING_IN_TMP,
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
)
_FLAGS_OF_A_MOMENT: Final = (NOTHING_IN_TMP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""For a program of a second: better code takes longer to make than it saves."""


@dataclass(frozen=True, slots=True)
class Kafka:
    """One private broker: the Java and the jars that run it, its folder, its ports and id, and options for its Java."""

    java: Path
    classpath: str
    folder: Path
    port: int
    controller_port: int
    cluster_id: str
    options: tuple[str, ...] = ()

    @property
    def bootstrap(self) -> str:
        """Return the address clients start from."""
        return f"{HOST}:{self.port}"

    @property
    def properties(self) -> Path:
        """Return the file with the broker's settings."""
        return self.folder / "server.properties"


def options_given(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the options for the broker's Java that are set; raises `Problem` where a quotation has no end."""
    try:
        return tuple(shlex.split(environment.get(OPTIONS, "")))
    except ValueError as flaw:
        raise Problem(f"{OPTIONS} cannot be read ({flaw}); write it as for a shell, or unset it", exit_code=2) from flaw


def prepare(server: Kafka, log: Path) -> None:
    """Write the settings, and format the data folder when it is new."""
    server.folder.mkdir(parents=True, exist_ok=True)
    server.folder.chmod(0o700)
    server.properties.write_text(
        "".join(f"{name}={value}\n" for name, value in _settings(server).items()), encoding="utf-8"
    )
    require_free(server.port, server="Kafka", setting="CUSTODY_KAFKA_PORT")
    require_free(server.controller_port, server="Kafka's controller", setting="CUSTODY_KAFKA_CONTROLLER_PORT")
    if not (server.folder / "data" / "meta.properties").exists():
        format_ = ("kafka.tools.StorageTool", "format", "--cluster-id", server.cluster_id)
        formatting = _java(server, *format_, "--config", str(server.properties), log=log, flags=_FLAGS_OF_A_MOMENT)
        if formatting.wait(timeout=120) != 0:
            raise Problem(f"Kafka was not started: its data folder could not be formatted; {log} ends:\n{tail(log)}")


def start(server: Kafka, log: Path) -> subprocess.Popen[bytes]:
    """Start the broker; it serves clients once `is_ready` says so."""
    return _java(server, "kafka.Kafka", str(server.properties), log=log, flags=(*_FLAGS, *server.options))


def is_ready(server: Kafka) -> bool:
    """Say whether the broker answers clients; asks only once the port is open, the client would wait and log."""
    if not accepts(server.port):
        return False
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        admin = KafkaAdminClient(bootstrap_servers=server.bootstrap, bootstrap_timeout_ms=5_000)
    except KafkaError:
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        admin.close()


def _java(server: Kafka, *words: str, log: Path, flags: tuple[str, ...]) -> subprocess.Popen[bytes]:
    # No CLASSPATH, KAFKA_* or JAVA_TOOL_OPTIONS of the user's: the broker is ours and the same everywhere.
    return spawn(
        [str(server.java), *flags, "-cp", server.classpath, *words], log=log, environment={}, folder=server.folder
    )


def _settings(server: Kafka) -> dict[str, object]:
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{server.controller_port}",
        "listeners": f"BROKER://{HOST}:{server.port},CONTROLLER://{HOST}:{server.controller_port}",
        "advertised.listeners": f"BROKER://{HOST}:{server.port}",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(server.folder / "data"),
        "auto.create.topics.enable": "false",
        "num.partitions": 1,
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        # One broker keeps all of these itself; the defaults want three.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "message.max.bytes": LARGEST_MESSAGE_BYTES + _ENVELOPE_BYTES,
        "replica.fetch.max.bytes": LARGEST_MESSAGE_BYTES + _ENVELOPE_BYTES,
        # There is no second broker to hold what this machine loses when its power fails.
        "log.flush.interval.ms": 1000,
        "log.flush.scheduler.interval.ms": 1000,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * 1_048_576,
        "log.segment.delete.delay.ms": 1000,
    }
