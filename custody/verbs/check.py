"""The verb that judges events before they are sent: `check`, which needs no server and no ledger."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from custody.verbs.options import Json
from custody.verbs.sending import opened_file, sender_named

if TYPE_CHECKING:
    from io import BufferedReader

    from ledger.agencies import Agency

_PIECE: Final = 65_536


def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="Events as JSON, one a line or not; - is standard input.")
    ],
    agency: Annotated[str | None, typer.Option(help="Who will send them: then also whether it may (rule H2).")] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with events before they are sent, without any server.

    Each event is read by intake's own rules of form: every fault is told at once, with the line, the event's id, the
    member and the cure. What depends on what the ledger holds (order, positions, identifiers) only intake can say. Exit
    status 1 where an event has a fault or there is none.

    \b
    Examples:
      custody check events.jsonl
      custody check --agency ORR --json - < release.json
    """
    from custody.errors import FAILED, Problem
    from custody.shown.printing import print_json

    sender = None if agency is None else sender_named(agency)
    told: list[dict[str, Any]] = []
    with nullcontext(sys.stdin.buffer) if file == "-" else opened_file(file) as raw:
        for one in _checked(cast("BufferedReader", raw), sender):
            told.append(one)
            if not as_json:
                _print(one)
    faulty = sum(bool(one["faults"]) for one in told)
    if as_json:
        print_json({"events": len(told), "faulty": faulty, "checked": told})
    elif told and not faulty:
        print(f"{_events(len(told))} checked; all of the form that intake asks for")
    if not told:
        raise Problem("there is no event in the input: give CloudEvents as JSON, one a line", FAILED)
    if faulty:
        if as_json:
            raise typer.Exit(FAILED)
        raise Problem(f"{_events(len(told))} checked, {faulty} with faults; nothing was sent", FAILED)


def _checked(source: "BufferedReader", sender: "Agency | None") -> Iterator[dict[str, Any]]:
    from custody.errors import FAILED, Problem
    from custody.verbs.event_checks import check_event
    from producers.client.event_lines import Event, EventReader, InputError

    reader = EventReader()
    try:
        while True:
            piece = source.read1(_PIECE)
            for read in reader.feed(piece) if piece else reader.end():
                if not isinstance(read, Event):
                    yield _shown(read.line, None, None, [{"code": "H0", "message": read.problem, "member": None}], [])
                    continue
                one = check_event(read.data, sender)
                faults = [{"code": each.code, "message": each.message, "member": each.member} for each in one.faults]
                remarks = [{"code": each.code, "message": each.message} for each in one.remarks]
                yield _shown(read.line, one.id, one.type, faults, remarks)
            if not piece:
                return
    except InputError as error:
        raise Problem(str(error), FAILED) from None


def _shown(line: int, id: str | None, wire: str | None, faults: list[Any], remarks: list[Any]) -> dict[str, Any]:
    return {"line": line, "id": id, "type": wire, "faults": faults, "remarks": remarks}


def _print(one: dict[str, Any]) -> None:
    from readers.text.wording import printable

    if not one["faults"] and not one["remarks"]:
        return
    named = "" if one["id"] is None else f", id {printable(one['id'])}"
    wire = "" if one["type"] is None else f", {printable(one['type'])}"
    print(f"line {one['line']}{named}{wire}")
    for fault in one["faults"]:
        print(f"    {fault['code']}: {printable(fault['message'])}")
    for remark in one["remarks"]:
        print(f"    finding {remark['code']}: {printable(remark['message'])}")


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"
