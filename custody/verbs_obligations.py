"""`custody obligations`: what was owed for a child, by when, and whether it was done; and excusing an agency."""

from typing import Annotated

import typer

from custody.options import Data, Json
from custody.verbs_reading import Child, RecordedBy


def show(
    child: Child,
    *,
    agency: Annotated[str | None, typer.Option(metavar="A", help="Only what obliges this agency or group.")] = None,
    state: Annotated[
        str | None,
        typer.Option(metavar="S", help="open, met, late, missed, waived, withdrawn, undated or not-measurable."),
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="T", help="As of T; default, and never later than: --recorded-by.")
    ] = None,
    recorded_by: RecordedBy = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show what was owed for a child, by when, and whether it was done: law, regulation, policy and target apart.

    Overdue as known on a day: give it as --recorded-by. As known now: give it as --on alone.

    \b
    Examples:
      custody obligations A200-000-017
      custody obligations A200-000-017 --agency ORR --state missed --recorded-by 2022-07-01
      custody obligations orr-id:88123 --on 2022-07-01 --json
    """
    from custody.answering import answering, connected, moment
    from custody.printing import print_json, print_lines
    from readers.moments import parse_child
    from readers.obligation_text import obligation_lines
    from readers.obligations import Sought, checked, owed

    with answering():
        name = parse_child(child)
        sought = checked(Sought(agency, state))
        as_of, recorded = moment(on, "--on"), moment(recorded_by, "--recorded-by")
        with connected(data) as (connection, _):
            answer = owed(connection, name, on=as_of, recorded_by=recorded, sought=sought)
    if as_json:
        print_json(answer)
    else:
        print_lines(obligation_lines(answer))


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
    from custody.printing import print_json, print_lines
    from custody.steward import as_steward
    from ledger.facts import ObligationWaived
    from ledger.obligations import shipped_rules
    from ledger.offices import shipped_offices
    from ledger.times import write_clock
    from ledger.waiving import NotWaivedError
    from ledger.waiving import waive as record
    from projections.waivable import why_not

    given = {"rule": rule, "position": position, "obliged": agency, "reason_code": code, "reason": reason}
    try:
        fact = ObligationWaived.model_validate(given if towards is None else {**given, "towards": towards})
    except ValidationError as error:
        fault = error.errors()[0]
        named = {"obliged": "--agency", "reason_code": "--code"}.get(str(fault["loc"][0]), f"--{fault['loc'][0]}")
        raise Problem(f"{named}: {fault['msg']}; nothing was recorded", WRONG_USAGE) from None
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
