"""What `custody status` shows: the servers, the roles, and how far each is behind."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import psycopg
from kafka.errors import KafkaError

from custody.errors import Problem, unreachable
from custody.shown.printing import styled
from custody.supervision import roles
from custody.supervision.lag import measure
from custody.supervision.reach import without_password
from custody.supervision.state import ProcessReport, SupervisorState, read_state
from custody.supervision.where import Where

_NUMBERS: Final = (
    "position",
    "read_position",
    "complete_to",
    "held_position",
    "parked_children",
    "blocked",
    "set_aside",
    "dead_letters",
)
_STYLES: Final = {"running": "good", "elsewhere": "plain", "starting": "warning", "restarting": "warning"}


def status_of(where: Where, *, with_password: bool = False) -> tuple[dict[str, Any], Problem | None]:
    """Return what to show, and the `Problem` when a server did not answer; what nobody can know then is null.

    `problems` names everything that keeps all from being well; `well` says whether it is empty.
    """
    numbers: dict[str, Any] = {}
    unreached = None
    try:
        numbers = asdict(measure(where.database_url, where.bootstrap))
    except (psycopg.Error, KafkaError) as failure:
        unreached = unreachable(failure, where.bootstrap)
        if unreached is None:
            raise
    state = _of_these_servers(where)
    reports = {report.name: report for report in (() if state is None else state.processes)}
    url = where.database_url if with_password else without_password(where.database_url)
    shown = {
        "kafka": {"bootstrap": where.bootstrap, **_process(reports.get("kafka"))},
        "postgres": {"url": url, **_process(reports.get("postgres"))},
        "roles": [{"role": role, **_process(reports.get(role)), "lag": numbers.get(role)} for role in roles.ROLES],
        **{name: numbers.get(name) for name in _NUMBERS},
        "supervisor": None if state is None or state.supervisor.find() is None else state.supervisor.pid,
        "zone": where.zone,
        "clock": where.clock,
        "data": str(where.data),
    }
    problems = _problems(shown)
    if unreached is not None:
        problems.append(unreached.message)
    return {**shown, "well": not problems, "problems": problems}, unreached


def nothing_runs(data: Path, problem: Problem) -> dict[str, Any]:
    """Return the same members for a data folder on which nothing runs."""
    stopped = {"pid": None, "state": "stopped"}
    return {
        "kafka": {"bootstrap": None, **stopped},
        "postgres": {"url": None, **stopped},
        "roles": [{"role": role, **stopped, "lag": None} for role in roles.ROLES],
        **dict.fromkeys(_NUMBERS),
        "supervisor": None,
        "zone": None,
        "clock": None,
        "data": str(data),
        "well": False,
        "problems": [problem.message],
    }


def _problems(shown: dict[str, Any]) -> list[str]:
    """Name what keeps all from being well. A lag is no fault: it says how much is under way."""
    problems = []
    named = (("Kafka", shown["kafka"]), ("PostgreSQL", shown["postgres"]))
    for name, process in (*named, *((f"the role {each['role']}", each) for each in shown["roles"])):
        if process["state"] not in ("running", "elsewhere"):
            reason = f" ({process['reason']})" if process.get("reason") else ""
            problems.append(f"{name} is {process['state']}{reason}")
    if shown["supervisor"] is None and any(each["pid"] for each in shown["roles"]):
        problems.append("the supervisor was killed, so nothing that ends is started again: run `custody up`")
    if shown["parked_children"]:
        problems.append(
            f"{_counted(shown['parked_children'], 'record is', 'records are')} blocked: `custody set-aside list`"
        )
    for role, count in (shown["blocked"] or {}).items():
        problems.append(
            f"{_counted(count, 'record is', 'records are')} blocked in the role {role}: `custody set-aside list`"
        )
    if shown["set_aside"]:
        problems.append(
            f"{_counted(shown['set_aside'], 'message is kept as a dead letter', 'messages are kept as dead letters')}"
            f"{_by_cause(shown['dead_letters'])}: `custody set-aside list`"
        )
    return problems


_CAUSES: Final = {
    "unreadable": "unreadable",
    "fault": "for a fault of the ledger",
    "batch": "a batch nobody can unpack",
    "lost": "lost before it was taken",
}


def _by_cause(dead_letters: dict[str, int] | None) -> str:
    told = [f"{count} {_CAUSES[kind]}" for kind, count in (dead_letters or {}).items() if count]
    return f" ({', '.join(told)})" if told else ""


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def lines(shown: dict[str, Any], *, colour: bool = False) -> list[str]:
    """Return the same for a person to read."""

    def line(name: str, what: str, process: dict[str, Any]) -> str:
        style = _STYLES.get(process["state"], "bad")
        return f"{name:12} {what:32} {styled(_in_words(process), style, colour=colour)}"

    told = [
        line("Kafka", shown["kafka"]["bootstrap"], shown["kafka"]),
        line("PostgreSQL", shown["postgres"]["url"].rsplit("@")[-1], shown["postgres"]),
        *(line(each["role"], _behind(each["lag"]), each) for each in shown["roles"]),
    ]
    if shown["position"] is not None:
        told.append(
            f"{'recorded':12} up to position {shown['position']}; the read tables hold {shown['read_position']}"
            + (f", complete to {shown['complete_to']}" if shown["complete_to"] else "")
        )
        if shown["held_position"] < shown["read_position"]:
            told.append(f"{'held':12} figures as known to agencies have yet to follow, from {shown['held_position']}")
    if shown["well"]:
        told.append(styled("All is well", "good", colour=colour))
    else:
        told += [f"{'NOT WELL':12} {styled(each, 'bad', colour=colour)}" for each in shown["problems"]]
    return told


def _of_these_servers(where: Where) -> SupervisorState | None:
    """Return the state of the data folder, unless the command was pointed at other servers."""
    state = read_state(where.data)
    if state is None or (state.database_url, state.bootstrap) != (where.database_url, where.bootstrap):
        return None
    return state


def _process(report: ProcessReport | None) -> dict[str, Any]:
    """Return pid, state and the reason of the last end; `elsewhere` is what some other supervisor runs."""
    if report is None:
        return {"pid": None, "state": "elsewhere"}
    alive = report.pid is not None and report.pid.find() is not None
    return {
        "pid": report.pid.pid if report.pid is not None and alive else None,
        "state": report.state if alive or report.pid is None else "stopped",
        **({"restarts": report.restarts} if report.restarts else {}),
        **({"reason": report.reason} if report.reason else {}),
    }


def _in_words(process: dict[str, Any]) -> str:
    words = process["state"] if process["pid"] is None else f"{process['state']} (pid {process['pid']})"
    if process.get("restarts"):
        words += ", started again " + ("once" if process["restarts"] == 1 else f"{process['restarts']} times")
    return words + (f": {process['reason']}" if process.get("reason") else "")


def _behind(lag: int | None) -> str:
    match lag:
        case None:
            return "lag unknown"
        case _:
            return f"lag {lag}"
