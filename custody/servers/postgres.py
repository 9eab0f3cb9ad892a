"""A private PostgreSQL 18: its own data folder, a random password, 127.0.0.1 only, no Unix socket."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psutil

from custody.errors import Problem
from custody.files import write_whole
from custody.servers.account import ServerUser, give, give_all, is_idle, lender
from custody.servers.ports import HOST, require_free
from custody.servers.process import spawn, stop

USER: Final = "custody"
DATABASE: Final = "custody"
STOP: Final = signal.SIGINT
"""PostgreSQL's fast shutdown. Its SIGTERM would wait for every client to leave by itself."""
STOP_SECONDS: Final = 60.0
_TRIES: Final = 3
_NEXT: Final = "password-next"
"""A new password, until PostgreSQL has it; the next start goes on where this one was broken off."""

_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "maintenance_work_mem": "256MB",
    "work_mem": "32MB",
    "max_connections": "100",
    # for the ledger's own login: logins that may only read can use up what is left, and no role goes without
    "superuser_reserved_connections": "40",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # A writer that wants the EXCLUSIVE lock on the events waits for autovacuum until this has passed; then
    # autovacuum gives way. The default of a second shows as batches of 1.1 s.
    "deadlock_timeout": "100ms",
    "log_lock_waits": "off",  # else each of those waits is a line in the log
    "autovacuum_naptime": "30s",
    "autovacuum_vacuum_cost_limit": "2000",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """One private server: its programs, the folder it lives in, its port, and who runs it."""

    binaries: Path
    home: Path
    port: int
    account: ServerUser | None

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return self.home / "data"

    def url(self, database: str = DATABASE) -> str:
        """Return the URL of one of its databases, password included."""
        password = (self.home / "password").read_text(encoding="ascii").strip()
        return f"postgresql://{USER}:{password}@{HOST}:{self.port}/{database}"


def prepare(server: Postgres) -> None:
    """Make the data directory when there is none yet, and the way free for a start."""
    server.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (server.data, server.home / "password"):
        if path.is_symlink():
            raise Problem(f"PostgreSQL was not started: {path} is a symbolic link; put what it leads to in its place")
    _clear_stale_lock(server)
    if server.account is not None and server.home.stat().st_uid != server.account.uid:
        give_all(server.home, server.account)  # a new folder, or one of a release that ran PostgreSQL as `nobody`
        if server.data.is_dir():
            _choose_password(server.home / _NEXT)  # others of that user may have read the old one
    server.home.chmod(0o700)
    if not server.data.is_dir():
        _make_data(server)
    _keep_password(server)
    _require_same_version(server)
    require_free(server.port, server="PostgreSQL", setting="CUSTODY_POSTGRES_PORT")


def start(server: Postgres, log: Path) -> subprocess.Popen[bytes]:
    """Start the server; it accepts connections once `is_ready` says so."""
    settings = {
        **_SETTINGS,
        **caches(_memory()),
        "port": str(server.port),
        "wal_compression": _wal_compression(server),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return spawn(
        [str(server.binaries / "postgres"), "-D", str(server.data), *options],
        log=log,
        environment=_environment(),
        account=server.account,
        folder=server.home if server.account is None else Path("/"),
    )


def _memory() -> int:
    """Return how many bytes of memory there are: the machine's, or those of the group of processes this one is in."""
    total = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):  # not Linux, or "max"
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return total


def caches(memory: int) -> dict[str, str]:
    """Return the settings of caches: an eighth of the memory, so that a view of any child finds its pages there.

    A page that comes from the system's cache of files costs some 50 microseconds, and a view reads seven of its child.
    """
    megabytes = memory // 1_048_576
    return {
        "shared_buffers": f"{min(max(megabytes // 8, 128), 8192)}MB",
        "effective_cache_size": f"{max(megabytes // 4, 256)}MB",
    }


def is_ready(server: Postgres) -> bool:
    """Say whether the server accepts connections, and see to it that the ledger's database is there."""
    import psycopg

    try:
        _take_next_password(server)
        with psycopg.connect(server.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            row = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
            if row is None:
                connection.execute("create database custody template template0")
    except psycopg.OperationalError:
        return False
    return True


def _take_next_password(server: Postgres) -> None:
    """Change to the password that was chosen instead of the present one, if any; broken off anywhere, both are tried.

    Raises `psycopg.OperationalError` while the server is not ready.
    """
    import psycopg
    from psycopg import sql

    chosen = server.home / _NEXT
    if not chosen.exists():
        return
    new = chosen.read_text(encoding="ascii").strip()
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            connection.execute(sql.SQL("alter role custody password {}").format(sql.Literal(new)))
    except psycopg.OperationalError as failure:
        if "password authentication failed" not in str(failure):
            raise
    chosen.replace(server.home / "password")  # where the old one is refused, the new one was set before


def _choose_password(file: Path) -> None:
    write_whole(file, secrets.token_urlsafe(24) + "\n")


def _make_data(server: Postgres) -> None:
    """Run initdb into a folder beside and move it: a start broken off half way leaves nothing behind."""
    password = server.home / "password"
    if not password.exists():
        _choose_password(password)
    for left_over in server.home.glob("initdb-*"):
        shutil.rmtree(left_over)
    for tries_left in reversed(range(_TRIES)):
        made_by = None if server.account is None else lender()
        beside = Path(tempfile.mkdtemp(prefix="initdb-", dir=server.home))
        try:
            _init(server, beside, password, made_by)
            if made_by is None or is_idle(made_by):
                give_all(beside / "data", server.account)
                (beside / "data").rename(server.data)
                return
        finally:
            shutil.rmtree(beside)
        if not tries_left:
            raise Problem(
                f"PostgreSQL was not started: whenever its data were made as user {made_by.uid}, something else ran as "
                "that user and might have looked on; nothing was kept. Try again, or run `custody up` as an ordinary "
                "user"
            )


def _init(server: Postgres, beside: Path, password: Path, made_by: ServerUser | None) -> None:
    """Make the data in `beside`, as `made_by`, who may enter the folder of this server only as long as that takes."""
    told = beside / "password"
    told.touch(mode=0o600)
    told.write_bytes(password.read_bytes())
    give_all(beside, made_by)
    if made_by is not None:
        server.home.chmod(0o711)
    try:
        made = _run(
            replace(server, account=made_by),
            "initdb",
            *("--pgdata", str(beside / "data"), "--username", USER, "--pwfile", str(told), "--encoding", "UTF8"),
            *("--locale", "C", "--auth", "scram-sha-256", "--no-instructions"),
        )
    finally:
        server.home.chmod(0o700)
    if made.returncode != 0:
        raise Problem(
            f"PostgreSQL was not started: initdb ended with {made.returncode} and made nothing in {server.home}. "
            f"It said: {' '.join((made.stderr or made.stdout).split())}"
        )


def _keep_password(server: Postgres) -> None:
    """See to it that nobody but us reads the password: PostgreSQL itself has no use for it."""
    password = server.home / "password"
    if server.account is not None:
        give(password, ServerUser(os.geteuid(), os.getegid()))
    password.chmod(0o600)


def _run(server: Postgres, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of PostgreSQL to its end, as whoever runs the server."""
    try:
        return subprocess.run(
            [str(server.binaries / program), *arguments],
            env=_environment(),
            cwd="/",
            user=None if server.account is None else server.account.uid,
            group=None if server.account is None else server.account.gid,
            extra_groups=None if server.account is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as failure:
        who = "this user" if server.account is None else f"the user {server.account.uid}, as which root runs it,"
        raise Problem(
            f"PostgreSQL was not started: {server.binaries / program} cannot be run by {who} ({failure.strerror}); "
            "set CUSTODY_POSTGRES_BIN to a folder of programs that can, or unset it"
        ) from failure


def _environment() -> dict[str, str]:
    """Return what PostgreSQL's programs see: nothing of ours (PGPORT, PGDATA and the like would steer them)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _wal_compression(server: Postgres) -> str:
    """Return lz4 when this build has it; the wheel's has not."""
    asked = _run(server, "postgres", "-D", str(server.data), "-C", "wal_compression", "-c", "wal_compression=lz4")
    return "lz4" if asked.returncode == 0 else "off"


def _require_same_version(server: Postgres) -> None:
    made_by = (server.data / "PG_VERSION").read_text(encoding="ascii").strip()
    ours = _run(server, "postgres", "--version").stdout.split()[2].split(".")[0]
    if ours != made_by:
        raise Problem(
            f"PostgreSQL was not started: the data in {server.data} is of PostgreSQL {made_by} and the programs in "
            f"{server.binaries} are of {ours}; set CUSTODY_POSTGRES_BIN to a PostgreSQL {made_by}"
        )


def _clear_stale_lock(server: Postgres) -> None:
    """Stop the server a killed supervisor left behind; forget a lock whose process id went to another program.

    A lock whose process is dead stays: PostgreSQL removes it itself, after looking for survivors in shared memory.
    """
    lock = server.data / "postmaster.pid"
    try:
        left_over = psutil.Process(int(lock.read_text(encoding="ascii").split()[0]))
        ours = left_over.name().startswith("postgres") and _works_on(left_over, server.data)
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return
    if ours:
        stop(left_over, first=STOP, patience_seconds=STOP_SECONDS)
    else:
        lock.unlink()


def _works_on(postmaster: psutil.Process, data: Path) -> bool:
    """Say whether this server runs on `data`: by the folder it stands in, which a rename of the path does not change.

    Where the system does not tell that (in a container), by its command line.
    """
    try:
        return Path(postmaster.cwd()).samefile(data)
    except (psutil.AccessDenied, OSError):
        named = [Path(word) for word in postmaster.cmdline()[1:] if word.startswith("/")]
        return data in named or not any(path.exists() for path in named)
