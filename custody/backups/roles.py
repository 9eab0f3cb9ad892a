"""Roles and logins of a PostgreSQL server, which belong to the server and stand in no dump of a database.

Read and made again with their password hashes, memberships, settings and rights on the database, so that after a
restore everybody logs in as before and may read what he could.
"""

from typing import Any, Final

from psycopg import Connection, errors, sql
from psycopg.rows import dict_row

_FLAGS: Final = {
    "superuser": "superuser",
    "inherit": "inherit",
    "createrole": "createrole",
    "createdb": "createdb",
    "login": "login",
    "replication": "replication",
    "bypassrls": "bypassrls",
}
_ROLES: Final = (
    "select rolname as name, rolsuper as superuser, rolinherit as inherit, rolcreaterole as createrole,"
    " rolcreatedb as createdb, rolcanlogin as login, rolreplication as replication, rolbypassrls as bypassrls,"
    " rolconnlimit as connection_limit, rolvaliduntil::text as valid_until, {} as password"
    " from {} where rolname !~ '^pg_' order by rolname"
)
_MEMBERS: Final = (
    "select r.rolname as role, m.rolname as member, a.admin_option as admin, a.inherit_option as inherit,"
    " a.set_option as set from pg_auth_members a"
    " join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member"
    " where m.rolname !~ '^pg_' and m.rolname <> current_user order by 1, 2"
)
_SETTINGS: Final = (
    "select r.rolname as role, s.setdatabase <> 0 as here, unnest(s.setconfig) as setting from pg_db_role_setting s"
    " left join pg_roles r on r.oid = s.setrole"
    " where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))"
)
_RIGHTS: Final = (
    "select coalesce(r.rolname, '') as role, a.privilege_type as privilege, a.is_grantable as grantable"
    " from pg_database d, aclexplode(d.datacl) a left join pg_roles r on r.oid = a.grantee"
    " where d.datname = current_database() order by 1, 2"
)


def read_roles(connection: Connection[Any]) -> dict[str, Any]:
    """Return all roles of the server; `passwords` says whether this login may read their hashes."""
    passwords = True
    with connection.cursor(row_factory=dict_row) as cursor:
        try:
            with connection.transaction():
                roles = cursor.execute(_ROLES.format("rolpassword", "pg_authid")).fetchall()
        except errors.InsufficientPrivilege:
            passwords = False
            roles = cursor.execute(_ROLES.format("null::text", "pg_roles")).fetchall()
        row = connection.execute("select current_user").fetchone()
        assert row is not None
        return {
            "passwords": passwords,
            "roles": [_name_only(role) if role["name"] == row[0] else role for role in roles],
            "members": cursor.execute(_MEMBERS).fetchall(),
            "settings": cursor.execute(_SETTINGS).fetchall(),
            "rights": cursor.execute(_RIGHTS).fetchall(),
        }


def _name_only(role: dict[str, Any]) -> dict[str, Any]:
    """Return the ledger's own login as no more than a name: where it is restored, that server has one of its own."""
    return {**role, **dict.fromkeys(_FLAGS, False), "password": None}


def make_roles(connection: Connection[Any], written: dict[str, Any]) -> list[str]:
    """Make the roles that are not there; one that is there keeps its password. Return the names of those made."""
    there = {name for (name,) in connection.execute("select rolname from pg_roles").fetchall()}
    made = [role for role in written["roles"] if role["name"] not in there]
    for role in made:
        connection.execute(_create(role))
    for each in written["members"]:
        options = sql.SQL(", ").join(
            sql.SQL(f"{name} {'true' if each[name] else 'false'}") for name in ("admin", "inherit", "set")
        )
        connection.execute(
            sql.SQL("grant {} to {} with {}").format(
                sql.Identifier(each["role"]), sql.Identifier(each["member"]), options
            )
        )
    return [role["name"] for role in made]


def give_rights(connection: Connection[Any], written: dict[str, Any]) -> None:
    """Give back settings of roles and of the database we are connected to, and the rights on it."""
    row = connection.execute("select current_database(), current_user").fetchone()
    assert row is not None
    database, us = sql.Identifier(row[0]), row[1]
    for each in written["settings"]:
        name, _, value = each["setting"].partition("=")
        if each["role"] is None:
            whose = sql.SQL("alter database {}").format(database)
        else:
            where = sql.SQL(" in database {}").format(database) if each["here"] else sql.SQL("")
            whose = sql.SQL("alter role {}{}").format(sql.Identifier(each["role"]), where)
        # a list, such as search_path, is kept as the words of SQL that made it
        given = sql.SQL(value) if name in _LISTS else sql.Literal(value)
        connection.execute(sql.SQL("{} set {} to {}").format(whose, sql.Identifier(name), given))
    if written["rights"]:
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    for each in written["rights"]:
        if each["role"] == us:
            continue
        whom = sql.Identifier(each["role"]) if each["role"] else sql.SQL("public")
        grantable = sql.SQL(" with grant option" if each["grantable"] else "")
        connection.execute(
            sql.SQL("grant {} on database {} to {}{}").format(sql.SQL(each["privilege"]), database, whom, grantable)
        )


_LISTS: Final = ("search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries")


def _create(role: dict[str, Any]) -> sql.Composed:
    flags = " ".join(word if role[name] else f"no{word}" for name, word in _FLAGS.items())
    statement = sql.SQL("create role {} {} connection limit {}").format(
        sql.Identifier(role["name"]),
        sql.SQL(flags),  # made of the words above
        sql.Literal(role["connection_limit"]),
    )
    for option, name in (("password", "password"), ("valid until", "valid_until")):
        if role[name] is not None:
            statement += sql.SQL(f" {option} {{}}").format(sql.Literal(role[name]))
    return statement
