"""`custody diverge`: where two agencies held different things of a child."""

from typing import Annotated

import typer

from custody.verbs.options import Data, Json
from custody.verbs.reading import AtLeast, Basis, Child, RecordedBy


def diverge(
    child: Child,
    a: Annotated[str, typer.Argument(metavar="A", help="An agency, a group (ICE, DHS), or ledger.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same, another one.")],
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="T", help="A day counts from its beginning; default: when either first knew anything."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="T", help="Default, and never later than: --recorded-by.")
    ] = None,
    recorded_by: RecordedBy = None,
    basis: Basis = None,
    at_least: AtLeast = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show when two agencies held different things of a child, what one of them lacked, and what closed the gap.

    Each held what it knew by then of what had happened by then. Against ledger it shows who was wrong: the ledger
    holds an entry from the moment it was recorded.

    \b
    Examples:
      custody diverge A200-000-017 ICE-ERO ORR
      custody diverge A200-000-017 ORR ledger --from 2022-06-01 --to 2022-07-31
      custody diverge A200-000-017 ICE ORR --at-least told --recorded-by 2022-06-12 --json
    """
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.answering import answering, connected, moment
    from readers.child.diverging import Between
    from readers.child.diverging import diverge as compare
    from readers.child.known_set import parse_viewpoint
    from readers.moments import parse_child
    from readers.text.diverge_text import diverge_lines

    with answering():
        name = parse_child(child)
        between = Between(
            parse_viewpoint(a, basis, at_least, option="A"),
            parse_viewpoint(b, basis, at_least, option="B"),
            since=moment(since, "--from"),
            until=moment(until, "--to"),
            recorded_by=moment(recorded_by, "--recorded-by"),
        )
        with connected(data) as (connection, _):
            answer = compare(connection, name, between)
    if as_json:
        print_json(answer)
    else:
        print_lines(diverge_lines(answer))
