"""The identifiers agencies use for a child, brought to one spelling (domain 4.4, contract: Submission)."""

import re
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

Scheme = Literal["a-number", "fin", "cbp-subject", "orr-id", "eoir-case", "hhs-release-row", "ledger"]
SCHEMES: Final[tuple[Scheme, ...]] = get_args(Scheme)

_A_NUMBER: Final = re.compile(r"[Aa]?([0-9]{7,9})")


def a_number(text: str) -> str:
    """Return an A-number as its nine digits, zero-padded, from any usual spelling; raises `ValueError`."""
    match = _A_NUMBER.fullmatch(text.strip().replace("-", "").replace(" ", ""))
    if match is None:
        raise ValueError("not an A-number: `A` and seven to nine digits, such as A200-000-017")
    return match[1].zfill(9)


def shown(scheme: str, value: str) -> str:
    """Return an identifier as people read it: an A-number as `A200-000-017`, others as `scheme:value`."""
    if scheme == "a-number":
        return f"A{value[:3]}-{value[3:6]}-{value[6:]}"
    return f"{scheme}:{value}"


SPELLINGS: Final[list[Any]] = [
    {
        "if": {"properties": {"scheme": {"const": scheme}}, "required": ["scheme"]},
        "then": {"properties": {"value": {"pattern": pattern}}},
    }
    for scheme, pattern in (
        ("a-number", r"^\s*[ -]*[Aa]?(?:[ -]*[0-9]){7,9}[ -]*\s*$"),
        ("ledger", r"^\s*(?:urn:)?(?:uuid:)?\{?(?:-*[0-9a-fA-F]){32}-*\}?\s*$"),
    )
] + [{"properties": {"value": {"pattern": r"\S"}}}]
"""What the published schema says of a value beyond its length."""


class Identifier(BaseModel):
    """One agency's name for a child. A-numbers are kept as nine digits, ledger ids as canonical UUIDs."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"allOf": SPELLINGS})

    scheme: Scheme
    value: Annotated[str, Field(min_length=1, max_length=128)]

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, given: object) -> object:
        if not isinstance(given, dict) or not isinstance(given.get("value"), str):
            return given
        value = given["value"].strip()
        match given.get("scheme"):
            case "a-number":
                value = a_number(value)
            case "ledger":
                try:
                    value = str(UUID(value))
                except ValueError:
                    raise ValueError("not a ledger id: a UUID is expected") from None
            case _:
                pass
        return {**given, "value": value}
