"""The check that no schema takes a promise back finds every way to narrow one, and lets facts grow."""

from copy import deepcopy
from typing import Any

import pytest

from custody.publishing.compatibility import incompatibilities
from custody.publishing.schemas import submission_schema
from ledger.facts import BY_WIRE

Schema = dict[str, Any]

OLD: Schema = {
    "$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}},
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": ["a", "b"], "type": "string", "description": "old words"},
        "note": {"anyOf": [{"type": "string", "maxLength": 10}, {"type": "null"}]},
        "count": {"type": "integer", "minimum": 0},
        "seen": {"anyOf": [{"type": "boolean"}, {"const": "unknown", "type": "string"}]},
        "tags": {"type": "array", "items": {"enum": ["x", "y"], "type": "string"}, "minItems": 1, "maxItems": 5},
        "place": {"$ref": "#/$defs/Place"},
        "when": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]},
        "codes": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 5}},
        "open": {"type": "object"},
    },
    "required": ["kind"],
}


def changed(path: str, value: Any) -> Schema:
    """Return `OLD` with the part at `path` replaced, or taken out for `...`."""
    new = deepcopy(OLD)
    *steps, last = path.split("/")
    target: Any = new
    for step in steps:
        target = target[int(step) if isinstance(target, list) else step]
    key: Any = int(last) if isinstance(target, list) else last
    if value is ...:
        del target[key]
    else:
        target[key] = value
    return new


NARROWER = {
    "member removed": ("properties/kind", ..., "kind: is no longer a member"),
    "new required member": ("required", ["kind", "count"], "count: is now required"),
    "code removed": ("properties/kind/enum", ["a"], "kind: `b` is no longer accepted"),
    "text became a list": ("properties/note/anyOf/0/enum", ["a"], "note: any value was accepted"),
    "shorter": ("properties/note/anyOf/0/maxLength", 9, "note: maxLength fell from 10 to 9"),
    "first limit": ("$defs/Place/properties/city/maxLength", 9, "place.city: maxLength fell from no limit"),
    "null refused": ("properties/note", {"type": "string", "maxLength": 10}, "note: null is no longer accepted"),
    "other type": ("properties/count/type", "string", "count: integer is no longer accepted"),
    "higher least": ("properties/count/minimum", 1, "count: minimum rose from 0 to 1"),
    "unknown refused": ("properties/seen", {"type": "boolean"}, "seen: string is no longer accepted"),
    "item code removed": ("properties/tags/items/enum", ["x"], "tags[]: `y` is no longer accepted"),
    "more items needed": ("properties/tags/minItems", 2, "tags: minItems rose"),
    "fewer items allowed": ("properties/tags/maxItems", 4, "tags: maxItems fell"),
    "nested member removed": ("$defs/Place/properties/city", ..., "place.city: is no longer a member"),
    "nested member required": ("$defs/Place/required", ["city"], "place.city: is now required"),
    "days refused": ("properties/when/anyOf/1", ..., "when: format is now date-time"),
    "pattern": ("$defs/Place/properties/city/pattern", "^[A-Z]", "place.city: pattern is now"),
    "values of a map": ("properties/codes/additionalProperties/maxLength", 4, "codes.*: maxLength fell"),
    "map closed": ("properties/codes/additionalProperties", False, "codes: other members are no longer accepted"),
    "object closed": ("properties/open/additionalProperties", False, "open: other members are no longer accepted"),
    "named member narrows": ("properties/open/properties", {"n": {"type": "integer"}}, "open.n: any type is no longer"),
    "names limited": ("properties/open/propertyNames", {"maxLength": 3}, "open{}: maxLength fell"),
    "condition": ("not", {"required": ["note"]}, "the data: not is new or changed"),
    "whole type": ("type", "array", "the data: object is no longer accepted"),
}


@pytest.mark.parametrize("name", NARROWER)
def test_a_change_that_refuses_what_was_accepted_is_reported(name: str) -> None:
    """Each way in which an agency's running client could break is told with its path."""
    path, value, told = NARROWER[name]
    new = changed(path, value)
    assert any(told in finding for finding in incompatibilities(OLD, new)), incompatibilities(OLD, new)


WIDER = {
    "nothing": ("required", ["kind"]),
    "other words": ("properties/kind/description", "new words"),
    "annotation": ("properties/kind/x-category", "court"),
    "new code": ("properties/kind/enum", ["b", "c", "a"]),
    "new optional member": ("properties/extra", {"type": "string"}),
    "no longer required": ("required", []),
    "longer": ("properties/note/anyOf/0/maxLength", 11),
    "no limit": ("properties/note/anyOf/0/maxLength", ...),
    "one more type": ("properties/count/type", ["integer", "string"]),
    "numbers": ("properties/count/type", "number"),
    "null too": ("properties/place", {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]}),
    "members opened": ("additionalProperties", True),
    "no format": ("properties/when/anyOf/1/format", ...),
    "list instead of union": ("properties/note", {"type": ["null", "string"], "maxLength": 10}),
    "const as enum": ("properties/seen/anyOf/1", {"enum": ["unknown", "maybe"]}),
}


@pytest.mark.parametrize("name", WIDER)
def test_a_change_that_accepts_more_is_no_incompatibility(name: str) -> None:
    """Facts may grow: new optional members, new codes, wider limits, better words."""
    path, value = WIDER[name]
    assert incompatibilities(OLD, changed(path, value)) == []


@pytest.mark.parametrize("wire", sorted(BY_WIRE))
def test_every_fact_is_compatible_with_itself_and_feels_each_member_taken_away(wire: str) -> None:
    """The check sees into every published schema: no member of any fact can vanish unnoticed."""
    schema = submission_schema(wire)
    assert incompatibilities(schema, schema) == []
    definition = BY_WIRE[wire].__name__
    for member in BY_WIRE[wire].model_fields:
        poorer = deepcopy(schema)
        del poorer["$defs"][definition]["properties"][member]
        assert f"fact.{member}: is no longer a member" in incompatibilities(schema, poorer)
