"""The verbs that start, stop and show the servers and the roles."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from custody import roles
from custody.errors import WRONG_USAGE, Problem
from custody.options import Data, Json
from custody.where import find_data, find_where, servers_given

if TYPE_CHECKING:
    from custody.state import ProcessReport


def up(data: Data = None) -> None:
    """Start servers and roles; returns when all is ready.

    With DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS set it uses those servers, else it starts private ones.

    \b
    Examples:
      custody up
      custody up --data ./ledger
      CUSTODY_POSTGRES_PORT=5433 CUSTODY_KAFKA_PORT=9092 custody up
    """
    from custody.starting import start

    servers_given()  # wrong usage is told before anything is made
    folder = find_data(data)
    state = start(folder, say=_say)
    not_ready = [report for report in state.processes if report.state != "running"]
    if not_ready:
        raise Problem(
            "\n".join(_why_not_ready(report) for report in not_ready)
            + f"\nThe rest runs; logs are in {folder / 'logs'}. `custody down` stops it"
        )
    print(f"Ready. Kafka is at {state.bootstrap}, PostgreSQL at {(state.database_url or '').rsplit('@')[-1]}")
    print(f"Data is in {folder}, logs in {folder / 'logs'}. Show: custody status. Stop: custody down")


def down(data: Data = None) -> None:
    """Stop the roles and the servers; the data stays.

    \b
    Examples:
      custody down
      custody down --data ./ledger
    """
    from custody.starting import end

    folder = find_data(data)
    print(f"Stopped; the data stays in {folder}" if end(folder, say=_say) else f"Nothing runs on {folder}")


def status(data: Data = None, as_json: Json = False) -> None:
    """Show servers, roles, and how far each is behind.

    \b
    Examples:
      custody status
      custody status --json
    """
    from custody.status import lines, status_of

    shown, problem = status_of(find_where(data))
    print(json.dumps(shown, indent=2) if as_json else "\n".join(lines(shown)))
    if problem is not None:
        raise problem


def run(role: Annotated[str, typer.Argument(help=", ".join(roles.ROLES))], data: Data = None) -> None:
    """Run one role in the foreground.

    This is what compose and other supervisors start; `custody up` runs all roles in the background.

    \b
    Examples:
      custody run intake
      DATABASE_URL=... KAFKA_BOOTSTRAP_SERVERS=... custody run relay
    """
    if role not in roles.ROLES:
        raise Problem(f"there is no role {role!r}; the roles are {', '.join(roles.ROLES)}", WRONG_USAGE)
    where = find_where(data)
    environment = roles.environment(
        database_url=where.database_url, bootstrap=where.bootstrap, zone=where.zone, clock=where.clock
    )
    command = roles.command(role)
    os.execve(command[0], command, environment)  # noqa: S606 - the role takes the place of this process


def topics(
    data: Data = None,
    replication_factor: Annotated[int, typer.Option(min=1, help="Copies of each topic; 3 on a cluster.")] = 1,
) -> None:
    """Make the topics on Kafka.

    Topics that exist stay as they are; `custody up` makes them by itself.

    \b
    Examples:
      custody topics
      KAFKA_BOOTSTRAP_SERVERS=kafka:9092 DATABASE_URL=... custody topics --replication-factor 3
    """
    from custody.servers.topics import create_topics

    created = create_topics(find_where(data).bootstrap, replication_factor=replication_factor)
    print(f"{len(created)} topics made" if created else "all topics are there")


def _why_not_ready(report: "ProcessReport") -> str:
    if report.state == "refused":
        return f"{report.name} refuses to start: {report.reason}"
    return f"{report.name} is {report.state}: it {report.reason or 'has just been started again'}"


def _say(line: str) -> None:
    print(line, flush=True)
