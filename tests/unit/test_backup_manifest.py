"""A backup that is damaged or not whole is told from a good one before anything is restored."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custody.backups import manifest
from custody.errors import Problem

DUMPED = "database/3456.dat.gz"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Give a whole backup of made-up content."""
    (tmp_path / "database").mkdir()
    (tmp_path / DUMPED).write_bytes(b"entries")
    (tmp_path / "roles.json").write_text("{}")
    whole = manifest.Manifest(
        format=1,
        made_at=datetime(2026, 7, 1, tzinfo=UTC),
        release="0.1.0",
        postgres=18,
        ledger="0195e000-0000-7000-8000-000000000017",
        zone="America/New_York",
        clock="wall",
        migration=4,
        position=17,
        entries=16,
        kafka_cluster_id=None,
        files=manifest.files_of(tmp_path),
    )
    manifest.write_manifest(tmp_path, whole)
    return tmp_path


def test_a_whole_backup_is_read_back_as_it_was_written(backup: Path) -> None:
    """Everything that names the ledger and its moment comes back, and every file is accounted for."""
    found = manifest.read_whole_backup(backup)
    assert (found.position, found.entries, found.zone) == (17, 16, "America/New_York")
    assert set(found.files) == {DUMPED, "roles.json"}


def _cut(backup: Path) -> None:
    (backup / DUMPED).write_bytes(b"entri")


def _change(backup: Path) -> None:
    (backup / DUMPED).write_bytes(b"entrieS")


def _lose(backup: Path) -> None:
    (backup / DUMPED).unlink()


def _add(backup: Path) -> None:
    (backup / "database" / "1.dat").write_bytes(b"")


def _link(backup: Path) -> None:
    (backup / "database" / "1.dat").symlink_to("/etc/passwd")


def _break_off(backup: Path) -> None:
    (backup / "manifest.json").unlink()


def _cut_manifest(backup: Path) -> None:
    text = (backup / "manifest.json").read_text()
    (backup / "manifest.json").write_text(text[: len(text) // 2])


def _change_manifest(backup: Path) -> None:
    text = (backup / "manifest.json").read_text()
    (backup / "manifest.json").write_text(text.replace('"position": 17', '"position": 18'))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut, f"{DUMPED} is 5 bytes long, not 7"),
        (_change, f"{DUMPED} is not as written"),
        (_lose, f"{DUMPED} is missing"),
        (_add, "database/1.dat does not belong to it"),
        (_link, "is no file"),
        (_break_off, "is no whole backup: it has no manifest.json"),
        (_cut_manifest, "manifest.json cannot be read"),
        (_change_manifest, "manifest.json is not as written"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_with_what_is_wrong(
    backup: Path, damage: Callable[[Path], None], told: str
) -> None:
    """A disk that loses a byte, a copy that stopped, a backup that was broken off: none passes for a backup."""
    damage(backup)
    with pytest.raises(Problem) as raised:
        manifest.read_whole_backup(backup)
    assert told in raised.value.message
    assert "nothing was restored" in raised.value.message


def test_a_backup_of_another_form_names_the_release_that_made_it(backup: Path) -> None:
    """A later release may write more; this one says which release to install, and does not guess."""
    written = json.loads((backup / "manifest.json").read_text())
    del written["digest"]
    written["format"] = 2
    (backup / "manifest.json").write_text(json.dumps({**written, "digest": manifest._digest(written)}))
    with pytest.raises(Problem, match=r"made by another release.*\(format\).*Install the release 0\.1\.0"):
        manifest.read_whole_backup(backup)
