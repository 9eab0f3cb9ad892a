"""The real roles against the oracle: what they recorded, published and answer, for the same questions.

Broken by hand to see it fail: receipts selected without R; the receipts of one agency read as those of another; what is
withheld from one agency read as withheld from the next; of one receipt at several levels the lowest taken.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ledger.agencies import Agency
from ledger.entry import Entry, read_entry, read_ledger_entry
from ledger.facts import FeedReceipted
from ledger.sharing.rule_sets import default_rules
from ledger.streams import STREAMS
from ledger.times import parse_instant, write_clock
from readers.child.known_set import parse_viewpoint
from readers.child.view import view
from readers.moments import MomentsAsked
from readers.snapshot import connect
from readers.unanswerable import NothingKnownError
from tests.histories import ELM, OAK, Json
from tests.integration.feeding import on_feeds, published
from tests.integration.flow import Flow, claim, flow
from tests.integration.receipting import sign
from tests.integration.test_read_tables import on_kafka
from tests.knowing import comparable, written
from tests.oracle import feeds as oracle_feeds
from tests.oracle import knowledge as oracle

START = datetime.fromisoformat("2022-03-01T12:00:00+00:00")
CHILDREN = ("A200000001", "A200000002", "A200000003")
RECEIVING: tuple[Agency, ...] = ("ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "CBP")
HEARING = {"hearing_id": "h1", "court_case": "c1"}
FACTS: tuple[tuple[Agency, str, Json, Json], ...] = (
    ("CBP", "child-encountered", {"encounter_type": "interior", "place": "RGV"}, {"place": "Yuma"}),
    ("ORR", "admitted-to-program", {"program": "Casa"}, {"program": None}),
    (
        "ORR",
        "released-to-sponsor",
        {"sponsor_category": "1", "address": ELM},
        {"address": OAK, "sponsor_category": "3"},
    ),
    (
        "EOIR",
        "hearing-scheduled",
        {**HEARING, "court": "HOU", "scheduled_for": "2022-06-01"},
        {"scheduled_for": "2022-07-01"},
    ),
    ("EOIR", "hearing-held", {**HEARING, "appearance": "present", "adjournment_code": "7A"}, {"appearance": "absent"}),
    (
        "ICE-ERO",
        "address-reported",
        {"purpose": "residence", "address": OAK, "reported_via": "other"},
        {"address": ELM},
    ),
    ("USCIS", "relief-filed", {"kind": "asylum", "receipt": "Z1", "jurisdiction": "USCIS"}, {"receipt": "Z2"}),
    (
        "CBP",
        "handoff-accepted",
        {
            "handoff_id": "x",
            "receiving_agency": "CBP",
            "receiving_facility": "RGV",
            "discrepancies": [],
            "condition": "fever",
        },
        {"condition": "well", "receiving_facility": "Yuma"},
    ),
    ("CBP", "particulars-asserted", {"date_of_birth": "2008-02-29"}, {"date_of_birth": "2003-01-01"}),
)


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    with flow(database_url, fresh_kafka, tmp_path, clock="driven") as running:
        yield running


def play(ledger: Flow, random: Random, steps: int) -> None:
    """Send a history an hour a step: facts, corrections, voids, merges, disputes, notices and receipts."""
    nothing: list[tuple[int, str, Agency, str, Json]] = [(0, CHILDREN[0], "STEWARD", "", {})]
    recorded: list[tuple[int, str, Agency, str, Json]] = []
    for step in range(steps):
        now = START + step * timedelta(hours=1)
        sent = {"sent_at": write_clock(now)}
        what = random.choice("fffccvnnmudrrr") if len(recorded) > 4 else "f"
        position, child, agency, name, sets = random.choice(recorded or nothing)
        either: tuple[Agency, ...] = (agency, "STEWARD")
        steward = random.choice(either)
        if what == "r":
            published(ledger)
            _sign(ledger, random, now)
            continue
        if what == "f":
            agency, name, fact, sets = random.choice(FACTS)
            child = random.choice(CHILDREN)
        elif what == "c" and name in ("", "identity-merged", "identity-unmerged"):
            continue
        elif what == "c":
            chosen = random.sample(sorted(sets), 1)
            new = {member: sets[member] for member in chosen}
            if random.random() < 0.4 and name not in ("entry-voided", "entry-disputed", "notice-given"):
                new["occurred_at"] = f"2022-02-{random.randint(10, 27)}"
            name, fact = "correction-issued", {"corrects": position, "set": new, "reason": "r"}
            agency = steward
        elif what == "v":
            name, fact, agency, sets = "entry-voided", {"voids": position, "reason": "r"}, steward, {"reason": "s"}
        elif what == "d":
            name, fact = "entry-disputed", {"position": position, "statement": "s", "by": "counsel"}
            agency, sets = "STEWARD", {"statement": "t"}
        elif what == "n":
            to = random.choice(RECEIVING)
            senders: tuple[Agency, ...] = (to, "ORR", "ICE-OPLA")
            given = now - random.choice((1, 5, 20)) * timedelta(hours=1)
            members = random.choice(("all", ["address"], ["corrects", "set.address"], ["appearance", "court_case"]))
            fact = {
                "to": to,
                "positions": [position],
                "channel": "email",
                "given_at": write_clock(given),
                "members": members,
            }
            name, agency, sets = "notice-given", random.choice(senders), {"members": "all"}
        else:
            child, other = random.sample(CHILDREN, 2)
            name, agency, sets = "identity-merged" if what == "m" else "identity-unmerged", "STEWARD", {}
            fact = {"other": {"scheme": "a-number", "value": other}, "reason": "r"}
        when = random.choice((f"2022-02-{random.randint(10, 27)}", write_clock(now - timedelta(hours=2)), None))
        outcome = ledger.tell(agency, name, claim(child, when, fact), **sent)
        if outcome["status"] == "accepted":
            recorded.append((outcome["position"], child, agency, name, sets))


def _sign(ledger: Flow, random: Random, now: datetime) -> None:
    agency = random.choice(RECEIVING)
    last = len(on_feeds(ledger)[agency])
    if last:
        number = random.randint(1, last)
        signed = random.choice(({"up_to": last}, {"up_to": number}, {"numbers": [number]}))
        claimed = random.choice((None, now, now - timedelta(hours=3), now - timedelta(hours=12)))
        at = {} if claimed is None else {"at": write_clock(claimed)}
        grade = random.choice(("delivered", "opened", "acknowledged"))
        sign(ledger, agency, {**signed, **at, "grade": grade}, sent_at=write_clock(now))


def history(ledger: Flow) -> oracle.History:
    """Return what was recorded and published, read from Kafka."""
    entries: list[Entry] = []
    signed: list[oracle.Signed] = []
    for _, message in on_kafka(ledger):
        if message.child not in STREAMS:
            entries.append(read_entry(message.payload))
            continue
        one = read_ledger_entry(message.payload)
        fact = one.fact
        assert isinstance(fact, FeedReceipted)
        numbers = fact.numbers or range(1, (fact.up_to or 0) + 1)
        signed.append(
            oracle.Signed(one.producer.agency, one.position, one.recorded_at, fact.grade, fact.at, frozenset(numbers))
        )
    items = []
    for agency, feed in on_feeds(ledger).items():
        for received in feed:
            body = received.body
            names = {m for m in body["fact"] if m != "set"} | {f"set.{m}" for m in body["fact"].get("set", ())}
            items.append(
                oracle.Published(
                    agency, body["number"], body["position"], parse_instant(received.time), frozenset(names)
                )
            )
    return oracle.History(entries, items, signed, ledger.settings.zone)


def test_the_roles_tell_and_answer_what_the_oracle_says(ledger: Flow) -> None:
    """Views of every agency, of groups and of the ledger: by any basis and grade, as known and recorded at any time."""
    random = Random(20220304)
    play(ledger, random, 60)
    published(ledger)
    whole = history(ledger)
    must: dict[str, list[tuple[str, int, Any, list[str]]]] = {agency: [] for agency in RECEIVING}
    for put in oracle_feeds.feeds(whole.entries, (), default_rules(), whole.zone):
        must[put.agency].append((put.kind, put.entry.position, put.part.fact, sorted(put.part.withheld)))
    bodies = {agency: [received.body for received in feed] for agency, feed in on_feeds(ledger).items()}
    assert must == {
        agency: [(b["kind"], b["position"], b["fact"], sorted(b["withheld"])) for b in feed]
        for agency, feed in bodies.items()
    }
    first = {a: next(e.child for e in whole.entries if ("a-number", a[1:]) in e.identifiers) for a in CHILDREN}
    answered = 0
    with connect(ledger.settings.database_url) as connection:
        for _ in range(400):
            child = random.choice(CHILDREN)
            viewer = random.choice((*RECEIVING, "OIG", "STEWARD", "ICE", "DHS", "ledger"))
            basis, grade = random.choice(("any", "proven")), random.choice(("told", "told", *oracle.GRADES))
            end = max(e.recorded_at for e in whole.entries)
            known_at, recorded_by = (
                end if random.random() < 0.3 else START + random.random() * timedelta(hours=61) for _ in range(2)
            )
            happened_by = random.choice((end, START - timedelta(days=random.randint(1, 20))))
            recorded_by = min(recorded_by, end)
            question = oracle.Question(first[child], viewer, known_at, happened_by, recorded_by, basis, grade)
            asked = MomentsAsked(happened_by=happened_by, known_at=known_at, recorded_by=recorded_by)
            name = ("ledger", str(first[child]))
            try:
                found = view(connection, name, asked, parse_viewpoint(viewer, basis, grade))
            except NothingKnownError:
                found = None
            answer = None if found is None else comparable(found)
            assert answer == written(oracle.view(whole, question)), question
            answered += answer is not None
    assert answered > 100
