"""The processes that a rebuild parts its work among: how the records are shared out, and running a process a share."""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Collection
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from ledger.settings import Settings, as_environment

WORKERS: Final = 2
Say = Callable[[str, int, int], None]
"""Told (what is being done, how far, of how much)."""
Reports = Collection[dict[str, int]]
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


def work(settings: Settings, shares: list[list[str]], told: Callable[[Reports], None]) -> list[dict[str, int]]:
    """Run a worker a share, and return what each reported last; raises `RebuildError` when one fails."""
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                "-P",  # a folder `ledger` where the command is run must not be taken for ours
                "-m",
                "projections.rebuild_worker",
                *share,
            ],
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # a Ctrl-C in the terminal is the parent's to answer, with one sentence
            env={**os.environ, **as_environment(settings)},
        )
        for share in shares
    ]
    last: dict[int, dict[str, int]] = {}
    try:
        with selectors.DefaultSelector() as selector:
            for worker in workers:
                assert worker.stdout is not None
                selector.register(worker.stdout, selectors.EVENT_READ, worker.pid)
            while selector.get_map():
                for key, _ in selector.select():
                    line = key.fileobj.readline()  # type: ignore[union-attr]
                    if not line:
                        selector.unregister(key.fileobj)
                        continue
                    last[key.data] = json.loads(line)
                told(last.values())
    except BaseException:
        for worker in workers:
            worker.kill()  # a rebuild that is stopped leaves nothing running; what they filled is dropped next time
        raise
    finally:
        for worker in workers:
            worker.wait()
            assert worker.stdout is not None
            worker.stdout.close()
    if any(worker.returncode for worker in workers):
        raise RebuildError("a rebuild process failed, see its message above; nothing was swapped")
    return list(last.values())
