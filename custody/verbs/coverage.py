"""`custody coverage`: which facts agencies send here, and declaring it: without it nobody's silence is a breach."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custody.verbs.options import Data, Json
from custody.verbs.reading import RecordedBy

if TYPE_CHECKING:
    from ledger.facts import CoverageDeclared


def show(
    *,
    agency: Annotated[str | None, typer.Option(metavar="A", help="Only what this agency or group sends.")] = None,
    recorded_by: RecordedBy = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show what was declared, and what of it is in force.

    \b
    Examples:
      custody coverage show
      custody coverage show --agency ORR --json
    """
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.answering import answering, connected, moment
    from readers.covered import covered
    from readers.text.covered_text import coverage_lines

    with answering():
        recorded = moment(recorded_by, "--recorded-by")
        with connected(data) as (connection, _):
            found = covered(connection, agency=agency, recorded_by=recorded)
    if as_json:
        print_json(found)
    else:
        print_lines(coverage_lines(found))


def declare(
    *,
    agency: Annotated[str, typer.Option("--agency", metavar="A", help="The agency that sends them.")],
    facts: Annotated[
        list[str], typer.Option("--fact", metavar="NAME", help="A fact it sends, such as nta-served; give it again.")
    ],
    since: Annotated[str, typer.Option("--since", metavar="DAY", help="The first day of this.")],
    until: Annotated[str | None, typer.Option("--until", metavar="DAY", help="The last day; none: no end.")] = None,
    door: Annotated[str, typer.Option("--door", metavar="DOOR", help="command, feed or import.")] = "feed",
    ends: Annotated[
        bool, typer.Option("--ends", help="It does not send them in that time, whatever was declared before.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the entry.")],
    preview: Annotated[
        bool, typer.Option("--preview", help="Record nothing; say which duties would be counted otherwise.")
    ] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="When; only on a ledger whose clock is driven.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Declare, as the ledger's steward, that an agency sends facts here: what it is silent of then counts as missed.

    It acts from now on, on the days it names, be they past; as recorded by before, nothing changes. Of two declarations
    about a fact and a day the later one decides: with --ends the agency sends the fact no longer, or never did.

    \b
    Examples:
      custody coverage declare --agency ORR --fact discharge-notified --since 2024-01-01 --reason "interface in service"
      custody coverage declare --agency ORR --fact discharge-notified --since 2025-06-01 --ends --reason "switched off"
      custody coverage declare --agency EOIR --fact hearing-notice-served --since 2024-01-01 --reason "x" --preview
    """
    from custody.errors import WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.steward import as_steward
    from ledger.store.covering import NotDeclaredError, coverage
    from ledger.store.covering import declare as record
    from ledger.times import write_clock
    from readers.text.covered_text import preview_lines

    try:
        fact = coverage(
            agency=agency,
            facts=facts,
            since=_day(since, "--since"),
            until=None if until is None else _day(until, "--until"),
            door=door,
            sends=not ends,
            reason=reason,
        )
    except NotDeclaredError as error:
        raise Problem(f"not declared: {error}", WRONG_USAGE) from None
    if preview:
        changes = _preview(data, fact)
        if as_json:
            print_json(changes)
        else:
            print_lines(preview_lines(changes))
        return
    with as_steward(data, at, undone="not declared") as (ledger, settings, moment):
        try:
            entry = record(ledger, settings, fact, at=moment)
        except NotDeclaredError as error:
            raise Problem(f"not declared: {error}") from None
    if as_json:
        told = {"position": entry.position, "recorded_at": write_clock(entry.recorded_at)}
        print_json({**told, **fact.model_dump(mode="json")})
    else:
        verb = "sends" if fact.sends else "does not send"
        print_lines([f"declared at position {entry.position}: {agency} {verb} {', '.join(fact.facts)}"])


def _preview(data: Data, fact: "CoverageDeclared") -> dict[str, Any]:
    from custody.verbs.answering import answering, connected
    from readers.covered import difference

    with answering(), connected(data) as (connection, _):
        return difference(connection, fact)


def _day(text: str, option: str) -> date:
    from custody.errors import WRONG_USAGE, Problem
    from ledger.times import parse_day

    try:
        return parse_day(text.strip())
    except ValueError as error:
        raise Problem(f"not declared: {option} {text!r}: {error}; nothing was recorded", WRONG_USAGE) from None
