"""An answer that was served, through every part of the ledger: an entry on Kafka, a row, a moment of knowledge."""

from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from ledger.facts import AnswerServed
from ledger.roles.logs import configure
from ledger.store.eventstore import open_ledger
from ledger.store.serving import digest_of, record_served
from projections.rebuilding.rebuild import rebuild
from readers.child.known_set import Viewpoint
from readers.child.view import view
from readers.moments import MomentsAsked
from readers.unanswerable import NothingKnownError
from tests.integration.feeding import published
from tests.integration.flow import Flow, claim, flow
from tests.integration.test_feeds import RELEASE
from tests.integration.test_read_tables import quiet, verified

NAME = ("a-number", "200000001")
_MOMENTS = ("known_at", "happened_by", "recorded_by", "basis", "at_least")


def seen(ledger: Flow, **viewpoint: Any) -> dict[str, Any]:
    with psycopg.connect(ledger.settings.database_url) as connection:
        return view(connection, NAME, MomentsAsked(), Viewpoint("ICE-ERO", **viewpoint))


def test_a_served_answer_is_recorded_and_becomes_knowledge(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """ICE-ERO had not signed for the release; when its user was served it, it knew. Rebuilt and verified like all."""
    with flow(database_url, fresh_kafka, tmp_path) as ledger:
        outcome = ledger.tell("ORR", "released-to-sponsor", claim("A200000001", "2022-03-04", RELEASE))
        ledger.settle()
        published(ledger)
        with pytest.raises(NothingKnownError):
            seen(ledger)
        answer = seen(ledger, at_least=0)
        question = {
            "verb": "view",
            "child": answer["child"],
            "viewpoint": answer["as"],
            **{name: answer[name] for name in _MOMENTS},
        }
        fact = AnswerServed.model_validate(
            {
                "question": question,
                "rules": {"id": "default", "version": 2},
                "digest": digest_of(orjson.dumps(answer)),
                "by": {"office": "Juvenile desk", "user": "u-1"},
            }
        )
        own = open_ledger(ledger.settings)
        served = record_served(own, ledger.settings, fact, agency="ICE-ERO")
        own.close()
        ledger.settle()
        published(ledger)
        entries = seen(ledger)["entries"]
        assert [(one["position"], one["how"]) for one in entries] == [(outcome["position"], "read")]
        assert entries[0]["moments"][-1]["position"] == served.position
        assert entries[0]["withheld"] == ("sponsor_category", "sponsor_name")
        again = orjson.loads(orjson.dumps(seen(ledger, at_least=0)))
        assert {name: again[name] for name in ("custody", "whereabouts")} == {
            name: orjson.loads(orjson.dumps(answer[name])) for name in ("custody", "whereabouts")
        }
        assert rebuild(ledger.settings, configure("test"), quiet).differences == ()
        assert verified(ledger).sound
        assert [one["how"] for one in seen(ledger)["entries"]] == ["read"]
