"""Kafka's jars come from elsewhere: what is run is what was pinned, or nothing."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from custody.errors import Problem
from custody.servers.jars import classpath, pinned

(BINDING,) = (jar for jar in pinned() if jar.artifact == "slf4j-simple")
FETCH = """
from pathlib import Path
import sys
from custody.errors import Problem
from custody.servers.jars import classpath
try:
    classpath(say=print, cache=Path(sys.argv[1]))
except Problem as problem:
    print(problem.message)
    sys.exit(problem.exit_code)
"""


def test_a_jar_that_is_not_the_pinned_one_is_not_kept(tmp_path: Path) -> None:
    """Whoever sits between us and Maven Central cannot have his code run here; both other ways are named."""
    with pytest.raises(Problem) as raised:
        classpath(say=print, jars=(replace(BINDING, sha256="0" * 64),), cache=tmp_path)
    for told in (BINDING.sha256, "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "docker compose up"):
        assert told in raised.value.message
    assert list(tmp_path.rglob("*.jar")) == []


def test_a_jar_that_was_changed_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    """The sums are checked at every start, not only after fetching."""
    kept = Path(classpath(say=print, jars=(BINDING,), cache=tmp_path))
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1] + b"!")
    assert Path(classpath(say=print, jars=(BINDING,), cache=tmp_path)).read_bytes() == whole


def test_without_maven_central_the_two_other_ways_are_named(tmp_path: Path) -> None:
    """On a machine without a way out the start ends at once, with status 4 and what to do instead."""
    cut_off = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": ""}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, str(tmp_path)], env=cut_off, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    for told in ("Maven Central", "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "docker compose up"):
        assert told in done.stdout


def test_the_pinned_list_holds_a_broker_and_a_way_for_it_to_log() -> None:
    """Without a log binding Kafka says nothing at all when it fails; its version must be that of the API."""
    versions = {f"{jar.group}:{jar.artifact}": jar.version for jar in pinned()}
    assert versions["org.apache.kafka:kafka_2.13"].startswith("4.")
    assert versions["org.slf4j:slf4j-simple"] == versions["org.slf4j:slf4j-api"]
    assert all(len(jar.sha256) == 64 for jar in pinned())
