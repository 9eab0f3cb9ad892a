"""`custody corrections`: what was corrected in a period, and who still holds the old value."""

from typing import Annotated

import typer

from custody.verbs.options import Data, Json
from custody.verbs.reading import AtLeast, Basis, RecordedBy


def corrections(
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Recorded at T or later; a day from its beginning.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="T", help="Recorded at T or earlier.")] = None,
    by: Annotated[str | None, typer.Option(metavar="A", help="Issued by this agency or group.")] = None,
    agency: Annotated[
        str | None,
        typer.Option(metavar="A", help="Only those of which this agency or group holds the old value."),
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(metavar="T", help="Who still held the old value at T; default: --recorded-by.")
    ] = None,
    recorded_by: RecordedBy = None,
    basis: Basis = None,
    at_least: AtLeast = None,
    limit: Annotated[int, typer.Option(metavar="N", help="So many on a page.")] = 1000,
    after: Annotated[int, typer.Option(metavar="POSITION", help="The page after this position.")] = 0,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List the corrections of all children in a period, and who still holds the old value.

    An agency still holds it that knows the corrected member of the entry and not yet its new value.

    \b
    Examples:
      custody corrections --from 2022-03-01 --to 2022-03-31
      custody corrections --from 2022-03-01 --by ORR --agency ICE-ERO --known-at 2022-06-30 --json
    """
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.answering import answering, connected, moment
    from readers.child.known_set import parse_viewpoint
    from readers.corrections import CorrectionsAsked
    from readers.corrections import corrections as corrections_of
    from readers.text.corrections_text import corrections_lines

    with answering():
        asked = CorrectionsAsked(
            since=moment(since, "--from"),
            until=moment(until, "--to"),
            by=None if by is None else parse_viewpoint(by, None, None, option="--by"),
            holder=parse_viewpoint(agency, basis, at_least, option="--agency"),
            known_at=moment(known_at, "--known-at"),
            recorded_by=moment(recorded_by, "--recorded-by"),
            limit=limit,
            after=after,
        )
        with connected(data) as (connection, _):
            answer = corrections_of(connection, asked)
    if as_json:
        print_json(answer)
    else:
        print_lines(corrections_lines(answer))
