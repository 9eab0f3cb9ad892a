"""What a model finds wrong with data, in our words: the library's own would speak of inputs and instances."""

import re
from collections.abc import Mapping
from typing import Any, Final

_PLACE: Final = re.compile(r" at line (\d+) column (\d+)")
_WANTED: Final = {
    "string": "text is wanted",
    "str": "text is wanted",
    "int": "a whole number is wanted",
    "float": "a number is wanted",
    "decimal": "a number is wanted",
    "bool": "true or false is wanted",
    "list": "a list is wanted",
    "tuple": "a list is wanted",
    "set": "a list is wanted",
    "frozen": "a list is wanted",
    "iterable": "a list is wanted",
    "iteration": "a list is wanted",
    "dict": "an object with named members is wanted",
    "mapping": "an object with named members is wanted",
    "model": "an object with named members is wanted",
    "dataclass": "an object with named members is wanted",
    "date": "a day is wanted, such as 2022-03-04",
    "datetime": "a time is wanted, such as 2022-03-04T13:20:00-06:00",
    "timezone": "a time with its offset is wanted, such as 2022-03-04T13:20:00-06:00",
    "time": "a time of day is wanted, such as 13:20:00",
    "uuid": "a UUID is wanted",
    "url": "an address of the web is wanted",
    "bytes": "text is wanted",
    "finite": "a number that is not endless is wanted",
    "none": "null is wanted, or leave it out",
}
_LIMITS: Final = {
    "string_too_short": ("min_length", "a text of at least {} character{s} is wanted"),
    "string_too_long": ("max_length", "a text of at most {} character{s} is wanted"),
    "bytes_too_short": ("min_length", "a text of at least {} character{s} is wanted"),
    "bytes_too_long": ("max_length", "a text of at most {} character{s} is wanted"),
    "too_short": ("min_length", "a list of at least {} member{s} is wanted"),
    "too_long": ("max_length", "a list of at most {} member{s} is wanted"),
    "greater_than": ("gt", "more than {} is wanted"),
    "greater_than_equal": ("ge", "at least {} is wanted"),
    "less_than": ("lt", "less than {} is wanted"),
    "less_than_equal": ("le", "at most {} is wanted"),
    "multiple_of": ("multiple_of", "a multiple of {} is wanted"),
}


def in_words(details: Mapping[str, Any]) -> str:
    """Return what one error of a model says, without its place; never the value that was given."""
    kind = str(details["type"])
    context: Mapping[str, Any] = details.get("ctx") or {}
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        limit = context.get(name)
        return words.format(limit, s="" if limit == 1 else "s")
    match kind:
        case "value_error" | "assertion_error":
            return str(details["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        case "literal_error" | "enum":
            return f"{context.get('expected')} is wanted"
        case "json_invalid":
            place = _PLACE.search(str(details["msg"]))
            return f"wrong at line {place[1]}, column {place[2]}" if place is not None else "it breaks off"
        case "string_pattern_mismatch":
            return f"text of the form {context.get('pattern')} is wanted"
        case "missing" | "missing_argument":
            return "it is missing"
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "it has no place here; leave it out or correct its name"
        case "string_unicode":
            return "text in UTF-8 is wanted"
        case _:
            return _WANTED.get(kind.split("_", maxsplit=1)[0], "it is of no kind that is wanted here")
