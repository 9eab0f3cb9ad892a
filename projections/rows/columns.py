"""The columns of the read tables in the order their rows are made, each with its PostgreSQL type."""

from typing import Final

from ledger.agencies import RECEIVERS, Agency

FEEDS: Final[dict[Agency, str]] = {agency: agency.lower().replace("-", "_") for agency in RECEIVERS}
"""The column of `publications` that holds an entry's number on an agency's feed."""
_INTERVAL: Final = {
    "position": "bigint",
    "number": "integer",
    "recorded_from": "timestamptz",
    "recorded_until": "timestamptz",
}

INTERVALS: Final[dict[str, dict[str, str]]] = {
    "stays": {"admitted_on": "date", "left_on": "date", "left_by": "text", "country": "text", "proof": "text"},
    "absences": {"absent_on": "date", "ended_on": "date", "ended_by": "text", "proof": "text"},
    "releases": {
        "release_position": "bigint",
        "released_on": "date",
        "state": "text",
        "sponsor_category": "text",
        "country": "text",
        "proof": "text",
    },
    "failures": {
        "failure_position": "bigint",
        "hearing": "text",
        "failed_on": "date",
        "court_case": "text",
        "judge_action": "text",
        "proof": "text",
    },
    "closures": {
        "finding_position": "bigint",
        "finding_number": "integer",
        "resolved_position": "bigint",
        "resolved_at": "timestamptz",
    },
    "duties": {
        "rule": "text",
        "version": "integer",
        "kind": "text",
        "obliged": "text",
        "towards": "text",
        "opened_by": "bigint",
        "happened_at": "timestamptz",
        "started": "text",
        "undated": "boolean",
        "zone": "text",
        "due_at": "timestamptz",
        "measured": "boolean",
        "dropped_by": "bigint",
        "dropped_as": "text",
        "met_at": "timestamptz",
        "met_by": "bigint",
        "excuse": "text",
        "ended_at": "timestamptz",
        "ended_by": "bigint",
        "ended_as": "text",
        "to_know": "text",
        "claimed_from": "text",
        "heard_at": "timestamptz",
        "live": "boolean",
    },
}
"""Tables whose rows are held from one entry until another: their content, without person and interval."""

STEPS: Final = ("start", "until", "other_start", "other_until")
"""The bounds of a box in which something is held (projections/holdings/boxes.py), as columns begin with them."""
STEP: Final[dict[str, str]] = {
    **dict.fromkeys(FEEDS.values(), "integer"),
    "by": "smallint",
    "since": "timestamptz",
    "at": "timestamptz",
}
"""The columns of one bound, each with the bound's name and `_` before it."""
_BOX: Final = {f"{bound}_{column}": of for bound in STEPS for column, of in STEP.items()}
FIGURED: Final = ("stays", "absences", "releases", "failures")
"""The intervals that figures count."""
HELD: Final[dict[str, dict[str, str]]] = {
    **{table: INTERVALS[table] for table in FIGURED},
    "residences": {"residence": "text", "happened": "timestamptz"},
}
"""What agencies hold, table by table, each called `held_` and its name: the content of a row."""

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "entries": {"child": "uuid", "position": "bigint", "recorded_at": "timestamptz", "payload": "bytea"},
    "current_location": {
        "child": "uuid",
        "person": "uuid",
        "custody_state": "text",
        "legal_custodian": "text",
        "physical_custodian": "text",
        "place": "text",
        "residence": "jsonb",
        "since": "timestamptz",
        "since_given": "text",
        "position": "bigint",
    },
    "status": {
        "child": "uuid",
        "person": "uuid",
        "custody_state": "text",
        "proceedings": "jsonb",
        "whereabouts_state": "text",
        "whereabouts_since": "timestamptz",
        "residence": "jsonb",
        "mailing": "jsonb",
        "date_of_birth": "date",
        "age_basis": "text",
        "position": "bigint",
    },
    "identifiers": {
        "scheme": "text",
        "value": "text",
        "child": "uuid",
        "position": "bigint",
        "turn": "bigint",
        "recorded_at": "timestamptz",
    },
    "released_identifiers": {
        "scheme": "text",
        "value": "text",
        "child": "uuid",
        "position": "bigint",
        "recorded_at": "timestamptz",
    },
    "findings": {
        "position": "bigint",
        "number": "integer",
        "code": "text",
        "level": "text",
        "message": "text",
        "child": "uuid",
        "type": "text",
        "agency": "text",
        "office": "text",
        "recorded_at": "timestamptz",
    },
    "links": {"child": "uuid", "other": "uuid", "position": "bigint"},
    **{table: {"person": "uuid", **content, **_INTERVAL} for table, content in INTERVALS.items()},
    "publications": {
        "child": "uuid",
        "position": "bigint",
        "batch": "bigint",
        "item": "integer",
        "published_at": "timestamptz",
        **dict.fromkeys(FEEDS.values(), "integer"),
        "withheld": "text",
        "unsaid": "text",
    },
    "batches": {
        "batch": "bigint",
        "to_position": "bigint",
        "published_at": "timestamptz",
        **dict.fromkeys(FEEDS.values(), "integer"),
    },
    **{
        f"held_{table}": {
            "child": "uuid",
            "number": "integer",
            "views": "smallint",
            "grid": "boolean",
            "single": "boolean",
            **content,
            **_BOX,
        }
        for table, content in HELD.items()
    },
    "irregular": {"child": "uuid", "always": "smallint", "told": "smallint"},
    "receipts": {
        "record": "uuid",
        "level": "smallint",
        "lane": "bigint",
        "first": "bigint",
        "last": "bigint",
        "step": "boolean",
        "at": "timestamptz",
        "recorded_at": "timestamptz",
        "position": "bigint",
    },
    "waivers": {
        "record": "uuid",
        "rule": "text",
        "opened_by": "bigint",
        "obliged": "text",
        "towards": "text",
        "reason_code": "text",
        "reason": "text",
        "recorded_at": "timestamptz",
        "position": "bigint",
    },
    "reads": {
        "child": "uuid",
        "record": "uuid",
        "position": "bigint",
        "recorded_at": "timestamptz",
        "viewpoint": "text",
        "known_at": "timestamptz",
        "happened_by": "timestamptz",
        "recorded_by": "timestamptz",
        "basis": "text",
        "at_least": "text",
    },
    "parked": {
        "child": "uuid",
        "position": "bigint",
        "recorded_at": "timestamptz",
        "payload": "bytea",
        "reason": "text",
        "left_out_by": "bigint",
    },
}
TABLES: Final = tuple(COLUMNS)
HELD_TABLES: Final = (*(f"held_{table}" for table in HELD), "irregular")
"""The tables of what agencies hold."""
