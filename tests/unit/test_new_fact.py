"""A fact that is added must be answered everywhere: the type checker names every question it leaves open."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUESTIONS = {
    "ledger/facts/questions.py": 8,
    "ledger/rules/by_fact.py": 1,
    "projections/fold/effects.py": 1,
    "projections/fold/questions.py": 4,
}
"""How many closed questions each file puts to every fact."""


def test_mypy_names_every_question_a_new_fact_has_not_answered(tmp_path: Path) -> None:
    """In a copy of the tree a made-up fact joins the union; nothing else is done."""
    for package in ("ledger", "projections"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    facts = tmp_path / "ledger" / "facts" / "__init__.py"
    text = facts.read_text("utf-8")
    assert text.count("Happening = (\n") == 1
    facts.write_text(
        text.replace("Happening = (\n", "class MadeUp(Fact):\n    pass\n\n\nHappening = (\n    MadeUp\n    | "), "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), *QUESTIONS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    named = re.findall(r'^(\S+?):\d+: error: Argument 1 to "assert_never" has .* "MadeUp"', done.stdout, re.MULTILINE)
    assert {file: named.count(file) for file in named} == QUESTIONS, done.stdout + done.stderr
