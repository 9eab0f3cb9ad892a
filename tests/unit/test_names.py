"""One meaning a word: no two public classes of the product share a name, so that a name leads to one place."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("ledger", "producers", "consumers", "projections", "readers", "custody", "bench")


def test_no_public_class_name_stands_for_two_classes() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(file.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    where[node.name].append(str(file.relative_to(ROOT)))
    assert len(where) > 100
    assert {name: files for name, files in where.items() if len(files) > 1} == {}
