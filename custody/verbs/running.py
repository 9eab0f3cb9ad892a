"""The verbs that start, stop and show the servers and the roles."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from custody.errors import WRONG_USAGE, Problem
from custody.supervision import roles
from custody.supervision.reach import without_password
from custody.supervision.where import find_data, find_where, servers_given
from custody.verbs.options import Data, Json
from ledger.choices import no_choice

if TYPE_CHECKING:
    from pathlib import Path

    from custody.supervision.state import ProcessReport


def up(
    servers: Annotated[
        bool, typer.Option("--servers", help="Start the private servers alone, to recover or to look; no role.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Start servers and roles; returns when all is ready.

    With DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS set it uses those servers, else it starts private ones. After
    `custody up --servers`, `custody up` starts the roles beside them. With --json the steps of the start go to standard
    error.

    \b
    Examples:
      custody up
      custody up --data ./ledger
      custody up --servers && custody recover && custody up
      CUSTODY_POSTGRES_PORT=5433 CUSTODY_KAFKA_PORT=9092 custody up
    """
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.starting import start

    given = servers_given()  # wrong usage is told before anything is made
    if given is not None and servers:
        raise Problem("--servers starts private servers, and servers of yours are set; nothing was done", WRONG_USAGE)
    folder = find_data(data)
    state = start(folder, say=_say_aside if as_json else _say, servers_only=servers)
    not_ready = [report for report in state.processes if report.state != "running"]
    postgres = without_password(state.database_url or "")
    if as_json:
        print_json(
            {
                "kafka": {"bootstrap": state.bootstrap},
                "postgres": {"url": postgres},
                "roles": [{"role": each.name, "state": each.state} for each in state.processes if each.kind == "role"],
                "data": str(folder),
                "logs": str(folder / "logs"),
                "ready": not not_ready,
            }
        )
    if not_ready:
        raise Problem(
            "\n".join(_why_not_ready(report) for report in not_ready)
            + f"\nThe rest runs; logs are in {folder / 'logs'}. `custody down` stops it"
        )
    if not as_json:
        print_lines(
            [
                f"Ready. Kafka is at {state.bootstrap}, PostgreSQL at {postgres}",
                f"Data is in {folder}, logs in {folder / 'logs'}. Show: custody status. Stop: custody down",
            ]
        )


def down(data: Data = None, as_json: Json = False) -> None:
    """Stop the roles and the servers; the data stays.

    \b
    Examples:
      custody down
      custody down --data ./ledger
    """
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.starting import end

    folder = find_data(data)
    ran = end(folder, say=_say_aside if as_json else _say)
    if as_json:
        print_json({"stopped": ran, "data": str(folder)})
    else:
        print_lines([f"Stopped; the data stays in {folder}" if ran else f"Nothing runs on {folder}"])


def status(
    with_password: Annotated[
        bool, typer.Option("--with-password", help="Show the database's address with its password, to connect by hand.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show servers, roles, how far each is behind, and whether all is well.

    Exit status 0 only when all is well: every role runs, no message is kept as a dead letter, no record is blocked. 1
    when something is not, each named; 4 when a server cannot be reached. A lag alone is no fault.

    \b
    Examples:
      custody status
      custody status --json
    """
    from custody.shown.printing import print_json, print_lines, wants_colour
    from custody.supervision.status import lines, nothing_runs, status_of

    try:
        where = find_where(data)
    except Problem as problem:
        if as_json:
            print_json(nothing_runs(find_data(data), problem))
        raise
    shown, unreached = status_of(where, with_password=with_password)
    if as_json:
        print_json(shown)
    else:
        print_lines(lines(shown, colour=wants_colour()))
    if unreached is not None:
        raise unreached
    if shown["problems"]:
        raise Problem(f"not all is well: {'; '.join(shown['problems'])}")


def run(
    role: Annotated[str, typer.Argument(help=", ".join(roles.ROLES))],
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Log JSON on a terminal, too.")] = False,
) -> None:
    """Run one role in the foreground.

    This is what compose and other supervisors start; `custody up` runs all roles in the background. The log goes to
    standard error: lines for people on a terminal, otherwise one JSON object a line.

    \b
    Examples:
      custody run intake
      DATABASE_URL=... KAFKA_BOOTSTRAP_SERVERS=... custody run relay
    """
    if role not in roles.ROLES:
        raise Problem(no_choice(role, "role", roles.ROLES), WRONG_USAGE)
    where = find_where(data)
    environment = roles.environment(
        database_url=where.database_url, bootstrap=where.bootstrap, zone=where.zone, clock=where.clock
    )
    if as_json:
        from ledger.roles.logs import FORM

        environment[FORM] = "json"
    command = roles.command(role)
    os.execve(command[0], command, environment)  # noqa: S606 - the role takes the place of this process


def topics(
    data: Data = None,
    replication_factor: Annotated[int, typer.Option(min=1, help="Copies of each topic; 3 on a cluster.")] = 1,
    again: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOPIC",
            help="Delete this topic and make it empty, to be told again: custody.feed.<agency>, custody.publications.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the topics on Kafka.

    Topics that exist stay as they are, those named with --again apart; `custody up` makes them by itself.

    \b
    Examples:
      custody topics
      custody topics --again custody.feed.orr
      KAFKA_BOOTSTRAP_SERVERS=kafka:9092 DATABASE_URL=... custody topics --replication-factor 3
    """
    from custody.servers.topics import create_topics, make_again
    from custody.shown.printing import print_json, print_lines

    where = find_where(data)
    if again:
        _require_no_role(where.data)
        make_again(where.bootstrap, again, replication_factor=replication_factor)
    created = create_topics(where.bootstrap, replication_factor=replication_factor)
    if again:
        created = [*again, *created]
    if as_json:
        print_json({"made": sorted(created)})
    else:
        print_lines([f"{len(created)} topics made" if created else "all topics are there"])


def _require_no_role(folder: "Path") -> None:
    from custody.supervision.state import left_over, read_state

    state = read_state(folder)
    if state is not None and any(report.kind == "role" for report, _ in left_over(state.processes)):
        raise Problem(
            "the roles run and would write to the topic meanwhile; nothing was deleted. Run `custody down` and "
            "`custody up --servers`, or stop the roles of your own supervisor, then run this again"
        )


def _why_not_ready(report: "ProcessReport") -> str:
    if report.state == "refused":
        return f"{report.name} refuses to start: {report.reason}"
    return f"{report.name} is {report.state}: it {report.reason or 'has just been started again'}"


def _say(line: str) -> None:
    print(line, flush=True)


def _say_aside(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
