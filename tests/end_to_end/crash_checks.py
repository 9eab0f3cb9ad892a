"""What must hold once a ledger that was killed again and again is quiet: nothing lost, nothing doubled, all agree."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg

from custody.supervision.where import Where
from ledger.agencies import PRODUCERS, RECEIVERS
from ledger.topics import ENTRIES, intake, outcomes, receipts
from producers.client.submissions import Key
from tests.hostile.shooting import unanswered
from tests.hostile.shots import KEY as HOSTILE
from tests.topic_records import records_of

Place = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass
class Found:
    """What the servers hold, counted, and each thing that is not as it must be."""

    messages: int
    receipts: int
    entries: int
    answers: int
    answers_told_twice: int
    set_aside: int
    wrong: list[str]


def check(where: Where, expected: Mapping[Key, str]) -> Found:
    """Read everything on Kafka and compare it with what was sent and with PostgreSQL."""
    sent, nameless, hostile = _sent(where.bootstrap, [intake(agency) for agency in PRODUCERS])
    receipts_sent, _, more_hostile = _sent(where.bootstrap, [receipts(agency) for agency in RECEIVERS])
    hostile |= more_hostile
    # an agency signs for what it was given, which was kept before it was told: no receipt is refused
    sent += receipts_sent
    expected = {**expected, **dict.fromkeys(receipts_sent, "accepted")}
    answers, told_twice = _answers(where.bootstrap)
    on_kafka, previous = _entries(where.bootstrap)
    with psycopg.connect(where.database_url) as connection:
        rows = connection.execute("select notification_id from ledger.stored_events order by 1").fetchall()
        positions = [row[0] for row in rows]
        keys = connection.execute("select source, id, position from ledger.submissions").fetchall()
        aside = connection.execute('select topic, partition, "offset" from ledger.set_aside').fetchall()
    every: dict[Key, int] = {(source, id): position for source, id, position in keys if position is not None}
    meant_well = {source for source, _ in expected}
    recorded = {key: position for key, position in every.items() if key[0] in meant_well}
    answers = {key: told for key, told in answers.items() if key[0] in meant_well}
    accepted = {key for key, status in expected.items() if status == "accepted"}
    unreadable = sum(count for (_, id), count in sent.items() if id.endswith("-spoilt"))
    set_aside = len(set(aside) - hostile)

    shot_at = sorted({topic for topic, _, _ in hostile})
    wrong = [f"not answered: {what}" for what in unanswered(where.bootstrap, where.database_url, shot_at)]
    wrong += [f"sent and expected differ in {key}" for key in sent.keys() ^ expected.keys()]
    for key, count in sent.items():
        wrong += _judged(key, count, answers.get(key, []), expected.get(key), recorded.get(key))
    wrong += [f"nobody sent what was answered for {key}" for key in answers.keys() - sent.keys()]
    wrong += [
        f"{key} was to be accepted and has no entry, or the other way round" for key in accepted ^ recorded.keys()
    ]
    if sorted(every.values()) != positions:
        wrong.append(f"{len(every)} submissions were accepted and {len(positions)} entries are recorded")
    wrong += [f"position {at} is {times} times on {ENTRIES}" for at, times in on_kafka.items() if times != 1]
    wrong += [f"position {at} is on one side only" for at in on_kafka.keys() ^ set(positions)]
    chain = dict(zip(positions, [0, *positions], strict=False))
    wrong += [f"position {at} names {previous[at]} before it" for at in positions if previous.get(at) != chain[at]]
    if set_aside != unreadable + nameless:
        wrong.append(f"{set_aside} messages are set aside, {unreadable} unreadable and {nameless} nameless were sent")
    return Found(
        messages=sum(sent.values()) + nameless,
        receipts=sum(receipts_sent.values()),
        entries=len(positions),
        answers=sum(map(len, answers.values())),
        answers_told_twice=told_twice,
        set_aside=set_aside,
        wrong=wrong,
    )


def _judged(
    key: Key, messages: int, answers: list[dict[str, Any]], expected: str | None, position: int | None
) -> Iterator[str]:
    """Yield what is wrong with the answers to one submission: each message one answer, the first one as expected."""
    statuses = Counter(answer["status"] for answer in answers)
    right = {"accepted": 1, "duplicate": messages - 1} if expected == "accepted" else {"refused": messages}
    if +statuses != +Counter(right):
        yield f"{key} was sent {messages} times and answered {dict(statuses)}; {expected} was expected"
    told = {answer["position"] for answer in answers}
    if told != {position}:
        yield f"{key} has position {position}, its answers say {told}"


def _sent(bootstrap: str, topics: list[str]) -> tuple[Counter[Key], int, set[Place]]:
    """Count the messages on these topics by submission or receipt, and those without an id; say where shots stand."""
    sent: Counter[Key] = Counter()
    nameless = 0
    hostile: set[Place] = set()
    for record in records_of(bootstrap, topics):
        headers = dict(record.headers)
        if record.key == HOSTILE:
            hostile.add((record.topic, record.partition, record.offset))
        elif "ce_id" in headers:
            sent[headers["ce_source"].decode(), headers["ce_id"].decode()] += 1
        else:
            nameless += 1
    return sent, nameless, hostile


def _answers(bootstrap: str) -> tuple[dict[Key, list[dict[str, Any]]], int]:
    """Return the outcomes of each submission, repeats of one outcome counted apart: readers drop them by `ce_id`."""
    answers: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    seen: set[tuple[str, bytes]] = set()
    twice = 0
    for record in records_of(bootstrap, [outcomes(agency) for agency in PRODUCERS]):
        id = (record.topic, dict(record.headers)["ce_id"])
        if id in seen:
            twice += 1
            continue
        seen.add(id)
        body = orjson.loads(record.value)
        if body["submission"]["id"] is not None:
            answers[body["submission"]["source"], body["submission"]["id"]].append(body)
    return answers, twice


def _entries(bootstrap: str) -> tuple[Counter[int], dict[int, int]]:
    """Count each position on `custody.entries`, with the position its message names before it."""
    found: Counter[int] = Counter()
    previous: dict[int, int] = {}
    for record in records_of(bootstrap, [ENTRIES]):
        position = orjson.loads(record.value)["position"]
        found[position] += 1
        previous[position] = int(dict(record.headers)["ce_previous"])
    return found, previous
