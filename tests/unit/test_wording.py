"""How values, addresses, delays and figures are worded for people."""

import pytest

from readers.text.figure_text import figure_text
from readers.text.wording import address, delay, printable, worded
from tests.integration.filling import ZONE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        ("", '""'),
        ([], "none"),
        (["child", "sponsor"], "child, sponsor"),
        ({"scheme": "fin", "value": "F-1"}, "scheme: fin; value: F-1"),
        ({}, "blank"),
        ("a\x1b[2Jb\u202ec", r"a\x1b[2Jb\u202ec"),
    ],
)
def test_values_are_worded(value: object, text: str) -> None:
    """Each kind of value has one wording; an empty address is blank, an empty text is shown to be there."""
    assert worded(value) == text


def test_an_address_is_one_line_as_given() -> None:
    """Nothing is standardised; every part that was given is there."""
    given_parts = {
        "lines": ["1200 Elm St", "Rear"],
        "unit": "Apt 4",
        "care_of": "M. Lopez",
        "city": "Houston",
        "county": "Harris",
        "state": "TX",
        "zip": "77002",
    }
    assert address(given_parts) == "c/o M. Lopez, 1200 Elm St, Rear, Apt 4, Houston, Harris (county), TX 77002"
    assert address({"lines": [""], "state": ""}) == "blank"


@pytest.mark.parametrize(
    ("occurred_at", "text"),
    [
        (None, ""),
        ("2022-03-27", ", the same day"),
        ("2022-03-26", ", 1 day later"),
        ("2022-03-04", ", 23 days later"),
        ("2022-03-28", ", before it happened"),
        ("2022-03-27T13:59:30Z", ", 30 seconds later"),
        ("2022-03-27T13:50:00Z", ", 10 minutes later"),
        ("2022-03-27T09:59:59-04:00", ", 1 second later"),
        ("2022-03-27T10:00:00-04:00", ", at once"),
        ("2022-03-26T14:00:00Z", ", 1 day later"),
        ("2022-03-26T15:00:00Z", ", 23 hours later"),
        ("2022-03-27T14:00:01Z", ", before it happened"),
    ],
)
def test_the_delay_of_an_entry_is_told_in_the_largest_unit_that_fits(occurred_at: str | None, text: str) -> None:
    """How late the ledger heard of it: the first thing an audit asks."""
    assert delay(occurred_at, "2022-03-27T14:00:00.000000Z", ZONE) == text


def test_printable_text_stays_as_it_is() -> None:
    """Names keep their letters."""
    assert printable("Peñalosa Ñ 田 O'Neil") == "Peñalosa Ñ 田 O'Neil"


def test_a_figure_reads_like_this() -> None:
    """The number, what stands beside it, and the definition; a table where it was asked for by a dimension."""
    answer = {
        "figure": "in-care",
        "value": 1234,
        "population": 1234,
        "on": "2022-03-31",
        "as": "ledger",
        "known_at": "2022-04-01T12:00:00.000000Z",
        "recorded_by": "2022-04-01T12:00:00.000000Z",
        "complete_to": "2022-04-01T12:00:00.000000Z",
        "clock": "wall",
        "definition": "Children in care.",
        "open_findings": 7,
        "without_open_findings": False,
        "incomplete": None,
        "absent": 3,
        "basis": "any",
        "at_least": "delivered",
        "note": None,
    }
    assert figure_text(answer) == (
        """\
in-care on 2022-03-31: 1,234

children              1,234
of them absent        3
open guard findings   7 children
as held by            ledger
recorded by           2022-04-01T12:00:00.000000Z
complete to           2022-04-01T12:00:00.000000Z

Definition: Children in care.
"""
    )
    by_country = {**answer, "rows": [{"country": "GTM", "value": 1000}, {"country": "unknown", "value": 234}]}
    del by_country["value"]
    parked = {"children": 2, "since": "2022-03-05T14:00:00.000000Z", "reason": "unreadable"}
    text = figure_text({**by_country, "without_open_findings": True, "incomplete": parked})
    assert text.startswith(
        """\
in-care on 2022-03-31, by country
  GTM           1,000
  unknown         234
  all           1,234
"""
    )
    assert "open guard findings   7 children, left out" in text
    assert "INCOMPLETE: entries of 2 children" in text
    listed = figure_text({**answer, "list": [{"child": "c-1", "position": 4, "absent": True, "country": None}]})
    assert listed.endswith("\nc-1  position 4  absent yes  country none\n")
