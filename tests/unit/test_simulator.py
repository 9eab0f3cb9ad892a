"""The simulator of agencies: the same messages for the same seed, and nobody's real child among them."""

import re
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from ledger.agencies import PRODUCERS
from ledger.facts import BY_WIRE
from ledger.identifiers import a_number
from ledger.intake.forbidden import black_out
from ledger.intake.submission import Refusal, read_submission
from ledger.times import parse_instant, parse_when
from producers.simulation.simulator import STORY, Sending, day

DAY = date(2021, 3, 8)


class AnyPosition(dict[str, int]):
    """Stands for the ledger's answers: every sending has a position."""

    def __missing__(self, id: str) -> int:
        return 7


def complete(sending: Sending) -> Sending:
    return sending.with_positions(AnyPosition())


def read(sending: Sending) -> Any:
    return read_submission(sending.wire, complete(sending).body())


def data_of(sending: Sending) -> Mapping[str, Any]:
    assert isinstance(sending.data, dict)
    return sending.data


def test_the_same_seed_and_date_give_the_same_messages_to_the_byte() -> None:
    """A demo, a test and a measurement can be repeated; another seed is another world."""
    once, again, other = (day(seed, DAY, 30) for seed in (5, 5, 6))
    assert [(s, s.body()) for s in once] == [(s, s.body()) for s in again]
    assert [s.body() for s in once] != [s.body() for s in other]


def test_messages_come_in_the_order_in_which_they_were_sent() -> None:
    """Played on the driven clock, the ledger's clock never has to wait for an older message."""
    instants = [parse_instant(sending.time) for sending in day(1, DAY, 60)]
    assert instants == sorted(instants)


def test_every_sending_of_its_own_has_an_id_of_its_own() -> None:
    """Only a system that sends twice uses an id again, and then with the same body; another date has other ids."""
    bodies: dict[str, set[bytes]] = {}
    for sending in [*day(1, DAY, 60), *day(1, date(2021, 3, 9), 60), *day(2, DAY, 60), *STORY]:
        if sending.id:
            bodies.setdefault(f"{sending.source} {sending.id}", set()).add(sending.body())
    assert {len(found) for found in bodies.values()} == {1}


def test_what_is_expected_to_be_accepted_is_of_the_form_of_the_contract() -> None:
    """The simulated agencies know the contract: what they do not mean to send wrong is right."""
    for sending in [*day(3, DAY, 200), *STORY]:
        if sending.expected in ("accepted", "duplicate"):
            submission = read(sending)
            assert not isinstance(submission, Refusal), (sending, submission)
            assert sending.agency in BY_WIRE[sending.wire].producers


def test_what_is_expected_to_be_refused_breaks_the_rule_it_is_meant_to_break() -> None:
    """Broken JSON, wrong encoding, an unknown member, another agency's fact, the future, a sponsor's status."""
    why: Counter[str] = Counter()
    for sending in day(3, DAY, 60):
        if sending.expected != "refused":
            continue
        try:
            parsed = orjson.loads(sending.body())
        except orjson.JSONDecodeError:
            why["no JSON"] += 1
            continue
        occurred_at = parse_when(parsed["occurred_at"])
        if black_out(parsed)[1] is not None:
            why["H8"] += 1
        elif sending.agency not in BY_WIRE[sending.wire].producers:
            why["H2"] += 1
        elif occurred_at.year > DAY.year + 50:
            why["H5"] += 1
        else:
            refused = read(sending)
            assert isinstance(refused, Refusal)
            why[refused.code] += 1
    assert set(why) == {"no JSON", "H8", "H2", "H5", "H0"}


def test_a_day_of_twenty_six_children_meets_every_trouble() -> None:
    """Late, doubled, broken, refused, corrected, voided, disputed, merged, without an id: none is left to chance."""
    told = day(9, DAY, 26)
    wires = {sending.wire for sending in told}
    assert {"custody.correction-issued.v1", "custody.entry-voided.v1", "custody.entry-disputed.v1"} <= wires
    assert "custody.identity-merged.v1" in wires
    assert {sending.expected for sending in told} == {"accepted", "duplicate", "refused", "set-aside"}
    ids = Counter(sending.id for sending in told)
    assert max(count for id, count in ids.items() if id) == 2
    late = [s for s in told if s.expected == "accepted" and "known_since" in data_of(s)]
    assert any((parse_instant(s.time) - parse_instant(data_of(s)["occurred_at"])).days >= 12 for s in late)


def test_without_troubles_everything_is_accepted() -> None:
    """A load to measure with: no message that the ledger answers with anything but an entry."""
    assert {sending.expected for sending in day(9, DAY, 26, troubles=False)} == {"accepted"}


def test_nobody_is_told_of_before_it_happened() -> None:
    """A simulated agency cannot know the future either; only a message that is meant to be refused does."""
    for sending in [*day(4, DAY, 100), *STORY]:
        if sending.expected == "accepted":
            data = data_of(sending)
            assert parse_instant(data["occurred_at"]) <= parse_instant(sending.time)
            if "known_since" in data:
                known_since = parse_instant(data["known_since"])
                assert parse_instant(data["occurred_at"]) <= known_since <= parse_instant(sending.time)


def test_every_producing_agency_takes_part() -> None:
    """A day shows the whole flow: border, care, court, relief, the steward."""
    told = day(1, DAY, 60)
    assert {sending.agency for sending in told} == set(PRODUCERS)
    assert len({sending.wire for sending in told}) > 35


def test_numbers_and_names_are_unmistakably_made_up() -> None:
    """A-numbers of A200-…, the story's own apart from the simulated ones; names out of a list of invented ones."""
    told = [s for s in day(1, DAY, 60) if isinstance(s.data, dict)]
    numbers = {a_number(i["value"]) for s in told for i in data_of(s)["child"] if i["scheme"] == "a-number"}
    assert len(numbers) == 60
    assert all(number.startswith("200") and number > "200001" for number in numbers)
    assert {a_number(data_of(s)["child"][0]["value"]) for s in STORY} == {"200000017"}
    names = {data_of(s)["fact"]["name"] for s in [*told, *STORY] if s.wire == "custody.particulars-asserted.v1"}
    assert all(re.fullmatch(r"\w+ (Ejemplo|Ficticio|Inventado|Muestra|Supuesto)", name) for name in names)


def test_dates_do_not_share_numbers() -> None:
    """Days follow each other without a child of one being taken for a child of the other."""
    numbers = [
        {i["value"] for s in day(1, on, 200) if isinstance(s.data, dict) for i in s.data["child"]}
        for on in (date(2021, 3, 8), date(2021, 3, 9), date(2026, 12, 31))
    ]
    assert sum(len(found) for found in numbers) == len(set.union(*numbers))


def test_a_position_is_filled_in_where_the_sending_speaks_of_another() -> None:
    """A correction names a position nobody knows before the ledger has answered."""
    notice = STORY[-1]
    assert notice.wire == "custody.notice-given.v1"
    assert data_of(notice)["fact"]["positions"] == []
    known = {"story-17-failure-to-appear-recorded": 19}
    assert data_of(notice.with_positions(known))["fact"]["positions"] == [19]
    corrections = [s for s in day(9, DAY, 26) if s.wire == "custody.correction-issued.v1"]
    assert [data_of(complete(s))["fact"]["corrects"] for s in corrections] == [7]


def test_what_a_sending_speaks_of_was_sent_before_it() -> None:
    """Whoever plays the messages in order has every position when it is needed."""
    sent: set[str] = set()
    for sending in [*day(1, DAY, 200), *STORY]:
        for wanted in sending.positions_of.values():
            assert {wanted} <= sent if isinstance(wanted, str) else set(wanted) <= sent
        sent.add(sending.id)


def test_the_story_follows_the_worked_example() -> None:
    """The moments of the worked example, to the minute: release, failure to appear, e-mail, its recording."""
    by_name = {s.wire.split(".")[1]: s for s in STORY}
    release, missed, told = (by_name[n] for n in ("released-to-sponsor", "failure-to-appear-recorded", "notice-given"))
    assert parse_instant(data_of(release)["occurred_at"]) == parse_instant("2022-03-04T13:20:00-06:00")
    assert parse_instant(release.time) == parse_instant("2022-03-04T14:31:00-05:00")
    assert "unit" not in data_of(release)["fact"]["address"]
    assert str(data_of(missed)["occurred_at"]).startswith("2022-06-09")
    assert parse_instant(missed.time) == parse_instant("2022-06-10T16:00:00-04:00")
    assert parse_when(data_of(told)["fact"]["given_at"]) == parse_instant("2022-06-14T10:15:00-04:00")
    assert told.time.startswith("2022-06-20")
    served, reported = by_name["hearing-notice-served"], by_name["address-reported"]
    assert data_of(served)["fact"]["address"] == data_of(reported)["fact"]["address"]
    assert parse_instant(reported.time) < parse_instant(release.time)


def test_making_messages_costs_far_less_than_sending_them() -> None:
    """The simulator serves to measure the ledger, so it must not be what is measured: 30 µs a message at most."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        told = day(1, DAY, 300)
        best = min(best, (time.process_time() - began) / len(told))
    assert best < 30e-6
