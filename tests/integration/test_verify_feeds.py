"""Verify proves the feeds: whatever is changed on Kafka, in the batches, or in both alike is found and named."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from ledger.agencies import PRODUCERS, Agency
from ledger.sharing.batches import Publication, PublicationBatch, read_batch, write_batch
from ledger.topics import PUBLICATIONS, feed
from producers.simulation.playing import play
from producers.simulation.simulator import day
from projections.tables.versions import connect
from readers.verify.verify_feeds import verify_feeds
from readers.verify.verify_publications import verify_publications
from tests.conftest import empty_topics, new_database
from tests.integration.feeding import on_feeds, published
from tests.integration.flow import Flow, flow, until
from tests.integration.running import custody
from tests.integration.tampering import messages_of, put
from tests.integration.test_feeds import _of_this_year, correct_and_give_notice
from tests.integration.test_read_tables import quiet, verified


@pytest.fixture(scope="module")
def told(postgres_url: str, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A ledger that told agencies of a made-up day, corrections, a notice, and a set adopted with backfill; stopped."""
    empty_topics(kafka_bootstrap)
    folder = tmp_path_factory.mktemp("told")
    with new_database(postgres_url) as database_url:
        with flow(database_url, kafka_bootstrap, folder) as ledger:
            clients = {agency: ledger.client(agency) for agency in PRODUCERS}
            play(day(3, date(2021, 3, 1), 30), clients)
            correct_and_give_notice(ledger)
            done = custody(
                *("rules", "adopt", str(_of_this_year(folder)), "--reason", "test", "--backfill"),
                database_url=database_url,
                bootstrap=kafka_bootstrap,
                data=folder,
            )
            assert done.returncode == 0, done.stderr
            play(day(4, date(2021, 3, 2), 10), clients)
            published(ledger)
            until(lambda: ledger.rows("select settled from read.publishing_v1") == [(True,)])
        yield ledger


def found(ledger: Flow) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what is wrong with the batches, and with the feeds."""
    with connect(ledger.settings.database_url) as connection:
        batches = verify_publications(connection, ledger.settings.kafka_bootstrap, quiet)
        feeds = verify_feeds(ledger.settings, connection, batches.told, quiet)
    return list(batches.wrong), list(feeds.wrong)


def test_what_was_told_is_sound(told: Flow) -> None:
    """Every batch and every item of every feed is what the entries give, backfilled ones too."""
    with connect(told.settings.database_url) as connection:
        batches = verify_publications(connection, told.settings.kafka_bootstrap, quiet)
        feeds = verify_feeds(told.settings, connection, batches.told, quiet)
    assert (batches.wrong, feeds.wrong) == ((), ())
    assert (batches.batches, batches.not_yet_told) == (batches.told, 0)
    assert feeds.items == sum(len(items) for items in on_feeds(told).values()) > 300
    bodies = told.rows("select body from ledger.publications")
    assert any(read_batch(bytes(body)).backfilled for (body,) in bodies)


def test_a_flipped_byte_on_a_feed_is_named(told: Flow) -> None:
    """By agency, number and position, with the member it is in."""
    with changed(told, feed("ICE-ERO"), lambda told: [*told[:16], _flip(told[16], b'"type":"c'), *told[17:]]):
        batches, (wrong,) = found(told)
    assert batches == []
    assert (wrong["agency"], wrong["number"]) == ("ICE-ERO", 17)
    assert (
        wrong["position"]
        == orjson.loads(messages_of(told.settings.kafka_bootstrap, feed("ICE-ERO"))[16][0])["position"]
    )
    assert wrong["what"].endswith("in type")


def test_a_stamp_changed_on_a_feed_is_named(told: Flow) -> None:
    """`ce_time` says when an agency was told; it is as much proof as the item."""

    def later(told: list[Any]) -> list[Any]:
        value, headers = told[4]
        return [*told[:4], (value, [(n, b"2031" + v[4:] if n == "ce_time" else v) for n, v in headers]), *told[5:]]

    with changed(told, feed("EOIR"), later):
        _, (wrong,) = found(told)
    assert (wrong["agency"], wrong["number"]) == ("EOIR", 5)
    assert "headers" in wrong["what"]


@pytest.mark.parametrize(
    ("change", "number", "what"),
    [
        (lambda told: told[:6] + told[7:], 7, "is missing"),
        (lambda told: told[:-1], -1, "is missing"),
        (lambda told: [*told[:7], told[6], *told[7:]], 7, "more than once"),
        (lambda told: [*told, _renumbered(told[-1])], +1, "in no batch"),
    ],
    ids=["dropped", "dropped at the end", "doubled", "added"],
)
def test_an_item_dropped_doubled_or_added_is_named(told: Flow, change: Any, number: int, what: str) -> None:
    """A feed holds exactly what the batches say: nothing less, nothing twice, nothing more."""
    last = len(messages_of(told.settings.kafka_bootstrap, feed("ORR")))
    with changed(told, feed("ORR"), change):
        _, (wrong,) = found(told)
    assert wrong["agency"] == "ORR"
    assert wrong["number"] == (number if number > 1 else last if number == -1 else last + 1)
    assert what in wrong["what"]


def test_a_stored_body_that_was_changed_is_named(told: Flow) -> None:
    """PostgreSQL's copy alone was changed: Kafka's says otherwise."""
    number, body = _batch_with_withheld(told)
    with stored(told, number, body.replace(b'"withheld":', b'"Withheld":', 1)):
        batches, _ = found(told)
        assert [(wrong["batch"], wrong["what"][:7]) for wrong in batches if "differs" in wrong["what"]] == [
            (number, "differs")
        ]
        assert not verified(told).sound


def test_a_stamp_changed_in_a_column_alone_is_named(told: Flow) -> None:
    """Receipts are judged by the columns; they must say what the batch says."""
    number = told.rows("select max(number) - 1 from ledger.publications")[0][0]
    (before,) = told.rows("select published_at from ledger.publications where number = %s", number)
    execute(told, "update ledger.publications set published_at = '2031-01-01Z' where number = %s", number)
    batches, _ = found(told)
    execute(told, "update ledger.publications set published_at = %s where number = %s", before[0], number)
    assert [wrong["batch"] for wrong in batches] == [number]


@pytest.mark.parametrize("which", ["withheld", "rule", "recipient", "position"])
def test_a_forgery_that_all_sides_agree_on_is_named_by_what_the_entries_give(told: Flow, which: str) -> None:
    """Batch, topic and feeds were changed alike, as a dishonest operator would: the entries say otherwise."""
    number, body = _batch_with_withheld(told)
    batch, agency = _forged(read_batch(body), which)
    with stored(told, number, write_batch(batch)), changed(told, PUBLICATIONS, _retold(number, write_batch(batch))):
        batches, feeds = found(told)
    if which != "recipient":
        assert batches == []
    by_the_fold = [wrong for wrong in feeds if f"batch {number}" in wrong["what"]]
    assert by_the_fold
    assert by_the_fold[0]["agency"] == agency


def test_a_batch_missing_on_kafka_is_wrong_unless_it_is_the_last(told: Flow) -> None:
    """The last ones may have been kept and not told yet."""
    bootstrap = told.settings.kafka_bootstrap
    last = len(messages_of(bootstrap, PUBLICATIONS))
    with changed(told, PUBLICATIONS, lambda told: told[:-1]), connect(told.settings.database_url) as connection:
        batches = verify_publications(connection, bootstrap, quiet)
        assert (batches.wrong, batches.told, batches.not_yet_told) == ((), last - 1, 1)
    with changed(told, PUBLICATIONS, lambda told: told[:2] + told[3:]):
        batches_wrong, _ = found(told)
        assert batches_wrong == [{"batch": 3, "what": "is missing on Kafka, though a later one was told"}]
        result = verified(told)
        assert not result.sound
        assert [wrong["batch"] for wrong in result.publications.wrong] == [3]


def test_a_topic_that_is_wrong_is_deleted_and_told_again_as_it_was(told: Flow, tmp_path: Path) -> None:
    """The cure of the operators' page: make that topic anew and start the role; the others get nothing twice."""
    bootstrap = told.settings.kafka_bootstrap
    before = {topic: messages_of(bootstrap, topic) for topic in (PUBLICATIONS, feed("ORR"), feed("EOIR"))}
    for lost in ((feed("ORR"),), (PUBLICATIONS,), (PUBLICATIONS, feed("EOIR"))):
        empty_topics(bootstrap, *lost)
        folder = tmp_path / str(len(lost)) / lost[0]
        folder.mkdir(parents=True)
        with flow(told.settings.database_url, bootstrap, folder, ("feeds",)):
            pass
        assert {topic: messages_of(bootstrap, topic) for topic in before} == before
    assert found(told) == ([], [])


def test_the_verb_names_what_is_wrong_in_text_and_json(told: Flow, tmp_path: Path) -> None:
    """Exit status 1, the agency, the number and the position; without `--feeds` the feeds are not read."""
    where = {"database_url": told.settings.database_url, "bootstrap": told.settings.kafka_bootstrap, "data": tmp_path}
    with changed(told, feed("ICE-ERO"), lambda told: [*told[:16], _flip(told[16], b'"type":"c'), *told[17:]]):
        assert custody("verify", **where).returncode == 0  # type: ignore[arg-type]
        text = custody("verify", "--feeds", **where)  # type: ignore[arg-type]
        shown = custody("verify", "--feeds", "--json", **where)  # type: ignore[arg-type]
    assert (text.returncode, shown.returncode) == (1, 1)
    assert b"WRONG feed of ICE-ERO, number 17, position " in text.stdout
    report = orjson.loads(shown.stdout)
    assert [(wrong["agency"], wrong["number"]) for wrong in report["feeds"]["wrong"]] == [("ICE-ERO", 17)]
    assert report["publications"]["wrong"] == []
    clean = custody("verify", "--feeds", **where)  # type: ignore[arg-type]
    assert clean.returncode == 0, clean.stdout
    assert b"items on the feeds compared" in clean.stdout


class changed:
    """Puts changed messages on a topic, and the old ones back at the end."""

    def __init__(self, ledger: Flow, topic: str, change: Callable[[list[Any]], list[Any]]) -> None:
        self._bootstrap, self._topic, self._change = ledger.settings.kafka_bootstrap, topic, change

    def __enter__(self) -> None:
        self._before = messages_of(self._bootstrap, self._topic)
        put(self._bootstrap, self._topic, self._change(list(self._before)))

    def __exit__(self, *_: object) -> None:
        put(self._bootstrap, self._topic, self._before)


class stored:
    """Changes the body of a batch in PostgreSQL, and puts the old one back at the end."""

    def __init__(self, ledger: Flow, number: int, body: bytes) -> None:
        self._ledger, self._number, self._body = ledger, number, body

    def __enter__(self) -> None:
        ((self._before,),) = self._ledger.rows("select body from ledger.publications where number = %s", self._number)
        self._write(self._body)

    def __exit__(self, *_: object) -> None:
        self._write(bytes(self._before))

    def _write(self, body: bytes) -> None:
        execute(self._ledger, "update ledger.publications set body = %s where number = %s", body, self._number)


def execute(ledger: Flow, statement: str, *values: object) -> None:
    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


def _batch_with_withheld(ledger: Flow) -> tuple[int, bytes]:
    for number, body in ledger.rows("select number, body from ledger.publications order by number"):
        if any("ICE-ERO" in item.withheld for item in read_batch(bytes(body)).items):
            return number, bytes(body)
    raise AssertionError("nothing was withheld from anybody")


def _forged(batch: PublicationBatch, which: str) -> tuple[PublicationBatch, Agency]:
    """Change the first item of which something was withheld from ICE-ERO."""
    n, item = next((n, item) for n, item in enumerate(batch.items) if "ICE-ERO" in item.withheld)
    agency: Agency = "ICE-ERO"
    forged: Publication
    match which:
        case "withheld":
            forged = item._replace(withheld={a: names for a, names in item.withheld.items() if a != agency})
        case "rule":
            forged, agency = item._replace(rules=("default", 99)), next(iter(item.numbers))
        case "position":
            forged, agency = item._replace(position=item.position + 1), next(iter(item.numbers))
        case _:
            forged = item._replace(numbers={a: number for a, number in item.numbers.items() if a != agency})
    return batch._replace(items=[*batch.items[:n], forged, *batch.items[n + 1 :]]), agency


def _retold(number: int, body: bytes) -> Callable[[list[Any]], list[Any]]:
    return lambda told: [*told[: number - 1], (body, told[number - 1][1]), *told[number:]]


def _flip(message: Any, behind: bytes) -> Any:
    """Flip a bit of the byte that ends `behind`."""
    value, headers = message
    at = value.index(behind) + len(behind) - 1
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :], headers


def _renumbered(message: Any) -> Any:
    value, headers = message
    item = orjson.loads(value)
    number = item["number"] + 1
    id = f"ORR-{number}".encode()
    return orjson.dumps({**item, "number": number}), [(n, id if n == "ce_id" else v) for n, v in headers]
