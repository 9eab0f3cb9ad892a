"""Sharing rules: nothing left to a default, nothing granted that the law forbids, and which set is in force when.

Broken by hand to see these tests fail, one at a time: each fault left out, the days of a set open or closed by one,
the position compared with `<=`, the first adopted set taken for the last.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.agencies import RECEIVERS
from ledger.facts import STATEMENTS, short_name
from ledger.facts.ledger_wide import RuleSet
from ledger.facts.vocabulary import CATEGORIES
from ledger.sharing.rule_sets import (
    FOLLOWING,
    RULED,
    Adopted,
    RuleFileError,
    decision,
    default_rules,
    differences,
    faults,
    in_force,
    read_rules,
    shipped_sets,
)

ZONE = "America/New_York"


def changed(agency: str, **members: Any) -> RuleSet:
    """Return the default set with some members of one agency replaced."""
    given = default_rules().model_dump(mode="json")
    given["agencies"][agency].update(members)
    return RuleSet.model_validate(given)


def without(agency: str, member: str, *names: str) -> list[str]:
    return [name for name in getattr(default_rules().agencies[agency], member) if name not in names]  # type: ignore[index]


@pytest.mark.parametrize("name", shipped_sets())
def test_a_set_that_comes_with_the_ledger_decides_every_fact_and_category_for_every_agency(name: str) -> None:
    """A new fact or category without a decision fails here, agency by agency."""
    rules = read_rules(shipped_sets()[name])
    assert (rules.id, set(rules.agencies)) == (name, set(RECEIVERS))
    for agency in RECEIVERS:
        its = rules.agencies[agency]
        assert sorted((*its.told, *its.protected, *its.untold)) == sorted(RULED)
        assert sorted((*its.allowed, *its.withheld)) == sorted(CATEGORIES)


def test_every_statement_is_ruled_or_follows_what_it_touches() -> None:
    """Nobody may be left holding a known error, so corrections and the like are nobody's to withhold."""
    following = {short_name(fact.wire) for fact in FOLLOWING}
    assert {short_name(fact.wire) for fact in STATEMENTS} <= following | set(RULED)
    assert not following & set(RULED)


def test_no_shipped_set_tells_an_agency_that_enforces_of_relief_or_protection() -> None:
    """8 USC 1367: not what was filed, and not that anything was."""
    for file in shipped_sets().values():
        rules = read_rules(file)
        for agency in ("CBP", "ICE-ERO"):
            assert {decision(rules, agency, fact) for fact in ("relief-filed", "relief-decided")} == {"protected"}
            assert {"relief", "protection"} <= set(rules.agencies[agency].withheld)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (changed("ORR", told=without("ORR", "told", "hearing-held")), "hearing-held stands 0 times; put it under told"),
        (changed("ORR", untold=["hearing-held", *without("ORR", "untold")]), "hearing-held stands 2 times; leave it"),
        (changed("ORR", told=[*without("ORR", "told"), "hearing-hold"]), "'hearing-hold' is no fact of the catalogue"),
        (
            changed("ORR", told=[*without("ORR", "told"), "entry-voided"]),
            "'entry-voided' goes where what it touches went",
        ),
        (changed("ORR", allowed=without("ORR", "allowed", "court")), "category court stands 0 times; put it under"),
        (changed("ORR", withheld=["court", "relief"]), "category court stands 2 times; leave it in one place"),
        (
            changed(
                "CBP",
                allowed=[*without("CBP", "allowed"), "relief"],
                withheld=without("CBP", "withheld", "relief"),
            ),
            "category relief may not be granted to CBP",
        ),
        (
            changed(
                "ICE-ERO",
                exceptions=[{"facts": ["nta-not-pursued"], "allowed": ["protection"], "purpose": "x"}],
            ),
            "category protection may not be granted to ICE-ERO",
        ),
        (
            changed("ICE-ERO", protected=["relief-decided"], told=[*without("ICE-ERO", "told"), "relief-filed"]),
            "relief-filed may not be told to ICE-ERO, not even that it exists",
        ),
        (
            changed("ORR", exceptions=[{"facts": ["relief-filed"], "allowed": ["court"], "purpose": "x"}]),
            "relief-filed is not told to ORR, so nothing can be excepted",
        ),
        (
            changed("ORR", exceptions=[{"facts": ["hearing-held"], "allowed": ["court"], "purpose": "x"}] * 2),
            "hearing-held stands in 2 of them; leave it in one",
        ),
        (default_rules().model_copy(update={"title": "a\0b"}), "a text contains a NUL character"),
        (
            default_rules().model_copy(update={"effective_to": date(2014, 12, 31)}),
            "effective_to: 2014-12-31 is before effective_from 2015-01-01",
        ),
        (
            default_rules().model_copy(
                update={"agencies": {name: its for name, its in default_rules().agencies.items() if name != "EOIR"}}
            ),
            "agencies.EOIR: is missing",
        ),
        (
            default_rules().model_copy(
                update={"agencies": {**default_rules().agencies, "OIG": default_rules().agencies["ORR"]}}
            ),
            "agencies.OIG: gets no feed",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_its_cure(rules: RuleSet, said: str) -> None:
    """Each alone, so that a file with one mistake gets one message."""
    assert [said in fault for fault in faults(rules)] == [True]


def test_a_file_that_is_no_set_is_refused_with_every_place(tmp_path: Path) -> None:
    """What the person who wrote it needs to mend it in one go."""
    file = tmp_path / "set.toml"
    with pytest.raises(RuleFileError, match="cannot be read"):
        read_rules(file)
    file.write_text("id = ")
    with pytest.raises(RuleFileError, match="is no TOML"):
        read_rules(file)
    text = shipped_sets()["default"].read_text(encoding="utf-8")
    file.write_text(
        text.replace("version = 2", "version = 0").replace('"identity", "custody", "statement"', '"faith"', 1)
    )
    with pytest.raises(RuleFileError) as refused:
        read_rules(file)
    assert "version: at least 1 is wanted" in str(refused.value)
    assert "agencies.CBP.allowed.0: 'identity'" in str(refused.value)


def test_the_set_in_force_is_the_last_one_adopted_before_the_entry_whose_days_hold_it() -> None:
    """By position and by the day in the ledger's zone; where none was adopted, the default."""
    old, new = (read_rules(shipped_sets()[name]) for name in ("moa-2018", "moa-2021"))
    adopted = [Adopted(10, old), Adopted(20, new), Adopted(30, old)]

    def of(position: int, recorded_at: datetime) -> str:
        return in_force(adopted, default_rules(), position=position, recorded_at=recorded_at, zone=ZONE).id

    assert of(25, datetime(2021, 3, 11, 4, 59, tzinfo=UTC)) == "moa-2018"  # still 10 March in New York
    assert of(25, datetime(2021, 3, 11, 5, 0, tzinfo=UTC)) == "moa-2021"
    assert of(20, datetime(2021, 3, 11, 5, 0, tzinfo=UTC)) == "default"
    assert of(21, datetime(2021, 3, 11, 5, 0, tzinfo=UTC)) == "moa-2021"
    assert of(11, datetime(2018, 5, 13, 4, 0, tzinfo=UTC)) == "moa-2018"
    assert of(11, datetime(2018, 5, 13, 3, 59, tzinfo=UTC)) == "default"
    assert of(99, datetime(2025, 3, 25, 4, 0, tzinfo=UTC)) == "default"
    twice = [Adopted(1, new), Adopted(2, new.model_copy(update={"version": 2}))]
    later = in_force(twice, default_rules(), position=3, recorded_at=datetime(2022, 1, 1, tzinfo=UTC), zone=ZONE)
    assert later.version == 2


def test_two_sets_are_compared_decision_by_decision() -> None:
    """What an amendment changes, for whoever must sign it."""
    old, new = (read_rules(shipped_sets()[name]) for name in ("moa-2018", "moa-2021"))
    assert list(differences(old, new)) == [
        "ICE-ERO: sponsor-application-received: told -> untold",
        "ICE-ERO: release-decided: told -> untold",
        "ICE-ERO: category sponsor: allowed -> withheld",
        "ICE-ERO: category sponsor-contact: allowed -> withheld",
    ]
    assert list(differences(new, new)) == []
    excepted = changed("ORR", exceptions=[{"facts": ["hearing-held"], "allowed": ["court"], "purpose": "x"}])
    assert list(differences(default_rules(), excepted)) == ["ORR: hearing-held: told -> told with court"]
