"""What verify found wrong: the first of each kind by name, and how many more there are."""

from typing import Any, Final

MOST_NAMED: Final = 20


class Wrongs:
    """Takes findings without end and keeps the first."""

    def __init__(self) -> None:
        self.named: list[dict[str, Any]] = []
        self.more = 0

    def add(self, **finding: Any) -> None:
        """Take in one finding."""
        if len(self.named) < MOST_NAMED:
            self.named.append(finding)
        else:
            self.more += 1
