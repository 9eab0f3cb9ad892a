"""The private PostgreSQL by itself: its start after every kind of end."""

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest

from custody.errors import Problem
from custody.servers import postgres
from custody.servers.account import unprivileged
from custody.servers.choices import choices_of
from custody.servers.ports import choose
from custody.servers.postgres_binaries import find_binaries
from tests.integration.postgres_alone import server_of, started, until_ready
from tests.integration.running import PATIENCE_SECONDS


@pytest.fixture
def server(data_folder: Path) -> postgres.Postgres:
    """Give a server that was never started."""
    return server_of(data_folder)


def test_a_lock_whose_number_went_to_another_program_is_forgotten(server: postgres.Postgres) -> None:
    """After a power failure the old process id may be anybody's by now; PostgreSQL alone would refuse to start."""
    with started(server):
        pass
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n{server.port}\n\n127.0.0.1\n")
    with started(server) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_what_was_committed_before_a_kill_is_there_after_it(server: postgres.Postgres) -> None:
    """The postmaster is killed with everything it has in memory; the next start recovers from the log."""
    postgres.prepare(server)
    process = postgres.start(server, server.home.parent / "log")
    until_ready(server, process)
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select 17 as number")
    process.send_signal(signal.SIGKILL)
    process.wait()
    with started(server) as connection:
        assert connection.execute("select number from kept").fetchone() == (17,)


def test_a_server_that_was_left_running_is_stopped_before_the_next_start(server: postgres.Postgres) -> None:
    """Two postmasters on one folder would ruin it; the one whose supervisor was killed ends in order."""
    postgres.prepare(server)
    left = postgres.start(server, server.home.parent / "log")
    until_ready(server, left)
    with started(server) as connection:
        assert left.wait(timeout=PATIENCE_SECONDS) == 0
        assert connection.execute("select 1").fetchone() == (1,)


def test_an_initdb_that_was_cut_off_is_done_again(server: postgres.Postgres) -> None:
    """A Ctrl-C in the first seconds must not leave a folder that can neither be started nor made."""
    half = server.home / "initdb-half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with started(server) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not half.exists()


def test_data_of_another_major_version_is_refused_with_the_cure(server: postgres.Postgres) -> None:
    """An upgrade of the package must say what it needs, and must not touch the data."""
    with started(server):
        pass
    (server.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(Problem, match=r"is of PostgreSQL 17 .* set CUSTODY_POSTGRES_BIN"):
        postgres.prepare(server)


def test_the_programs_of_a_system_are_used_when_they_are_named(data_folder: Path) -> None:
    """CUSTODY_POSTGRES_BIN names a folder; one without the programs in it is told, not searched around."""
    found = find_binaries(unprivileged(), {"CUSTODY_POSTGRES_BIN": str(find_binaries(unprivileged(), {}))})
    assert (found / "postgres").is_file()
    with pytest.raises(Problem, match="there is no initdb in it"):
        find_binaries(unprivileged(), {"CUSTODY_POSTGRES_BIN": str(data_folder)})


def test_a_folder_that_was_deleted_and_made_again_starts_empty(data_folder: Path) -> None:
    """Under root the database may lie elsewhere: a new ledger at an old place must not find the old one's entries."""
    account = unprivileged()
    first = choices_of(data_folder, account)
    shutil.rmtree(first.postgres_home, ignore_errors=True)
    (data_folder / "servers.json").unlink()
    closed = data_folder / "closed"
    closed.mkdir(mode=0o700)
    homes = set()
    for _ in range(2):
        homes.add(choices_of(closed, account).postgres_home)
        (closed / "servers.json").unlink()
    assert len(homes) == (1 if account is None else 2)
    assert all(not Path(home).exists() for home in homes)


def test_ports_once_chosen_stay_and_those_set_win(data_folder: Path) -> None:
    """Clients keep the address they were told; who sets a port gets that one, now and at the next start."""
    account = unprivileged()
    first = choices_of(data_folder, account, {})
    assert choices_of(data_folder, account, {}) == first
    port = choose(taken=frozenset({first.postgres_port}))
    assert choices_of(data_folder, account, {"CUSTODY_POSTGRES_PORT": str(port)}).postgres_port == port
    assert choices_of(data_folder, account, {}).postgres_port == port
    with pytest.raises(Problem, match="CUSTODY_KAFKA_PORT is 'nine', no port number"):
        choices_of(data_folder, account, {"CUSTODY_KAFKA_PORT": "nine"})


def test_ports_are_chosen_from_those_that_are_set(data_folder: Path) -> None:
    """Where others on the machine need a part of ours; none is taken from beyond, and wrong words are named."""
    account = unprivileged()
    for wrong in ("nine", "24000", "24010-24000", "0-10", "24000-70000", "24000-24001-24002"):
        with pytest.raises(Problem, match=f"CUSTODY_PORTS is '{wrong}'; set it to the first and the last port"):
            choices_of(data_folder, account, {"CUSTODY_PORTS": wrong})
    with pytest.raises(Problem, match="no further port from 1 to 1 is free"):
        choices_of(data_folder, account, {"CUSTODY_PORTS": "1-1"})
    first = choose()
    within = range(first, first + 30)
    chosen = choices_of(data_folder, account, {"CUSTODY_PORTS": f"{within[0]}-{within[-1]}"})
    ports = {chosen.postgres_port, chosen.kafka_port, chosen.kafka_controller_port}
    assert len(ports) == 3
    assert ports <= set(within)
