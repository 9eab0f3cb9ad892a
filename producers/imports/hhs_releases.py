"""What a row of the HHS release file claims: three submissions of ORR, sent through the import door."""

import re
from typing import Final

import orjson

from producers.imports.countries import alpha_3
from producers.imports.drafts import Draft
from producers.imports.hhs_file import HhsRow

SOURCE: Final = "/hhs/uc-releases"
DOCUMENT: Final = "HHS releases 2015-2023"
PARTICULARS: Final = "custody.particulars-asserted.v1"
ADMISSION: Final = "custody.admitted-to-program.v1"
RELEASE: Final = "custody.released-to-sponsor.v1"

CATEGORY_OF_TEXT: Final = {
    "parent or guardian": "1",
    "parent or legal guardian": "1",
    "parent/legal guardian": "1",
    "parent/guardian": "1",
    "immediate relative": "2",
    "distant relative or unrelated adult": "3",
}
_CATEGORIES: Final = frozenset({"1", "2A", "2B", "2", "3"})
_CATEGORY: Final = re.compile(r"(?:category|cat\.?)? ?(1|2A|2B|2|3)(?:\.0)?(?: ?[-–:(].*)?", re.IGNORECASE)
_SEX: Final = {"female": "F", "male": "M", "f": "F", "m": "M"}
_LAST_SENT: Final = "2023-12-31T23:59:59Z"
"""When a row without any date counts as sent: the end of the years the document speaks of."""


def claims(row: HhsRow) -> tuple[Draft, Draft, Draft]:
    """Return what the row claims: who the child is, that it was admitted, that it was released.

    The same row gives the same ids and bytes in every run. A blank date is an unknown time. `ce_time` is the
    end (in UTC) of the day of release, for all three: a row is written when the child is released, so no system
    can have sent it earlier, and a ledger on the driven clock must not record a fact before it happened.
    """
    label = row.label
    entered_on, released_on = row.entered_on or None, row.released_on or None
    last_day = max(row.entered_on, row.released_on)
    time = f"{last_day}T23:59:59Z" if last_day else _LAST_SENT

    particulars: dict[str, str] = {}
    codes: dict[str, str] = {}
    if row.gender:
        particulars["sex"] = _SEX.get(row.gender.lower(), row.gender)
        if len(row.gender) > 1 and particulars["sex"] != row.gender:
            codes["sex"] = row.gender
    if row.country:
        particulars["country"] = alpha_3(row.country)
        codes["country"] = row.country
    category, category_codes = _sponsor_category(row.category_code, row.category)
    release: dict[str, object] = {"sponsor_category": category}
    if row.relationship:
        release["relationship"] = row.relationship
    address: dict[str, object] = {
        name: given
        for name, given in (("city", row.city), ("county", row.county), ("state", row.state), ("zip", row.zip))
        if given
    }
    release["address"] = {"lines": [row.address_line], **address} if row.address_line else address
    if row.zip_given:
        category_codes["address.zip"] = row.zip_given
    return (
        Draft(f"{label}:particulars", PARTICULARS, time, _data(label, entered_on, codes, particulars)),
        Draft(f"{label}:admission", ADMISSION, time, _data(label, entered_on, {}, {})),
        Draft(f"{label}:release", RELEASE, time, _data(label, released_on, category_codes, release)),
    )


def _sponsor_category(code: str | None, text: str) -> tuple[str, dict[str, str]]:
    """Return the category and the source's own words: the code as given, its text where the code does not say it.

    Where the file has no column for the code, its one column says it, by code or in words: `1`, `Category 2A`, `Parent
    or guardian`.
    """
    by_text = CATEGORY_OF_TEXT.get(text.strip().lower(), "unknown")
    if code is None:
        named = _CATEGORY.fullmatch(text)
        return (by_text if named is None else named[1].upper()), {"sponsor_category": text[:200]}
    codes = {"sponsor_category": code}
    if text and by_text != code:
        codes["sponsor_category_text"] = text
    if not code:
        return by_text, codes
    return (code if code in _CATEGORIES else "unknown"), codes


def _data(label: str, day: str | None, codes: dict[str, str], fact: dict[str, object] | dict[str, str]) -> bytes:
    data: dict[str, object] = {
        "child": [{"scheme": "hhs-release-row", "value": label}],
        "occurred_at": day,
        "source": {"document": DOCUMENT, "reference": label, "grade": "document", "codes": codes},
        "door": "import",
        "fact": fact,
    }
    if day is not None:
        data["known_since"] = day
    return orjson.dumps(data)
