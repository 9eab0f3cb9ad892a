"""H8 in disguise: look-alike letters, other languages, figures for letters, texts that hold names and values."""

import json
from base64 import b64encode
from typing import Any

import orjson
import pytest

from consumers.reading import read_arrival
from ledger.agencies import AGENCIES
from ledger.intake.forbidden import (
    BLACK,
    NAMED,
    UNNAMED,
    black_out_bytes,
    hides,
    is_forbidden,
    may_be_forbidden,
    shown_name,
)
from ledger.kafka.cloudevents import binary_headers
from ledger.rules.arrivals import Arrival, Claim, Illegible, Malformed, Place
from tests.unit.deciding import MEMBERS, sent

SECRET = "overstayed-7731"
DISGUISED = {
    "full width": "ｉｍｍｉｇｒａｔｉｏｎ＿ｓｔａｔｕｓ",
    "Cyrillic": "immigrаtiоn_stаtus",
    "Cyrillic capitals": "ІММІGRАТІОN SТАТUS",
    "Greek": "ιmmιgrατιοn_sτατυs",
    "Greek capitals": "ΙΜΜΙGRΑΤΙΟΝ_SΤΑΤUS",
    "Armenian": "immigratiօn_statսs",
    "dotless": "ımmıgratıon_status",
    "small capitals": "ɪᴍᴍɪɢʀᴀᴛɪᴏɴ ꜱᴛᴀᴛᴜꜱ",
    "mathematical": "𝐢𝐦𝐦𝐢𝐠𝐫𝐚𝐭𝐢𝐨𝐧_𝐬𝐭𝐚𝐭𝐮𝐬",
    "circled": "ⓘⓜⓜⓘⓖⓡⓐⓣⓘⓞⓝ ⓢⓣⓐⓣⓤⓢ",
    "white on black": "🅘🅜🅜🅘🅖🅡🅐🅣🅘🅞🅝🅢🅣🅐🅣🅤🅢",
    "accents": "ïmmígràtîön_stätüs",
    "combining marks": "i\u0301m\u0336migration_sta\u0338tus",
    "zero width": "immi\u200bgration\u2060_sta\ufefftus",
    "soft hyphen": "immigra\u00adtion_status",
    "right to left marks": "\u202eimmigration_status\u202c",
    "figures": "1mm1gr4t10n_5t4tu5",
    "figures for l": "1egal_status",
    "signs": "immigr@tion_$tatus",
    "figures between": "imm19rati0n_2_sta7us",
    "Spanish": "estatus_migratorio",
    "Spanish, situation": "situación_migratoria",
    "Spanish, condition": "condicionMigratoriaDelPatrocinador",
    "Spanish, papers": "sin_papeles",
    "Spanish, person": "indocumentada",
    "Portuguese": "situação_imigratória",
    "French": "statut_migratoire",
    "French, residence": "titre de séjour",
    "French, papers": "sans-papiers",
    "Haitian Creole": "estati_imigrasyon",
    "German": "Aufenthaltsstatus",
    "the other way round": "status_of_immigration",
    "a value in the name": "status_is_undocumented",
}
LEGITIMATE = [
    *("immigration_judge", "immigration_court", "relief_status", "custody_status", "status", "court_status"),
    *("hearing_status", "citizenship", "country_of_citizenship", "country", "place_of_birth", "documented_by"),
    *("legal_custodian", "legal_representative", "legal_guardian", "sponsor_id", "sponsor_name", "sponsor_phone"),
    *("sponsor_category", "alien_number", "a_number", "document", "migration_route", "estado", "estado_civil"),
    *("situation", "condicion_medica", "statute", "residence", "release_status", "state", "fecha_de_migracion"),
]
TEXTS = [
    "the immigration judge asked for the legal status of the lease",
    "Immigration Status Conference Center, 26 Federal Plaza",
    "counsel: will file for relief; status: pending",
    'she said "my status" and left',
    "12 Migratory Bird Legal Way",
    "https://portal.example/case?status=open&court=HOU",
    "La situación migratoria de la niña está en trámite",
    "{see the note of 3 May}",
    "[sic]",
]


def _arriving(data: bytes, **attributes: Any) -> Arrival:
    given = {"id": "m1", "source": "/x", "type": "custody.child-encountered.v1", "time": "2022-03-04T13:00:00Z"}
    headers = binary_headers(**{**given, **attributes})
    return read_arrival(Place("CBP", "custody.intake.cbp", 0, 0), headers, data)


def _with(**codes: str) -> bytes:
    source = {"document": "f", "reference": "1", "grade": "document", "codes": codes}
    return orjson.dumps(sent("child-encountered", envelope={"source": source}).data)


def _says(arrival: Arrival) -> str:
    """Return everything the ledger would keep, answer or log of a message."""
    return repr(arrival)


@pytest.mark.parametrize("disguise", DISGUISED)
def test_no_disguise_hides_a_forbidden_name(disguise: str) -> None:
    """In a code's key, escaped or not, in what nobody can parse, as a header's name: refused or blacked out."""
    name = DISGUISED[disguise]
    assert is_forbidden(name)
    for data in (_with(**{name: SECRET}), _escaped(_with(**{name: SECRET}))):
        assert may_be_forbidden(data)
        arrival = _arriving(data)
        assert isinstance(arrival, Malformed)
        assert arrival.refusal.code == "H8"
        assert SECRET not in _says(arrival)
        broken = _arriving(data[:-1])
        assert isinstance(broken, Illegible)
        assert broken.value is not None
        assert SECRET.encode() not in broken.value
    if name.isprintable():
        extension = _arriving(_with(), extra=[(name, SECRET)])
        assert isinstance(extension, Malformed)
        assert SECRET not in _says(extension)


def _escaped(data: bytes) -> bytes:
    return json.dumps(orjson.loads(data)).encode()


@pytest.mark.parametrize("name", LEGITIMATE)
def test_names_of_other_things_are_not_taken_for_it(name: str) -> None:
    """The child's relief, courts, judges, custodians and countries have their own names."""
    assert not is_forbidden(name)
    assert isinstance(_arriving(_with(**{name: "7"})), Claim)


@pytest.mark.parametrize("text", TEXTS)
def test_texts_that_speak_of_other_things_are_recorded(text: str) -> None:
    """People write about status, migration and law; only a name with its value behind it is a member in a text."""
    assert not hides(text)
    assert isinstance(_arriving(_with(note=text)), Claim)


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_what_the_contract_asks_for_can_be_sent(name: str) -> None:
    """No member, code or agency of ours is looked at twice, in any fact."""
    assert not may_be_forbidden(orjson.dumps(sent(name).data))
    assert not any(is_forbidden(agency) for agency in AGENCIES)


_INSIDE = orjson.dumps({"sponsor": {"immigration_status": SECRET}}).decode()
HIDING = {
    "JSON": _INSIDE,
    "JSON in JSON": orjson.dumps({"x": _INSIDE}).decode(),
    "a list": f"[{_INSIDE}]",
    "broken JSON": _INSIDE[:-1],
    "base64": b64encode(_INSIDE.encode()).decode(),
    "base64 for URLs": b64encode(_INSIDE.encode()).decode().replace("+", "-").rstrip("="),
    "XML": f"<sponsor><immigration_status>{SECRET}</immigration_status></sponsor>",
    "a query": f"a=1&immigration_status={SECRET}",
    "YAML": f"estatus_migratorio: {SECRET}",
    "a disguise": _INSIDE.replace("immigration", "immigrаtiоn"),
}


@pytest.mark.parametrize("form", HIDING)
def test_a_text_that_holds_the_member_is_refused_whole(form: str) -> None:
    """As a code's value, an extension's value, an id or a source: it goes into no entry, answer or copy."""
    text = HIDING[form]
    assert hides(text)
    for arrival in (_arriving(_with(note=text)), _arriving(_with(), extra=[("note", text)])):
        assert isinstance(arrival, Malformed)
        assert (arrival.refusal.code, arrival.refusal.member is not None) == ("H8", True)
        assert SECRET not in _says(arrival)
        assert text not in _says(arrival)
    for attribute in ("id", "source"):
        kept = _arriving(_with(), **{attribute: text[:250]})
        assert isinstance(kept, Illegible)
        assert kept.key == (None, None)
        assert b64encode(text[:250].encode())[:24] not in kept.headers


def test_a_name_that_carries_the_value_is_not_repeated() -> None:
    """The refusal names a member only where its name is one of our own list, which says nothing of anybody."""
    plain = _arriving(_with(sponsor_immigration_status=SECRET))
    assert isinstance(plain, Malformed)
    assert plain.refusal.member == "source.codes.sponsor_immigration_status"
    for name in ("status_is_undocumented", "undocumented", "legal_status_expired_2021", "ｕｎｄｏｃｕｍｅｎｔｅｄ"):
        arrival = _arriving(_with(**{name: "yes"}))
        assert isinstance(arrival, Malformed)
        assert arrival.refusal.member == f"source.codes.{UNNAMED}"
        assert name not in _says(arrival)
        assert _arriving(_with(**{name: "no"})) == arrival, "the digest says nothing of it either"
        kept = _arriving(b'{"' + name.encode() + b'": 1')
        assert isinstance(kept, Illegible)
        assert name.encode() not in (kept.value or b"")
        assert name not in _says(_arriving(_with(), extra=[(name, "x" * 5000)]))
    for type in ("custody.undocumented.v1", "custody.sponsor-immigration-status-expired.v1"):
        typed = _arriving(_with(), type=type)
        assert isinstance(typed, Malformed)
        assert type not in _says(typed)
    assert all(is_forbidden(name) and shown_name(name) == name for name in NAMED)


def test_what_is_kept_of_a_long_text_loses_no_more_than_it_must() -> None:
    """A note about migration, far from one about law, is kept whole."""
    text = b'{"a": "migration route unknown' + b" and nothing else is known" * 3 + b' the legal guardian", '
    assert black_out_bytes(text) == text
    assert BLACK.encode() in black_out_bytes(b'{"note": "migration and legal status')
