"""What `custody status` shows: the servers, the roles, and how far each is behind."""

from dataclasses import asdict
from typing import Any

import psycopg
from kafka.errors import KafkaError

from custody import roles
from custody.errors import Problem, unreachable
from custody.lag import measure
from custody.state import ProcessReport, State, read_state
from custody.where import Where


def status_of(where: Where) -> tuple[dict[str, Any], Problem | None]:
    """Return what to show, and the `Problem` when a server did not answer; what nobody can know then is null."""
    numbers: dict[str, Any] = {}
    problem = None
    try:
        numbers = asdict(measure(where.database_url, where.bootstrap))
    except (psycopg.Error, KafkaError) as failure:
        problem = unreachable(failure, where.bootstrap)
    state = _of_these_servers(where)
    reports = {report.name: report for report in (() if state is None else state.processes)}
    named = ("position", "read_position", "complete_to", "held_position", "parked_children", "set_aside")
    return {
        "kafka": {"bootstrap": where.bootstrap, **_process(reports.get("kafka"))},
        "postgres": {"url": where.database_url, **_process(reports.get("postgres"))},
        "roles": [{"role": role, **_process(reports.get(role)), "lag": numbers.get(role)} for role in roles.ROLES],
        **{name: numbers.get(name) for name in named},
        "supervisor": None if state is None or state.supervisor.find() is None else state.supervisor.pid,
        "zone": where.zone,
        "clock": where.clock,
        "data": str(where.data),
    }, problem


def lines(shown: dict[str, Any]) -> list[str]:
    """Return the same for a person to read."""
    told = [
        f"{'Kafka':12} {shown['kafka']['bootstrap']:32} {_in_words(shown['kafka'])}",
        f"{'PostgreSQL':12} {shown['postgres']['url'].rsplit('@')[-1]:32} {_in_words(shown['postgres'])}",
        *(f"{each['role']:12} {_behind(each['lag']):32} {_in_words(each)}" for each in shown["roles"]),
    ]
    if shown["position"] is not None:
        told.append(
            f"{'recorded':12} up to position {shown['position']}; the read tables hold {shown['read_position']}"
            + (f", complete to {shown['complete_to']}" if shown["complete_to"] else "")
        )
        if shown["held_position"] < shown["read_position"]:
            told.append(f"{'held':12} figures as known to agencies have yet to follow, from {shown['held_position']}")
    for name in ("parked_children", "set_aside"):
        if shown[name]:
            told.append(f"{name.replace('_', ' '):12} {shown[name]}; see `custody set-aside list`")
    if shown["supervisor"] is None and any(each["pid"] for each in shown["roles"]):
        told.append("The supervisor was killed: nothing that ends is started again. Run `custody up`")
    return told


def _of_these_servers(where: Where) -> State | None:
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
        case 0:
            return "nothing waits"
        case _:
            return f"{lag} to do"
