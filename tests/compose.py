"""The compose file as Docker would read it: variables put in with their defaults."""

import re
from pathlib import Path
from typing import Any, cast

import yaml

FILE = Path(__file__).parent.parent / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def services() -> dict[str, dict[str, Any]]:
    """Return the services of the file, with every `${NAME:-default}` at its default."""
    return cast("dict[str, dict[str, Any]]", read()["services"])


def read() -> dict[str, Any]:
    """Return the whole file, likewise."""
    text = _VARIABLE.sub(r"\2", FILE.read_text(encoding="utf-8"))
    return cast("dict[str, Any]", yaml.safe_load(text))
