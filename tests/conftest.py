"""Real servers for the tests: one private PostgreSQL and one private Kafka, started when a test first asks.

They are started by the product's own modules, with the product's own settings, Java's second compiler and collector
apart.
`make test` runs files of tests side by side in several worker processes (pytest-xdist), each with its own two servers:
workers share nothing.
"""

import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from psycopg import sql

from custody.servers import embedded, kafka, ports
from custody.servers.choices import remembered
from custody.servers.topics import create_topics
from ledger.topics import TOPICS
from tests.kafka_classes import use_archive

TEST_DATA = "CUSTODY_TEST_DATA"

# how long one example takes says how busy the machine is, and nothing of the product
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a run in the background of a script hands an ignored SIGINT on to every process: no test could press Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

# no broker of a test lives long enough to gain from the second compiler, which would take a third of all our time, or
# from collecting garbage beside the work
OPTIONS = "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC"

if "PYTEST_XDIST_WORKER" in os.environ:
    # ports of its own for each worker: ledgers started in the same moment must not choose the same one
    worker, workers = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    share = len(ports.RANGE) // workers
    own = ports.RANGE[worker % workers * share :][:share]
    os.environ.setdefault(ports.SETTING, f"{own[0]}-{own[-1]}")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare how brokers start, before workers do: they inherit it."""
    if kafka.OPTIONS not in os.environ:
        use_archive(OPTIONS, make=bool(getattr(config.option, "numprocesses", None)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests of the shared data out, rather than skip them, where that folder is not."""
    if os.environ.get(TEST_DATA):
        return
    left_out = [item for item in items if "test_data" in getattr(item, "fixturenames", ())]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of CI in which a test skipped: what was not run was not shown to work."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Give the folder of the shared data; tests that ask for it are left out where it is not."""
    return Path(os.environ[TEST_DATA]).resolve(strict=True)


@contextmanager
def temporary_data_folder() -> Iterator[Path]:
    """Make a folder for a ledger's data, and remove it with whatever was kept for it elsewhere.

    pytest's own folders admit nobody but us, and when root runs the tests PostgreSQL runs as somebody else.
    """
    folder = Path(tempfile.mkdtemp(prefix="custody-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        chosen = remembered(folder)
        if chosen is not None:
            shutil.rmtree(chosen.postgres_home, ignore_errors=True)
        shutil.rmtree(folder)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """Give an empty folder to run a whole ledger on."""
    with temporary_data_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Running]:
    """Give the one PostgreSQL and the one Kafka all integration tests share."""
    with temporary_data_folder() as folder:
        running = embedded.start(folder, say=print)
        try:
            _let_power_fail(running.servers.postgres.url("postgres"))
            yield running
        finally:
            embedded.stop_both(running)


def _let_power_fail(url: str) -> None:
    """Have the shared PostgreSQL wait for no disk: what is in it need not outlive the machine, only its processes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("alter system set full_page_writes = off")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def postgres_url(servers: embedded.Running) -> str:
    """Give the URL of the server's maintenance database; `database_url` is the one to work in."""
    return servers.servers.postgres.url("postgres")


@contextmanager
def new_database(postgres_url: str) -> Iterator[str]:
    """Make a fresh, empty database and give its URL; it is dropped afterwards, whoever is still connected."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    try:
        yield postgres_url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Give a fresh, empty database."""
    with new_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: embedded.Running) -> str:
    """Give the address of the one Kafka, with the ledger's topics on it. They keep what earlier tests wrote."""
    create_topics(servers.servers.kafka.bootstrap)
    return servers.servers.kafka.bootstrap


@pytest.fixture
def fresh_kafka(kafka_bootstrap: str) -> str:
    """Give the address of the one Kafka, with every topic of the ledger new and empty."""
    empty_topics(kafka_bootstrap)
    return kafka_bootstrap


def empty_topics(bootstrap: str, *only: str) -> None:
    """Make every topic of the ledger anew that holds anything, or those named."""
    names = list(only) or _written(bootstrap)
    if not names:
        create_topics(bootstrap)  # a test may have left one out
        return
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        before = {topic["topic_id"] for topic in admin.describe_topics(names)}
        admin.delete_topics(names, timeout_ms=30_000)
        create_topics(bootstrap)
        deadline = time.monotonic() + 30
        while before & {topic["topic_id"] for topic in admin.describe_topics(names)}:
            assert time.monotonic() < deadline, "the broker still shows topics that were deleted"
        admin.wait_for_topics(names)
    finally:
        admin.close()


def _written(bootstrap: str) -> list[str]:
    """Return the topics on which anything was ever put: making a topic anew costs the broker much."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)
    try:
        partitions = [
            TopicPartition(topic.name, partition)
            for topic in TOPICS
            for partition in consumer.partitions_for_topic(topic.name) or ()
        ]
        ends = consumer.end_offsets(partitions) if partitions else {}
        return sorted({partition.topic for partition, end in ends.items() if end > 0})
    finally:
        consumer.close()
