"""The rules of obligation as data: all of the domain reference's are there, and say what they mean.

Broken by hand to see these tests fail: a rule left out; a fact, a member, an id of another fact misspelt; a target
called law; two versions in force on one day; a limit without its unit.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.obligations.shipped import (
    RULES,
    ObligationFileError,
    ObligationRule,
    faults,
    read_obligation_rules,
    shipped_rules,
)
from ledger.obligations.vocabulary import MetBy, Opening
from ledger.rules.catalogue import RULES as RULES_OF_ENTRIES
from tests.unit.obliging import rule

ROWS = [*(f"D{n}" for n in range(1, 23)), *(f"T{n}" for n in range(1, 7))]
"""The rows of the domain reference (d)."""


def test_every_row_of_the_domain_reference_is_carried() -> None:
    """Nothing an auditor could ask for is left out, measurable or not."""
    of_our_own = {"D23"}  # a hearing's notice, which the reference names as a fact and sets no clock for
    assert {re.sub(r"[a-z]$", "", one.id) for one in shipped_rules()} == set(ROWS) | of_our_own


def test_the_shipped_rules_have_no_fault() -> None:
    """Facts and members exist in the catalogue, ids that must agree stand in both facts, recipients can know."""
    assert list(faults(shipped_rules())) == []


def test_a_target_is_never_called_law_nor_law_a_target() -> None:
    """Whoever reads a report must see which duty a law set, and which only this ledger."""
    for one in shipped_rules():
        assert (one.kind == "target") is (one.id.startswith("T") or one.id == "D4a"), one.id
        if one.kind == "law":
            assert "USC" in one.source, one.id
        if one.kind == "regulation":
            assert "CFR" in one.source or "EOIR-33" in one.source, one.id


def test_a_rule_is_in_force_only_on_its_days() -> None:
    """Part 410 holds from July 2024, the agreement of 2018 for its three years: no duty is read back in time."""
    assert rule("D5", 2).effective_from == date(2024, 7, 1)
    assert (rule("D22").effective_from, rule("D22").effective_to) == (date(2018, 5, 13), date(2021, 3, 10))
    assert (rule("D5", 1).limit, rule("D5", 2).limit) == (None, 8)


def test_a_rule_that_cannot_be_measured_says_why() -> None:
    """It is carried all the same: that nobody can tell is itself an answer."""
    silent = {one.id for one in shipped_rules() if one.not_measurable is not None}
    assert silent == {"D6", "D7", "D12", "D13", "D15", "D15a", "D16", "D18", "D19", "D20", "D22"}
    assert all(one.not_measurable or one.met_by for one in shipped_rules())


def test_every_warning_that_needs_a_clock_is_worked_out_by_an_obligation() -> None:
    """No rule of the table of rules is left to nobody."""
    clocked = {one.code for one in RULES_OF_ENTRIES if one.where == "clock"}
    assert {one.warning for one in shipped_rules() if one.warning is not None} == clocked


def changed(**members: Any) -> ObligationRule:
    return ObligationRule.model_validate({**rule("T1").model_dump(), **members})


OPENED = {"fact": "failure-to-appear-recorded"}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"opened_by": [{"fact": "failed-to-appear"}], "once_per": None, "met_by": [{"told": "opening"}]},
         "opened_by.0.fact: 'failed-to-appear' is no happening of the catalogue"),
        ({"opened_by": [{**OPENED, "when": {"judge": ["x"]}}]}, "has no member 'judge'; it has hearing_id"),
        ({"opened_by": [{**OPENED, "start": "held_at"}]}, "opened_by.0.start: failure-to-appear-recorded has no"),
        ({"opened_by": [{**OPENED, "when": {"judge_action": ["adjurned"]}}]},
         "opened_by.0.when: judge_action is never 'adjurned'; it is one of adjourned, admin-closed"),
        ({"opened_by": [{**OPENED, "when": {"judge_action": [True]}}]}, "judge_action is never true"),
        ({"opened_by": [{**OPENED, "by": ["DOJ"]}]}, "opened_by.0.by: DOJ is no agency"),
        ({"opened_by": [{**OPENED, "same": ["hearing_id"]}]}, "compared with nothing; take it out"),
        ({"once_per": "notice"}, "once_per: failure-to-appear-recorded has no member 'notice'"),
        ({"met_by": [{"fact": "hearing-held", "same": ["notice_id"]}]}, "met_by.0.same: hearing-held has no member"),
        ({"met_by": [{"fact": "hearing-held", "told": "opening"}]}, "met_by.0: give either fact or told"),
        ({"met_by": [{"told": "opening", "same": ["hearing_id"]}]}, "needs no condition; take it out"),
        ({"met_by": [{"fact": "hearing-held", "excuse": "why"}]}, "met_by.0.excuse: hearing-held has no member 'why'"),
        ({"met_by": [{"fact": "hearing-held", "counts_from": "birth"}]}, "met_by.0.counts_from: 'birth' is no"),
        ({"met_by": [{"fact": "nta-served",
                      "through": {"facts": ["nta-issued"], "opening": "court_case", "answer": "nta_id"}}]},
         "met_by.0.through.facts: nta-issued has no member 'court_case'"),
        ({"met_by": []}, "met_by: is missing; say what meets the duty"),
        ({"opened_by": [], "once_per": None, "met_by": [{"told": "opening"}]}, "opened_by: is missing; say which"),
        ({"towards": []}, "towards: is missing; say who has to come to know"),
        ({"towards": ["OIG"]}, "towards: OIG receives nothing, so that it can never know"),
        ({"obliged": "clerk"}, "obliged: failure-to-appear-recorded has no member 'clerk'"),
        ({"warning": "W3"}, "warning: W3 is none that a clock works out"),
        ({"unit": None}, "limit and unit: give both, or neither"),
        ({"until": ["the-end"]}, "until: 'the-end' is no happening"),
        ({"falls_away_by": [{"fact": "hearing-cancelled", "same": ["court_case"]}]},
         "falls_away_by.0.same: hearing-cancelled has no member 'court_case'"),
        ({"effective_from": date(2024, 1, 2), "effective_to": date(2024, 1, 1)},
         "effective_to: 2024-01-01 is before effective_from 2024-01-02"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place_and_its_cure(members: dict[str, Any], said: str) -> None:
    """Each alone, so that a rule with one mistake gets one message."""
    found = list(faults([changed(**members)]))
    assert [said in fault for fault in found] == [True], found
    assert found[0].startswith("T1 version 1: ")


def test_two_versions_of_a_rule_are_never_in_force_on_one_day() -> None:
    """Otherwise one failure would be counted twice."""
    one = changed(effective_to=date(2024, 6, 30))
    after = changed(version=2, effective_from=date(2024, 7, 1))
    assert list(faults([one, after])) == []
    assert list(faults([after, one])) == []
    for both in ([one, changed(version=2)], [changed(), after], [changed(), changed(version=2)]):
        (fault,) = faults(both)
        assert "are in force on the same days; end the older one" in fault
    (fault,) = faults([one, changed(effective_from=date(2024, 7, 1))])
    assert fault == "T1 version 1 stands twice; give one the next version"


def test_a_file_that_is_none_is_refused_with_every_place(tmp_path: Path) -> None:
    """What the person who wrote it needs to mend it in one go."""
    file = tmp_path / "rules.toml"
    with pytest.raises(ObligationFileError, match="cannot be read"):
        read_obligation_rules(file)
    file.write_text("rules = ")
    with pytest.raises(ObligationFileError, match="is no TOML"):
        read_obligation_rules(file)
    text = (RULES / "targets.toml").read_text(encoding="utf-8")
    file.write_text(text.replace('kind = "target"', 'kind = "wish"', 1).replace("limit = 60", "limit = -1"))
    with pytest.raises(ObligationFileError) as refused:
        read_obligation_rules(file)
    assert "rules.0.kind: 'law'" in str(refused.value)
    assert "rules.1.limit: at least 0 is wanted" in str(refused.value)
    file.write_text(text.replace('same = ["handoff_id"]', 'same = ["handoff"]'))
    with pytest.raises(ObligationFileError, match=r"T5 version 1: met_by\.0\.same: handoff-accepted has no"):
        read_obligation_rules(file)


def test_the_parts_of_a_rule_have_the_defaults_its_readers_expect() -> None:
    """A rule that says nothing of it counts from the opening fact, by its own time, at the first answer."""
    assert (MetBy(fact="nta-filed").counts_from, MetBy(fact="nta-filed").nth) == ("opening", 1)
    assert Opening(fact="nta-served").start == "occurred_at"
