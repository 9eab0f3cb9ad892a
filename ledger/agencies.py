"""Who produces, who receives, and who only asks (contract: Agencies)."""

from typing import Final, Literal, get_args

Agency = Literal["CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "OIG", "STEWARD"]
OutsideBody = Literal["HSI", "ORR-NCC", "CPS", "LE"]
"""Bodies outside the ledger: they get no feed, so a concern routed there alone is a dead end that shows."""
Body = Literal[Agency, OutsideBody, "unknown"]
NamedAgency = Literal[Agency, "unknown"]
"""An agency as a member of a fact names it. Like every coded member it may be `unknown`: a source that names a body
we have no word for is late truth, not a mistake of form."""

AGENCIES: Final[tuple[Agency, ...]] = get_args(Agency)
RECEIVERS: Final[tuple[Agency, ...]] = ("CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS")
"""The agencies that produce and receive."""
PRODUCERS: Final[tuple[Agency, ...]] = (*RECEIVERS, "STEWARD")
"""The agencies with an intake topic. OIG only reads."""
GROUPS: Final[dict[str, tuple[Agency, ...]]] = {
    "ICE": ("ICE-ERO", "ICE-OPLA"),
    "DHS": ("CBP", "ICE-ERO", "ICE-OPLA", "USCIS"),
}
"""Groups exist for asking only: a group knows what any of its members knows."""


def topic_suffix(agency: Agency) -> str:
    """Return the agency's name as it stands in topic names: `custody.intake.ice-ero`."""
    return agency.lower()
