"""An archive of Kafka's classes as Java has them once they are loaded: a broker starts from it in half the time.

The tests start some forty brokers. One more is started, and stopped, to make the archive, which stays in the virtual
environment. Java itself passes over an archive of other jars or of another Java.
"""

import os
import sys
import tempfile
from pathlib import Path
from shlex import quote
from typing import Final

from custody.errors import Problem
from custody.servers import kafka
from custody.servers.embedded import wait_ready
from custody.servers.jars import classpath
from custody.servers.java import find_java, major_version
from custody.servers.ports import choose
from custody.servers.process import stop

_CLUSTER: Final = "MkU3OEVBNTcwNTJENDM2Qk"


def use_archive(options: str, *, make: bool) -> None:
    """Let brokers start with these options of Java's, and from the archive; `make` it where it is not there."""
    try:
        version = major_version(find_java()) or 0
    except Problem:
        version = 0  # the tests say so
    making, using = ("AOTCacheOutput", "AOTCache") if version >= 25 else ("ArchiveClassesAtExit", "SharedArchiveFile")
    archive = Path(sys.prefix) / f"kafka-classes-{version}"
    if make and version and not archive.exists():
        _make(archive, options, making)
    os.environ[kafka.OPTIONS] = f"{options} -XX:{using}={quote(str(archive))}" if archive.exists() else options


def _make(archive: Path, options: str, making: str) -> None:
    with tempfile.TemporaryDirectory(prefix="custody-test-") as name:
        folder = Path(name)
        made, log, port = folder / "classes", folder / "log", choose()
        ports = (port, choose(taken=frozenset((port,))))
        given = (*options.split(), f"-XX:{making}={made}")
        server = kafka.Kafka(find_java(), classpath(say=print), folder / "kafka", *ports, _CLUSTER, options=given)
        kafka.prepare(server, log)
        broker = kafka.start(server, log)
        try:
            wait_ready("Kafka", broker, lambda: kafka.is_ready(server), log)
        finally:
            stop(broker, first=kafka.STOP, patience_seconds=kafka.STOP_SECONDS)
        if made.exists():
            made.replace(archive)
