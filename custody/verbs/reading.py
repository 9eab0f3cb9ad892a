"""The verbs that ask: the record of a child as of any moment, figures, findings, and whether all is there yet."""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer

from custody.verbs.answering import answering, connected, moment
from custody.verbs.options import Data, Json

Child = Annotated[
    str, typer.Argument(metavar="CHILD", help="A ledger id, scheme:value, or an A-number in any usual spelling.")
]
HappenedBy = Annotated[
    str | None,
    typer.Option(metavar="T", help="What had happened by T; default: the end of the day of --known-at."),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="A",
        help="As this agency or group (ICE, DHS) knew it; default: the ledger. Records no knowledge.",
    ),
]
KnownAt = Annotated[
    str | None, typer.Option(metavar="T", help="What --as knew at T; default: the moment of --recorded-by.")
]
Basis = Annotated[
    str | None, typer.Option(metavar="B", help="any: claimed or proven, whichever is earlier (default); or proven.")
]
AtLeast = Annotated[str | None, typer.Option(metavar="G", help="told, delivered (default), opened or acknowledged.")]
RecordedBy = Annotated[
    str | None,
    typer.Option(metavar="T", help="What the ledger had heard by T; default: all that is settled."),
]


class _Question(NamedTuple):
    """The options of a question as they were written."""

    viewed_as: str | None
    basis: str | None
    at_least: str | None
    known_at: str | None
    happened_by: str | None
    recorded_by: str | None


def view(
    child: Child,
    *,
    viewed_as: As = None,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    recorded_by: RecordedBy = None,
    basis: Basis = None,
    at_least: AtLeast = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the state of a child and the entries it follows from, as of any moment.

    T is a time with its offset, or a day for the end of that day in the ledger's civil time zone.

    \b
    Examples:
      custody view A200-000-017
      custody view orr-id:88123 --happened-by 2022-03-04T20:00:00-05:00 --json
      custody view A200-000-017 --happened-by 2022-03-15 --recorded-by 2022-06-12
      custody view A200-000-017 --as ICE-ERO --known-at 2022-03-04T20:00:00-05:00 --at-least told
    """
    answer = _viewed(child, _Question(viewed_as, basis, at_least, known_at, happened_by, recorded_by), data)
    from custody.shown.printing import print_json, print_text, wants_colour

    if as_json:
        print_json(answer)
        return
    from readers.text.view_text import view_text

    print_text(view_text(answer, colour=wants_colour()))


def timeline(
    child: Child,
    *,
    viewed_as: As = None,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    recorded_by: RecordedBy = None,
    basis: Basis = None,
    at_least: AtLeast = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the entries of a child in the order in which things happened.

    \b
    Examples:
      custody timeline A200-000-017
      custody timeline A200-000-017 --as ICE --known-at 2022-06-12 > timeline.txt
    """
    answer = _viewed(child, _Question(viewed_as, basis, at_least, known_at, happened_by, recorded_by), data)
    from custody.shown.printing import print_json, print_text, wants_colour
    from readers.child.timeline import timeline as in_order
    from readers.text.view_text import timeline_text

    shown = in_order(answer)
    if as_json:
        print_json(shown)
    else:
        print_text(timeline_text(shown, colour=wants_colour()))


def _viewed(child: str, question: _Question, data: Data) -> dict[str, Any]:
    from readers.child.known_set import parse_viewpoint
    from readers.child.view import view as view_of
    from readers.moments import MomentsAsked, parse_child

    with answering():
        name = parse_child(child)
        viewpoint = parse_viewpoint(question.viewed_as, question.basis, question.at_least)
        asked = MomentsAsked(
            happened_by=moment(question.happened_by, "--happened-by"),
            known_at=moment(question.known_at, "--known-at"),
            recorded_by=moment(question.recorded_by, "--recorded-by"),
        )
        with connected(data) as (connection, _):
            return view_of(connection, name, asked, viewpoint)


def knows(
    child: Child,
    *,
    viewed_as: Annotated[
        str | None,
        typer.Option("--as", "--agency", metavar="A", help="Only of this agency or group; default: of all."),
    ] = None,
    grade: Annotated[
        str | None, typer.Option(metavar="G", help="Only moments of this grade: told, delivered, opened, acknowledged.")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="C", help="Only by produced, feed, receipt, notice or read; or by a notice's way, such as email."
        ),
    ] = None,
    fact: Annotated[
        str | None, typer.Option("--type", metavar="FACT", help="Only of this fact, such as released-to-sponsor.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Only moments of T or later; a day from its beginning.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="T", help="Only moments of T or earlier.")] = None,
    recorded_by: RecordedBy = None,
    basis: Basis = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show for each entry which agency was told, had it delivered, opened or acknowledged it, when and how.

    For each agency first its ladder, the first moment of each grade; then what else it was told, e-mails too.

    \b
    Examples:
      custody knows A200-000-017
      custody knows A200-000-017 --as ORR --recorded-by 2022-06-12
      custody knows A200-000-017 --agency ORR --channel email --from 2022-06-01 --to 2022-06-30
      custody knows A200-000-017 --type failure-to-appear-recorded --grade delivered --json
    """
    from custody.shown.printing import print_json, print_lines
    from readers.child.known_set import parse_viewpoint
    from readers.child.who_was_told import Picked
    from readers.child.who_was_told import knows as knows_of
    from readers.moments import MomentsAsked, parse_child
    from readers.text.knows_text import knows_lines

    with answering():
        name = parse_child(child)
        viewpoint = parse_viewpoint(viewed_as, basis, None)
        asked = MomentsAsked(recorded_by=moment(recorded_by, "--recorded-by"))
        picked = Picked(grade, channel, fact, moment(since, "--from"), moment(until, "--to"))
        with connected(data) as (connection, _):
            answer = knows_of(connection, name, asked, viewpoint, picked)
    if as_json:
        print_json(answer)
    else:
        print_lines(knows_lines(answer))


def findings(
    *,
    agency: Annotated[str | None, typer.Option(metavar="A", help="On entries of this agency or group.")] = None,
    office: Annotated[str | None, typer.Option(metavar="O", help="On entries of this office, to the letter.")] = None,
    code: Annotated[str | None, typer.Option(metavar="C", help="Of this rule, such as G1 or W3.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those nobody has resolved.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List the remarks that rules made on accepted entries.

    \b
    Examples:
      custody findings --agency ORR --open
      custody findings --code G1 --json
    """
    from custody.shown.printing import finding_lines, print_json_list, print_lines
    from readers.findings import FindingsAsked
    from readers.findings import findings as findings_of

    def show_json(complete_to: str | None, found: Iterator[dict[str, Any]]) -> None:
        print_json_list({"complete_to": complete_to}, "findings", found)

    def show_text(complete_to: str | None, found: Iterator[dict[str, Any]]) -> None:
        def lines() -> Iterator[str]:
            count = 0
            for count, finding in enumerate(found, start=1):  # noqa: B007 - the last count is the number of findings
                yield from finding_lines(finding)
            yield f"{count:,} finding{'' if count == 1 else 's'}, complete to {complete_to or 'nothing yet'}"

        print_lines(lines())

    with answering(), connected(data) as (connection, _):
        findings_of(connection, FindingsAsked(agency, office, code, only_open), show_json if as_json else show_text)


def wait(
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Give up when the read tables have not moved for so many seconds.")
    ] = 60.0,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Return when all that was accepted so far shows in the read tables.

    \b
    Examples:
      custody wait
      custody wait --timeout 600 && custody figure in-care --on 2022-03-31
    """
    import time

    from custody.shown.printing import print_json, print_text
    from readers.waiting import accepted, wait_until_shown

    with answering(), connected(data) as (connection, _):
        position = accepted(connection)
        shown = wait_until_shown(connection, position, patience_seconds=timeout, now=time.monotonic, sleep=time.sleep)
    if as_json:
        print_json({"position": position, "shown": shown.position, "set_aside_children": shown.parked})
        return
    print_text(f"the read tables show everything up to position {shown.position}\n")
    if shown.parked:
        print_text(f"but for {shown.parked} children, whose entries are set aside: see `custody set-aside list`\n")
