"""Asking whether a server is there, before anything is done with it."""

from custody.errors import UNREACHABLE, Problem


def require_postgres(database_url: str) -> None:
    """Raise the `Problem` that names the server and the cure when PostgreSQL does not let us in."""
    import psycopg

    try:
        psycopg.connect(database_url, connect_timeout=10).close()
    except psycopg.Error as failure:
        raise Problem(
            f"PostgreSQL cannot be reached ({' '.join(str(failure).split())}); start it, or set DATABASE_URL to one "
            "that runs",
            UNREACHABLE,
        ) from failure
