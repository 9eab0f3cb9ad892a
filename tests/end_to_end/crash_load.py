"""The load of a crash test: imports and simulated agencies that go on, whatever is killed, until all is answered."""

import csv
import io
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random

from kafka.errors import KafkaError

from custody.supervision.where import find_where
from ledger.agencies import PRODUCERS
from producers.client.errors import ClientError
from producers.client.submissions import AgencyClient, Key
from producers.imports.hhs_file import COLUMNS, HhsRow, read_releases
from producers.imports.hhs_releases import SOURCE, claims
from producers.simulation.playing import play
from producers.simulation.simulator import day
from tests.hostile.shooting import Barrel
from tests.hostile.shots import Gun

ROWS = 2000
CHILDREN = 26
FIRST_DAY = date(2016, 1, 4)
HOSTILE_SHOTS = 20
HOSTILE_SECONDS = 2.0
PATIENCE_SECONDS = 600


class Load:
    """Three threads that send: `expected` says what must become of every submission that was meant well."""

    def __init__(self, data: Path, seed: int, rest_seconds: float) -> None:
        """Prepare what is sent from this seed; between two files, and two days, each sender rests."""
        self.expected: dict[Key, str] = {}
        self.broken_off = 0
        """How often a sender lost the servers and began again."""
        self.shots = 0
        """How many hostile messages were put between them, at least."""
        self._data = data
        self._seed = seed
        self._rest_seconds = rest_seconds
        self._over = threading.Event()
        self._give_up_at = float("inf")
        self._failures: list[BaseException] = []

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Send in the background until the block ends; then wait until everything begun is answered."""
        threads = [
            threading.Thread(target=self._guarded, args=(work,))
            for work in (self._import, self._agencies, self._hostile)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._give_up_at = time.monotonic() + PATIENCE_SECONDS
            self._over.set()
            for thread in threads:
                thread.join()
        if self._failures:
            raise self._failures[0]

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - raised again where the test waits
            self._failures.append(failure)

    def _begin_again(self) -> None:
        assert time.monotonic() < self._give_up_at, "the servers are back and the load is not through"
        self.broken_off += 1
        time.sleep(0.5)

    def _import(self) -> None:
        """Import made-up release files one after the other, every third twice."""
        number = 0
        while number == 0 or not self._over.wait(self._rest_seconds):
            number += 1
            file = self._data / f"releases-{number}.csv"
            file.write_bytes(_release_file(Random(f"{self._seed}/{number}"), 1 + number * ROWS))
            with file.open("rb") as raw:
                for row in read_releases(raw):
                    assert isinstance(row, HhsRow)
                    self.expected.update({(SOURCE, claim.id): "accepted" for claim in claims(row)})
            for _ in range(2 if number % 3 == 0 else 1):
                while (done := self._custody("import", "hhs-releases", str(file))).returncode != 0:
                    assert done.returncode in (1, 4), done.stderr
                    assert "Traceback" not in done.stderr, done.stderr
                    self._begin_again()

    def _agencies(self) -> None:
        """Play one simulated day after the other, with everything that goes wrong between agencies."""
        number = 0
        while number == 0 or not self._over.wait(self._rest_seconds):
            number += 1
            sendings = day(self._seed, FIRST_DAY + timedelta(days=number), CHILDREN)
            for sending in sendings:
                if sending.id and sending.expected != "duplicate":
                    self.expected[sending.source, sending.id] = sending.expected
            while True:
                try:
                    with ExitStack() as stack:
                        bootstrap = find_where(self._data).bootstrap
                        clients = {agency: stack.enter_context(AgencyClient(bootstrap, agency)) for agency in PRODUCERS}
                        play(sendings, clients, patience_seconds=20)
                    break
                except (ClientError, KafkaError):
                    self._begin_again()

    def _hostile(self) -> None:
        """Put what nobody should send between the others' messages, on every topic agencies write to."""
        shots = Gun(self._seed).at_intake()
        barrel: Barrel | None = None
        while not self._over.wait(HOSTILE_SECONDS):
            try:
                barrel = barrel or Barrel(find_where(self._data).bootstrap)
                self.shots += barrel.fire(itertools.islice(shots, HOSTILE_SHOTS)).total()
            except KafkaError:
                if barrel is not None:
                    barrel.close()
                barrel = None
        if barrel is not None:
            barrel.close()

    def _custody(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "custody", *arguments, "--data", str(self._data)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )


def _release_file(rng: Random, first: int) -> bytes:
    """Return a made-up release file; every 50th row repeats the id of the one before, as in the real one."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for number in range(ROWS):
        id = first + number - (number % 50 == 49)
        entered = date(2015, 1, 1) + timedelta(days=rng.randrange(3000))
        released = entered + timedelta(days=rng.randrange(1, 90))
        country = rng.choice(("Guatemala", "Honduras", "El Salvador"))
        rows.writerow((id, country, rng.choice("FM"), entered, released, "1", "", "Mother", "TX", "", "Fictionville"))
    return text.getvalue().encode()
