"""`custody demo`: the whole ledger on this machine, with a made-up day of several agencies; gone afterwards."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from custody.verbs.options import Json


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the demo's ledger running, and say how to stop it.")] = (
        False
    ),
    releases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            resolve_path=True,
            help="Import this HHS release file, too: minutes for all of it.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the ledger at work, on servers and data of its own.

    Starts a private PostgreSQL, a private Kafka and all roles on a new folder, lets simulated agencies send the
    children of a day in January 2022 with everything that goes wrong between agencies, and asks what became of them.
    Every answer is printed by the command shown above it and compared with what was sent. Nothing is left running
    and the folder is removed; a ledger of yours is not touched. Exit status 1 when an answer is wrong. With --json all
    of that goes to standard error, and what was asked and what was wrong to standard output.

    \b
    Examples:
      custody demo
      custody demo --keep
      custody demo --releases hhs_releases_2015_2023.csv.xz
    """
    from custody.demo.asking import Asking
    from custody.demo.chapters import chapters, release_chapter
    from custody.demo.day import play_day
    from custody.demo.ledger import ledger_of_its_own, say_how_to_go_on
    from custody.errors import Problem
    from custody.shown.printing import print_json

    with (
        redirect_stdout(sys.stderr if as_json else sys.stdout),
        ledger_of_its_own(keep=keep) as where,
    ):
        asking = Asking(where.data)
        day = play_day(where, asking)
        chapters(day, asking)
        if releases is not None:
            release_chapter(releases, day, asking)
        say_how_to_go_on(where.data, keep=keep)
    if as_json:
        print_json({"asked": asking.asked, "wrong": asking.wrong, "data": str(where.data) if keep else None})
    if asking.wrong:
        raise Problem("\n".join(("the demo did not get the answers it expected:", *asking.wrong)))
