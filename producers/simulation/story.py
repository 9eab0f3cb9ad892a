"""The told story: child A200-000-017, as in the worked example of "who knew what, and when".

CBP hands her to ORR in January 2022, ORR releases her on 4 March to an address without an apartment number; the
court mails the notice of the hearing of 9 June to the address it had in January, she fails to appear, and ORR is
told by e-mail on 14 June. Receipts belong to another topic and are sent by whoever plays them.
"""

from collections.abc import Mapping
from typing import Any, Final

from ledger.agencies import Agency
from producers.simulation.sendings import Sending

CHILD: Final = "A200-000-017"

_A_NUMBER: Final = {"scheme": "a-number", "value": "A200000017"}
_ORR_ID: Final = {"scheme": "orr-id", "value": "88123"}
_STATION: Final = "Puerto Inventado Station"
_PROGRAM: Final = "Casa Ficticia"
_JANUARY: Final = {"lines": ["1 Casa Ficticia Way"], "care_of": _PROGRAM, "city": "Fictionville", "state": "TX"}
_MARCH: Final = {"lines": ["1200 Elm St"], "city": "Houston", "state": "TX", "zip": "77002"}
_BORN: Final = "2008-05-21"
_HEARING: Final = "h-2022-0609-17"
_CASE: Final = "case-17"
_NTA: Final = "nta-17"


def _told(
    agency: Agency,
    name: str,
    document: str,
    fact: Mapping[str, Any],
    *,
    at: str,
    sent: str,
    positions_of: Mapping[str, str | tuple[str, ...]] | None = None,
    known_since: str | None = None,
) -> Sending:
    id = f"story-17-{name}"
    data: dict[str, Any] = {
        "child": [_A_NUMBER, _ORR_ID] if agency == "ORR" else [_A_NUMBER],
        "occurred_at": at,
        "source": {"document": document, "reference": f"{document}-17", "grade": "document"},
        "door": "feed",
        "fact": fact,
    }
    if known_since is not None:
        data["known_since"] = known_since
    return Sending(agency, f"custody.{name}.v1", id, sent, data, "accepted", positions_of or {})


STORY: Final[tuple[Sending, ...]] = (
    _told(
        "CBP",
        "child-encountered",
        "I-213",
        {
            "encounter_type": "between-ports",
            "place": _STATION,
            "country": "GTM",
            "date_of_birth": _BORN,
            "sex": "F",
        },
        at="2022-01-09T21:40:00-06:00",
        sent="2022-01-09T22:30:00-06:00",
    ),
    _told(
        "CBP",
        "particulars-asserted",
        "I-213",
        {"name": "Alba Ejemplo", "date_of_birth": _BORN, "sex": "F", "country": "GTM", "basis": "claimed"},
        at="2022-01-09T23:10:00-06:00",
        sent="2022-01-09T23:15:00-06:00",
    ),
    _told(
        "CBP",
        "uc-determination-made",
        "UC screening form 93",
        {"is_uc": True, "age_basis": "claimed", "parent_available": False, "separated": False},
        at="2022-01-10T08:05:00-06:00",
        sent="2022-01-10T08:20:00-06:00",
    ),
    _told(
        "CBP",
        "referred-to-orr",
        "P-13",
        {"referring_office": _STATION},
        at="2022-01-10T10:00:00-06:00",
        sent="2022-01-10T10:02:00-06:00",
    ),
    _told(
        "CBP",
        "nta-issued",
        "I-862",
        {"nta_id": _NTA, "court": "HOU", "has_time_and_place": False},
        at="2022-01-10T13:00:00-06:00",
        sent="2022-01-10T13:10:00-06:00",
    ),
    _told(
        "CBP",
        "nta-served",
        "I-862",
        {"nta_id": _NTA, "method": "personal", "served_on": ["child", "custodian"], "proof": "signed"},
        at="2022-01-10T13:30:00-06:00",
        sent="2022-01-10T13:45:00-06:00",
    ),
    _told(
        "ORR",
        "placement-designated",
        "P-1",
        {"program": _PROGRAM, "level_of_care": "shelter"},
        at="2022-01-10T21:00:00-06:00",
        sent="2022-01-10T21:05:00-06:00",
    ),
    _told(
        "CBP",
        "handoff-started",
        "I-216",
        {
            "handoff_id": "ho-17",
            "from_agency": "CBP",
            "from_facility": _STATION,
            "to_agency": "ORR",
            "to_facility": _PROGRAM,
        },
        at="2022-01-11T09:00:00-06:00",
        sent="2022-01-11T09:10:00-06:00",
    ),
    _told(
        "ORR",
        "handoff-accepted",
        "I-216",
        {
            "handoff_id": "ho-17",
            "receiving_agency": "ORR",
            "receiving_facility": _PROGRAM,
            "discrepancies": [],
            "condition": "well",
        },
        at="2022-01-11T15:20:00-06:00",
        sent="2022-01-11T15:40:00-06:00",
    ),
    _told(
        "ORR",
        "admitted-to-program",
        "P-1",
        {"program": _PROGRAM, "level_of_care": "shelter"},
        at="2022-01-11T16:30:00-06:00",
        sent="2022-01-11T16:45:00-06:00",
    ),
    _told(
        "ICE-OPLA",
        "nta-filed",
        "I-862",
        {"nta_id": _NTA, "court": "HOU", "court_case": _CASE},
        at="2022-01-24T11:00:00-06:00",
        sent="2022-01-24T11:30:00-06:00",
    ),
    _told(
        "EOIR",
        "nta-docketed",
        "docket",
        {"nta_id": _NTA, "court_case": _CASE, "court": "HOU"},
        at="2022-01-26T09:00:00-06:00",
        sent="2022-01-26T09:05:00-06:00",
    ),
    _told(
        "EOIR",
        "address-reported",
        "EOIR-33",
        {"purpose": "mailing", "address": _JANUARY, "reported_via": "eoir-33"},
        at="2022-01-27T10:00:00-06:00",
        sent="2022-01-27T10:20:00-06:00",
    ),
    _told(
        "EOIR",
        "hearing-scheduled",
        "docket",
        {
            "hearing_id": _HEARING,
            "court_case": _CASE,
            "court": "HOU",
            "scheduled_for": "2022-06-09T09:00:00-05:00",
            "calendar": "master",
            "medium": "in-person",
        },
        at="2022-01-31T14:00:00-06:00",
        sent="2022-01-31T14:10:00-06:00",
    ),
    _told(
        "ORR",
        "sponsor-application-received",
        "S-1",
        {"sponsor_id": "sp-551", "sponsor_category": "1", "address": _MARCH},
        at="2022-02-02T12:00:00-06:00",
        sent="2022-02-02T12:30:00-06:00",
    ),
    _told(
        "ORR",
        "release-decided",
        "R-1",
        {"decision": "approve", "sponsor_id": "sp-551"},
        at="2022-03-02T16:00:00-06:00",
        sent="2022-03-02T16:20:00-06:00",
    ),
    _told(
        "ORR",
        "released-to-sponsor",
        "R-2",
        {"sponsor_id": "sp-551", "sponsor_category": "1", "relationship": "mother", "address": _MARCH},
        at="2022-03-04T13:20:00-06:00",
        sent="2022-03-04T13:31:00-06:00",
        known_since="2022-03-04T13:25:00-06:00",
    ),
    _told(
        "EOIR",
        "hearing-notice-served",
        "hearing notice",
        {
            "notice_id": "hn-17",
            "hearing_id": _HEARING,
            "method": "mail",
            "served_on": ["custodian"],
            "address": _JANUARY,
            "for_time": "2022-06-09T09:00:00-05:00",
        },
        at="2022-05-09T09:00:00-05:00",
        sent="2022-05-09T09:30:00-05:00",
    ),
    _told(
        "EOIR",
        "failure-to-appear-recorded",
        "hearing record",
        {"hearing_id": _HEARING, "court_case": _CASE, "judge_action": "adjourned", "notice_id": "hn-17"},
        at="2022-06-09T09:00:00-05:00",
        sent="2022-06-10T15:00:00-05:00",
        known_since="2022-06-10T14:50:00-05:00",
    ),
    _told(
        "ICE-OPLA",
        "notice-given",
        "e-mail",
        {
            "to": "ORR",
            "positions": [],
            "channel": "email",
            "given_at": "2022-06-14T10:15:00-04:00",
            "members": "all",
        },
        at="2022-06-14T10:15:00-04:00",
        sent="2022-06-20T09:00:00-04:00",
        positions_of={"positions": ("story-17-failure-to-appear-recorded",)},
    ),
)
"""In the order in which they were sent: played on the driven clock, `recorded_at` follows `ce_time`."""
