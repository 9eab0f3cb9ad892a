"""The documents are true where a machine can tell: links, commands, targets, settings, views and their columns."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from custody.__main__ import app

ROOT = Path(__file__).resolve().parents[2]
GENERATED = frozenset(("cli.md", "facts.md", "obligation-rules.md", "rules.md"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
WRITTEN = [page for page in PAGES if page.name not in GENERATED]
COMMANDS: Any = typer.main.get_command(app)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every verb of `custody` as the words it is called by."""
    for name, below in getattr(command, "commands", {}).items():
        if getattr(below, "commands", None):
            yield from verbs(below, (*path, name))
        else:
            yield (*path, name)


def examples(page: Path, program: str) -> list[str]:
    """Return the calls of `program` in a page: lines of its blocks, and what stands in backquotes."""
    text = page.read_text("utf-8")
    lines = [line.removeprefix("$ ") for block in FENCED.findall(text) for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", text))
    return [found for found in (*lines, *spans) if re.match(rf"{program} [a-z-]", found)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """No reader of the documents is sent to a page, file or heading that is not there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", page.read_text("utf-8"))):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = page if not path else (page.parent / path).resolve()
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_command_a_page_shows_is_one_there_is(page: Path) -> None:
    """Whoever copies a command from the documents is never told that the verb or the option does not exist."""
    for example in examples(page, "custody"):
        words = shlex.split(example, comments=True)[1:]
        words = words[: next((n for n, word in enumerate(words) if word in {"|", "<", ">", "/"}), None)]
        command = COMMANDS
        while words and getattr(command, "commands", {}).get(words[0]):
            command = command.commands[words.pop(0)]
        assert command is not COMMANDS or words[0].startswith("-"), example
        command = getattr(command, "commands", {}).get(getattr(command, "default", None), command)
        shown = [option.partition("=")[0] for option in words if option.startswith("--")]
        known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        assert set(shown) <= known, example


def test_every_verb_is_told_of_in_a_page_that_somebody_wrote() -> None:
    """The generated reference is not the only place where a verb can be met: a page says what it is for."""
    told = "\n".join(page.read_text("utf-8") for page in WRITTEN)
    assert [verb for verb in verbs(COMMANDS) if f"custody {' '.join(verb)}" not in told] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_make_target_a_page_shows_is_in_the_makefile(page: Path) -> None:
    """`make demo` and the like are there as the pages say."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for example in examples(page, "make"):
        assert example.split()[1] in targets, example


def test_the_readme_opens_with_the_two_commands() -> None:
    """Who has just cloned the repository sees first how to run it and how to check it."""
    first = FENCED.search((ROOT / "README.md").read_text("utf-8"))
    assert first is not None
    assert [line.split()[:2] for line in first[0].splitlines()[1:-1]] == [["make", "demo"], ["make", "test"]]


def test_every_setting_the_code_reads_is_told_to_operators() -> None:
    """No environment variable steers a ledger without standing in the operators' table."""
    code = [*ROOT.glob("ledger/**/*.py"), *ROOT.glob("custody/**/*.py"), ROOT / "docker-compose.yml"]
    code = [file for file in code if "demo" not in file.parts]  # the demo talks to shells of its own
    read = {name for file in code for name in re.findall(r"(?<![A-Z_])CUSTODY_[A-Z_]*[A-Z]", file.read_text("utf-8"))}
    assert "CUSTODY_DATA" in read
    rows = re.findall(r"^\|([^|]*)\|", (ROOT / "docs/operators.md").read_text("utf-8"), re.MULTILINE)
    assert read - set(re.findall(r"`(\w+)`", "".join(rows))) == set()


def test_the_views_are_told_downstream_column_by_column() -> None:
    """The page promises exactly the views and columns there are: none that is missing, none kept quiet about."""
    assert columns_told() == columns_there()


def columns_there() -> dict[str, set[str]]:
    """Return the columns of every view, as views.sql and tables.sql say."""
    tables = {
        name: set(re.findall(r"^    (\w+) (?!key)", body, re.MULTILINE)) - {"primary"}
        for name, body in re.findall(
            r"^create table \{schema\}\.(\w+) \((.*?)^\);", sql("tables.sql"), re.MULTILINE | re.DOTALL
        )
    }
    views = {}
    for name, selected, source in re.findall(
        r"create or replace view read\.(\w+) as\s+select (.*?)\s+from (.*?);",
        re.sub(r"\(select [^()]*\)", "()", sql("views.sql")),
        re.DOTALL,
    ):
        alias = {short: table for table, short in re.findall(r"\{schema\}\.(\w+) (\w)\b", source)}
        columns: set[str] = set()
        for item in re.sub(r"\([^()]*\)", "", selected).split(","):
            last = item.split()[-1]
            columns |= tables[alias[last[0]]] if last.endswith(".*") else {last.rpartition(".")[2]}
        views[name] = columns
    return views


def columns_told() -> dict[str, set[str]]:
    """Return the columns that downstream.md names, with the two that it says every view but three has."""
    page = (ROOT / "docs/downstream.md").read_text("utf-8")
    told = {}
    for heading, body in re.findall(r"^### (read\..*?)\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL):
        names = re.findall(r"read\.(\w+)", heading)
        rows = [line.split("|")[1:3] for line in body.splitlines() if line.startswith("| `")]
        if len(names) == 1:
            told[names[0]] = {column for first, _ in rows for column in re.findall(r"`(\w+)`", first)}
        else:
            told |= {first.strip(" `"): set(re.findall(r"`(\w+)`", second)) for first, second in rows}
    ends = {"complete_to_position", "complete_to"}
    return {
        name: columns if name in ("progress_v1", "publishing_v1", "holding_v1") else columns | ends
        for name, columns in told.items()
    }


def sql(name: str) -> str:
    return re.sub(r"--.*", "", (ROOT / "projections" / "tables" / name).read_text("utf-8"))


def test_every_test_that_the_table_of_faults_names_is_there() -> None:
    """A row of docs/faults-tried.md says which test holds it; the name must lead to one."""
    table = (ROOT / "docs" / "faults-tried.md").read_text("utf-8")
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", table)
    assert len(named) > 100
    for path, name in named:
        assert f"def {name}" in (ROOT / path).read_text("utf-8"), f"{path}::{name}"
