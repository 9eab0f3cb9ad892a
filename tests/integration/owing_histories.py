"""Made-up ledgers in which duties open, are met, late, missed, waived and withdrawn, in read tables."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Door, Producer, Subject, value, write_state
from ledger.facts import CURRENT, short_name
from ledger.kafka.entries import EntryMessage
from ledger.roles.settings import Settings
from ledger.sharing.batches import Publication, PublicationBatch
from ledger.streams import LEDGER, OF_AGENCY
from ledger.times import write_clock
from projections.following.applying import Applying
from projections.tables.versions import connect, live_schema, prepare
from projections.tables.writing import Tables
from tests.histories import CITY_ONLY, ELM
from tests.integration.filling import ZONE, Ledger, child_number

FACTS: tuple[tuple[Agency, str, dict[str, Any]], ...] = (
    ("CBP", "child-encountered", {"encounter_type": "interior", "place": "RGV", "country": "MEX"}),
    ("CBP", "child-encountered", {"encounter_type": "interior", "place": "RGV", "date_of_birth": "2004-02-29"}),
    ("CBP", "uc-determination-made", {"is_uc": True}),
    ("ICE-ERO", "uc-determination-made", {"is_uc": False}),
    ("CBP", "referred-to-orr", {"referring_office": "RGV"}),
    ("ORR", "placement-designated", {"program": "Casa", "level_of_care": "shelter"}),
    ("ORR", "handoff-accepted", {"handoff_id": "h", "receiving_agency": "ORR", "receiving_facility": "C",
                                 "discrepancies": [], "exceptional_circumstances": ["surge-or-influx"]}),
    ("ORR", "admitted-to-program", {"program": "Casa"}),
    ("ORR", "released-to-sponsor", {"sponsor_category": "1", "address": ELM}),
    ("ORR", "released-to-sponsor", {"sponsor_category": "1", "address": CITY_ONLY}),
    ("ORR", "discharge-notified", {"to": ["ICE-ERO"]}),
    ("ORR", "pre-release-notice-given", {"to": ["ICE-ERO"], "planned_for": "2022-01-20"}),
    ("ORR", "emergency-transfer-made", {"from_program": "Casa", "to_place": "Clinic", "reason": "fever"}),
    ("ORR", "network-transfer-completed", {"from_program": "Casa", "to_program": "Hogar"}),
    ("ORR", "post-release-contact-recorded", {"kind": "swb", "attempt": 1, "mode": "live-call",
                                              "spoke_with": ["child"], "child_seen": False, "identity_checked": True}),
    ("EOIR", "failure-to-appear-recorded", {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}),
    ("ICE-OPLA", "failure-to-appear-recorded", {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}),
    ("ICE-ERO", "nta-served", {"nta_id": "n1", "method": "mail", "served_on": ["child"]}),
    ("ICE-OPLA", "nta-filed", {"nta_id": "n1", "court": "HOU", "court_case": "c1"}),
    ("ICE-ERO", "responsible-office-assigned", {"office": "Seattle"}),
    ("ICE-OPLA", "responsible-office-assigned", {"office": "Chicago"}),
    ("ICE-ERO", "departure-verified", {"kind": "removal"}),
    ("CBP", "particulars-asserted", {"date_of_birth": "2004-01-10"}),
)  # fmt: skip


class Owing(Ledger):
    """Also what agencies sign for and read, and what the steward waives; `items` are what stands on the feeds."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[tuple[int, datetime, UUID, dict[Agency, int]]] = []
        self.streams: dict[int, UUID] = {}
        self.numbers: dict[Agency, int] = dict.fromkeys(RECEIVERS, 0)

    def say(self, record: UUID, wire: str, fact: Mapping[str, Any], *, agency: Agency, subject: Subject) -> int:
        """Append an entry about no child."""
        position = next(self.positions)
        self.recorded_at += timedelta(hours=1)
        state = write_state(
            recorded_at=self.recorded_at, occurred_at=None, known_since=self.recorded_at,
            producer=Producer(agency, None, None, "/tests"), door="feed",
            source={"document": "d", "reference": "r", "grade": "document", "channel": "system", "codes": {}},
            identifiers=(), findings=(), submission_id=f"s-{position}", submission_digest="d",
            fact=orjson.dumps(fact), resolved={}, extensions={}, subject=subject,
        )  # fmt: skip
        self.streams[position] = record
        self.payloads.append(value(position=position, child=record, version=1, wire=f"custody.{wire}.v1", state=state))
        return position

    def publish(self, position: int, child: UUID, agencies: list[Agency], at: datetime) -> None:
        """Put an entry on the feeds of these agencies, no earlier than what was put there before."""
        at = max([at, *(before for _, before, *_ in self.items[-1:])])
        for agency in agencies:
            self.numbers[agency] += 1
        self.items.append((position, at, child, {agency: self.numbers[agency] for agency in agencies}))


def made_up(seed: int, *, children: int, steps: int, plain: bool = False) -> Owing:
    """Play a ledger of some children, an hour a step; a plain one has no merges and no offices in other zones."""
    facts = [one for one in FACTS if not plain or one[1] != "responsible-office-assigned"]
    random, ledger = Random(seed), Owing()
    ids = [child_number(number) for number in range(1, children + 1)]
    entries: list[tuple[int, UUID, Agency, str, dict[str, Any]]] = []
    for step in range(steps):
        now = ledger.recorded_at + timedelta(hours=1)
        child, what = random.choice(ids), random.choice("ffffffffffcvmunnrrrraw") if step > children else "f"
        before = random.choice(entries) if entries else None
        today = (now - timedelta(hours=6)).date().isoformat()
        day = min(f"2022-01-{random.randint(1, 28):02}", today)  # nothing happens in the future (H5)
        when = random.choice((None, day, *[write_clock(
            now - timedelta(hours=random.choice((0, 1, 30, 100, 900))))] * 4))  # fmt: skip
        if before is None or what == "f":
            agency, name, fact = random.choice(facts)
            if step < children:
                child = ids[step]
            entries.append((_added(ledger, random, child, name, fact, agency, when), child, agency, name, fact))
        elif what in "cv":
            position, child, agency, name, fact = before
            if what == "v":
                act, said = "entry-voided", {"voids": position, "reason": "r"}
            else:
                sets: dict[str, Any] = random.choice(({"occurred_at": day}, {"occurred_at": None}))
                if name == "uc-determination-made":
                    sets = {"is_uc": False}
                if name == "correction-issued":
                    sets = {"occurred_at": day}
                if name in ("identity-merged", "identity-unmerged", "entry-voided", "notice-given"):
                    continue
                act, said = "correction-issued", {"corrects": position, "set": sets, "reason": "r"}
            entries.append((_added(ledger, random, child, act, said, agency, when), child, agency, act, said))
        elif what in "mu" and plain:
            continue
        elif what in "mu":
            other = random.choice([one for one in ids if one != child])
            act = "identity-merged" if what == "m" else "identity-unmerged"
            said = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "r"}
            position = ledger.add(child, act, said, occurred_at=None, agency="STEWARD", resolved={"other": str(other)})
            entries.append((position, child, "STEWARD", act, said))
        elif what == "n":
            position, child, *_ = before
            to: Agency = random.choice(RECEIVERS)
            said = {
                "to": to,
                "positions": [position],
                "channel": "email",
                "given_at": write_clock(now - timedelta(hours=random.choice((1, 40)))),
                "members": "all",
            }
            sender: Agency = random.choice((to, "ORR"))
            entries.append(
                (_added(ledger, random, child, "notice-given", said, sender, when), child, sender, "notice-given", said)
            )
        elif what == "r":
            signer: Agency = random.choice(RECEIVERS)
            last = ledger.numbers[signer]
            if last:
                number = random.randint(1, last)
                at = random.choice((None, now, now - timedelta(hours=50), now - timedelta(hours=5)))
                signed: dict[str, Any] = random.choice(({"up_to": number}, {"up_to": last}, {"numbers": [number]}))
                grade = random.choice(("delivered", "opened", "acknowledged"))
                more = {} if at is None else {"at": write_clock(at)}
                ledger.say(OF_AGENCY[signer], "feed-receipted", {**signed, "grade": grade, **more},
                           agency=signer, subject="agency")  # fmt: skip
        elif what == "a":
            reader: Agency = random.choice(RECEIVERS)
            moment = write_clock(ledger.recorded_at)
            question = {"verb": "view", "child": str(child), "viewpoint": random.choice((reader, "ICE", "ledger")),
                        "known_at": moment, "happened_by": moment, "recorded_by": moment, "basis": "any",
                        "at_least": random.choice(("told", "delivered"))}  # fmt: skip
            ledger.say(OF_AGENCY[reader], "answer-served", {"question": question, "rules": {"id": "x", "version": 1},
                       "digest": "d", "by": {}}, agency=reader, subject="agency")  # fmt: skip
        elif random.random() < 0.5:
            sender_of_all: Agency = random.choice(("ORR", "CBP", "ICE-ERO", "ICE-OPLA"))
            sent = [short_name(fact.wire) for fact in CURRENT if sender_of_all in fact.producers]
            covers = {"agency": sender_of_all, "facts": random.choice((sent, sent, ["discharge-notified"])),
                      "since": "2021-12-01", "door": "feed", "sends": random.random() < 0.8, "reason": "r",
                      "until": random.choice((None, None, "2022-01-20"))}  # fmt: skip
            ledger.say(LEDGER, "coverage-declared", covers, agency="STEWARD", subject="ledger")
        else:
            rule, obliged = random.choice((("D10", "ORR"), ("T1", "EOIR"), ("D2", "CBP"), ("T2", "ICE-ERO")))
            waived = {"rule": rule, "position": before[0], "obliged": obliged, "reason_code": "other", "reason": "x"}
            if rule == "T1" and random.random() < 0.5:
                waived["towards"] = "ORR"
            ledger.say(LEDGER, "obligation-waived", waived, agency="STEWARD", subject="ledger")
    latest = ledger.recorded_at + timedelta(minutes=30)
    ledger.items = [(position, min(at, latest), child, numbers) for position, at, child, numbers in ledger.items]
    return ledger


def _added(
    ledger: Owing, random: Random, child: UUID, name: str, fact: dict[str, Any], agency: Agency, when: str | None
) -> int:
    door: Door = "import" if random.random() < 0.2 else "feed"
    identifiers = [("orr-id", child.hex[-6:])]
    office = random.choice((None, None, 'Nordost "Ü"'))
    position = ledger.add(
        child, name, fact, occurred_at=when, agency=agency, identifiers=identifiers, door=door, office=office
    )
    told: list[Agency] = [one for one in RECEIVERS if one != agency and random.random() < 0.5]
    if told:
        # by a clock that was set back since, what is signed for an hour later was signed for before it was published
        late = random.choice((0, 1, 30, 0, 1, 30, 0, 1, 30, 400))
        ledger.publish(position, child, told, ledger.recorded_at + timedelta(minutes=late))
    return position


def fill(database_url: str, ledger: Owing, *, batch: int = 7, published: bool = True) -> None:
    """Bring entries and publications into the read tables, batch by batch."""
    with connect(database_url) as connection:
        prepare(connection, Settings(database_url, "", ZONE, "wall"))
        tables = Tables(connection, live_schema(connection))
        applying = Applying(ZONE, tables.load, load_lane=tables.load_lane)
        previous = 0
        for start in range(0, len(ledger.payloads), batch):
            messages = []
            for payload in ledger.payloads[start : start + batch]:
                messages.append(_message(ledger, payload, previous))
                previous = messages[-1].position
            applying.prepare({message.child for message in messages})
            for message in messages:
                applying.apply(message)
            assert not applying.parked
            with connection.transaction():
                tables.write(applying.take_changes(), {}, messages[-1].position, messages[-1].clock())
            if start % 3 == 0:
                applying.forget()
        if published:
            # nothing has come for three days, and what falls due meanwhile is missed
            stamp = write_clock(ledger.recorded_at + timedelta(days=3))
            items = tuple(
                Publication(position, str(child), "entry", ("x", 1), write_clock(at), numbers, {}, {})
                for position, at, child, numbers in ledger.items
            )
            tables.write_publications(
                [PublicationBatch(1, 0, previous, stamp, True, dict(ledger.numbers), None, items)], 0
            )


def _message(ledger: Owing, payload: bytes, previous: int) -> EntryMessage:
    given = orjson.loads(payload)
    position = given["position"]
    record = ledger.streams.get(position) or UUID(given["child"])
    return EntryMessage(position, previous, record, given["recorded_at"], 0, position, payload)
