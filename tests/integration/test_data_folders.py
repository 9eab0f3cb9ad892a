"""A data folder works wherever it lies, uses no server data but its own, and lets nobody else read them."""

import json
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import psycopg
import pytest

from custody.errors import Problem
from custody.servers import postgres
from custody.servers.account import RANGE
from custody.servers.choices import choices_of, remembered
from custody.servers.embedded import make_folder
from custody.servers.place import FolderPlace
from custody.supervision.starting import end
from custody.supervision.state import Pid, ProcessReport, SupervisorState, read_state, write_state
from tests.conftest import temporary_data_folder
from tests.integration.postgres_alone import server_of, started

ROOT = os.geteuid() == 0
LINK = r"(a symbolic|\(a hard) link"


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """Give a folder whose PostgreSQL holds a row and is stopped, to be copied."""
    with temporary_data_folder() as data:
        with started(server_of(data)) as connection:
            connection.execute("create table kept as select 'of the original'::text as what")
        yield data


def test_a_folder_that_was_moved_goes_on_with_its_data_and_ports(stopped: Path, data_folder: Path) -> None:
    """The folder above is renamed, or the folder is reached by a link: nothing in it depends on its path."""
    data = _ledger(stopped, data_folder / "above" / "ledger")
    before = remembered(data)
    _open_way(data_folder)
    (data_folder / "above").rename(data_folder / "renamed")
    moved = data_folder / "renamed" / "ledger"
    with started(server_of(moved)) as connection:
        assert _kept(connection) == ["of the original"]
    after = remembered(moved)
    assert before is not None
    assert after is not None
    assert after.postgres_port == before.postgres_port
    assert after.kafka_cluster_id == before.kafka_cluster_id


def test_a_copy_beside_the_running_original_has_its_own_data_and_ports(stopped: Path, data_folder: Path) -> None:
    """What one of them records never shows in the other, and both run at once."""
    original = _ledger(stopped, data_folder / "original")
    copy = data_folder / "copy"
    _copy(original, copy)
    with started(server_of(original)) as connection:
        connection.execute("insert into kept values ('later')")
        connection.commit()
        with started(server_of(copy)) as copied:
            assert _kept(copied) == ["of the original"]
            copied.execute("insert into kept values ('of the copy')")
            copied.commit()
        assert _kept(connection) == ["later", "of the original"]


def test_a_copy_is_told_that_only_one_of_the_two_can_go_on(stopped: Path, data_folder: Path) -> None:
    """Two copies of one ledger that both record are two stories: whoever starts the second one is told."""
    original = _ledger(stopped, data_folder / "original")
    copy = data_folder / "copy"
    _copy(original, copy)
    told: list[str] = []
    chosen = choices_of(copy, None, say=told.append)
    before = remembered(original)
    assert before is not None
    assert {chosen.postgres_port, chosen.kafka_port, chosen.kafka_controller_port}.isdisjoint(
        {before.postgres_port, before.kafka_port, before.kafka_controller_port}
    )
    assert [line.startswith(f"{copy} is a copy of {original}, which is still there") for line in told] == [True]


def test_a_copy_made_while_the_original_ran_is_refused_and_the_original_runs_on(data_folder: Path) -> None:
    """Files of different moments are no database; and nothing is done to the server whose lock was copied."""
    original, copy = data_folder / "original", data_folder / "copy"
    with started(server_of(original)) as connection:
        _copy(original, copy)
        with pytest.raises(Problem, match=r"a copy of .*original that was made while its PostgreSQL ran.*custody back"):
            server_of(copy)
        assert connection.execute("select 1").fetchone() == (1,)


def test_what_a_copied_state_says_of_running_processes_counts_for_nothing(data_folder: Path) -> None:
    """`custody down` on a copy made of a running ledger must not stop the original's processes."""
    original, copy = data_folder / "original", data_folder / "copy"
    for folder in (original, copy):
        make_folder(folder)
    with subprocess.Popen(["sleep", "600"]) as process:
        report = ProcessReport("kafka", "server", "running", Pid.of(process.pid), 0, None, log="")
        written = SupervisorState(
            phase="running",
            supervisor=Pid.of(process.pid),
            said=(),
            failure=None,
            exit_code=0,
            database_url="",
            bootstrap="",
            zone="",
            clock="",
            processes=(report,),
            folder=FolderPlace.of(original),
        )
        write_state(original, written)
        shutil.copy(original / "state.json", copy)
        assert read_state(copy) is None
        assert end(copy, say=print) is False
        assert process.poll() is None
        assert end(original, say=print) is True
        process.kill()


def test_a_copy_without_postgresql_data_of_its_own_never_uses_the_originals(stopped: Path, data_folder: Path) -> None:
    """Where they stand outside the folder, a copy of the folder lacks them: it says how to copy them, which works."""
    original = _ledger(stopped, data_folder / "original")
    home = data_folder / "postgres-0123456789abcdef-01234567"
    (original / "postgres").rename(home)
    (home / "owner.json").write_text(json.dumps(asdict(FolderPlace.of(original))))
    _set(original, postgres_home=str(home))
    copy = data_folder / "copy"
    _copy(original, copy)
    with pytest.raises(Problem, match="are those of the data folder") as raised:
        server_of(copy)
    assert f"cp -a {home} {copy / 'postgres'}" in raised.value.message
    assert server_of(original).home == home
    subprocess.run(["cp", "-a", str(home), str(copy / "postgres")], check=True)
    with started(server_of(copy)) as connection:
        assert _kept(connection) == ["of the original"]
    assert server_of(copy).home == copy / "postgres"
    _set(original, made=True)
    shutil.rmtree(home)
    with pytest.raises(Problem, match="they are not there"):
        server_of(original)


@pytest.mark.parametrize("missing", ["postgres", "postgres/data/global/pg_control", "postgres/password"])
def test_a_folder_copied_in_part_is_refused_and_nothing_is_made_anew(
    stopped: Path, data_folder: Path, missing: str
) -> None:
    """An empty ledger in the place of one that was lost would look as if nothing had ever been recorded."""
    whole = _ledger(stopped, data_folder / "whole")
    part = data_folder / "part"
    _copy(whole, part)
    _set(part, made=True)
    path = part / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(Problem, match=r"is not whole, .* is missing\. .* copy it again"):
        server_of(part)
    assert not path.exists()


def test_a_folder_of_the_first_release_is_carried_over_wherever_it_lies_now(stopped: Path, data_folder: Path) -> None:
    """It kept PostgreSQL's path as it was, and its files belonged to `nobody`: both are put right at the start."""
    original = _ledger(stopped, data_folder / "original")
    written = json.loads((original / "servers.json").read_text())
    for new in ("place", "made"):
        del written[new]
    (original / "servers.json").write_text(json.dumps(written))
    (original / "ledger.json").write_text('{"zone": "America/New_York", "clock": "wall"}')
    if ROOT:
        nobody = pwd.getpwnam("nobody")
        subprocess.run(["chown", "-R", f"{nobody.pw_uid}:{nobody.pw_gid}", str(original / "postgres")], check=True)
    password = (original / "postgres" / "password").read_text()
    moved = data_folder / "moved"
    original.rename(moved)
    server = server_of(moved)
    with started(server) as connection:
        assert _kept(connection) == ["of the original"]
        _assert_private(server, moved)
        if ROOT:  # another process of `nobody` may have read it
            assert (server.home / "password").read_text() != password
            old = server.url().replace(server.url().split(":")[2].split("@")[0], password.strip())
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(old)


def test_kafka_data_that_are_gone_make_a_new_cluster_and_those_of_another_are_refused(
    stopped: Path, data_folder: Path
) -> None:
    """A new Kafka must not pass for the old one; one put there from another ledger is not written to."""
    data = _ledger(stopped, data_folder / "ledger")
    _set(data, made=True)
    before = remembered(data)
    assert before is not None
    told: list[str] = []
    account = server_of(data).account
    new = choices_of(data, account, say=told.append)
    assert new.kafka_cluster_id != before.kafka_cluster_id
    assert "a new, empty Kafka is made" in told[0]
    (data / "kafka" / "data").mkdir(parents=True)
    (data / "kafka" / "data" / "meta.properties").write_text("version=1\ncluster.id=Another\nnode.id=1\n")
    with pytest.raises(Problem, match="is of the Kafka cluster Another"):
        choices_of(data, account)


def test_nobody_else_can_read_the_servers_data_or_password(data_folder: Path) -> None:
    """Not the user `nobody`, as whom other programs run, and no user with a name at all: under root it has none."""
    server = server_of(data_folder)
    with started(server) as connection:
        process = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
        _assert_private(server, data_folder)
        if ROOT:
            assert process.uids().real in RANGE
            with pytest.raises(KeyError):
                pwd.getpwuid(process.uids().real)
        assert server.url().split(":")[2].split("@")[0] not in " ".join(process.cmdline())
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("name", ["lock", "state.json", "servers.json", "ledger.json", "logs/intake.log", "kafka/x"])
@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_a_planted_link_is_refused_and_what_it_leads_to_is_untouched(data_folder: Path, name: str, link: str) -> None:
    """Root writes into the data folder: a link there would let whoever made it overwrite any file."""
    target = data_folder / "target"
    target.write_text("precious")
    planted = data_folder / "ledger" / name
    planted.parent.mkdir(parents=True)
    planted.symlink_to(target) if link == "symbolic" else planted.hardlink_to(target)
    with pytest.raises(Problem, match=LINK):
        make_folder(data_folder / "ledger")
    with pytest.raises(Problem, match=LINK):
        end(data_folder / "ledger", say=print)
    assert target.read_text() == "precious"


@pytest.mark.parametrize("name", ["postgres", "kafka", "logs", "run", "imports"])
def test_a_folder_of_ours_that_is_a_link_is_refused(data_folder: Path, name: str) -> None:
    """A copy of such a data folder would work on the original's files."""
    (data_folder / "elsewhere").mkdir()
    (data_folder / name).symlink_to(data_folder / "elsewhere")
    with pytest.raises(Problem, match="mount that disk there"):
        make_folder(data_folder)


def test_nobody_else_can_plant_anything_in_the_folder(data_folder: Path) -> None:
    """Others' right to write is taken away; a folder that is another user's is refused."""
    data_folder.chmod(0o777)
    make_folder(data_folder)
    assert stat.S_IMODE(data_folder.stat().st_mode) == 0o755
    if ROOT:
        os.chown(data_folder, 12345, 12345)
        with pytest.raises(Problem, match=r"belongs to another user \(uid 12345\)"):
            make_folder(data_folder)
        os.chown(data_folder, 0, 0)
        (data_folder / "state.json").touch()
        os.chown(data_folder / "state.json", 12345, 12345)
        with pytest.raises(Problem, match=r"state.json belongs to another user \(uid 12345\)"):
            make_folder(data_folder)


def _ledger(stopped: Path, data: Path) -> Path:
    """Make a ledger of its own in `data`: a copy of the stopped one that was started there once."""
    _open_way(data.parent)
    _copy(stopped, data)
    server_of(data)
    return data


def _open_way(folder: Path) -> None:
    """Let the user PostgreSQL runs as under root pass through."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)


def _kept(connection: "psycopg.Connection") -> list[str]:
    return [what for (what,) in connection.execute("select what from kept order by what").fetchall()]


def _copy(original: Path, copy: Path) -> None:
    subprocess.run(["cp", "-a", str(original), str(copy)], check=True)


def _set(data: Path, **changed: object) -> None:
    written = json.loads((data / "servers.json").read_text())
    (data / "servers.json").write_text(json.dumps({**written, **changed}))


def _assert_private(server: postgres.Postgres, data: Path) -> None:
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.home / "password").stat().st_mode) == 0o600
    assert (server.home / "password").stat().st_uid == os.geteuid()
    if ROOT:
        for user in (pwd.getpwnam("nobody").pw_uid, 12345):
            found = subprocess.run(
                ["find", str(data), str(server.home), "-type", "f", "-readable"],
                user=user, group=user, extra_groups=[], cwd="/", capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert found.stdout == ""
