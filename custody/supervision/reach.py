"""Asking whether a server is there before anything is done with it, and naming it without its password."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from custody.errors import UNREACHABLE, Problem
from ledger.roles.server_words import postgres_reason


def without_password(database_url: str) -> str:
    """Return what names a PostgreSQL, a URL or `host=... port=...`, without any password that stands in it."""
    if "://" not in database_url:
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        parts = conninfo_to_dict(database_url)
        return make_conninfo("", **{name: value for name, value in parts.items() if "password" not in name})
    url = urlsplit(database_url)
    user, at, host = url.netloc.rpartition("@")
    query = urlencode([(name, value) for name, value in parse_qsl(url.query) if "password" not in name])
    return urlunsplit(url._replace(netloc=user.partition(":")[0] + at + host, query=query))


def require_postgres(database_url: str) -> None:
    """Raise the `Problem` that names the server and the cure when PostgreSQL does not let us in."""
    import psycopg

    try:
        psycopg.connect(database_url, connect_timeout=10).close()
    except psycopg.Error as failure:
        raise Problem(
            f"PostgreSQL cannot be reached ({postgres_reason(failure)}); start it, or set DATABASE_URL to one "
            "that runs",
            UNREACHABLE,
        ) from failure
