"""Of one civil day, what another happening presupposes comes first where either has no time of day."""

from collections.abc import Sequence
from datetime import datetime

from tests.oracle.standing import Happened, day

PRESUPPOSES = """
    uc-determination-made         child-encountered          unless in custody
    referred-to-orr               child-encountered          unless in custody
    contiguous-return-executed    child-encountered          unless in custody
    handoff-started               child-encountered          unless in custody
    referral-cancelled            referred-to-orr
    placement-designated          referred-to-orr
    handoff-accepted              handoff-started            same handoff_id
    handoff-cancelled             handoff-started            same handoff_id
    handoff-declined              handoff-started            same handoff_id
    admitted-to-program           handoff-accepted
    network-transfer-completed    admitted-to-program        unless in care
    emergency-transfer-made       admitted-to-program        unless in care
    absence-reported              admitted-to-program        unless in care
    released-to-sponsor           admitted-to-program        unless in care
    discharged-otherwise          admitted-to-program        unless in care
    absence-resolved              absence-reported
    post-release-contact-recorded released-to-sponsor
    nta-served                    nta-issued                 same nta_id
    nta-filed                     nta-issued                 same nta_id
    nta-rejected                  nta-filed                  same nta_id
    nta-docketed                  nta-filed                  same nta_id
    hearing-scheduled             nta-filed                  same court_case
    hearing-scheduled             nta-docketed               same court_case
    hearing-cancelled             hearing-scheduled          same hearing_id
    hearing-held                  hearing-scheduled          same hearing_id
    failure-to-appear-recorded    hearing-scheduled          same hearing_id
    failure-to-appear-recorded    hearing-held               same hearing_id
    order-entered                 hearing-held               same court_case
    order-entered                 failure-to-appear-recorded same court_case
    motion-decided                order-entered              same court_case
"""
ROWS = [(row[0], row[1], row[-1] if row[2:] else None) for row in map(str.split, PRESUPPOSES.strip().splitlines())]
CARE = ("admitted-to-program", "network-transfer-completed", "emergency-transfer-made")
BEGINS = {"care": CARE, "custody": (*CARE, "child-encountered", "handoff-accepted")}
ENDS = ("released-to-sponsor", "discharged-otherwise", "contiguous-return-executed", "departure-verified")


def ordered(by_time: Sequence[Happened], zone: str) -> list[Happened]:
    """Put what is in the order of times into the order of the fold."""
    done: list[Happened] = []
    for one in by_time:
        _put(one, by_time, zone, done)
    return done


def _put(one: Happened, by_time: Sequence[Happened], zone: str, done: list[Happened]) -> None:
    if one in done:
        return
    for other in by_time:
        if other not in done and _presupposes(one, other, zone, done):
            _put(other, by_time, zone, done)
    done.append(one)


def _presupposes(one: Happened, other: Happened, zone: str, done: Sequence[Happened]) -> bool:
    times = [h.when for h in (one, other)]
    if None in times or all(isinstance(when, datetime) for when in times):
        return False
    if day(one.when, zone) != day(other.when, zone):
        return False
    return any(
        (one.name, other.name) == (name, presupposed) and _applies(one, other, what, done)
        for name, presupposed, what in ROWS
    )


def _applies(one: Happened, other: Happened, what: str | None, done: Sequence[Happened]) -> bool:
    if what in BEGINS:  # unless that goes on already: `unless in care` names care
        moves = [h.name for h in done if h.name in (*BEGINS[what], *ENDS)]
        return not moves or moves[-1] in ENDS
    return what is None or (what in one.fact and one.fact.get(what) == other.fact.get(what))
