"""Running a program of PostgreSQL that works through a connection: `pg_dump`, `pg_restore`.

The password reaches it in its environment, which only we can read; a command line is there for everybody to see.
"""

import os
import subprocess
from pathlib import Path

from custody.errors import Problem
from custody.servers.postgres_binaries import find_binaries


def run_program(name: str, *arguments: str, database_url: str) -> None:
    """Run a program to its end against a database; raises `Problem` with what it said when it fails."""
    done = subprocess.run(
        [str(find(name)), *arguments, f"--dbname={without_password(database_url)}"],
        env=_environment(database_url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    if done.returncode != 0:
        raise Problem(f"{name} ended with {done.returncode}: {' '.join(done.stderr.split())}")


def find(name: str) -> Path:
    """Return the program; raises `Problem` with the cure where there is none."""
    program = find_binaries(None) / name
    if not program.is_file():
        raise Problem(
            f"there is no {name} in {program.parent}; nothing was done. Set CUSTODY_POSTGRES_BIN to the bin folder of "
            "a whole PostgreSQL 18, or unset it"
        )
    return program


def without_password(database_url: str) -> str:
    """Return the same connection without its password."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = conninfo_to_dict(database_url)
    return make_conninfo("", **{name: value for name, value in parts.items() if name != "password"})


def _environment(database_url: str) -> dict[str, str]:
    from psycopg.conninfo import conninfo_to_dict

    password = conninfo_to_dict(database_url).get("password")
    named = {name: os.environ[name] for name in ("PATH", "HOME", "PGPASSFILE", "PGSSLROOTCERT") if name in os.environ}
    return {**named, "LC_ALL": "C", **({} if password is None else {"PGPASSWORD": str(password)})}
