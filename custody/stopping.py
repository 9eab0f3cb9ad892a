"""What Ctrl-C leaves behind, verb by verb: one sentence on standard error and exit status 1, never a traceback."""

from collections.abc import Sequence
from typing import Final

from custody.errors import FAILED, Problem

STOPPED_BY_CTRL_C: Final = 130
"""What the command line library returns when Ctrl-C ended a verb that has no answer of its own."""
_READ_ONLY: Final = "nothing was changed"
_SENT_OR_NOT: Final = (
    "it may or may not have been sent; run the same command again and look at the agency's outcomes: "
    "a message that is sent twice is recorded once or says the same twice"
)
_RECORDED_OR_NOT: Final = "it was recorded whole or not at all; look before you do it again"

LEFT_BEHIND: Final[dict[str, str]] = {
    **dict.fromkeys(
        "view timeline knows diverge figure findings wait status verify"
        " rules-show rules-diff obligations-show coverage-show check corrections set-aside-list set-aside-show".split(),
        _READ_ONLY,
    ),
    "feed": "the feed was not shown to its end",
    "up": "what runs goes on; see `custody status`",
    "down": "what was asked to stop still stops; see `custody status`, and run `custody down` again",
    "run": "the role ended between two batches",
    "topics": "topics that were made stay; run `custody topics` again",
    "demo": "nothing of it is left running, its data is removed",
    "submit": "lines that were read may or may not have been sent; submit the file again under the same ids: what is "
    "known already is answered as a duplicate",
    "import-hhs-releases": "what was sent is recorded; run the same command again: it goes on where it was",
    "import-notices": "what was sent is recorded; run the same command again: it goes on where it was",
    "receipt": _SENT_OR_NOT,
    "rules-adopt": _RECORDED_OR_NOT,
    "obligations-waive": _RECORDED_OR_NOT,
    "set-aside-retry": _SENT_OR_NOT,
    "set-aside-close": _RECORDED_OR_NOT,
    "coverage-declare": _RECORDED_OR_NOT,
    "backup": "no backup was made, and nothing of it is left",
    "restore": "no ledger was made, and nothing of it is left",
    "rebuild": "the live read tables are as they were; `custody rebuild` begins again",
    "recover": "what was brought back stays; run `custody recover` again before any role is started",
}
"""By the words of the verb, joined by a hyphen. A verb that says more by itself ends with a `Problem` of its own."""


def stopped(words: Sequence[str]) -> Problem:
    """Return what to say when Ctrl-C ended the verb that the command line `words` names."""
    for length in (2, 1):
        left = LEFT_BEHIND.get("-".join(words[:length]))
        if left is not None:
            return Problem(f"stopped; {left}", FAILED)
    # `custody obligations CHILD` is `obligations show`; anything else was stopped before a verb began
    return Problem(f"stopped; {_READ_ONLY}", FAILED)
