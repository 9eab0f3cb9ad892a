"""Words of closed lists: case is forgiven, the nearest is named, and what is none never finds nothing in silence."""

import pytest

from ledger.agencies import PRODUCERS, RECEIVERS
from ledger.agency_names import agency_among, agency_called
from ledger.choices import chosen, nearest, no_choice
from ledger.facts import BY_WIRE
from ledger.intake.submission import Refusal, read_submission
from ledger.rules.catalogue import BY_CODE
from producers.client.errors import UnknownAgencyError
from producers.client.feed import FeedReader
from producers.client.submissions import AgencyClient
from readers.child.known_set import parse_viewpoint
from readers.choosing import one_of
from readers.figures.definitions import FigureAsked, defined
from readers.figures.divergent import DivergentAsked
from readers.figures.divergent import checked as checked_divergent
from readers.obligations.one_child import DutiesAsked, checked
from readers.obligations.owed_by_all import checked_population
from readers.unanswerable import WrongQuestionError


@pytest.mark.parametrize(
    ("given", "means"), [("W3", "W3"), ("w3", "W3"), ("Code-Missing", "code-missing"), ("code_missing", "code-missing")]
)
def test_case_and_what_parts_words_are_forgiven(given: str, means: str) -> None:
    """Nobody should learn which letters of a code are capitals."""
    assert chosen(given, BY_CODE) == means


def test_what_could_be_two_is_not_chosen() -> None:
    """Where two differ in capitals alone, only the very word is one of them."""
    assert chosen("Houston", ("Houston", "HOUSTON")) == "Houston"
    assert chosen("houston", ("Houston", "HOUSTON")) is None


@pytest.mark.parametrize(
    ("given", "near"),
    [("W33", "W3"), ("codemissing", "code-missing"), ("doubled", "doubled-row-id"), ("xyzzyplugh", None)],
)
def test_the_nearest_is_named_where_there_is_one(given: str, near: str | None) -> None:
    """A slip of a key costs one look, not a search through the docs."""
    assert nearest(given, BY_CODE) == ([] if near is None else [near])


def test_a_refusal_names_what_there_is_and_repeats_no_more_than_a_line() -> None:
    """Also where somebody pasted a page."""
    said = no_choice("x" * 5000, "rule", BY_CODE)
    assert len(said) < 600
    assert "there are H0, H1" in said
    assert "more" in said


@pytest.mark.parametrize("given", ["ICE-ERO", "ice-ero", "Ice_Ero", "ICE ERO", "ice/ero"])
def test_an_agency_is_known_by_every_spelling(given: str) -> None:
    """As in the contract, as in names of topics, as people part it."""
    assert agency_among(given, RECEIVERS) == "ICE-ERO"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ERO", "did you mean ICE-ERO?"),
        ("ORRR", "did you mean ORR?"),
        ("OIG", "there are CBP"),
        ("DHS", "there are CBP"),
    ],
)
def test_an_agency_that_is_none_is_refused_with_the_nearest(given: str, said: str) -> None:
    """A program is not told names people use; the person at it hears the right one."""
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        agency_among(given, PRODUCERS)


def test_a_group_is_no_recipient() -> None:
    """Somebody of it was told: who?"""
    with pytest.raises(ValueError, match="ICE is a group; say which of its agencies was told: ICE-ERO, ICE-OPLA"):
        agency_called("DHS/ICE")


def test_the_python_client_takes_agencies_as_topics_spell_them() -> None:
    """`FeedReader(kafka, "ice-ero")` reads the feed of ICE-ERO; a name that is none is told before anything is done."""
    nowhere = "127.0.0.1:1"
    for make in (
        lambda agency: FeedReader(nowhere, agency, after=0),
        lambda agency: AgencyClient(nowhere, agency),
    ):
        with pytest.raises(Exception, match=r"Kafka at 127.0.0.1:1 cannot be reached \("):
            make("ice-ero")
        with pytest.raises(UnknownAgencyError, match=r"'ice-eor' is no agency here \(did you mean ICE-ERO\?\)"):
            make("ice-eor")


def test_every_filter_of_a_question_is_one_that_exists() -> None:
    """Nothing found by a filter that exists nowhere would look like a good answer."""
    assert checked(DutiesAsked("ice", "MISSED")) == DutiesAsked("ICE", "missed")
    assert parse_viewpoint("dhs", "Proven", "Told").name == "DHS"
    assert checked_population(DutiesAsked(), "t1", None).rule == "T1"
    for wrong, said in (
        (lambda: checked(DutiesAsked(agency="IEC")), r"--agency 'IEC' is no agency or body \(did you mean ICE\?\)"),
        (
            lambda: checked(DutiesAsked(state="mised")),
            r"--state 'mised' is no state of an obligation \(did you mean missed",
        ),
        (
            lambda: checked_population(DutiesAsked(), "T111", None),
            r"--rule 'T111' is no rule of obligation \(did you mean T",
        ),
        (lambda: parse_viewpoint("ERO", None, None), r"--as 'ERO' is no agency or group \(did you mean ICE-ERO\?\)"),
        (lambda: parse_viewpoint(None, "sure", None), "--basis 'sure' is no basis; there are any, proven"),
        (lambda: parse_viewpoint(None, None, "opend"), r"--at-least 'opend' is no grade \(did you mean opened\?\)"),
        (lambda: defined(FigureAsked("incare")), r"'incare' is no figure \(did you mean in-care\?\)"),
        (lambda: defined(FigureAsked("in-care", by="countries")), r"--by 'countries' is no dimension of in-care"),
        (
            lambda: checked_divergent(
                DivergentAsked("resident", parse_viewpoint("ORR", None, None), parse_viewpoint("CBP", None, None))
            ),
            r"--member 'resident' is no member that is compared for all children \(did you mean residence\?\)",
        ),
        (lambda: one_of("w99x", BY_CODE, "rule", option="--code"), "--code 'w99x' is no rule"),
    ):
        with pytest.raises(WrongQuestionError, match=said):
            wrong()


@pytest.mark.parametrize(
    "wire", ["custody.admitted-to-programme.v1", "admitted-to-program", "custody.Admitted-To-Program.v1"]
)
def test_a_type_nobody_knows_is_refused_with_the_nearest(wire: str) -> None:
    """A developer sees the slip in the outcome."""
    assert "custody.admitted-to-program.v1" in BY_WIRE
    refusal = read_submission(wire, b"{}")
    assert isinstance(refusal, Refusal)
    assert f"unknown type {wire} (did you mean custody.admitted-to-program.v1?)" in refusal.message
