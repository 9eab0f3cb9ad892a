"""`python -m custody.supervision.supervisor DATA LOCK PARTS`: keeps servers and roles of a data folder running.

Started by `custody up`, which hands over the descriptor of the lock on the data folder: who holds it is the one
supervisor of that folder. What it does is read by others from `<data>/state.json`. PARTS is `all`, or `servers`: then
the roles are started once SIGUSR1 asks for them.
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

import psutil

from custody.errors import Problem
from custody.servers import embedded
from custody.servers.place import FolderPlace
from custody.servers.process import stop
from custody.servers.topics import create_topics
from custody.supervision import roles
from custody.supervision.parts import role_part, server_parts, stop_signal
from custody.supervision.reach import require_postgres
from custody.supervision.state import Phase, Pid, SupervisorState, left_over, read_state, write_state
from custody.supervision.supervised import Supervised
from custody.supervision.where import servers_given, zone_and_clock
from custody.supervision.which_ledger import ledger_in, remember_ledger, require_same_ledger
from ledger.roles.logs import configure

Result = TypeVar("Result")

_LOOK_SECONDS: Final = 0.1
_TRIES: Final = 3
"""How often a role may end before `custody up` stops waiting for it."""
_QUIET_SECONDS: Final = 1.0
"""How long work aside must have run no program to be taken for one that waits for the network."""


class StopAsked(Exception):
    """SIGTERM or SIGINT came; raised only where nothing is half done."""


class Supervisor:
    """Everything that runs on one data folder."""

    def __init__(self, data: Path, *, servers_only: bool = False) -> None:
        self._data = data
        self._servers_only = servers_only
        self._log = configure("supervisor")
        self._me = Pid.of(os.getpid())
        self._place = FolderPlace.of(data)
        self._zone, self._clock = zone_and_clock(data)
        self._addresses: tuple[str, str] | None = None
        self._said: list[str] = []
        self._servers: list[Supervised] = []
        self._roles: list[Supervised] = []
        self._phase: Phase = "starting"
        self._failure: Problem | None = None
        self._written: SupervisorState | None = None
        self._stop_asked = False
        self._roles_asked = False
        self._work = threading.Thread()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGUSR1, self._ask_for_roles)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal `custody up` ran in may close

    def run(self) -> int:
        """Start all, keep all running until asked to stop, stop all; returns the exit status."""
        try:
            self._stop_left_over()
            self._start_servers()
            if self._servers_only:
                self._phase = "running"
                while not self._roles_asked:
                    self._look()
                self._servers_only, self._phase = False, "starting"
            self._start_roles()
            while True:
                self._look()
        except StopAsked:
            pass
        except Problem as problem:
            self._failure = problem
        except Exception as failure:  # noqa: BLE001 - a full disk, or a bug: nothing may run on that nobody watches
            self._log.critical(
                "supervisor.failed", reason=type(failure).__name__, frames=traceback.format_tb(failure.__traceback__)
            )
            self._failure = Problem(
                f"the supervisor failed and stopped everything: {type(failure).__name__}: {failure}"
            )
        self._stop_all()
        return 0 if self._failure is None else self._failure.exit_code

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._stop_asked = True

    def _ask_for_roles(self, number: int, frame: FrameType | None) -> None:
        self._roles_asked = True

    def _stop_left_over(self) -> None:
        """End what a killed supervisor left running: two brokers on one folder would ruin it."""
        last = read_state(self._data)
        for report, process in left_over(() if last is None else last.processes):
            self._say(f"stopping {report.name}, left running when its supervisor was killed")
            stop(process, first=stop_signal(report.name), patience_seconds=60)
        self._write()

    def _start_servers(self) -> None:
        self._addresses = servers_given()
        if self._addresses is not None:
            database_url, bootstrap = self._addresses
            self._say(f"using the PostgreSQL that is set and the Kafka at {bootstrap}")
            self._aside(lambda: require_postgres(database_url))
        else:
            self._say("starting PostgreSQL and Kafka")
            prepared = self._aside(lambda: embedded.prepare(self._data, say=self._say))
            self._servers = server_parts(prepared)
            while not all(server.was_ready for server in self._servers):
                self._look()
                for server in self._servers:
                    if server.state == "restarting" and not server.was_ready:
                        raise Problem(f"{server.name} was not started: it {server.reason}. See {server.log}")
            bootstrap = prepared.kafka.bootstrap
            database_url = prepared.postgres.url()
            self._addresses = (database_url, bootstrap)
        self._aside(lambda: require_same_ledger(self._data, database_url))
        created = self._aside(lambda: create_topics(bootstrap))
        self._say(f"{len(created)} topics made" if created else "all topics are there")

    def _start_roles(self) -> None:
        assert self._addresses is not None
        database_url, bootstrap = self._addresses
        environment = roles.environment(
            database_url=database_url, bootstrap=bootstrap, zone=self._zone, clock=self._clock
        )
        self._say(f"starting {', '.join(roles.ROLES)}")
        self._roles = [role_part(role, data=self._data, environment=environment) for role in roles.ROLES]
        while not all(_is_settled(role) for role in self._roles):
            self._look()
        if all(role.was_ready for role in self._roles):
            # remembered only once the ledger has accepted them: a wrong setting must not outlive its mistake
            _, id = self._aside(lambda: ledger_in(database_url))
            remember_ledger(self._data, zone=self._zone, clock=self._clock, id=id)
        self._phase = "running"

    def _look(self) -> None:
        """Look at every process once, tell what changed, pause."""
        away = [server for server in self._servers if server.state == "starting"]
        for part in (*self._servers, *self._roles):
            before = part.reason
            part.step(time.monotonic())
            if part.state == "restarting" and part.reason != before:
                self._say(f"{part.name} {part.reason}; starting it again")
        if any(server.state == "running" for server in away):
            for role in self._roles:
                role.hurry(time.monotonic())
        self._write()
        time.sleep(_LOOK_SECONDS)
        self._stop_if_asked()

    def _aside(self, work: Callable[[], Result]) -> Result:
        """Run what may take long in a thread, so that a stop is heard meanwhile; raises what `work` raises."""
        done: Future[Result] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as failure:  # noqa: BLE001 - raised again in the thread that waits
                done.set_exception(failure)

        self._work = threading.Thread(target=run, daemon=True)
        self._work.start()
        while not done.done():
            self._write()
            time.sleep(_LOOK_SECONDS)
            self._stop_if_asked()
        return done.result()

    def _stop_if_asked(self) -> None:
        if self._stop_asked:
            raise StopAsked

    def _stop_all(self) -> None:
        """Stop roles side by side, then Kafka, then PostgreSQL: each may need the ones that stop after it."""
        self._phase = "stopping"
        self._write_if_there_is_room()
        for role in self._roles:
            role.ask_to_end()
        for part in (*self._roles, *reversed(self._servers)):
            part.end()
            self._write_if_there_is_room()
        self._stop_aside()
        self._phase = "stopped" if self._failure is None else "failed"
        self._write_if_there_is_room()

    def _write_if_there_is_room(self) -> None:
        """Tell the state; a full disk must not keep what runs from being stopped."""
        with suppress(OSError):
            self._write()

    def _stop_aside(self) -> None:
        """End initdb and the like, cut off in the middle of a start.

        Its thread may begin one more program each time the last was ended, until it notices or waits for the network.
        """
        quiet_since = time.monotonic()
        while self._work.is_alive() and time.monotonic() - quiet_since < _QUIET_SECONDS:
            for child in psutil.Process().children(recursive=True):
                stop(child, first=signal.SIGTERM, patience_seconds=5)
                quiet_since = time.monotonic()
            time.sleep(0.02)

    def _say(self, text: str) -> None:
        self._log.info("supervisor.did", what=text)
        self._said.append(text)

    def _write(self) -> None:
        """Write the state file, if anything in it is new."""
        failure = self._failure
        database_url, bootstrap = self._addresses or (None, None)
        state = SupervisorState(
            phase=self._phase,
            supervisor=self._me,
            said=tuple(self._said[-200:]),
            failure=None if failure is None else failure.message,
            exit_code=0 if failure is None else failure.exit_code,
            database_url=database_url,
            bootstrap=bootstrap,
            zone=self._zone,
            clock=self._clock,
            processes=tuple(part.report() for part in (*self._servers, *self._roles)),
            folder=self._place,
            servers_only=self._servers_only,
        )
        if state != self._written:
            write_state(self._data, state)
            self._written = state


def _is_settled(role: Supervised) -> bool:
    """Say whether there is anything to wait for: one that ends again and again is told about, and tried further."""
    return role.was_ready or role.state == "refused" or role.restarts >= _TRIES


def main(data: str, lock: str, parts: str) -> None:
    """Be the supervisor of `data`; the lock stays with this process, no child inherits it."""
    os.set_inheritable(int(lock), False)
    status = Supervisor(Path(data), servers_only=parts == "servers").run()
    os._exit(status)  # a thread may still wait for Maven Central; nothing is left for it to do


if __name__ == "__main__":
    main(*sys.argv[1:])
