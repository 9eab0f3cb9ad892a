"""The one way a verb of `custody` fails: a message a person can act on, and the exit code of the contract."""

from typing import Final

FAILED: Final = 1
WRONG_USAGE: Final = 2
NO_SUCH_THING: Final = 3
UNREACHABLE: Final = 4


class Problem(Exception):
    """What went wrong, where, what was not done, and the cure; shown without a traceback."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
