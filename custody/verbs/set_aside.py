"""`custody set-aside`: what could not be read or not be applied, and how it is tried again."""

from typing import Annotated

import typer

from custody.verbs.answering import answering, connected
from custody.verbs.options import Data, Json

Which = Annotated[str, typer.Argument(metavar="NUMBER|CHILD", help="As `custody set-aside list` shows it.")]


def list_all(
    everything: Annotated[
        bool, typer.Option("--all", help="Also messages that were sent again or closed, with when, by whom and why.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List messages kept as dead letters, and children of whom a role could not do its work (blocked records).

    A message is kept when nobody could read it, when a fault of the ledger met it, when its record batch cannot be
    unpacked, or as a note of what was lost with its topic.

    \b
    Examples:
      custody set-aside list
      custody set-aside list --all --json
    """
    from custody.shown.printing import print_json, print_text, set_aside_line
    from readers.set_aside import listed

    with answering(), connected(data) as (connection, _):
        found = listed(connection, closed=everything)
    if as_json:
        print_json({"set_aside": found})
        return
    print_text("".join(f"{set_aside_line(one)}\n" for one in found) or "nothing is set aside\n")


def show(which: Which, data: Data = None, as_json: Json = False) -> None:
    """Show one of them in full: a message with its bytes and headers, a child with all that waits.

    \b
    Examples:
      custody set-aside show 3
    """
    from custody.shown.printing import print_json, print_text, set_aside_lines
    from readers.set_aside import parse_which, shown

    with answering(), connected(data) as (connection, _):
        one = shown(connection, parse_which(which))
    if as_json:
        print_json(one)
    else:
        print_text("".join(f"{line}\n" for line in set_aside_lines(one)))


def retry(which: Which, data: Data = None, as_json: Json = False) -> None:
    """Send a message again as it was, or have a child's waiting entries applied again.

    What still cannot be read or applied is set aside once more; nothing is lost and nothing is recorded twice. A
    message of which only a part is kept is read again from its topic, if it is still there.

    \b
    Examples:
      custody set-aside retry 3
      custody set-aside retry 0190e3c4-5b1a-7cc3-8f2e-0123456789ab
    """
    from custody.shown.printing import print_json, print_text
    from custody.verbs.retrying import apply_again, send_again
    from readers.set_aside import parse_which, shown

    with answering(), connected(data) as (connection, where):
        chosen = parse_which(which)
        if isinstance(chosen, int):
            message = send_again(connection, where.bootstrap, chosen)
            done = {"kind": "message", "number": chosen, "sent_to": message.topic}
            said = f"message {chosen} was sent to {message.topic} again"
        else:
            shown(connection, chosen)  # nothing of that child set aside: say so
            apply_again(connection, chosen)
            done = {"kind": "child", "child": str(chosen)}
            said = f"the roles were asked to try what waits of {chosen} again: see `custody set-aside list`"
    if as_json:
        print_json(done)
    else:
        print_text(f"{said}\n")


def close(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER...", help="As `custody set-aside list` shows them.")],
    reason: Annotated[str, typer.Option("--reason", help="Why nothing more is to be done; kept with who and when.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Close messages kept as dead letters of which nothing more is to be done, so that they count no longer.

    They stay, with their bytes, and `custody set-aside list --all` shows who closed them, when and why.

    \b
    Examples:
      custody set-aside close 3 4 --reason 'test messages of the new vendor'
    """
    from custody.errors import NO_SUCH_THING, WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_text
    from custody.verbs.retrying import close_letters

    if not reason.strip():
        raise Problem("--reason is empty; nothing was closed; say why nothing more is to be done", WRONG_USAGE)
    with answering(), connected(data) as (connection, _):
        closed = close_letters(connection, numbers, reason.strip())
    unknown = sorted(set(numbers) - set(closed))
    if as_json:
        print_json({"closed": closed, "not_open": unknown})
    else:
        print_text("".join(f"message {number} is closed\n" for number in closed))
    if unknown:
        named = ", ".join(map(str, unknown))
        raise Problem(f"not open, or not there: {named}; see `custody set-aside list --all`", NO_SUCH_THING)
