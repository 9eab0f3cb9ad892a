"""Named SQL: a file holds `-- name: x` lines, each followed by one statement."""

import re
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def named(path: Path) -> dict[str, str]:
    """Return the statements of a file by name, without comments and indentation.

    So the longest stays below 4,096 bytes: how a longer text is sent psycopg works out anew each time, in 50
    microseconds.
    """
    parts = _NAME.split(path.read_text())[1:]
    return dict(zip(parts[::2], map(_bare, parts[1::2]), strict=True))


def _bare(statement: str) -> str:
    lines = (line.strip() for line in statement.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("--"))
