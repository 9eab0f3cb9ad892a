"""The figures there are: what each counts, in words, and how it can be told apart (contract: Figures).

The SQL expressions speak of `m`, the rows of the figure's statement in figures.sql.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.choices import no_choice
from ledger.times import When
from readers.child.known_set import Viewpoint
from readers.unanswerable import WrongQuestionError

_LEDGER_VIEW: Final = Viewpoint()


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its statement, its definition, its dimensions and the columns of its list as SQL expressions."""

    statement: str
    definition: str
    dimensions: Mapping[str, str]
    listed: Mapping[str, str]
    table: str
    """Of what is counted."""
    day: str | None
    """The column of that table with the day that a period is asked for by; None: asked `--on` one day."""


@dataclass(frozen=True, slots=True)
class FigureAsked:
    """A figure as it is asked for; the last day of a period belongs to it."""

    name: str
    on: date | None = None
    since: date | None = None
    until: date | None = None
    by: str | None = None
    viewpoint: Viewpoint = _LEDGER_VIEW
    known_at: When | None = None
    recorded_by: When | None = None
    listed: bool = False
    without_open_findings: bool = False


_OPEN_FINDINGS: Final = (
    " Children with open guard findings are counted, and `open_findings` says how many they are; "
    "asked for without them, they are left out and `open_findings` says how many were."
)
_COUNTRY: Final = "coalesce(nullif(m.country, ''), 'unknown')"
_CHILD: Final = {
    "child": "m.person::text",
    "position": "split_part(m.proof, ' ', 1)::bigint",
    "entries": "string_to_array(m.proof, ' ')::bigint[]",
}
"""`entries` alone show what the row says; `position` is that of the admission, the release or the failure itself."""

FIGURES: Final[Mapping[str, Figure]] = {
    "in-care": Figure(
        statement="in_care",
        definition=(
            "Children admitted to an ORR program on or before the day, and not released, discharged or departed on "
            "or before it; each child is counted once, however many records or stays it has. An unknown day, of "
            "admission or of leaving, counts as before every other. Absent children are counted, and `absent` says "
            "how many they are. Days are of the ledger's civil time zone." + _OPEN_FINDINGS
        ),
        dimensions={"country": _COUNTRY},
        listed={
            **_CHILD,
            "admitted_on": "m.admitted_on::text",
            "country": "m.country",
            "absent": "m.absent",
            "open_findings": "m.open_findings",
        },
        table="stays",
        day=None,
    ),
    "released": Figure(
        statement="released",
        definition=(
            "Releases from ORR to a sponsor on a day of the period, its first and last day included; a child released "
            "twice in it is two releases, and `population` is the number of children. A release on an unknown day "
            "is in no period, and `undated` says how many such there are. The state is that of the address the child "
            "was released to; a fiscal year runs from October to September and is named by the year it ends in. "
            "Days are of the ledger's civil time zone." + _OPEN_FINDINGS
        ),
        dimensions={
            "fiscal-year": (
                "(extract(year from m.released_on)::int + (extract(month from m.released_on) >= 10)::int)::text"
            ),
            "state": "coalesce(nullif(upper(btrim(m.state)), ''), 'unknown')",
            "sponsor-category": "coalesce(nullif(m.sponsor_category, ''), 'unknown')",
            "country": _COUNTRY,
        },
        listed={
            **_CHILD,
            "released_on": "m.released_on::text",
            "state": "m.state",
            "sponsor_category": "m.sponsor_category",
            "country": "m.country",
            "open_findings": "m.open_findings",
        },
        table="releases",
        day="released_on",
    ),
    "failures-to-appear": Figure(
        statement="failed_to_appear",
        definition=(
            "Hearings on a day of the period, its first and last day included, at which a child failed to appear, as "
            "the court or ICE's counsel recorded; a hearing that both recorded is one, and `population` is the number "
            "of children. The day is that of the failure in the record first in order of what happened; one on an "
            "unknown day is in no period, and `undated` says how many such there are. A fiscal year runs from October "
            "to September and is named by the year it ends in. Days are of the ledger's civil time zone."
            + _OPEN_FINDINGS
        ),
        dimensions={
            "fiscal-year": "(extract(year from m.failed_on)::int + (extract(month from m.failed_on) >= 10)::int)::text",
            "judge-action": "coalesce(nullif(m.judge_action, ''), 'unknown')",
        },
        listed={
            **_CHILD,
            "hearing": "m.hearing",
            "court_case": "m.court_case",
            "failed_on": "m.failed_on::text",
            "judge_action": "m.judge_action",
            "open_findings": "m.open_findings",
        },
        table="failures",
        day="failed_on",
    ),
}


def defined(asked: FigureAsked) -> Figure:
    """Return the figure asked for; raises `WrongQuestionError` that names what can be asked."""
    if asked.name not in FIGURES:
        raise WrongQuestionError(no_choice(asked.name, "figure", (*FIGURES, "divergent")))
    kind = FIGURES[asked.name]
    if asked.by is not None and asked.by not in kind.dimensions:
        raise WrongQuestionError(f"--by {no_choice(asked.by, f'dimension of {asked.name}', kind.dimensions)}")
    if kind.day is None:
        if asked.since is not None or asked.until is not None:
            raise WrongQuestionError(f"the figure {asked.name} is of one day: ask for it with --on DATE")
        return kind
    if asked.on is not None or asked.since is None or asked.until is None:
        raise WrongQuestionError(f"the figure {asked.name} is of a period: ask for it with --from DATE --to DATE")
    if asked.since > asked.until:
        raise WrongQuestionError(
            f"the period from {asked.since} to {asked.until} ends before it begins: exchange --from and --to"
        )
    return kind
