"""The verbs `backup` and `restore`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from custody.verbs.options import Data, Json


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Back up the ledger into a new folder while it runs.

    One moment of the database, with roles and logins, zone, ids, and how far each import is. Every file stands in a
    manifest with its digest. Kafka is not in it: what was recorded is told again from PostgreSQL, and what no role had
    taken yet the agencies send again.

    \b
    Examples:
      custody backup /backups/2026-07-01
      custody up --servers && custody backup /backups/before-upgrade
    """
    from custody.backups.making import back_up
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_where

    target = folder.absolute()
    made, passwords = back_up(find_where(data), target, say=_say)
    if as_json:
        shown = made.model_dump(mode="json", exclude={"files"})
        print_json({**shown, "backup": str(target), "files": len(made.files), "passwords": passwords})
        return
    lines = [
        f"{made.entries:,} entries up to position {made.position:,} are in {target}; it holds histories of children"
    ]
    if not passwords:
        lines.append("The passwords of logins are not in it: only a superuser of PostgreSQL can read them. Keep them")
    print_lines(lines)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A backup made by `custody backup`.")],
    kafka: Annotated[
        Path | None,
        typer.Option(metavar="DATA", help="The old data folder, stopped, whose Kafka goes on in the new one."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a ledger from a backup, in a new data folder; nothing is overwritten.

    A backup that is damaged or not whole is refused before anything is made. With DATABASE_URL and
    KAFKA_BOOTSTRAP_SERVERS set, the empty database there is filled. Where the old Kafka is still there it holds what
    was recorded after the backup: `custody recover` brings it back before the roles start.

    \b
    Examples:
      custody restore /backups/2026-07-01 --data ./new && custody up --data ./new
      custody restore /backups/2026-07-01 --kafka ./old --data ./new
      custody up --servers --data ./new && custody recover --data ./new && custody up --data ./new
    """
    from custody.backups.restoring import restore_database, restore_folder
    from custody.errors import WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_data, servers_given

    target, given = find_data(data), servers_given()
    if given is None:
        found = restore_folder(folder.absolute(), target, None if kafka is None else kafka.resolve(), say=_say)
    elif kafka is not None:
        raise Problem("--kafka copies a private Kafka, and servers of yours are set; nothing was done", WRONG_USAGE)
    else:
        found = restore_database(folder.absolute(), target, *given, say=_say)
    if as_json:
        print_json({**found.model_dump(mode="json", exclude={"files"}), "data": str(target)})
        return
    then = "custody up"
    if given is not None or kafka is not None:
        then = "`custody recover`, with no role running, then start the roles"
        if kafka is not None:
            then = "custody up --servers; custody recover; custody up"
    print_lines(
        [
            f"{found.entries:,} entries up to position {found.position:,} are restored in {target}. Next: {then}",
            f"This is the ledger {found.ledger}: only one copy of it can go on recording",
        ]
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
