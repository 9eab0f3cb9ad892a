"""One message stops nobody else: what no batch can hold, no codec unpack, or a fault of ours meets is kept and told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from kafka import KafkaProducer

from custody.supervision.lag import measure
from ledger.kafka.cloudevents import binary_headers
from ledger.topics import intake
from readers.verify.verify_intake import verify_intake
from tests.conftest import empty_topics
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.running import PATIENCE_SECONDS, custody

CALM = "2022-03-04T13:20:00-06:00"
TYPE = "custody.child-encountered.v1"


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with intake and relay."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as running:
        yield running


def verb(ledger: Flow, data: Path, *words: str) -> Any:
    """Run `custody set-aside ... --json` and return what it printed."""
    done = custody(
        "set-aside",
        *words,
        "--json",
        database_url=ledger.settings.database_url,
        bootstrap=ledger.settings.kafka_bootstrap,
        data=data,
    )
    assert done.returncode == 0, done.stderr
    return orjson.loads(done.stdout)


def answers(ledger: Flow, agency: Any, keys: list[Any]) -> dict[str, dict[str, Any]]:
    """Wait for the first outcome of each of these submissions."""
    found: dict[str, dict[str, Any]] = {}
    client = ledger.client(agency)

    def all_answered() -> bool:
        client.collect(300)
        for key in keys:
            outcome = client.take(key)
            if outcome is not None:
                found[key[1]] = outcome.body
        return len(found) == len(keys)

    until(all_answered)
    return found


def test_a_fault_of_ours_stops_one_message_and_a_retry_after_a_mend_accepts_it_under_its_id(
    ledger: Flow, tmp_path: Path
) -> None:
    """Its sender is answered X1; what came behind it of its child has a finding; others see nothing of it."""
    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        # a fault that only the database meets (22003), in one message of many
        connection.execute(
            "create function faulty() returns trigger language plpgsql as $$ begin raise exception"
            " 'integer out of range' using errcode = '22003'; end $$"
        )
        connection.execute(
            "create trigger faulty before insert on ledger.submissions for each row when (new.id = 'poison')"
            " execute function faulty()"
        )
    client = ledger.client("CBP")
    keys = []
    for number in range(40):
        id = "poison" if number == 17 else f"m-{number}"
        keys.append(client.send(TYPE, claim(f"A2000000{number:02}", CALM, ENCOUNTER), id=id))
    referral = claim("A200000017", CALM, {"referring_office": "RGV"})
    keys.append(client.send("custody.referred-to-orr.v1", referral, id="behind"))
    client.settle()
    told = answers(ledger, "CBP", keys)
    poison = told.pop("poison")
    assert (poison["status"], poison["refusal"]["code"], poison["position"]) == ("refused", "X1", None)
    assert "NumericValueOutOfRange 22003 at ledger.store.recording:" in poison["refusal"]["message"]
    assert "integer out of range" not in poison["refusal"]["message"]
    assert {answer["status"] for answer in told.values()} == {"accepted"}
    assert [id for id, answer in told.items() if "earlier-kept" in str(answer["findings"])] == ["behind"]
    assert ledger.tell("ORR", "particulars-asserted", claim("A200000017", CALM, {"sex": "F"}))["findings"] == []

    [letter] = verb(ledger, tmp_path, "list")["set_aside"]
    assert (letter["cause"], letter["source"], letter["id"]) == ("fault", poison["submission"]["source"], "poison")
    lag = measure(ledger.settings.database_url, ledger.settings.kafka_bootstrap)
    assert (lag.set_aside, lag.dead_letters["fault"]) == (1, 1)

    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        connection.execute("drop function faulty() cascade")
    verb(ledger, tmp_path, "retry", str(letter["number"]))
    accepted = "select e.state from ledger.submissions s join ledger.stored_events e on e.notification_id = s.position"
    until(lambda: ledger.rows(f"{accepted} where s.id = 'poison'") != [])
    [(state,)] = ledger.rows(f"{accepted} where s.id = 'poison'")
    assert b"earlier-kept" not in bytes(state)
    assert verb(ledger, tmp_path, "list")["set_aside"] == []
    [closed] = verb(ledger, tmp_path, "list", "--all")["set_aside"]
    assert closed["closed_by"] == "intake"
    assert ledger.tell("CBP", "referral-cancelled", claim("A200000017", CALM, {"reason": "x"}))["findings"] == []


def test_every_codec_is_read_and_a_batch_too_large_when_unpacked_is_kept_with_where_it_stood(
    ledger: Flow, tmp_path: Path
) -> None:
    """Its partition goes on behind it; of it a digest, its size and a part are kept; closing it needs a reason."""
    bootstrap = ledger.settings.kafka_bootstrap

    def send(codec: str | None, id: str, data: bytes) -> Any:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap, compression_type=codec, max_request_size=100 * 1_048_576, acks="all"
        )
        headers = binary_headers(id=id, source="/cbp/x", type=TYPE, time="2024-01-01T00:00:00Z")
        sent = producer.send(intake("CBP"), value=data, headers=headers, partition=0).get(timeout=PATIENCE_SECONDS)
        producer.close()
        return sent

    for number, codec in enumerate((None, "gzip", "snappy", "lz4", "zstd")):
        send(codec, f"c-{number}", orjson.dumps(claim(f"A20000000{number}", CALM, ENCOUNTER)))
    bomb = send("zstd", "bomb", bytes(70 * 1_048_576))
    send("snappy", "behind", orjson.dumps(claim("A200000009", CALM, ENCOUNTER)))
    until(lambda: ledger.rows("select count(*) from ledger.submissions where position is not null") == [(6,)])
    [letter] = verb(ledger, tmp_path, "list")["set_aside"]
    assert (letter["cause"], letter["partition"], letter["offset"]) == ("batch", 0, bomb.offset)
    assert "67108864 bytes when unpacked" in letter["reason"]
    assert letter["size"] < 1_048_576
    assert letter["kept"] <= 65_536
    run = {"database_url": ledger.settings.database_url, "bootstrap": bootstrap, "data": tmp_path}
    retried = custody("set-aside", "retry", "1", **run)  # type: ignore[arg-type]
    assert retried.returncode == 1
    assert b"what stands on the topic is a record batch of more than" in retried.stderr
    assert custody("set-aside", "close", "1", **run).returncode == 2  # type: ignore[arg-type]
    assert verb(ledger, tmp_path, "close", "1", "--reason", "a test of ours") == {"closed": [1], "not_open": []}
    [closed] = verb(ledger, tmp_path, "list", "--all")["set_aside"]
    assert (closed["closed_reason"], closed["closed_at"] is not None) == ("a test of ours", True)
    assert measure(ledger.settings.database_url, bootstrap).set_aside == 0


def test_a_long_message_kept_in_part_is_tried_again_from_its_topic(ledger: Flow, tmp_path: Path) -> None:
    """At most 64 kB of it are kept; what is sent again is what stands on the topic, its digest compared."""
    long = b'{"place": "' + b"x" * 200_000
    ledger.raw("CBP", long, binary_headers(id="long", source="/cbp/x", type=TYPE, time=CALM))
    until(lambda: ledger.rows("select count(*) from ledger.set_aside") == [(1,)])
    [letter] = verb(ledger, tmp_path, "list")["set_aside"]
    assert (letter["size"], letter["kept"]) == (len(long), 65_536)
    verb(ledger, tmp_path, "retry", "1")
    until(lambda: ledger.rows("select count(*), count(distinct digest) from ledger.set_aside") == [(2, 1)])
    empty_topics(ledger.settings.kafka_bootstrap, intake("CBP"))
    gone = custody(
        "set-aside",
        "retry",
        "2",
        database_url=ledger.settings.database_url,
        bootstrap=ledger.settings.kafka_bootstrap,
        data=tmp_path,
    )
    assert gone.returncode == 1
    assert b"kept in part only (65536 of 200011 bytes)" in gone.stderr
    assert b"made again since" in gone.stderr


@pytest.mark.parametrize("while_it_runs", [True, False], ids=["while intake runs", "while it stands"])
def test_a_topic_made_again_is_read_from_its_first_message_and_what_was_lost_shows(
    database_url: str, fresh_kafka: str, tmp_path: Path, while_it_runs: bool
) -> None:
    """Also once it has grown past the old offset, and with a message nobody can read at the same offset as before."""

    def fill(before: str) -> None:
        producer = KafkaProducer(bootstrap_servers=fresh_kafka, acks="all")
        producer.send(intake("CBP"), value=f"no JSON {before}".encode(), headers=[], partition=0)
        for number in range(4):
            headers = binary_headers(id=f"{before}-{number}", source="/cbp/x", type=TYPE, time="2024-01-01T00:00:00Z")
            data = orjson.dumps(claim(f"A20000000{number}", CALM, ENCOUNTER))
            producer.send(intake("CBP"), value=data, headers=headers, partition=0)
        producer.flush()
        producer.close()

    def answered(running: Flow, before: str) -> bool:
        known = running.rows("select count(*) from ledger.submissions where id like %s", f"{before}-%")
        return known == [(4,)]

    later = tmp_path / "later"
    later.mkdir()
    with flow(database_url, fresh_kafka, tmp_path, ("intake",)) as running:
        fill("old")
        until(lambda: answered(running, "old"))
        if while_it_runs:
            empty_topics(fresh_kafka, intake("CBP"))
            fill("new")
            fill("more")
            until(lambda: answered(running, "new") and answered(running, "more"))
    if not while_it_runs:
        assert verified(database_url, fresh_kafka) == (5, [])
        empty_topics(fresh_kafka, intake("CBP"))
        fill("new")
        fill("more")
        assert verified(database_url, fresh_kafka) == (0, ["custody.intake.cbp was deleted and made again"])
        with flow(database_url, fresh_kafka, later, ("intake",)):
            until(lambda: answered(running, "new") and answered(running, "more"))
    kept = running.rows("select kind, \"offset\", convert_from(value, 'UTF8') from ledger.set_aside order by number")
    assert sorted(kept, key=str) == sorted(
        [
            ("unreadable", 0, "no JSON old"),
            ("lost", 5, None),
            ("unreadable", 0, "no JSON new"),
            ("unreadable", 5, "no JSON more"),
        ],
        key=str,
    )
    [(reason,)] = running.rows("select reason from ledger.set_aside where kind = 'lost'")
    assert "custody.intake.cbp was deleted and made again" in reason
    assert verified(database_url, fresh_kafka) == (10, [])
    with psycopg.connect(database_url) as connection:  # as if they had been passed over
        connection.execute("delete from ledger.submissions where id = 'more-3'")
        connection.execute("delete from ledger.set_aside where \"offset\" = 5 and kind = 'unreadable'")
    passed_over = "custody.intake.cbp 0 {} stands before the ledger's offset, and was neither answered nor kept"
    assert verified(database_url, fresh_kafka) == (10, [passed_over.format(5), passed_over.format(9)])


def verified(database_url: str, bootstrap: str) -> tuple[int, list[str]]:
    """Return how many messages agencies sent were looked at, and what is wrong."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        found = verify_intake(connection, bootstrap, lambda *_: None)
    words = [f"{each['topic']} {each['partition']} {each['offset']} {each['what']}" for each in found.wrong]
    return found.messages, [
        "custody.intake.cbp was deleted and made again" if "made again" in each else each for each in words
    ]
