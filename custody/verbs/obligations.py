"""`custody obligations`: what was owed for a child or for all, by when, and whether it was done; and excusing."""

from typing import TYPE_CHECKING, Annotated

import typer

from custody.verbs.options import Data, Json
from custody.verbs.reading import RecordedBy

if TYPE_CHECKING:
    from readers.obligations.one_child import DutiesAsked


def show(
    child: Annotated[
        str | None, typer.Argument(metavar="[CHILD]", help="A child, as elsewhere; none: the whole population.")
    ] = None,
    *,
    agency: Annotated[str | None, typer.Option(metavar="A", help="Only what obliges this agency or group.")] = None,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="S", help="open, met, late, missed, not-covered, waived, withdrawn, undated, not-measurable."
        ),
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="Only duties of this rule, such as D10 (no CHILD).")
    ] = None,
    towards: Annotated[
        str | None, typer.Option("--towards", metavar="B", help="Only what is owed to this agency or group.")
    ] = None,
    office: Annotated[
        str | None, typer.Option("--office", metavar="O", help="Only what an entry of this office opened.")
    ] = None,
    due_from: Annotated[
        str | None, typer.Option("--due-from", metavar="T", help="Only what is due at T or later.")
    ] = None,
    due_to: Annotated[str | None, typer.Option("--due-to", metavar="T", help="Only what is due by T.")] = None,
    on: Annotated[
        str | None, typer.Option(metavar="T", help="As of T; default, and never later than: --recorded-by.")
    ] = None,
    recorded_by: RecordedBy = None,
    listed: Annotated[bool, typer.Option("--list", help="List the duties, too, page by page (no CHILD).")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="Duties on a page.")] = 100,
    after: Annotated[
        str | None, typer.Option("--after", metavar="PLACE", help="The next page: what this one says under `next`.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show what was owed, by when, and whether it was done: law, regulation, policy and target apart.

    For a child, its duties; without a child, how many there are by rule, body and state, and with --list each of them,
    what is due first before the others. Overdue as known on a day: give it as --recorded-by. As known now: give it as
    --on alone.

    \b
    Examples:
      custody obligations
      custody obligations --agency ICE --state missed --list --limit 20
      custody obligations --rule T1 --on 2022-07-01 --json
      custody obligations --towards ICE --office "SWK Houston" --due-from 2022-03-01 --due-to 2022-03-31 --list
      custody obligations A200-000-017
      custody obligations A200-000-017 --agency ORR --state missed --recorded-by 2022-07-01
      custody obligations orr-id:88123 --on 2022-07-01 --json
    """
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.answering import answering, connected, moment
    from readers.moments import parse_child
    from readers.obligations.one_child import checked, owed
    from readers.text.obligation_text import obligation_lines

    if child is None:
        _show_all(
            (agency, state, towards, office, due_from, due_to),
            rule,
            on=on,
            recorded_by=recorded_by,
            paged=(limit, after) if listed or after is not None else None,
            data=data,
            as_json=as_json,
        )
        return
    with answering():
        _check_no_pages(rule, listed, after)
        name = parse_child(child)
        as_of, recorded = moment(on, "--on"), moment(recorded_by, "--recorded-by")
        with connected(data) as (connection, where):
            sought = checked(_sought(agency, state, towards, office, due_from, due_to, zone=where.zone))
            answer = owed(connection, name, on=as_of, recorded_by=recorded, sought=sought)
    if as_json:
        print_json(answer)
    else:
        print_lines(obligation_lines(answer))


def _check_no_pages(rule: str | None, listed: bool, after: str | None) -> None:
    from readers.unanswerable import WrongQuestionError

    for option, given in (("--rule", rule is not None), ("--list", listed), ("--after", after is not None)):
        if given:
            raise WrongQuestionError(f"{option} is of the whole population; leave it out, or leave out CHILD")


_Filters = tuple[str | None, str | None, str | None, str | None, str | None, str | None]


def _sought(  # noqa: PLR0917
    agency: str | None,
    state: str | None,
    towards: str | None,
    office: str | None,
    due_from: str | None,
    due_to: str | None,
    *,
    zone: str,
) -> "DutiesAsked":
    from custody.verbs.answering import moment
    from ledger.times import first_instant, last_instant
    from readers.obligations.one_child import DutiesAsked

    start, end = moment(due_from, "--due-from"), moment(due_to, "--due-to")
    return DutiesAsked(
        agency,
        state,
        towards,
        None if start is None else first_instant(start, zone),
        None if end is None else last_instant(end, zone),
        office,
    )


def _show_all(
    filters: _Filters,
    rule: str | None,
    *,
    on: str | None,
    recorded_by: str | None,
    paged: tuple[int, str | None] | None,
    data: Data,
    as_json: bool,
) -> None:
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.answering import answering, connected, moment
    from readers.obligations.duty_pages import read_place
    from readers.obligations.owed_by_all import DutyPage, checked_population, owed_by_all
    from readers.text.duties_text import duties_lines
    from readers.unanswerable import WrongQuestionError

    with answering():
        page = None
        if paged is not None:
            limit, after = paged
            page = DutyPage(limit, None if after is None else read_place(after))
        as_of, recorded = moment(on, "--on"), moment(recorded_by, "--recorded-by")
        if page is not None and page.after is not None and (as_of is not None or recorded is not None):
            raise WrongQuestionError("--after goes on as of the moments of its page; leave out --on and --recorded-by")
        with connected(data) as (connection, where):
            chosen = checked_population(_sought(*filters, zone=where.zone), rule, page)
            answer = owed_by_all(connection, chosen, on=as_of, recorded_by=recorded, page=page)
    if as_json:
        print_json(answer)
    else:
        print_lines(duties_lines(answer))


def waive(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule, such as D2.")],
    position: Annotated[int, typer.Argument(metavar="POSITION", min=1, help="Of the entry that opened the duty.")],
    *,
    agency: Annotated[str, typer.Option("--agency", metavar="A", help="Who is excused.")],
    towards: Annotated[
        str | None, typer.Option(metavar="B", help="Only towards this agency; default: towards every one.")
    ] = None,
    code: Annotated[str, typer.Option("--code", metavar="CODE", help="Why, by code: surge-or-influx, other.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in words; kept with the entry.")],
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="When; only on a ledger whose clock is driven.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Excuse an agency from a duty, as the ledger's steward: from now on it is waived, not missed or late.

    What was done in time stays met. As of before, and as recorded by before, nothing changes.

    \b
    Examples:
      custody obligations waive D2 812 --agency CBP --code surge-or-influx --reason "influx declared on 3 March"
    """
    from pydantic import ValidationError

    from custody.errors import WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.steward import as_steward
    from ledger.facts import ObligationWaived
    from ledger.model_words import in_words
    from ledger.obligations.offices import shipped_offices
    from ledger.obligations.shipped import shipped_rules
    from ledger.store.waiving import NotWaivedError
    from ledger.store.waiving import waive as record
    from ledger.times import write_clock
    from projections.obligations.waivable import why_not

    given = {"rule": rule, "position": position, "obliged": agency, "reason_code": code, "reason": reason}
    try:
        fact = ObligationWaived.model_validate(given if towards is None else {**given, "towards": towards})
    except ValidationError as error:
        fault = error.errors()[0]
        named = {"obliged": "--agency", "reason_code": "--code"}.get(str(fault["loc"][0]), f"--{fault['loc'][0]}")
        raise Problem(f"{named}: {in_words(fault)}; nothing was recorded", WRONG_USAGE) from None
    with as_steward(data, at, undone="not waived") as (ledger, settings, moment):
        rules, offices = shipped_rules(), shipped_offices()
        try:
            entry = record(
                ledger,
                settings,
                fact,
                judge=lambda its, entries: why_not(its, entries, rules=rules, offices=offices, zone=settings.zone),
                at=moment,
            )
        except NotWaivedError as error:
            raise Problem(f"not waived: {error}") from None
    if as_json:
        print_json({"position": entry.position, "recorded_at": write_clock(entry.recorded_at), "rule": rule})
    else:
        print_lines([f"{rule} of position {position} waived for {agency} at position {entry.position}"])
