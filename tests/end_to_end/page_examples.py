"""The examples of the pages: each command with what the page shows of its answer, compared but for what a run chooses.

`python -m tests.end_to_end.page_examples DATA` runs them against the ledger of a demo that was kept, and prints each
answer that is not what its page shows: that is how a page is brought up to date.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.integration.forking import run_custody

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = ("README.md", "docs/auditors.md", "docs/obligations.md", "docs/knowledge.md", "docs/sharing.md")
NOT_RUN: Final = {
    "adopt": "changes which rules are in force",
    "waive": "excuses an agency",
    "declare": "changes whose silence counts",
    "PLACE": "stands for what the answer before ended with",
    "./": "a file of the reader's",
}
_OF_THE_SHELL: Final = re.compile(r"[|<>$`;&*~]")
_BLOCK: Final = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATIENCE_SECONDS: Final = 120
_CHOSEN_BY_A_RUN: Final = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b(positions?|entry|number|of batch|up to) [\d,]+"), r"\1 N"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "MOMENT"),
    (re.compile(r"\b(complete to +)\S+( \S+)?"), r"\1MOMENT"),
    (re.compile(r"in \d+\.\d s"), "in S s"),
    (re.compile(r"[\d,]+ (entries|messages|batches|items)\b"), r"N \1"),
    (re.compile(r"\s+"), " "),
)
"""Ids, positions and numbers follow from the order in which messages of several topics were met."""


class Example(NamedTuple):
    """A command of a page; `shown` is what the page shows of its answer, each piece in one go."""

    page: str
    command: str
    shown: tuple[str, ...]


def examples() -> list[Example]:
    """Return every example of the pages that asks a ledger something."""
    found: list[Example] = []
    for page in PAGES:
        for language, text in _BLOCK.findall((ROOT / page).read_text("utf-8")):
            found += _asked(page, text) if language == "sh" else _answered(page, text)
    return [one for one in found if not any(word in one.command for word in NOT_RUN)]


def _asked(page: str, text: str) -> Iterator[Example]:
    for line in text.splitlines():
        if line.startswith("custody "):
            yield Example(page, line.partition("  #")[0].partition(" # ")[0].strip(), ())


def _answered(page: str, text: str) -> Iterator[Example]:
    if text.startswith("$ custody "):
        command, _, answer = text.removeprefix("$ ").partition("\n")
        pieces = [piece.strip("\n") for piece in re.split(r"^ *\.\.\.$", answer, flags=re.MULTILINE)]
        yield Example(page, command, tuple(piece for piece in pieces if piece))


def ask(example: Example, data: Path) -> "subprocess.CompletedProcess[str]":
    """Ask the ledger on `data` as the page's reader does; what needs no shell is spared the command's imports."""
    told = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CUSTODY_DATA": str(data),
    }
    words = shlex.split(example.command)
    if words[0] == "custody" and not _OF_THE_SHELL.search(example.command):
        done = run_custody(words[1:], told, timeout=_PATIENCE_SECONDS)
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example.command],
        env=told,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


def differences(example: Example, answer: str) -> list[str]:
    """Return each piece the page shows that does not stand in the answer, in order."""
    rest, missing = plain(answer), []
    for piece in example.shown:
        _, found, after = rest.partition(plain(piece))
        if found:
            rest = after
        else:
            missing.append(piece)
    return missing


def plain(text: str) -> str:
    """Return text without what a run chooses, on one line."""
    for pattern, instead in _CHOSEN_BY_A_RUN:
        text = pattern.sub(instead, text)
    return text.strip()


def wrong_examples(data: Path) -> Iterator[str]:
    """Yield what is wrong with each example: how it ended, or what its page shows and the answer does not."""
    for example in examples():
        done = ask(example, data)
        if done.returncode != 0:
            yield f"{example.page}: `{example.command}` ended with {done.returncode}: {done.stderr}"
        elif missing := differences(example, done.stdout):
            shown = "\n---\n".join(missing)
            yield f"{example.page}: `{example.command}` shows\n{shown}\nand the answer is\n{done.stdout}"


if __name__ == "__main__":
    wrong = list(wrong_examples(Path(sys.argv[1])))
    print("\n\n".join(wrong) or f"all {len(examples())} examples are as shown")
    sys.exit(bool(wrong))
