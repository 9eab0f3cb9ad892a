"""Receipts with the real intake: what an agency signs for, and what becomes of it."""

import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from consumers.reading import read_arrival
from consumers.recovery import recover
from custody.supervision.lag import measure
from ledger.agencies import Agency
from ledger.entry import read_ledger_entry
from ledger.facts import FeedReceipted
from ledger.intake.receipt import WIRE
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Place
from ledger.store.eventstore import open_ledger
from ledger.store.feed_bounds import published
from ledger.store.recording import Recording
from ledger.streams import OF_AGENCY
from ledger.topics import intake, receipts
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.receipting import publish, send, sign
from tests.integration.running import custody
from tests.integration.test_read_tables import on_kafka, quiet
from tests.integration.test_relay import restored_to

CALM = "2022-03-04T13:20:00-06:00"
PUBLISHED = "2022-03-01T10:00:00Z"


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with intake and relay, on whose feeds ORR was told 20 items and ICE-ERO 3."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as running:
        publish(database_url, PUBLISHED, orr=10, ice_ero=3)
        publish(database_url, "2022-03-02T10:00:00Z", orr=20)
        yield running


def entries(ledger: Flow) -> list[tuple[Any, int, int, dict[str, Any]]]:
    """Return (record, version, position, state) of every entry, in order."""
    rows = ledger.rows(
        "select originator_id, originator_version, notification_id, state from ledger.stored_events order by 3"
    )
    return [(record, version, position, orjson.loads(bytes(state))) for record, version, position, state in rows]


def test_an_accepted_receipt_is_an_entry_of_the_agencys_own_record(ledger: Flow) -> None:
    """The message's members, who signed, and no child; its outcome names the position and no child either."""
    by = {"office": "HLG", "user": "u-1"}
    data = {"up_to": 20, "grade": "opened", "at": "2022-03-02T06:00:00-05:00", "by": by}
    outcome = sign(ledger, "ORR", data, id="r1")
    assert (outcome["status"], outcome["child"], outcome["version"]) == ("accepted", None, 1)
    ((record, version, position, state),) = entries(ledger)
    assert (record, version, position) == (OF_AGENCY["ORR"], 1, outcome["position"])
    assert state["fact"] == data
    assert (state["subject"], state["producer"]["agency"], state["identifiers"]) == ("agency", "ORR", [])
    assert (state["producer"]["office"], state["producer"]["user"]) == ("HLG", "u-1")
    until(lambda: len(on_kafka(ledger)) == 1)
    ((_, message),) = on_kafka(ledger)
    entry = read_ledger_entry(message.payload)
    assert (entry.subject, orjson.loads(message.payload)["child"]) == ("agency", None)
    assert isinstance(entry.fact, FeedReceipted)
    assert entry.fact.up_to == 20


def test_numbers_and_both_modes_are_accepted_and_versions_count_up(ledger: Flow) -> None:
    """Receipts of two agencies, in one batch or in several, each continue their own agency's record."""
    bootstrap = ledger.settings.kafka_bootstrap
    sign(ledger, "ORR", {"up_to": 1, "grade": "delivered"})
    assert sign(ledger, "ORR", {"numbers": [17, 20], "grade": "acknowledged"}, packed=True)["version"] == 2
    for number in (1, 2, 3):
        send(bootstrap, "ICE-ERO", {"numbers": [number], "grade": "delivered"})
        send(bootstrap, "ORR", {"up_to": 17 + number, "grade": "delivered"})
    until(lambda: len(entries(ledger)) == 8)
    versions = {agency: [v for r, v, _, _ in entries(ledger) if r == OF_AGENCY[agency]] for agency in OF_AGENCY}
    assert (versions["ORR"], versions["ICE-ERO"]) == ([1, 2, 3, 4, 5], [1, 2, 3])
    clocks = [state["recorded_at"] for *_, state in entries(ledger)]
    assert all(one < next for one, next in pairwise(clocks))


def test_the_same_key_never_makes_two_entries(ledger: Flow) -> None:
    """A repeat is a duplicate, which names no child; another body under the id is refused by H1."""
    first = sign(ledger, "ORR", {"up_to": 5, "grade": "delivered"}, id="r1")
    again = sign(ledger, "ORR", {"grade": "delivered", "up_to": 5}, id="r1", packed=True)
    other = sign(ledger, "ORR", {"up_to": 6, "grade": "delivered"}, id="r1")
    assert (again["status"], again["position"], again["version"]) == ("duplicate", first["position"], 1)
    assert again["recorded_at"] == first["recorded_at"]
    assert again["child"] is None
    assert (other["status"], other["refusal"]["code"]) == ("refused", "H1")
    assert len(entries(ledger)) == 1


BAD: dict[str, tuple[Any, str, str]] = {
    "beyond the last number": ({"up_to": 21, "grade": "delivered"}, "R1", "up_to"),
    "a number beyond the last": ({"numbers": [1, 21], "grade": "delivered"}, "R1", "numbers"),
    "in the future": ({"up_to": 1, "grade": "delivered", "at": "2199-01-01T00:00:00Z"}, "R2", "at"),
    "whose feed": ({"up_to": 1, "grade": "delivered", "agency": "ORR"}, "H0", "agency"),
    "a grade nobody knows": ({"up_to": 1, "grade": "read"}, "H6", "grade"),
    "a number twice": ({"numbers": [1, 1], "grade": "delivered"}, "H0", "numbers"),
    "forbidden": ({"up_to": 1, "grade": "delivered", "legal_status": "zebra"}, "H8", "legal_status"),
}


def test_bad_receipts_are_refused_with_the_rule_and_the_member(ledger: Flow) -> None:
    """Nothing is recorded, and asked again the answer is the same; what nobody can read is set aside."""
    for what, (data, code, member) in BAD.items():
        first = sign(ledger, "ORR", data, id=what)
        assert (first["status"], first["refusal"]["code"], first["refusal"]["member"]) == ("refused", code, member)
        assert sign(ledger, "ORR", data, id=what) == first
    broken = sign(ledger, "ORR", b'{"up_to": 1', id="broken")
    assert (broken["status"], "set aside" in broken["refusal"]["message"]) == ("refused", True)
    assert ledger.rows("select topic, ce_id from ledger.set_aside") == [("custody.receipts.orr", "broken")]
    told_nothing = sign(ledger, "EOIR", {"up_to": 1, "grade": "delivered"})
    assert (told_nothing["refusal"]["code"], "told nothing yet" in told_nothing["refusal"]["message"]) == ("R1", True)
    assert entries(ledger) == []
    for (row,) in ledger.rows("select s::text from ledger.submissions s"):
        assert "zebra" not in row


def test_each_kind_of_message_is_taken_on_its_own_topic_only(ledger: Flow) -> None:
    """Whoever mistakes the topic is told the right one; sent there under a new id it is recorded."""
    receipt = {"up_to": 1, "grade": "delivered"}
    astray = sign(ledger, "ORR", receipt, topic=intake("ORR"))
    assert (astray["refusal"]["code"], "custody.receipts.orr" in astray["refusal"]["message"]) == ("H0", True)
    encounter = orjson.dumps(claim("A200000017", CALM, ENCOUNTER))
    astray = sign(ledger, "CBP", encounter, wire="custody.child-encountered.v1")
    assert (astray["refusal"]["code"], "custody.intake.cbp" in astray["refusal"]["message"]) == ("H0", True)
    assert entries(ledger) == []
    assert sign(ledger, "ORR", receipt)["status"] == "accepted"
    assert ledger.tell("CBP", "child-encountered", encounter)["status"] == "accepted"


def test_receipts_nobody_took_count_as_lag_and_what_was_set_aside_goes_back_to_its_topic(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """`custody status` shows receipts that wait; `custody set-aside retry` sends one where it was found."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake",)) as ledger:
        send(fresh_kafka, "ORR", b"{ no JSON", id="broken")
        until(lambda: ledger.rows("select count(*) from ledger.set_aside") == [(1,)])
    assert measure(database_url, fresh_kafka).intake == 0
    retry = ("set-aside", "retry", "1", "--json")
    done = custody(*retry, database_url=database_url, bootstrap=fresh_kafka, data=tmp_path)
    assert orjson.loads(done.stdout)["sent_to"] == "custody.receipts.orr"
    assert measure(database_url, fresh_kafka).intake == 1
    again = tmp_path / "again"
    again.mkdir()
    with flow(database_url, fresh_kafka, again, ("intake",)):
        until(lambda: ledger.rows('select topic, "offset" from ledger.set_aside order by 2')[1:] != [])
    assert ledger.rows("select distinct topic, value from ledger.set_aside") == [("custody.receipts.orr", b"{ no JSON")]


def test_a_claim_before_the_publication_leaves_a_finding(ledger: Flow) -> None:
    """R3 looks at the batch that published the last number signed for, and at no later one."""
    at = "2022-03-01T10:00:00Z"
    assert sign(ledger, "ORR", {"up_to": 10, "grade": "delivered", "at": at})["findings"] == []
    early = sign(ledger, "ORR", {"up_to": 11, "grade": "delivered", "at": at})
    assert [(finding["code"], finding["level"]) for finding in early["findings"]] == [("R3", "warn")]
    assert "published, at 2022-03-02T10:00:00.000000Z" in early["findings"][0]["message"]
    *_, (_, _, _, state) = entries(ledger)
    assert state["findings"] == early["findings"]


FIRST_WITH: dict[Agency, Callable[[int], int]] = {
    "CBP": lambda number: 3 * number,
    "ICE-ERO": lambda number: (number + 1) // 2,
    "ORR": lambda number: 699 + (number + 4) // 5,
    "USCIS": lambda number: number,
}
"""The batch that published a number on an agency's feed, in the next test."""


def test_the_batch_that_published_a_number_is_found_among_many(ledger: Flow) -> None:
    """Each of the batches is found by each of its numbers, whichever feed grew in it."""
    settings = ledger.settings
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("truncate ledger.publications")
        connection.execute(
            "insert into ledger.publications select n, n, timestamptz '2022-01-01Z' + n * interval '1 s',"
            " n / 3, 2 * n, 0, case when n < 700 then 0 else 5 * (n - 699) end, 0, n, '{}', ''"
            " from generate_series(1, 1000) n"
        )
    application = open_ledger(settings)
    try:
        with application.datastore.transaction() as cursor:
            for agency, first_with in FIRST_WITH.items():
                wanted = (1, 2, 6, 333, 1001)
                arrivals = [read(agency, {"up_to": number, "grade": "opened", "at": CALM}) for number in wanted]
                found = published(cursor, arrivals)[agency]
                assert found.last == {"CBP": 333, "ICE-ERO": 2000, "ORR": 1505, "USCIS": 1000}[agency]
                seconds = {number: round(at.timestamp()) - 1_640_995_200 for number, at in found.at.items()}
                assert seconds == {number: first_with(number) for number in wanted if number <= found.last}
            assert published(cursor, [read("EOIR", {"up_to": 1, "grade": "opened", "at": CALM})])["EOIR"].last == 0
    finally:
        application.close()


def test_receipts_of_two_agencies_in_one_batch_and_their_repeats(database_url: str) -> None:
    """Each goes on with its own record; a repeat in the same batch is a duplicate, another body is refused."""
    application = open_ledger(settings := Settings(database_url, "127.0.0.1:9", "America/New_York", "wall"))
    publish(database_url, PUBLISHED, orr=10, ice_ero=3)
    recording = Recording(application, settings)
    one = {"up_to": 3, "grade": "delivered"}
    for batch in range(2):
        tally = recording.record(
            [
                read("ORR", one, 3 * batch),
                read("ICE-ERO", one, 3 * batch + 1),
                read("ORR", one, 3 * batch),
                read("ORR", {"up_to": 4, "grade": "delivered"}, 3 * batch),
                read("ORR", one, 3 * batch + 2),
            ],
            [],
        )
        assert (tally.accepted, tally.receipts, tally.answered_without_entry) == (3, 3, 2)
    with application.datastore.transaction() as cursor:
        cursor.execute("select * from ledger.stored_events order by notification_id")
        events = list(cursor)
        cursor.execute("select body from ledger.outcomes order by number")
        answers = [orjson.loads(bytes(row["body"])) for row in cursor]
    application.close()
    orr, ice = OF_AGENCY["ORR"], OF_AGENCY["ICE-ERO"]
    found = [(event["originator_id"], event["originator_version"]) for event in events]
    assert found == [(orr, 1), (ice, 1), (orr, 2), (orr, 3), (ice, 2), (orr, 4)]
    assert [(a["status"], a["position"], a["child"], a["refusal"] and a["refusal"]["code"]) for a in answers] == [
        ("duplicate", 1, None, None),
        ("refused", None, None, "H1"),
        ("duplicate", 4, None, None),
        ("refused", None, None, "H1"),
    ]
    kept = [orjson.loads(bytes(event["state"]))["extensions"] for event in events]
    assert kept == [{"traceparent": "00-1"}] * 6, "other attributes are kept, as of a submission"
    assert recording._cached == 0, "an agency's record is not kept in memory"


def read(agency: Agency, data: dict[str, Any], offset: int = 0) -> Any:
    """Return a receipt as intake reads it."""
    extra = (("traceparent", "00-1"),)
    headers = binary_headers(id=f"r-{offset}", source="/x", type=WIRE, time="2022-03-05T00:00:00Z", extra=extra)
    return read_arrival(Place(agency, receipts(agency), 0, offset), headers, orjson.dumps(data))


def test_a_driven_clock_follows_the_receipts(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """`recorded_at` is the receipt's `ce_time`, or just past the last entry's if that is later."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay"), clock="driven") as ledger:
        publish(database_url, PUBLISHED, orr=3)
        receipt = {"up_to": 1, "grade": "delivered"}
        first = sign(ledger, "ORR", receipt, sent_at="2022-03-02T09:00:00Z")
        earlier = sign(ledger, "ORR", receipt, sent_at="2022-03-02T08:00:00Z")
        at = {"at": "2022-03-02T09:06:00Z"}
        ahead = sign(ledger, "ORR", receipt | at, sent_at="2022-03-02T09:00:30Z")
        later = sign(ledger, "ORR", receipt | at, sent_at="2022-03-02T09:01:00Z")
    assert first["recorded_at"] == "2022-03-02T09:00:00.000000Z"
    assert earlier["recorded_at"] == "2022-03-02T09:00:00.000001Z"
    assert (ahead["refusal"]["code"], later["status"]) == ("R2", "accepted")


def test_an_intake_killed_again_and_again_loses_and_doubles_no_receipt(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Submissions and receipts of two agencies between kills: each is one entry, versions and clock without a flaw."""
    with flow(database_url, fresh_kafka, tmp_path, ("relay",)) as ledger:
        publish(database_url, PUBLISHED, orr=5000, ice_ero=5000)
        orr, bootstrap = ledger.client("CBP"), ledger.settings.kafka_bootstrap
        sent = 0
        for life in range(2):
            folder = tmp_path / str(life)
            folder.mkdir()
            with flow(database_url, fresh_kafka, folder, ("intake",)) as taking:
                many(bootstrap, range(life * 400, life * 400 + 400))
                for number in range(life * 400, life * 400 + 400):
                    orr.send("custody.child-encountered.v1", claim(f"A2{number:08}", CALM, ENCOUNTER))
                orr.settle()
                sent += 1200
                until(lambda sent=sent: len(entries(ledger)) > sent - 1100)
                taking.processes["intake"].send_signal(signal.SIGKILL)
                until(lambda taking=taking: taking.processes["intake"].poll() is not None)
        folder = tmp_path / "last"
        folder.mkdir()
        with flow(database_url, fresh_kafka, folder, ("intake",)):
            until(lambda: len(entries(ledger)) == sent)
        found = entries(ledger)
        assert ledger.rows("select count(*) from ledger.outcomes") == [(0,)], "no message was read twice and answered"
    for agency in ("ORR", "ICE-ERO"):
        mine = [(version, state["fact"]["up_to"]) for record, version, _, state in found if record == OF_AGENCY[agency]]
        assert mine == [(number, number) for number in range(1, 801)]
    assert all(one[3]["recorded_at"] < next[3]["recorded_at"] for one, next in pairwise(found))


def many(bootstrap: str, numbers: range) -> None:
    """Send one receipt a number for two agencies, in order."""
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5)
    for number in numbers:
        for agency in ("orr", "ice-ero"):
            headers = binary_headers(id=f"{agency}-{number}", source=f"/{agency}/feed", type=WIRE, time=CALM)
            producer.send(
                f"custody.receipts.{agency}",
                value=orjson.dumps({"up_to": number + 1, "grade": "delivered"}),
                headers=headers,
            )
    producer.flush()
    producer.close()


def test_receipts_are_recovered_from_kafka(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """Back after a restore: the entries, their keys (a repeat is a duplicate) and the agency's next version."""
    folders = [tmp_path / str(n) for n in range(2)]
    for folder in folders:
        folder.mkdir()
    with flow(database_url, fresh_kafka, folders[0], ("intake", "relay")) as ledger:
        publish(database_url, PUBLISHED, orr=50)
        for number in range(1, 31):
            send(fresh_kafka, "ORR", {"up_to": number, "grade": "delivered"}, id=f"r{number}")
        until(lambda: len(entries(ledger)) == 30)
        until(lambda: len(on_kafka(ledger)) == 30)
        before = entries(ledger)
    restored_to(ledger, 12)
    application = open_ledger(ledger.settings)
    assert recover(application, ledger.settings, quiet) == 18
    application.close()
    assert entries(ledger) == before
    with flow(database_url, fresh_kafka, folders[1], ("intake", "relay")) as ledger:
        again = sign(ledger, "ORR", {"up_to": 29, "grade": "delivered"}, id="r29")
        assert (again["status"], again["position"], again["version"]) == ("duplicate", 29, 29)
        assert sign(ledger, "ORR", {"up_to": 31, "grade": "delivered"})["version"] == 31
