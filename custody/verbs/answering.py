"""What every verb that asks shares: the connection, the moments, and what cannot be answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from custody.verbs.options import Data

if TYPE_CHECKING:
    from psycopg import Connection

    from custody.supervision.where import Where
    from ledger.times import When


def moment(text: str | None, option: str) -> "When | None":
    """Read T where it was given; `option` is named when it is no time."""
    from readers.moments import parse_moment

    return None if text is None else parse_moment(text, option=option)


@contextmanager
def connected(data: Data) -> "Iterator[tuple[Connection[tuple[Any, ...]], Where]]":
    """Give a connection for reading, and where the servers are."""
    from custody.supervision.where import find_where
    from readers.snapshot import connect

    where = find_where(data)
    with connect(where.database_url) as connection:
        yield connection, where


@contextmanager
def answering() -> Iterator[None]:
    """Turn what cannot be answered into the exit codes of the contract."""
    from custody.errors import FAILED, NO_SUCH_THING, WRONG_USAGE, Problem
    from ledger.entry import UnknownWireNameError
    from readers.unanswerable import NothingKnownError, NotShownError, WrongQuestionError

    try:
        yield
    except WrongQuestionError as error:
        raise Problem(str(error), WRONG_USAGE) from None
    except NothingKnownError as error:
        raise Problem(str(error), NO_SUCH_THING) from None
    except (NotShownError, UnknownWireNameError) as error:
        raise Problem(str(error), FAILED) from None
