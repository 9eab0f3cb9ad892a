"""`python -m custody.publishing` writes what outsiders read about the messages: schemas, AsyncAPI, catalogues.

`--check` writes nothing and exits 1, naming each file that is out of step with the code and each wire name whose
schema refuses something it once accepted: the baselines in `tests/golden/schemas` only ever grow.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from custody.publishing.asyncapi import asyncapi_document
from custody.publishing.compatibility import incompatibilities
from custody.publishing.examples import example, example_event
from custody.publishing.obligations import obligations_page
from custody.publishing.pages import cli_page, examples_page, facts_page, rules_page
from custody.publishing.schemas import (
    alert_schema,
    cloudevent_schema,
    entry_schema,
    feed_item_schema,
    outcome_schema,
    published_as,
    receipt_schema,
    schema_of,
)
from ledger.facts import BY_WIRE, LEDGER_FACTS

ROOT: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = "docs/schemas"
BASELINES: Final = ROOT / "tests" / "golden" / "schemas"


EVERY_WIRE: Final = BY_WIRE.keys() | LEDGER_FACTS.keys()


def documents() -> Mapping[str, str]:
    """Return every generated file by its path in the checkout."""
    return _documents(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


@cache
def _documents(version: str) -> Mapping[str, str]:
    import yaml

    texts = {
        f"{SCHEMAS}/{file}": text_of(published_as(file, schema, examples))
        for file, schema, examples in (
            *((f"{wire}.json", schema_of(wire), _examples(wire)) for wire in sorted(EVERY_WIRE)),
            ("outcome.json", outcome_schema(), ()),
            ("entry.json", entry_schema(), ()),
            ("feed-item.json", feed_item_schema(), ()),
            ("alert.json", alert_schema(), ()),
            ("receipt.json", receipt_schema(), ({"up_to": 1234, "grade": "delivered"},)),
            ("cloudevent.json", cloudevent_schema(), (example_event("custody.handoff-accepted.v1"),)),
        )
    }
    texts["docs/asyncapi.yaml"] = yaml.dump(
        asyncapi_document(version), Dumper=_plain_dumper(), sort_keys=False, width=118, allow_unicode=True
    )
    texts["docs/facts.md"] = facts_page()
    texts["docs/examples.md"] = examples_page()
    texts["docs/rules.md"] = rules_page()
    texts["docs/obligation-rules.md"] = obligations_page()
    texts["docs/cli.md"] = cli_page()
    return texts


def _examples(wire: str) -> tuple[dict[str, Any], ...]:
    return (example(wire),) if wire in BY_WIRE else ()


def text_of(schema: dict[str, Any]) -> str:
    """Return a schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def out_of_step(root: Path) -> Iterator[str]:
    """Yield what is wrong with the files under `root`."""
    wanted = documents()
    for name, text in wanted.items():
        path = root / name
        if not path.exists():
            yield f"{name} is missing"
        elif path.read_text("utf-8") != text:
            yield f"{name} is out of step with the code"
    for path in sorted((root / SCHEMAS).glob("*.json")):
        if f"{SCHEMAS}/{path.name}" not in wanted:
            yield f"{SCHEMAS}/{path.name} belongs to nothing; a wire name once shipped stays in the code"


def broken_promises(baselines: Path) -> Iterator[str]:
    """Yield what today's schemas refuse though it was accepted, and wire names without a baseline or without code."""
    kept = {path.stem: path for path in baselines.glob("*.json")}
    for wire in sorted(kept.keys() - EVERY_WIRE):
        yield f"{wire} was shipped and is gone; its entries could not be read any more"
    for wire in sorted(EVERY_WIRE - kept.keys()):
        yield f"{wire} has no baseline schema; write it with `python -m tests.golden.making`"
    for wire in sorted(EVERY_WIRE & kept.keys()):
        baseline, today = json.loads(kept[wire].read_text("utf-8")), schema_of(wire)
        narrowed = incompatibilities(baseline, today)
        yield from (f"{wire}: {finding}; give the fact a new version instead" for finding in narrowed)
        if not narrowed and incompatibilities(today, baseline):
            yield f"{wire} accepts more than its baseline promises; let it follow: `python -m tests.golden.making`"


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or check them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m custody.publishing", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of step")
    if parser.parse_args(arguments).check:
        stale = list(out_of_step(ROOT))
        if stale:
            stale.append("run `python -m custody.publishing` and commit what it writes")
        problems = [*broken_promises(BASELINES), *stale]
        print("\n".join(problems), file=sys.stderr, end="\n" * bool(problems))
        return 1 if problems else 0
    for name, text in documents().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 0


def _plain_dumper() -> Any:
    """Return a YAML writer without anchors: a reader sees each part where it stands."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Plain
