"""Identifiers claimed in advance, undone by a void: at intake, in read tables, in every answer, after a recovery."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from consumers.recovery import recover
from ledger.agencies import Agency
from ledger.entry import Entry, value
from ledger.roles.logs import configure
from ledger.store.eventstore import open_ledger
from ledger.times import parse_instant
from projections.following.remaking import remake
from projections.rebuilding.rebuild import rebuild
from projections.tables.versions import connect as connect_writer
from projections.tables.writing import Tables
from readers.child.diverging import Between, diverge
from readers.child.known_set import Viewpoint, known_to, parse_viewpoint
from readers.child.view import view
from readers.child.who_was_told import knows
from readers.moments import MomentsAsked
from readers.obligations.one_child import owed
from readers.snapshot import connect
from readers.unanswerable import NothingKnownError
from readers.verify.verify import verify
from tests.integration.filling import ZONE, fill
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.running import custody
from tests.unit.batching import A, Intake

DAY = "2022-03-04"
PARTICULARS = {"name": "Ana"}
ADDRESS = {"purpose": "residence", "address": {"lines": ["1 Elm"]}, "reported_via": "eoir-33"}
WRONG = ("orr-id", "900")
NUMBERS = [{"scheme": "a-number", "value": f"A3700000{n:02}"} for n in range(19)]


def quiet(step: str, done: int, of: int) -> None:
    pass


def orr_id(number: str) -> dict[str, str]:
    return {"scheme": "orr-id", "value": number}


def carried(ledger: Flow) -> list[tuple[Any, ...]]:
    return ledger.rows("select scheme, value, child, released from ledger.identifiers order by 1, 2")


def in_tables(ledger: Flow) -> list[tuple[Any, ...]]:
    query = "select scheme, value, child, position, until_position from read.identifiers_v2 order by 1, 2, 4"
    return ledger.rows(query)


Name = tuple[str, str]


def asked(ledger: Flow, child: Name, by: str | None = None) -> set[str]:
    """Return the record to which every question about a child leads, as recorded by a moment."""
    recorded_by = None if by is None else parse_instant(by)
    moment = MomentsAsked(recorded_by=recorded_by)
    with connect(ledger.settings.database_url) as connection:
        answers = [
            view(connection, child, moment),
            view(connection, child, moment, parse_viewpoint("EOIR", None, None)),
            knows(connection, child, moment, Viewpoint()),
            owed(connection, child, recorded_by=recorded_by),
            diverge(connection, child, Between(Viewpoint("ORR"), Viewpoint("EOIR"), recorded_by=recorded_by)),
        ]
    return {answer["child"] for answer in answers}


def command(ledger: Flow, data: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    at = ledger.settings
    return custody(*words, database_url=at.database_url, bootstrap=at.kafka_bootstrap, data=data)


def fooled(ledger: Flow, child: str, number: str) -> dict[str, Any]:
    """ORR attaches numbers of other children to a child; EOIR's message about one of them lands on her record."""
    hers = ledger.tell("CBP", "child-encountered", claim(child, DAY, ENCOUNTER))["child"]
    names = [*claim(child, DAY, {})["child"], *NUMBERS, orr_id(number)][:20]
    names[-1] = orr_id(number)
    attached = ledger.tell("ORR", "particulars-asserted", {**claim(child, DAY, PARTICULARS), "child": names})
    assert attached["child"] == hers
    later = {**claim(child, DAY, ADDRESS), "child": [orr_id(number)]}
    landed = ledger.tell("EOIR", "address-reported", later)
    assert landed["child"] == hers
    return {"hers": hers, "attached": attached, "landed": landed, "later": later}


def test_numbers_claimed_in_advance_are_undone_by_the_steward_or_their_producer(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """The later child gets her own record; as of then the number leads to the wrong one; all sides agree on it."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    with flow(database_url, fresh_kafka, first) as ledger:
        stories: list[tuple[Agency, str, dict[str, Any]]] = [("STEWARD", "900", fooled(ledger, "A370001001", "900"))]
        stories += [("ORR", "901", fooled(ledger, "A370001002", "901"))]
        for agency, number, told in stories:
            undo(ledger, agency, told)
            unnamed(ledger, number, told)
            landed = told["landed"]
            void = {"voids": landed["position"], "reason": "another child"}
            by_id = [{"scheme": "ledger", "value": told["hers"]}]
            left = ledger.tell("EOIR", "entry-voided", {**told["later"], "child": by_id, "fact": void})
            assert left["status"] == "accepted"
            told["again"] = ledger.tell("EOIR", "address-reported", told["later"])
            assert told["again"]["child"] != told["hers"]
        ledger.settle()
        until(lambda: published(ledger))
        for _, number, told in stories:
            as_of(ledger, number, told)
        text = command(ledger, tmp_path, "view", "orr-id:900").stdout.decode()
        assert f"orr-id:900 named record {stories[0][2]['hers']}" in " ".join(text.split())
        assert verify(ledger.settings, configure("test"), quiet).sound
        before = in_tables(ledger)
        assert rebuild(ledger.settings, configure("test"), quiet).differences == ()
        assert in_tables(ledger) == before
        as_of(ledger, *stories[0][1:])
        kept = carried(ledger)
    assert any(released for *_, released in kept) is False
    lost(ledger)
    application = open_ledger(ledger.settings)
    recover(application, ledger.settings, lambda _, __: None)
    application.close()
    assert carried(ledger) == kept
    with flow(database_url, fresh_kafka, second) as ledger:
        for _, _, told in stories:
            assert ledger.tell("EOIR", "address-reported", told["later"])["child"] == told["again"]["child"]


def undo(ledger: Flow, agency: Agency, told: dict[str, Any]) -> None:
    """Void the entry that attached the numbers: the outcome says what is released, and what is left to do."""
    void = {"voids": told["attached"]["position"], "reason": "numbers of other children"}
    by_id = [{"scheme": "ledger", "value": told["hers"]}]
    told["void"] = ledger.tell(agency, "entry-voided", {**told["later"], "child": by_id, "fact": void})
    told["void"]["by"] = agency
    (finding,) = told["void"]["findings"]
    assert finding["code"] == "identifier-released"
    assert f"({told['landed']['position']})" in finding["message"]


def unnamed(ledger: Flow, number: str, told: dict[str, Any]) -> None:
    """Nobody is named until the next message; the answer says which entry released it, and what came in under it."""
    ledger.settle()
    until(lambda: published(ledger))
    with connect(ledger.settings.database_url) as connection, pytest.raises(NothingKnownError) as unknown:
        view(connection, ("orr-id", number))
    for part in (f"entry {told['void']['position']}", told["hers"], f"({told['landed']['position']})"):
        assert part in str(unknown.value)
    for ask in (knows, known_to):
        with connect(ledger.settings.database_url) as connection, pytest.raises(NothingKnownError) as again:
            ask(connection, ("orr-id", number), MomentsAsked(), Viewpoint("EOIR"))
        assert str(again.value).partition("Z: ")[2] == str(unknown.value).partition("Z: ")[2]


def published(ledger: Flow) -> bool:
    """Return whether all that was recorded is published, so that agencies' views reach as far."""
    return bool(ledger.rows("select u.position >= p.position from read.publishing_v1 u, read.progress_v1 p")[0][0])


def as_of(ledger: Flow, number: str, told: dict[str, Any]) -> None:
    """Ask for the number as of both times: the wrong record until the void, the right one from the next claim on."""
    name, hers, again, then = ("orr-id", number), told["hers"], told["again"], told["landed"]["recorded_at"]
    assert asked(ledger, name, then) == {hers}
    assert asked(ledger, name) == {again["child"]}
    with connect(ledger.settings.database_url) as connection:
        with pytest.raises(NothingKnownError, match="names no child"):
            view(connection, name, MomentsAsked(recorded_by=parse_instant(told["void"]["recorded_at"])))
        (formerly,) = view(connection, name)["formerly"]
        assert (formerly["record"], formerly["until_position"]) == (hers, told["void"]["position"])
        assert formerly["entries"] == []  # its producer has voided it
        by_id = ("ledger", hers)
        names = [
            view(connection, by_id, MomentsAsked(recorded_by=by))["identifiers"] for by in (parse_instant(then), None)
        ]
        told_of_it = parse_viewpoint("ORR", None, "told")
        names.append(view(connection, by_id, MomentsAsked(), told_of_it)["identifiers"])
        if told["void"]["by"] == "STEWARD":  # ORR has not received the void: it goes on holding what it was wrong in
            names.append(view(connection, by_id, MomentsAsked(), parse_viewpoint("ORR", None, None))["identifiers"])
    assert [orr_id(number) in of_then for of_then in names] == [True, False, False, True][: len(names)]


def lost(ledger: Flow) -> None:
    """Make PostgreSQL what a backup from before the first entry would be."""
    with psycopg.connect(ledger.settings.database_url) as connection:
        connection.execute("alter table ledger.stored_events disable trigger entries_are_for_ever")
        for table in ("submissions", "identifiers", "links", "stored_events"):
            connection.execute(f"delete from ledger.{table}".encode())
        connection.execute("alter table ledger.stored_events enable trigger entries_are_for_ever")
        connection.execute("update ledger.relay_checkpoint set position = 0")


def story() -> Intake:
    """A number attached to one child, released, claimed by a second, released, and back with the first."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)  # 1
    intake.tell("ORR", "particulars-asserted", A, WRONG)  # 2
    intake.tell("EOIR", "address-reported", WRONG)  # 3
    intake.tell("STEWARD", "entry-voided", A, voids=2)  # 4: released
    intake.tell("ORR", "particulars-asserted", ("fin", "1"), WRONG)  # 5: of the second child, who is opened by it
    intake.tell("ORR", "entry-voided", ("fin", "1"), voids=5)  # 6: released
    intake.tell("STEWARD", "entry-voided", A, voids=4)  # 7: back with the first
    return intake


def payload(intake: Intake, at: int) -> bytes:
    event = intake.batch.rows.events[at]
    position = intake.batch.rows.positions[at]
    child, version, wire, state = event
    return value(position=position, child=child, version=version, wire=wire, state=state)


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_the_read_tables_say_whom_a_number_named_when(database_url: str, batch: int) -> None:
    """Whatever came in one batch, and made anew, the rows are the same; readers find whom it named by any R."""
    intake = story()
    first, second = intake.entries[0].child, intake.entries[4].child
    fill(database_url, [payload(intake, at) for at in range(len(intake.entries))], batch=batch)
    expected = [(first, 2, 4), (second, 5, 6), (first, 7, None)]
    with connect_writer(database_url) as connection:

        def rows() -> list[tuple[Any, ...]]:
            return connection.execute(
                "select child, position, until_position from read.identifiers_v2 where value = '900' order by position"
            ).fetchall()

        assert rows() == expected
        assert remake(Tables(connection, "read_1"), ZONE, [first, second]) == set()
        assert rows() == expected
    with connect(database_url) as connection:
        for entry in intake.entries[1:]:
            named = {2: first, 3: first, 5: second, 7: first}.get(entry.position)
            assert asked_by(connection, entry) == (None if named is None else str(named)), entry.position
        before = MomentsAsked(recorded_by=parse_instant("2026-06-01T12:00:30Z"))
        with pytest.raises(NothingKnownError, match="nothing had been recorded"):
            view(connection, WRONG, before)


def test_a_blocked_record_does_not_hold_what_another_took_since(database_url: str) -> None:
    """Its void waits behind the entry that blocks it: the number leads to whoever took it, and before to her."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)
    intake.tell("ORR", "particulars-asserted", A, WRONG)
    intake.tell("CBP", "child-encountered", A)
    intake.tell("STEWARD", "entry-voided", A, voids=2)
    intake.tell("ORR", "particulars-asserted", WRONG)
    payloads = [payload(intake, at) for at in range(5)]
    payloads[2] = payloads[2].replace(b"custody.child-encountered.v1", b"custody.child-encountered.v9")
    fill(database_url, payloads)
    first, second = intake.entries[0].child, intake.entries[4].child
    with connect(database_url) as connection:
        assert [asked_by(connection, intake.entries[at]) for at in (1, 4)] == [str(first), str(second)]
        assert view(connection, ("ledger", str(first)))["incomplete"] is not None


def asked_by(connection: Any, entry: Entry) -> str | None:
    """Return the record the number named as recorded by this entry; None where it named nobody."""
    at: datetime = entry.recorded_at.astimezone(UTC)
    try:
        return str(view(connection, WRONG, MomentsAsked(recorded_by=at))["child"])
    except NothingKnownError as error:
        return None if "names no child" in str(error) else str(error)
