"""Each import contract of pyproject.toml forbids what it says: one import that breaks it is named."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("ledger", "producers", "consumers", "projections", "readers", "custody")
FORBIDDEN = {
    "The folder is the flow": ("ledger/times.py", "import readers.snapshot"),
    "The rooms of ledger stand on each other in one order": ("ledger/facts/statements.py", "import ledger.records"),
    "The rooms of projections stand on each other in one order": (
        "projections/fold/care.py",
        "import projections.rows",
    ),
    "The pure core knows no Kafka, no database, no event store, no log and no clock": (
        "projections/knowledge/moments.py",
        "import time",
    ),
    "Projections and readers know no rule that decides": ("readers/child/view.py", "import ledger.rules.decide"),
    "Readers know no writer": ("readers/sharing.py", "import ledger.store.recording"),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Break every contract at once in a copy of the tree, and give which are kept."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, line in FORBIDDEN.values():
        with (copy / file).open("a", encoding="utf-8") as broken:
            broken.write(f"\n{line}\n")
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False
    )
    found = re.findall(r"^(.*) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    return {name: verdict == "KEPT" for name, verdict in found}


def test_every_contract_is_broken_by_an_import_it_forbids(kept: dict[str, bool]) -> None:
    """A contract that names nothing, or too little, would be kept whatever anybody imports."""
    assert kept == dict.fromkeys(FORBIDDEN, False)
