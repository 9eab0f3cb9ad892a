"""A restore refuses what is not whole, and never touches what is there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from custody.backups import making, manifest
from custody.backups.restoring import restore_folder
from custody.errors import Problem
from custody.servers.embedded import UNFINISHED
from custody.supervision.starting import start
from ledger.store.migrating import migrations


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path) -> None:
    """Whoever names the wrong folder in an emergency loses nothing."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "precious").write_text("x")
    with pytest.raises(Problem, match="is not empty and a restore overwrites nothing"):
        restore_folder(_backup(tmp_path), tmp_path / "data", None, say=print)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["precious"]


def test_a_damaged_backup_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    """The old data may be all there is: nothing is made in the place of the new."""
    backup = _backup(tmp_path)
    (backup / "roles.json").write_text("[]")
    with pytest.raises(Problem, match=r"is damaged: roles\.json is not as written"):
        restore_folder(backup, tmp_path / "data", None, say=print)
    assert not (tmp_path / "data").exists()


def test_a_backup_of_a_newer_release_names_that_release(tmp_path: Path) -> None:
    """This release would not know what its tables mean."""
    with pytest.raises(Problem, match=r"made by release 9\.9\.9, .* Install that release"):
        restore_folder(_backup(tmp_path, migration=migrations()[-1].number + 1), tmp_path / "data", None, say=print)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("properties", "told"),
    [(None, "no data folder with a Kafka in it"), ("cluster.id=Another\n", "is not that of the ledger that was")],
)
def test_the_kafka_of_another_ledger_is_refused(tmp_path: Path, properties: str | None, told: str) -> None:
    """Its entries would be brought into the restored ledger as if they were its own."""
    old = tmp_path / "old"
    (old / "kafka" / "data").mkdir(parents=True)
    if properties is not None:
        (old / "kafka" / "data" / "meta.properties").write_text(properties)
    with pytest.raises(Problem, match=told):
        restore_folder(_backup(tmp_path), tmp_path / "data", old, say=print)
    assert not (tmp_path / "data").exists()


def test_a_folder_whose_restore_was_broken_off_is_not_started(tmp_path: Path) -> None:
    """Half of the entries would look like the whole ledger."""
    (tmp_path / UNFINISHED).touch()
    with pytest.raises(Problem, match=r"a restore into .* was broken off.*Remove the folder"):
        start(tmp_path, say=print)


def _break_off(target: Path) -> None:
    with making.new_folder(target) as beside:
        (beside / "roles.json").write_text("{}")
        raise KeyboardInterrupt


def _backup(folder: Path, *, migration: int = 1) -> Path:
    backup = folder / "backup"
    backup.mkdir()
    (backup / "roles.json").write_text("{}")
    whole = manifest.Manifest(
        format=1,
        made_at=datetime(2026, 7, 1, tzinfo=UTC),
        release="9.9.9",
        postgres=18,
        ledger="0195e000-0000-7000-8000-000000000017",
        zone="America/New_York",
        clock="wall",
        migration=migration,
        position=0,
        entries=0,
        kafka_cluster_id="Ours",
        files=manifest.files_of(backup),
    )
    manifest.write_manifest(backup, whole)
    return backup


def test_a_backup_that_is_broken_off_leaves_nothing_and_overwrites_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle: no folder of the backup's name, which somebody might take for a whole one."""
    target = tmp_path / "new"
    with pytest.raises(KeyboardInterrupt):
        _break_off(target)
    assert list(tmp_path.iterdir()) == []
    with making.new_folder(target) as beside:
        (beside / "roles.json").write_text("{}")
    assert [path.name for path in target.iterdir()] == ["roles.json"]
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(Problem, match="is there already and a backup overwrites nothing"), making.new_folder(target):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
