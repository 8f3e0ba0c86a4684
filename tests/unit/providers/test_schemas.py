from __future__ import annotations

import copy

import pytest

from cascadelang.providers._schemas import forced_by_anthropic, keeps_strict_rules


def obj(properties, required=None, **more):
    listed = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": listed, "additionalProperties": False} | more


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (obj({"a": {"type": "string"}}), True),
        (obj({"a": obj({"b": {"type": "integer", "minimum": 0}})}), True),
        (obj({"a": {"type": "array", "items": obj({"b": {"type": "null"}})}}), True),
        (obj({"a": {"type": "string"}}, required=[]), False),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, False),
        (obj({"a": obj({"b": {}}, additionalProperties=True)}), False),
        (obj({"a": {"anyOf": [{"type": "string"}, {"type": "object"}]}}), False),
        (obj({"a": {"oneOf": [{"type": "string"}]}}), False),
        ({"type": "object"}, False),
    ],
)
def test_openai_strict(schema, strict):
    assert keeps_strict_rules(schema) is strict


def test_anthropic_leaves_out_what_it_cannot_force():
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "when": {"type": "string", "format": "date", "maxLength": 10},
            "tags": {"type": "array", "items": {"type": "string", "format": "odd"}, "minItems": 3, "maxItems": 5},
            "kind": {"enum": ["a", None]},
            "more": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/part"}]},
        },
        "required": ["score"],
        "$defs": {"part": obj({"b": {"type": "boolean"}})},
    }
    before = copy.deepcopy(schema)
    assert forced_by_anthropic(schema) == {
        "type": "object",
        "properties": {
            "score": {"type": "number"},
            "when": {"type": "string", "format": "date"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "kind": {"enum": ["a", None]},
            "more": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/part"}]},
        },
        "required": ["score"],
        "additionalProperties": False,
        "$defs": {"part": obj({"b": {"type": "boolean"}})},
    }
    assert schema == before


DEEP: dict = {"type": "string"}
for _ in range(100):
    DEEP = {"type": "array", "items": DEEP}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}},
        {},
        {"type": "array", "items": {}},
        {"$ref": "#/$defs/n", "$defs": {"n": obj({"next": {"$ref": "#/$defs/n"}})}},
        {"anyOf": [{"type": "string"}, {}]},
        True,
        DEEP,
    ],
)
def test_what_anthropic_cannot_express(schema):
    assert forced_by_anthropic(schema) is None
