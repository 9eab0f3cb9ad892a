"""The jars of Apache Kafka: from Maven Central, once, each checked against the pinned SHA-256 at every start."""

import fcntl
import hashlib
import os
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.errors import UNREACHABLE, Problem

LIST: Final = Path(__file__).with_name("kafka_jars.txt")
OTHER_WAYS: Final = (
    "two other ways: set DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS to servers of yours, or run `docker compose up`"
)
_ATTEMPTS: Final = 3
_AT_ONCE: Final = 6
_TIMEOUT_SECONDS: Final = 15
_BUNDLE: Final = "REQUESTS_CA_BUNDLE"
"""The one way to tell jgo, through `requests`, which certificates to trust."""
_BESIDE: Final = "fetching-"


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Return the name of its file in the cache, which carries the sum: another list never sees a stale jar."""
        return f"{self.artifact}-{self.version}-{self.sha256[:12]}.jar"


def pinned(lines: str | None = None) -> tuple[Jar, ...]:
    """Read the pinned list: a line each, `group:artifact:version sha256`."""
    jars = []
    for line in (LIST.read_text(encoding="utf-8") if lines is None else lines).splitlines():
        coordinate, sha256 = line.split()
        group, artifact, version = coordinate.split(":")
        jars.append(Jar(group, artifact, version, sha256))
    return tuple(jars)


def kafka_version(jars: tuple[Jar, ...]) -> str:
    """Return the version of Kafka the list holds."""
    return next(jar.version for jar in jars if jar.artifact == "kafka_2.13")


def cache_folder() -> Path:
    """Return where jars are kept: `CUSTODY_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("CUSTODY_CACHE")
    if chosen:
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "custody-ledger"


def classpath(*, say: Callable[[str], None], jars: tuple[Jar, ...] | None = None, cache: Path | None = None) -> str:
    """Return the class path of Kafka, fetching what the cache lacks; raises `Problem` with the two other ways."""
    jars = pinned() if jars is None else jars
    folder = (cache_folder() if cache is None else cache) / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        absent = [jar for jar in jars if not _is_as_pinned(folder / jar.file_name, jar)]
        if absent:
            say(f"fetching Apache Kafka {kafka_version(pinned())}: {len(absent)} jars from Maven Central")
            try:
                _fetch(absent, folder)
            except _UntrustedError:
                with _certificates_of_the_system():
                    _fetch(absent, folder)
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars)


class _UntrustedError(Problem):
    """Who answered for Maven Central is not known to the certificates that come with `requests`."""


@contextmanager
def _certificates_of_the_system() -> Iterator[None]:
    """Trust whom this machine trusts: a proxy of its own network, perhaps. What comes is checked by its sum anyway."""
    paths = ssl.get_default_verify_paths()
    chosen = os.environ.get(_BUNDLE)
    os.environ[_BUNDLE] = chosen or paths.cafile or paths.capath or ""
    try:
        yield
    finally:
        if chosen is None:
            del os.environ[_BUNDLE]


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let two ledgers that start at once fetch one after the other: the second finds the jars there."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_as_pinned(file: Path, jar: Jar) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == jar.sha256


def _fetch(jars: list[Jar], folder: Path) -> None:
    """Fetch into a folder beside, check, then move: a jar in the cache is whole and is the one that was pinned."""
    for broken_off in folder.glob(f"{_BESIDE}*"):
        shutil.rmtree(broken_off)
    with tempfile.TemporaryDirectory(prefix=_BESIDE, dir=folder) as beside, ThreadPoolExecutor(_AT_ONCE) as threads:
        fetching = [threads.submit(_fetch_one, jar, Path(beside)) for jar in jars]
        try:
            for jar, fetched in zip(jars, fetching, strict=True):
                _require_pinned(jar, fetched.result())
                fetched.result().replace(folder / jar.file_name)
        except Problem:
            threads.shutdown(cancel_futures=True)  # one that cannot be had is enough: the others need not be tried
            raise


def _require_pinned(jar: Jar, file: Path) -> None:
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise Problem(
            f"Kafka was not started: {jar.artifact}-{jar.version}.jar from Maven Central has SHA-256 {found}, and "
            f"{jar.sha256} is pinned; nothing of it was kept. Something between here and Maven Central changes "
            f"files: find out what, or use one of {OTHER_WAYS}"
        )


def _fetch_one(jar: Jar, repository: Path) -> Path:
    from jgo.maven import MavenContext
    from requests import RequestException
    from requests.exceptions import SSLError

    artifact = (
        MavenContext(repo_cache=repository, timeout=_TIMEOUT_SECONDS)
        .project(jar.group, jar.artifact)
        .at_version(jar.version)
        .artifact()
    )
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return Path(artifact.resolve())
        except (RequestException, RuntimeError, OSError) as failure:
            if artifact.cached_path is not None:
                artifact.cached_path.unlink(missing_ok=True)  # the part of it that came
            untrusted = isinstance(failure, SSLError)
            if untrusted or attempt == _ATTEMPTS:
                raise (_UntrustedError if untrusted else Problem)(
                    f"Kafka was not started: {jar.artifact}-{jar.version}.jar could not be fetched from Maven Central "
                    f"({type(failure).__name__}: {failure}). Connect to the network and try again, or use one of "
                    f"{OTHER_WAYS}",
                    UNREACHABLE,
                ) from failure
    raise AssertionError("the last attempt returned or raised")
