"""`custody set-aside`: what could not be read or not be applied, and how it is tried again."""

from typing import Annotated

import typer

from custody.answering import answering, connected
from custody.options import Data, Json

Which = Annotated[str, typer.Argument(metavar="NUMBER|CHILD", help="As `custody set-aside list` shows it.")]


def list_all(data: Data = None, as_json: Json = False) -> None:
    """List messages that could not be read, and children whose entries could not be applied.

    \b
    Examples:
      custody set-aside list
      custody set-aside list --json
    """
    from custody.printing import print_json, print_text, set_aside_line
    from readers.set_aside import listed

    with answering(), connected(data) as (connection, _):
        everything = listed(connection)
    if as_json:
        print_json({"set_aside": everything})
        return
    print_text("".join(f"{set_aside_line(one)}\n" for one in everything) or "nothing is set aside\n")


def show(which: Which, data: Data = None, as_json: Json = False) -> None:
    """Show one of them in full: a message with its bytes and headers, a child with all that waits.

    \b
    Examples:
      custody set-aside show 3
    """
    from custody.printing import print_json, print_text, set_aside_lines
    from readers.set_aside import parse_which, shown

    with answering(), connected(data) as (connection, _):
        one = shown(connection, parse_which(which))
    if as_json:
        print_json(one)
    else:
        print_text("".join(f"{line}\n" for line in set_aside_lines(one)))


def retry(which: Which, data: Data = None, as_json: Json = False) -> None:
    """Send a message again as it was, or have a child's waiting entries applied again.

    What still cannot be read or applied is set aside once more; nothing is lost and nothing is recorded twice.

    \b
    Examples:
      custody set-aside retry 3
      custody set-aside retry 0190e3c4-5b1a-7cc3-8f2e-0123456789ab
    """
    from custody.printing import print_json, print_text
    from custody.retrying import apply_again, send_again
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
            said = f"the projections were asked to apply the entries of {chosen} again: see `custody set-aside list`"
    if as_json:
        print_json(done)
    else:
        print_text(f"{said}\n")
