"""The worked example of "who knew what, and when", played through a real ledger, and where its agencies differed.

Broken by hand to see these tests fail: a claimed receipt called proven; a day in --from counted from its end; the
beginning of the ledger not looked for.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from custody.demo.reading import Readers
from ledger.agencies import PRODUCERS
from producers.client.submissions import AgencyClient
from producers.simulation.playing import play
from producers.simulation.story import STORY
from tests.conftest import empty_topics, new_database
from tests.integration.commands import Run, runner
from tests.integration.feeding import published
from tests.integration.flow import Flow, flow

CHILD = "A200-000-017"
NUMBER_OF_THE_RELEASE = 15
"""On ICE-ERO's feed: before it stand what CBP and the court told it, too."""


@pytest.fixture(scope="module")
def ledger(postgres_url: str, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A ledger whose clock the story drives; ICE-ERO and ORR read their feeds when the example says."""
    empty_topics(kafka_bootstrap)
    folder = tmp_path_factory.mktemp("story")
    with new_database(postgres_url) as url, flow(url, kafka_bootstrap, folder, clock="driven") as running:
        readers = Readers(url, kafka_bootstrap)
        with ExitStack() as open_clients:
            clients = {
                agency: open_clients.enter_context(AgencyClient(kafka_bootstrap, agency)) for agency in PRODUCERS
            }
            played = play(readers.in_between(STORY), clients, in_step=True)
        assert played.surprises == []
        running.settle()
        published(running)
        yield running


@pytest.fixture
def custody(ledger: Flow, tmp_path: Path) -> Run:
    """Run `custody` against this ledger."""
    return runner(ledger.settings.database_url, tmp_path)


def intervals(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for member in answer["members"] if member["member"] == name for one in member["intervals"]]


def test_the_worked_example_shows_who_held_what_and_what_closed_each_gap(custody: Run, ledger: Flow) -> None:
    """ICE-ERO went on holding a child in custody until it signed for the release; ORR was wrong about the hearing
    from the moment the court recorded it until it signed for it, 21 days later."""
    between = json.loads(custody("diverge", CHILD, "ICE-ERO", "ORR", "--json").stdout)
    assert (between["a"], between["b"], between["at_least"], between["basis"]) == ("ICE-ERO", "ORR", "delivered", "any")
    assert between["from"] == "2022-01-11T03:05:00.000000Z"  # ORR, when it designated a place for her
    release = intervals(between, "custody")[-1]
    assert (release["a"], release["b"], release["lacking"]) == ("orr-custody", "released-to-sponsor", "A")
    # ORR had released her at 13:20 Central time, and says that it knew so since 13:25; that is 14:25 in New York
    assert (release["from"], release["to"]) == ("2022-03-04T19:25:00.000000Z", "2022-03-05T14:00:00.000000Z")
    assert [entry["type"] for entry in release["entries"]] == ["custody.released-to-sponsor.v1"]
    assert release["closed_by"] | {"position": 0, "of": 0} == {
        "agency": "ICE-ERO",
        "at": "2022-03-05T14:00:00.000000Z",
        "not_before": None,
        "how": "receipt",
        "basis": "claimed",
        "number": NUMBER_OF_THE_RELEASE,
        "position": 0,
        "of": 0,
    }
    assert intervals(between, "custody")[0]["nothing_known"] == "A"
    # what closed the gap is in the ledger under the position given
    entry = ledger.rows(
        "select type from read.entries_v1 e, lateral (select convert_from(e.payload, 'utf8')::json"
        "->>'type' as type) t where position = %s",
        release["closed_by"]["of"],
    )
    assert entry == [("custody.released-to-sponsor.v1",)]

    wrong = json.loads(custody("diverge", CHILD, "ORR", "ledger", "--json").stdout)
    missed = [one for one in intervals(wrong, "proceeding") if one["b"] == "fta"]
    assert [(one["a"], one["from"], one["to"]) for one in missed] == [
        ("hearing-set", "2022-06-10T20:00:00.000000Z", "2022-07-02T14:00:00.000000Z")
    ]
    assert missed[0]["closed_by"]["how"] == "receipt"
    told = json.loads(custody("diverge", CHILD, "ORR", "ledger", "--at-least", "told", "--json").stdout)
    assert [one for one in intervals(told, "proceeding") if one["b"] == "fta"] == []
    then = ("--recorded-by", "2022-06-15", "--json")
    as_then = json.loads(custody("diverge", CHILD, "ORR", "ledger", *then).stdout)
    still = [one for one in intervals(as_then, "proceeding") if one["b"] == "fta"]
    assert [(one["to"], one["closed_by"]) for one in still] == [(None, None)]


def test_the_text_can_go_into_a_report(custody: Run) -> None:
    """Who held what, from when to when, what was lacked and by which proof it ended; lines of a page's width."""
    done = custody("diverge", CHILD, "ORR", "ledger", "--from", "2022-06-09", "--to", "2022-07-31")
    assert done.returncode == 0, done.stderr
    assert "proceeding of case case-17, NTA nta-17: differed for 21 days 18 hours\n" in done.stdout
    assert "  2022-06-10T16:00:00-04:00 to 2022-07-02T10:00:00-04:00\n" in done.stdout
    assert "    ORR            hearing-set\n    ledger         fta\n" in done.stdout
    said = " ".join(done.stdout.split())
    assert "lacked by ORR: position" in said
    assert "closed by ORR receipted it: position" in said
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    assert "from           2022-06-09T00:00:00-04:00\n" in done.stdout


def test_what_cannot_be_compared_is_said_with_the_cure(custody: Run) -> None:
    """Wrong usage is 2, nothing known is 3; never a traceback, and nothing on standard output."""
    for words, code, said in (
        ((CHILD, "FBI", "ORR"), 2, "A 'FBI' is no agency or group; there are CBP, ICE-ERO"),
        ((CHILD, "ORR", "FBI"), 2, "B 'FBI' is no agency"),
        ((CHILD, "ORR", "orr"), 2, "A and B are both ORR"),
        ((CHILD, "ORR", "CBP", "--from", "2022-05-02", "--to", "2022-05-01"), 2, "is later than --to"),
        ((CHILD, "ORR", "CBP", "--from", "2099-01-01"), 2, "give an earlier --from"),
        ((CHILD, "ORR", "CBP", "--from", "1999-01-01"), 2, "is before the ledger began"),
        ((CHILD, "ORR", "CBP", "--from", "soon"), 2, "--from 'soon'"),
        ((CHILD, "ORR", "CBP", "--basis", "heard"), 2, "is no basis; there are any, proven"),
        (("nobody", "ORR", "CBP"), 2, "names no child"),
        (("A299-999-999", "ORR", "CBP"), 3, "no child is known as A299-999-999"),
        ((CHILD, "USCIS", "OIG"), 3, "neither USCIS nor OIG knew anything of A200-000-017"),
        ((CHILD, "ORR", "ICE-ERO", "--to", "2022-01-10T12:00:00-05:00"), 3, "give a later --to"),
        ((CHILD, "ORR", "CBP", "--recorded-by", "1999-01-01"), 3, "nothing had been recorded"),
    ):
        done = custody("diverge", *words)
        assert (done.returncode, done.stdout) == (code, ""), (words, done.stdout, done.stderr)
        assert said in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr
