"""A name by its plain letters: whatever alphabet, width, accent or figure stands in for a letter of ours.

Unicode knows most of it (NFKC: full width, circles, mathematical alphabets; NFKD: accents); the table below holds the
letters of other alphabets that look like ours, upper case and lower case apart, since Greek Υ is a Y and υ is a u.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_CAPITALS: Final = (
    # Cyrillic, Greek, Armenian and Cherokee
    "АA ВB ЕE ЅS ІI ЇI ЈJ КK МM НH ОO РP СC ТT ХX УY ԌG ԚQ ԜW ҮY ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY "
    "ΧX ՏS ՕO ՍU ᎪA ᏴB ᏟC ᎠD ᎬE ᎰF ᏀG ᎻH ᏆI ᎫJ ᏦK ᏞL ᎷM ᏒR ᏚS ᎢT ᏙV ᏔW ᎩY ᏃZ"
)
_SMALL: Final = (
    # Cyrillic, Greek and Armenian, small capitals, and letters of other Latin alphabets
    "аa вb еe ѕs іi їi јj кk мm нh оo рp сc тt хx уy ԁd һh ԛq ԝw үy ґr гr иu пn ьb αa βb γy εe ζz ηn ιi "
    "κk μm νv οo ρp σo τt υu χx ωw ςc ϲc հh ոn սu օo ցg զq եe ıi ɩi ɪi ɑa ɡg ᴀa ʙb ᴄc ᴅd ᴇe ғf ɢg ʜh ᴊj "
    "ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz øo łl đd ħh ŧt ʋv ɛe ɔo ɾr ʂs ʈt"
)
_UPPER: Final = {ord(pair[0]): pair[1] for pair in _CAPITALS.split()}
_LOWER: Final = {ord(pair[0]): pair[1] for pair in _SMALL.split()}
_SIGNS: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_ENCLOSED: Final = {
    start + offset: chr(ord("a") + offset) for start in (0x1F150, 0x1F170, 0x1F1E6) for offset in range(26)
}
"""White letters on black circles and squares, and the letters of flags."""

FIGURES: Final = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s"}
FIGURES_TOO: Final = {"!": "i", "|": "i", "l": "i"}
"""What stands for an i may stand for an l: both are read as i."""


_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyz"
_NO_LETTERS: Final = bytes(set(range(256)) - set(_LETTERS))
_READ: Final = str.maketrans({**FIGURES, **FIGURES_TOO})


def latin(text: str) -> str:
    """Return a text in small letters, with those that only look like ours replaced and accents apart from them."""
    return text.lower() if text.isascii() else _FOREIGN.sub(lambda run: _replaced(run[0]), text).lower()


_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")


@lru_cache(maxsize=8192)
def _replaced(run: str) -> str:
    plain = unicodedata.normalize("NFKD", run).translate(_ENCLOSED).translate(_UPPER).translate(_LOWER)
    return unicodedata.normalize("NFKD", plain.casefold().translate(_SIGNS)).translate(_LOWER)


def readings(text: str) -> tuple[str, str]:
    """Return the letters of a text, and its letters with figures read as the letters they are written for."""
    plain = latin(text)
    return _letters(plain), _letters(plain.translate(_READ))


def _letters(plain: str) -> str:
    return plain.encode("ascii", "ignore").translate(None, _NO_LETTERS).decode()
