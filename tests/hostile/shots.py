"""One shot after the other: any bytes, any headers, any data, on any topic, in any codec.

Most shots are close to right, so that they come far: a real submission with one thing wrong reaches rules that garbage
never meets. A seed gives the same shots again.
"""

import base64
import copy
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from ledger.agencies import PRODUCERS, RECEIVERS, Agency
from ledger.facts import BY_WIRE
from ledger.topics import ENTRIES, PUBLICATIONS, alerts, feed, intake, outcomes, receipts
from tests.golden.making import SUBMISSIONS

Headers = list[tuple[str, bytes | None]]
CODECS: Final = (None, "gzip", "snappy", "lz4", "zstd")
CHILDREN: Final = tuple(f"A3{number:08d}" for number in range(1, 9))
BESIDE: Final = tuple({"scheme": scheme, "value": str(n)} for scheme in ("fin", "orr-id") for n in range(200))
"""Other identifiers, which messages attach now to this child, now to that one, and which voids set free again."""

KEY: Final = b"hostile"
"""The record key of every shot, by which its targets are told from what others sent."""

TIMES: Final = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31",
    "0022-01-11",
    "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00+14:00",
    "2199-12-31T23:59:59.999999-14:00",
    "2200-01-01",
    "2022-03-04T10:00:00+23:59",
    "2022-03-04T10:00:00-24:00",
    "2022-06-30T23:59:60Z",
    "2022-03-04T10:00:00.123456789123Z",
    "2022-03-04 10:00:00",
    "2022-02-30",
    "1970-01-01T00:00:00Z",
    "2022-03-04",
    "2022-03-04T10:00:00-05:00",
    "",
    None,
    0,
)
VALUES: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 1, 2**31, 2**63, 2**64, 10**40, 1.5, 1e308, "", " ", "\u0000", "\ud800", "\u202e", "a" * 70_000,
    "unknown", "null", "-", [], {}, [[]], [None], {"": ""}, ["x"] * 5000, {"a": {"b": {"c": {}}}},
    "'; drop table ledger.stored_events; --", "=cmd()", "<script>", "%s%n", "../../etc/passwd", *TIMES,
)  # fmt: skip


class Shot(NamedTuple):
    """One record for a topic."""

    topic: str
    partition: int
    key: bytes | None
    headers: Headers
    value: bytes | None
    codec: str | None


class Gun:
    """Shots without end from a seed."""

    def __init__(self, seed: int) -> None:
        self._rng: Final = Random(seed)
        self._number = 0
        self._golden: Final = {wire: _golden(wire) for wire in sorted(BY_WIRE) if _golden_file(wire).exists()}

    def at_intake(self) -> Iterator[Shot]:
        """Yield what agencies may put on the topics they write to."""
        ways: tuple[Callable[[], Shot], ...] = (
            *[self._right] * 6,
            *[self._wrong_inside] * 6,
            *[self._statement] * 4,
            *[self._void] * 2,
            self._receipt,
            self._envelope,
            self._bytes,
            self._another_form,
        )
        while True:
            yield self._rng.choice(ways)()

    def anywhere(self) -> Iterator[Shot]:
        """Yield what nobody but the ledger may put there: garbage and forgeries on its own topics."""
        own = [ENTRIES, ENTRIES, ENTRIES, PUBLICATIONS, *map(feed, RECEIVERS), *map(alerts, RECEIVERS)]
        own += map(outcomes, PRODUCERS)
        while True:
            topic = self._rng.choice(own)
            near = self._rng.choice((self._right, self._wrong_inside, self._bytes, self._envelope, self._forged))()
            yield near._replace(topic=topic, partition=self._rng.randrange(4) if topic == ENTRIES else 0)

    def _agency(self) -> Agency:
        return self._rng.choice(PRODUCERS)

    def _data(self) -> tuple[str, dict[str, Any]]:
        wire = self._rng.choice(list(self._golden))
        data = copy.deepcopy(self._golden[wire])
        data["child"] = [
            {"scheme": "a-number", "value": child}
            for child in self._rng.sample(CHILDREN, self._rng.choice((1, 1, 1, 2)))
        ]
        if self._rng.random() < 0.4:
            data["child"] += copy.deepcopy(self._rng.sample(BESIDE, self._rng.choice((1, 2, 3))))
            self._rng.shuffle(data["child"])
        data["door"] = self._rng.choice(("command", "feed", "feed", "import"))
        data["occurred_at"] = self._rng.choice(
            (f"2022-{self._rng.randint(1, 12):02d}-15", *TIMES[-4:], data["occurred_at"])
        )
        return wire, data

    def _headers(self, wire: str) -> Headers:
        self._number += 1
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", f"shot-{self._number}".encode()),
            ("ce_source", b"/hostile"),
            ("ce_type", wire.encode()),
            ("ce_time", b"2026-01-01T00:00:00Z"),
            ("content-type", b"application/json"),
        ]

    def _shot(self, topic: str, headers: Headers, value: bytes | None) -> Shot:
        partition = 0 if topic.startswith("custody.receipts") else self._rng.randrange(4)
        return Shot(topic, partition, KEY, headers, value, self._rng.choice(CODECS))

    def _right(self) -> Shot:
        """A submission as it should be, though mostly from somebody who may not send it."""
        wire, data = self._data()
        producers = BY_WIRE[wire].producers
        agency = self._rng.choice(sorted(producers)) if self._rng.random() < 0.7 else self._agency()
        return self._shot(intake(agency), self._headers(wire), _dumped(data))

    def _wrong_inside(self) -> Shot:
        """One to three members that hold something else, are missing, or are too many."""
        wire, data = self._data()
        for _ in range(self._rng.randint(1, 3)):
            holder, key = self._place(data)
            match self._rng.randrange(4):
                case 0 if isinstance(holder, dict):
                    del holder[key]
                case 1 if isinstance(holder, dict):
                    holder[self._rng.choice(("extra", "immigration_status", "ｓtatus", "\u0000", "x" * 300))] = "v"
                case _:
                    holder[key] = copy.deepcopy(self._rng.choice(VALUES))  # or later shots would write into it
            if not data:
                break
        producers = sorted(BY_WIRE[wire].producers)
        return self._shot(intake(self._rng.choice(producers)), self._headers(wire), _dumped(data))

    def _statement(self) -> Shot:
        """A correction, void, notice, merge ... about any position or person there is or is not."""
        position = self._rng.choice((self._rng.randint(1, 200), 0, -1, 2**63 - 1, 2**63, 10**30))
        child = self._rng.choice(CHILDREN)
        time, value = self._rng.choice(TIMES), self._rng.choice(VALUES)
        name, told = self._rng.choice(("place", "address", "kind", "x")), self._rng.choice(RECEIVERS)
        notice = {"to": told, "positions": [position], "channel": "email", "given_at": time, "members": "all"}
        other = {"scheme": "a-number", "value": child}
        wire, fact = self._rng.choice(
            (
                ("custody.entry-voided.v1", {"voids": position, "reason": "r"}),
                ("custody.correction-issued.v1", {"corrects": position, "set": {"occurred_at": time}, "reason": "r"}),
                ("custody.correction-issued.v1", {"corrects": position, "set": {name: value}, "reason": "r"}),
                ("custody.entry-disputed.v1", {"position": position, "statement": "s", "by": "child"}),
                ("custody.finding-resolved.v1", {"position": position, "code": "G1", "resolution": "x", "reason": "r"}),
                ("custody.notice-given.v1", notice),
                ("custody.identity-merged.v1", {"other": other, "reason": "r"}),
                ("custody.identity-unmerged.v1", {"other": other, "reason": "r"}),
            )
        )
        _, data = self._data()
        agency = self._rng.choice(("STEWARD", *PRODUCERS))
        return self._shot(intake(agency), self._headers(wire), _dumped({**data, "fact": fact}))

    def _void(self) -> Shot:
        """A void by the steward of what may be there: now and then it hits, and sets identifiers free."""
        wire, fact = "custody.entry-voided.v1", {"voids": self._rng.randint(1, 100), "reason": "r"}
        _, data = self._data()
        data = {**data, "door": "feed", "occurred_at": "2022-03-04", "fact": fact}
        return self._shot(intake("STEWARD"), self._headers(wire), _dumped(data))

    def _receipt(self) -> Shot:
        """A receipt for anything, on any topic for them; one of three is in order but for what it signs for."""
        topic = self._rng.choice([*map(receipts, RECEIVERS), intake("ORR")])
        if self._rng.random() < 1 / 3:
            data: dict[str, Any] = {"up_to": self._rng.randint(1, 50), "grade": "delivered"}
            return self._shot(topic, self._headers("custody.receipt.v1"), _dumped(data))
        number = self._rng.choice((self._rng.randint(1, 50), 0, -1, 2**63, 10**30, "1", None))
        told = self._rng.choice(
            ({"up_to": number}, {"numbers": [number]}, {"numbers": [1] * 20_000}, {}, {"up_to": 1, "numbers": [1]})
        )
        data = {**told, "grade": self._rng.choice(("delivered", "opened", "x", None)), "at": self._rng.choice(TIMES)}
        return self._shot(topic, self._headers("custody.receipt.v1"), _dumped(data))

    def _envelope(self) -> Shot:
        """Headers that are missing, doubled, of another case, odd bytes, too many, too long."""
        shot = self._right()
        headers = list(shot.headers)
        at = self._rng.randrange(len(headers))
        name, value = headers[at]
        match self._rng.randrange(8):
            case 0:
                del headers[at]
            case 1:
                headers.insert(at, (name, value))
            case 2:
                headers[at] = (
                    name,
                    self._rng.choice((None, b"", b"\xff\xfe", b"\0", b"x" * 5000, b"0001-01-01T00:00:00Z")),
                )
            case 3:
                headers[at] = (name.upper().replace("CE_", "ce-"), value)
            case 4:
                headers += [(f"ce_{number}", b"v") for number in range(100)]
            case 5:
                headers.append(("ce_sponsor_immigration_status", b"undocumented"))
            case 6:
                headers.append(
                    ("content-type", self._rng.choice((b"application/cloudevents+json", b"text/plain", b"\xff")))
                )
            case _:
                headers.append(("traceparent", b"\xff\x00\xfe"))
        return shot._replace(headers=headers)

    def _bytes(self) -> Shot:
        """Data that is cut, flipped, wrapped, empty, deep, or no JSON at all."""
        shot = self._right()
        value = bytearray(shot.value or b"{}")
        at = self._rng.randrange(len(value))
        match self._rng.randrange(10):
            case 0:
                del value[at:]
            case 1:
                value[at] ^= 1 << self._rng.randrange(8)
            case 2:
                value[:0] = b"\xef\xbb\xbf"
            case 3:
                value[:] = gzip.compress(bytes(value))
            case 4:
                value[:] = base64.b64encode(bytes(value))
            case 5:
                return shot._replace(value=self._rng.choice((None, b"", b"null", b"[]", b"0", b'""', b"NaN")))
            case 6:
                value[:] = b"[" * 100_000
            case 7:
                value[:] = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
            case 8:
                value[:] = self._rng.randbytes(self._rng.randint(1, 2000))
            case _:
                value[:] = b"\x00\x00\x00\x00\x2a" + bytes(value)  # as clients of a schema registry write
        return shot._replace(value=bytes(value))

    def _another_form(self) -> Shot:
        """The event in structured form, told so or not, once or several in one record."""
        shot = self._wrong_inside()
        attributes = {name[3:]: (value or b"").decode() for name, value in shot.headers if name.startswith("ce_")}
        event = {**attributes, "data": json.loads(shot.value or b"null")}
        said = self._rng.choice(
            (b"application/cloudevents+json", b"application/cloudevents-batch+json", b"application/json", b"", None)
        )
        headers: Headers = [] if said is None else [("content-type", said)]
        if self._rng.random() < 0.2:
            event["data_base64"] = "!"
        return shot._replace(headers=headers, value=_dumped([event] if self._rng.random() < 0.2 else event))

    def _forged(self) -> Shot:
        """What looks like an entry, and was recorded by nobody."""
        position = self._rng.choice((1, 5, self._rng.randint(1, 300), 10**9, -1))
        wire, data = self._data()
        entry = {
            "position": position, "subject": "child", "child": "00000000-0000-0000-0000-000000000000", "version": 1,
            "type": wire, "occurred_at": None, "recorded_at": self._rng.choice(("2026-01-01T00:00:00.000000Z", "x")),
            "known_since": None, "producer": {"agency": "ORR", "office": None, "user": None, "system": "/x"},
            "door": "feed", "source": data["source"], "identifiers": data["child"], "findings": [],
            "fact": data["fact"],
        }  # fmt: skip
        for name in self._rng.sample(sorted(entry), self._rng.choice((0, 0, 1, 2))):
            del entry[name]
        headers = self._headers(wire)
        if self._rng.random() < 0.7:
            headers.append(("ce_previous", self._rng.choice((b"0", str(position - 1).encode(), b"x", b""))))
        return self._shot(ENTRIES, headers, _dumped(entry))

    def _place(self, data: Any) -> tuple[Any, Any]:
        """Return a holder and a key in it, anywhere in `data`."""
        holder, key = data, self._rng.choice(list(data))
        while self._rng.random() < 0.7:
            inner = holder[key]
            if isinstance(inner, dict) and inner:
                holder, key = inner, self._rng.choice(list(inner))
            elif isinstance(inner, list) and inner:
                holder, key = inner, self._rng.randrange(len(inner))
            else:
                break
        return holder, key


def _golden_file(wire: str) -> Path:
    return SUBMISSIONS / f"{wire}.json"


def _golden(wire: str) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(_golden_file(wire).read_text())
    return given


def _dumped(value: Any) -> bytes:
    """Write JSON, also what is none: a lone surrogate, an integer of forty digits."""
    return json.dumps(value).encode("utf-8", "surrogatepass")
