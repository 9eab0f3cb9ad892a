"""Which data folder and which servers a command means."""

from pathlib import Path

import pytest

from custody.errors import Problem
from custody.supervision.where import find_data, find_where, servers_given, zone_and_clock

SERVERS = {"DATABASE_URL": "postgresql://ledger@db/custody", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}


def test_servers_that_are_set_are_used(tmp_path: Path) -> None:
    """Under compose, or with servers of one's own, nothing private is started or looked for."""
    where = find_where(tmp_path, SERVERS)
    assert (where.database_url, where.bootstrap) == ("postgresql://ledger@db/custody", "kafka:9092")


@pytest.mark.parametrize("only", sorted(SERVERS))
def test_one_server_set_without_the_other_is_wrong_usage(only: str) -> None:
    """Half the entries in a private server and half in another's would be a ledger nobody finds again."""
    with pytest.raises(Problem) as raised:
        servers_given({only: SERVERS[only]})
    assert raised.value.exit_code == 2
    assert all(name in raised.value.message for name in SERVERS)


def test_an_empty_setting_is_no_setting() -> None:
    """Compose files and shells pass unset variables on as empty ones."""
    assert servers_given(dict.fromkeys(SERVERS, "")) is None


def test_where_nothing_runs_the_cure_is_told(tmp_path: Path) -> None:
    """Exit status 4: the first command of a newcomer who has not read about `custody up` says so."""
    with pytest.raises(Problem, match="custody up") as raised:
        find_where(tmp_path, {})
    assert raised.value.exit_code == 4
    assert str(tmp_path) in raised.value.message


def test_the_data_folder_is_the_option_then_the_setting(tmp_path: Path) -> None:
    """Two ledgers on one machine are kept apart by --data, or by CUSTODY_DATA for a whole shell."""
    environment = {"CUSTODY_DATA": str(tmp_path / "set")}
    assert find_data(tmp_path / "option", environment) == tmp_path / "option"
    assert find_data(None, environment) == tmp_path / "set"


def test_zone_and_clock_stay_what_they_were_at_the_last_start(tmp_path: Path) -> None:
    """Both are fixed when a ledger is made: a start without the settings must not ask for others."""
    assert zone_and_clock(tmp_path, {}) == ("America/New_York", "wall")
    (tmp_path / "ledger.json").write_text('{"zone": "America/Chicago", "clock": "driven"}')
    assert zone_and_clock(tmp_path, {}) == ("America/Chicago", "driven")
    assert zone_and_clock(tmp_path, {"CUSTODY_CLOCK": "wall"}) == ("America/Chicago", "wall")
