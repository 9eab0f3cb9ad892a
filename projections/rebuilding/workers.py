"""The processes that a rebuild parts its work among: how the records are shared out, and given to them."""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Final, Self
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from ledger.roles.settings import Settings, as_environment
from projections.rebuilding.worker import Report, do

WORKERS: Final = 2
FEW_ENTRIES: Final = 10_000
"""So many are rebuilt before another Python process has started."""
Say = Callable[[str, int, int], None]
"""Told (what is being done, how far, of how much)."""
Reports = Collection[Report]
"""What each worker has said last."""


class RebuildError(Exception):
    """The rebuild could not be finished; the live version goes on as it was."""


def record_bounds(connection: Connection[TupleRow], schema: str, entries: int) -> list[str]:
    """Return ids that part the records into as many shares as there are workers, with about as many entries each."""
    bounds = [str(UUID(int=0))]
    for worker in range(1, WORKERS):
        row = connection.execute(
            SQL("select child from {} order by child, position offset %s limit 1").format(
                Identifier(schema, "entries")
            ),
            (entries * worker // WORKERS,),
        ).fetchone()
        if row is not None:
            bounds.append(str(row[0]))
    return [*bounds, "-"]


class ThisProcess:
    """Does one share after the other itself: for few entries."""

    def __init__(self, settings: Settings) -> None:
        """Remember where to work."""
        self._settings = settings

    def __enter__(self) -> Self:
        """Give it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing to end."""

    def end(self) -> None:
        """Have nothing to end."""

    def work(self, shares: Sequence[Sequence[str]], told: Callable[[Reports], None]) -> list[Report]:
        """Do each share, and return what was reported of each last; raises what goes wrong."""
        last: list[Report] = []
        for share in shares:
            last.append({})

            def tell(report: Report) -> None:
                last[-1] = report
                told(last)

            do(self._settings, tell, *share)
        return last


class Workers:
    """The processes of one rebuild, which take one share of work after another; they end with the `with` block."""

    def __init__(self, settings: Settings) -> None:
        """Start them."""
        self._processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-P",  # a folder `ledger` where the command is run must not be taken for ours
                    "-m",
                    "projections.rebuilding.worker",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,  # a line that was read ahead would not be seen to have come
                process_group=0,  # a Ctrl-C in the terminal is the parent's to answer, with one sentence
                env={**os.environ, **as_environment(settings)},
            )
            for _ in range(WORKERS)
        ]

    def __enter__(self) -> Self:
        """Give the workers."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running; what a rebuild that was stopped has filled is dropped by the next one."""
        self.end()

    def end(self) -> None:
        """End them, whatever they are at."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()

    def work(self, shares: Sequence[Sequence[str]], told: Callable[[Reports], None]) -> list[Report]:
        """Give each share to a worker, and return what each reported last; raises `RebuildError` when one fails.

        There are at most as many shares as workers.
        """
        last: dict[int, Report] = {}
        failed = False
        with selectors.DefaultSelector() as selector:
            for process, share in zip(self._processes, shares, strict=False):
                assert process.stdin is not None
                assert process.stdout is not None
                with suppress(BrokenPipeError):  # it ended: reading says so, too
                    process.stdin.write(json.dumps(share).encode() + b"\n")
                selector.register(process.stdout, selectors.EVENT_READ, process.pid)
            while selector.get_map():
                for key, _ in selector.select():
                    report = json.loads(key.fileobj.readline() or "null")  # type: ignore[union-attr]
                    if report is None:
                        failed = True
                    else:
                        last[key.data] = report
                    if report is None or report["done"]:
                        selector.unregister(key.fileobj)
                told(last.values())
        if failed:
            raise RebuildError("a rebuild process failed, see its message above; nothing was swapped")
        return list(last.values())


AnyWorkers = ThisProcess | Workers


def workers_for(settings: Settings, entries: int) -> AnyWorkers:
    """Return who does the work of a rebuild of at most so many entries."""
    return ThisProcess(settings) if entries <= FEW_ENTRIES else Workers(settings)
