"""Whether today's schema still accepts everything that an earlier one accepted.

Conservative: what cannot be shown to be as wide as before is reported. Descriptions, titles, examples and `x-`
members do not count.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.facts.vocabulary import DAY_SCHEMA, INSTANT_SCHEMA
from ledger.identifiers import SPELLINGS
from ledger.intake.submission import VERSION_AT_COMMANDS

Schema = dict[str, Any]

_UPPER: Final = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_LOWER: Final = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_UNBOUNDED: Final = ("null", "boolean")
_EQUAL: Final = ("pattern", "format", "uniqueItems", "multipleOf", "contentEncoding", "contentMediaType")
_FIRST_COUNTS: Final = {"maxItems": 100, "maxProperties": 100}
"""A first limit of a count, at least so high, takes no promise back: one submission never held more than 1 MiB, and
what nobody could send for its own sake may not cost every other sender its turn."""
_READ_SO: Final = (INSTANT_SCHEMA["pattern"], DAY_SCHEMA["pattern"])
"""Patterns of times: the bounds of the contract, by which intake reads them."""
_SAID_LATE: Final[Mapping[str, Sequence[Any]]] = {"allOf": (SPELLINGS, [VERSION_AT_COMMANDS])}
"""Conditions that intake always had and that the first schemas did not say."""
_WALKED: Final = frozenset(
    {
        *("type", "enum", "const", "properties", "required", "additionalProperties", "items", "propertyNames"),
        *("anyOf", "oneOf", "$ref", "$defs", "$schema", *_UPPER, *_LOWER, *_EQUAL),
    }
)
_REMARKS: Final = frozenset({"title", "description", "default", "examples", "deprecated", "$comment", "$id"})


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Return what `new` may refuse that `old` accepted, each with its path; none: nothing anybody sends breaks."""
    return list(_narrowed(old, new, old, new, ""))


def _narrowed(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    """Yield what narrows; each alternative of `old` must fit into one alternative of `new`."""
    choices = list(_alternatives(new, new_root))
    for alternative in _alternatives(old, old_root):
        findings = [list(_one(alternative, choice, old_root, new_root, path)) for choice in choices]
        if all(findings):
            yield from min(findings, key=len)


def _alternatives(schema: Schema, root: Schema) -> Iterator[Schema]:
    """Yield a schema's alternatives: references followed, unions, type lists and enumerations taken apart."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from _alternatives(target, root)
        return
    for union in ("anyOf", "oneOf"):
        if union in schema:
            rest = {key: value for key, value in schema.items() if key != union}
            for member in schema[union]:
                yield from _alternatives({**rest, **member}, root)
            return
    if isinstance(schema.get("type"), list):
        for name in schema["type"]:
            yield from _alternatives({**schema, "type": name}, root)
        return
    yield {**schema, "enum": [schema["const"]]} if "const" in schema else schema


def _one(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    """Yield what narrows from one plain alternative to another."""
    where = path or "the data"
    if (kind := _kind(new)) is not None and _kind(old) != kind and not (_kind(old) == "integer" and kind == "number"):
        yield f"{where}: {_kind(old) or 'any type'} is no longer accepted, only {kind}"
        return
    if "enum" in new:
        if "enum" not in old:
            yield f"{where}: any value was accepted, now only a list"
        else:
            yield from (
                f"{where}: `{value}` is no longer accepted" for value in old["enum"] if value not in new["enum"]
            )
    bounded = _kind(new) not in _UNBOUNDED
    for bound in _UPPER:
        if bound not in old and new.get(bound, -1) >= _FIRST_COUNTS.get(bound, math.inf):
            continue
        if bounded and bound in new and (bound not in old or new[bound] < old[bound]):
            yield f"{where}: {bound} fell from {old.get(bound, 'no limit')} to {new[bound]}"
    for bound in _LOWER:
        if bounded and bound in new and (bound not in old or new[bound] > old[bound]):
            yield f"{where}: {bound} rose from {old.get(bound, 'no limit')} to {new[bound]}"
    for keyword in _EQUAL:
        if keyword in new and new[keyword] != old.get(keyword) and new[keyword] not in _READ_SO:
            yield f"{where}: {keyword} is now {new[keyword]}"
    for keyword in sorted(new.keys() - _WALKED - _REMARKS):
        if new[keyword] in _SAID_LATE.get(keyword, ()):
            continue
        if not keyword.startswith("x-") and new[keyword] != old.get(keyword):
            yield f"{where}: {keyword} is new or changed and cannot be shown to be as wide as before"
    yield from _members(old, new, old_root, new_root, path)
    for keyword, step in (("items", "[]"), ("propertyNames", "{}")):
        if keyword in new:
            yield from _narrowed(old.get(keyword, {}), new[keyword], old_root, new_root, path + step)


def _members(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    """Yield what narrows among the members of an object."""
    dot = f"{path}." if path else ""
    for name in new.get("required", ()):
        if name not in old.get("required", ()):
            yield f"{dot}{name}: is now required"
    others = new.get("additionalProperties", True)
    for name, member in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _narrowed(member, new["properties"][name], old_root, new_root, dot + name)
        elif others is False:
            yield f"{dot}{name}: is no longer a member"
        elif isinstance(others, dict):
            yield from _narrowed(member, others, old_root, new_root, dot + name)
    allowed = old.get("additionalProperties", True) if _kind(old) in ("object", None) else False
    if allowed is False:
        return
    before: Schema = allowed if isinstance(allowed, dict) else {}
    if others is False:
        yield f"{path or 'the data'}: other members are no longer accepted"
    elif isinstance(others, dict):
        yield from _narrowed(before, others, old_root, new_root, dot + "*")
    for name in new.get("properties", {}).keys() - old.get("properties", {}).keys():
        yield from _narrowed(before, new["properties"][name], old_root, new_root, dot + name)


def _kind(schema: Schema) -> str | None:
    """Return the JSON type a schema asks for, also where only its values tell."""
    if "type" in schema:
        return str(schema["type"])
    kinds = {_KINDS[type(value)] for value in schema.get("enum", ())}
    return kinds.pop() if len(kinds) == 1 else None


_KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"} | {
    list: "array",
    dict: "object",
}
