"""Every recipe on the page for operators is run as it stands there: back up, restore, lose Kafka, tell again, copy.

One ledger goes through all of them, since starting servers is what takes time.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import temporary_data_folder

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/operators.md").read_text("utf-8")
RECIPES = dict(re.findall(r"^```sh ([a-z-]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PATIENCE_SECONDS = 600
ROLE_SECRET = "made-up-for-this-test"


class Operator:
    """Somebody at a shell in a folder, with the ledger he works on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = "ledger"
        self.done: set[str] = set()

    def follow(self, recipe: str, ledger: str | None = None) -> str:
        """Run a recipe of the page; afterwards he works on the folder it ends with."""
        said = self.run(RECIPES[recipe])
        self.done.add(recipe)
        self.ledger = ledger or self.ledger
        return said

    def run(self, script: str) -> str:
        """Run a script and return what it printed; it must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={
                **{name: text for name, text in os.environ.items() if name not in _SERVERS},
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "CUSTODY_DATA": str(self.folder / self.ledger),
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def send(self, *ids: int) -> list[tuple[str, int]]:
        """Let ORR send addresses of children and return what became of each: status and position."""
        (self.folder / "events.jsonl").write_text("".join(f"{json.dumps(_event(id))}\n" for id in ids))
        told = self.run("custody submit --agency ORR events.jsonl --wait; custody wait >&2").splitlines()
        return [(outcome["status"], outcome["position"]) for outcome in map(json.loads, told)]

    def status(self) -> dict[str, Any]:
        """Return what `custody status` shows, with the password."""
        shown: dict[str, Any] = json.loads(self.run("custody status --json --with-password || true"))
        return shown

    def feed(self) -> list[str]:
        """Return every item on EOIR's feed, once all roles have done what there is to do."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(role["lag"] != 0 for role in self.status()["roles"]):
            assert time.monotonic() < deadline, self.status()
        return self.run("custody feed --agency EOIR --json").splitlines()


_SERVERS = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "CUSTODY_POSTGRES_PORT", "CUSTODY_KAFKA_PORT")


@pytest.fixture
def operator() -> Iterator[Operator]:
    """Give an operator in an empty folder; whatever runs there at the end is stopped."""
    with temporary_data_folder() as folder:
        operator = Operator(folder)
        try:
            yield operator
        finally:
            for data in folder.iterdir():
                if (data / "servers.json").is_file() and (data / "lock").exists():
                    operator.run(f"custody down --data {data}")


def test_every_recipe_of_the_page_for_operators_works_as_it_stands_there(operator: Operator) -> None:
    """Whoever follows the page in an emergency has afterwards what it says, and no entry, key or login is lost."""
    operator.run("custody up")
    first = operator.send(1, 2, 3)
    with psycopg.connect(operator.status()["postgres"]["url"]) as connection:
        connection.execute("create role reporting login in role custody_reader")
        connection.execute(f"alter role reporting password '{ROLE_SECRET}'")
        connection.execute("alter role reporting set statement_timeout to '7s'")
    operator.follow("backup")
    later = operator.send(4, 5)
    told = operator.feed()
    assert len(told) == 5

    operator.follow("restore", "restored")
    again = operator.send(1, 2, 3, 4, 5)
    assert again == [("duplicate", position) for _, position in (*first, *later)]
    assert operator.feed()[: len(told)] == told
    assert _statement_timeout(operator) == "7s"

    operator.follow("kafka-lost")
    assert operator.send(4, 6) == [("duplicate", later[0][1]), ("accepted", max(later)[1] + 1)]
    assert operator.feed()[: len(told)] == told

    told = operator.feed()
    operator.follow("tell-again")
    assert operator.feed() == told

    operator.follow("cold-copy")
    assert operator.send(6)[0][0] == "duplicate"

    operator.run("custody down")
    operator.follow("restore-without-kafka", "alone")
    assert operator.send(1, 4) == [("duplicate", first[0][1]), ("accepted", max(first)[1] + 1)]
    assert _statement_timeout(operator) == "7s"
    assert operator.done == set(RECIPES)


def _statement_timeout(operator: Operator) -> str:
    """Log in as the login that was restored, with its old password, and ask for its setting; it may read the views."""
    address = operator.status()["postgres"]["url"].split("@")[1]
    with psycopg.connect(f"postgresql://reporting:{ROLE_SECRET}@{address}") as connection:
        assert connection.execute("select count(*) > 0 from read.timeline_v1").fetchone() == (True,)
        row = connection.execute("show statement_timeout").fetchone()
        assert row is not None
        return str(row[0])


def _event(id: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"R2-{id}",
        "source": "/orr/uc-portal",
        "type": "custody.address-reported.v1",
        "time": f"2024-03-0{id}T10:00:00Z",
        "data": {
            "child": [{"scheme": "a-number", "value": f"A20000010{id}"}],
            "occurred_at": f"2024-03-0{id}T09:00:00Z",
            "source": {"document": "R-2", "reference": f"R2-{id}", "grade": "document"},
            "door": "feed",
            "fact": {"purpose": "residence", "address": {"lines": ["1200 Elm St"]}, "reported_via": "eoir-33"},
        },
    }
