"""Named SQL: a file holds `-- name: x` lines, each followed by one statement."""

import re
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def named(path: Path) -> dict[str, str]:
    """Return the statements of a file by name."""
    parts = _NAME.split(path.read_text())[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
