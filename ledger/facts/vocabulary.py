"""What facts are made of: text, ids, times, addresses, codes, and the category each member carries."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StrictInt,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import core_schema

from ledger.agencies import Agency
from ledger.codes import EOIR_ADJOURNMENT_CODES, ISO_3166_ALPHA_3
from ledger.times import (
    DAY_PATTERN,
    INSTANT_PATTERN,
    parse_day,
    parse_instant,
    parse_when,
    read_back,
    read_clock,
    read_day_back,
    write_when,
)

CategoryName = Literal[
    "identity",
    "custody",
    "address",
    "sponsor",
    "sponsor-contact",
    "health",
    "protection",
    "relief",
    "criminal",
    "court",
    "contact",
    "concern",
    "statement",
]
"""Who may see a member is decided by its category (domain (f)), never member by member.

`sponsor-contact` is who the sponsor is and how to reach them: the name on the mailbox, the phone. Sets adopted before
there was this category say nothing of it; by them it goes where addresses go. `statement` is for members that speak of
the ledger itself: positions, reasons of a correction, channels."""
CATEGORIES: Final[tuple[CategoryName, ...]] = get_args(CategoryName)


@dataclass(frozen=True, slots=True)
class Category:
    """The sharing category of a member, written in its annotation."""

    name: CategoryName


IDENTITY: Final = Category("identity")
CUSTODY: Final = Category("custody")
ADDRESS: Final = Category("address")
SPONSOR: Final = Category("sponsor")
SPONSOR_CONTACT: Final = Category("sponsor-contact")
HEALTH: Final = Category("health")
PROTECTION: Final = Category("protection")
RELIEF: Final = Category("relief")
CRIMINAL: Final = Category("criminal")
COURT: Final = Category("court")
CONTACT: Final = Category("contact")
CONCERN: Final = Category("concern")
STATEMENT: Final = Category("statement")

STORED: Final = "stored"
"""The context in which what the ledger holds is read: it was taken by the bounds of its day."""

LIST: Final = 100
"""So many members has a list or set of names in a submission at most, where nothing else is said."""
POSITIONS: Final = 1_000
"""So many entries of one child a notice names at most."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """A bound on what is sent: so many items; what the ledger holds already may hold more."""

    count: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Count the items of what comes in."""
        return core_schema.with_info_after_validator_function(self._counted, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say the bound in the published schema."""
        published = handler(schema)
        published["maxProperties" if published.get("type") == "object" else "maxItems"] = self.count
        return published

    def _counted(self, items: Any, info: ValidationInfo) -> Any:
        if len(items) > self.count and info.context is not STORED:
            raise ValueError(f"{len(items)} items; the limit is {self.count}: send the rest in another submission")
        return items


Text = Annotated[str, Field(max_length=4000)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Position = Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]
Count = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
"""Bounded, because what is larger than the readers' integers would be recorded and could not be read back."""
YesNo = StrictBool | Literal["unknown"]


def _when(given: object, info: ValidationInfo) -> Any:
    if isinstance(given, date):
        return given
    return read_back(given) if info.context is STORED and isinstance(given, str) else parse_when(given)


def _day(given: object, info: ValidationInfo) -> Any:
    if type(given) is date:
        return given
    return read_day_back(given) if info.context is STORED and isinstance(given, str) else parse_day(given)


def _instant(given: object, info: ValidationInfo) -> Any:
    if isinstance(given, datetime):
        return given
    return read_clock(given) if info.context is STORED and isinstance(given, str) else parse_instant(given)


INSTANT_SCHEMA: Final = {"type": "string", "format": "date-time", "pattern": f"^(?:{INSTANT_PATTERN})$"}
DAY_SCHEMA: Final = {"type": "string", "format": "date", "pattern": f"^{DAY_PATTERN}$"}

When = Annotated[
    date,  # a datetime is a date to the type system; the validator lets both through
    PlainValidator(_when),
    PlainSerializer(write_when, return_type=str),
    WithJsonSchema({"anyOf": [INSTANT_SCHEMA, DAY_SCHEMA]}),
]
"""An instant with its offset (a `datetime`), or a day (a `date`)."""
Day = Annotated[
    date,
    PlainValidator(_day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema(DAY_SCHEMA),
]


def _country(code: str) -> str:
    if code != "unknown" and code not in ISO_3166_ALPHA_3:
        raise ValueError("not a country of ISO 3166-1 alpha-3 (GTM, HND, SLV, ...)")
    return code


def _adjournment(code: str) -> str:
    if code != "unknown" and code not in EOIR_ADJOURNMENT_CODES:
        raise ValueError("not an adjournment code of EOIR's list")
    return code


Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(write_when, return_type=str),
    WithJsonSchema(INSTANT_SCHEMA),
]
"""An instant with its offset."""

Country = Annotated[
    str,
    AfterValidator(_country),
    WithJsonSchema({"type": "string", "enum": [*sorted(ISO_3166_ALPHA_3), "unknown"]}),
]
AdjournmentCode = Annotated[
    str,
    AfterValidator(_adjournment),
    WithJsonSchema({"type": "string", "enum": [*sorted(EOIR_ADJOURNMENT_CODES), "unknown"]}),
]


class Address(BaseModel):
    """An address as it was given, to the letter; nothing is parsed, standardised or filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines: Annotated[tuple[Text, ...], AtMost(LIST)] | None = None
    unit: Text | None = None
    care_of: Text | None = None
    city: Text | None = None
    county: Text | None = None
    state: Text | None = None
    zip: Text | None = None


class Fact(BaseModel):
    """One claimed happening or statement. Subclasses are the closed union of `ledger.facts`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    wire: ClassVar[str]
    """The wire name: a literal with its version, never reused."""
    producers: ClassVar[tuple[Agency, ...]]
    """Who may produce it (rule H2)."""


_TIMES: Final = (_when, _day, _instant)


@cache
def time_members(fact: type[Fact]) -> frozenset[str]:
    """Return the members of a fact that are times or days."""
    return frozenset(
        name
        for name, field in fact.model_fields.items()
        for mark in (*field.metadata, *(m for part in get_args(field.annotation) for m in _marks(part)))
        if isinstance(mark, PlainValidator) and mark.func in _TIMES
    )


def _marks(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__metadata__", ())


@cache
def category_of(fact: type[Fact], member: str) -> CategoryName:
    """Return the sharing category of a fact's member."""
    return next(mark.name for mark in fact.model_fields[member].metadata if isinstance(mark, Category))
