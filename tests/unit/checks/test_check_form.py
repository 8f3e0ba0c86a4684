from __future__ import annotations

import json
import time

import pytest

from cascadelang.checks._fences import blocks
from cascadelang.checks._schema import validate_schema
from cascadelang.checks.chars import CHECK as CHARS
from cascadelang.checks.contains import CHECK as CONTAINS
from cascadelang.checks.empty import CHECK as EMPTY
from cascadelang.checks.json import CHECK as JSON
from cascadelang.checks.matches import CHECK as MATCHES
from cascadelang.checks.repeats import CHECK as REPEATS
from cascadelang.checks.schema import CHECK as SCHEMA
from cascadelang.checks.tokens import CHECK as TOKENS
from cascadelang.checks.truncated import CHECK as TRUNCATED
from cascadelang.checks.words import CHECK as WORDS
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply, ToolCall, Usage

HANGS = "^(a+)+$"


def judge(check, text, args=None, **reply):
    return check(args or {}).judge(Answer(Query.of("q"), Reply(text, **reply)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' \n[1, 2.5, "x", null, true]\n', [1, 2.5, "x", None, True]),
        ("42", 42),
        ("null", None),
        ('Sure!\n```json\n{"a": 1}\n```\nAnything else?', {"a": 1}),
        ("```\n[1]\n```", [1]),
        ('~~~ json\n{"a": 1}\n~~~', {"a": 1}),
        ('```python\nprint(1)\n```\nand\n```json\n{"a": 1}\n```', {"a": 1}),
        ('````\n{"a": "x ``` y"}\n````', {"a": "x ``` y"}),
        ('{"a": "\\ud800"}', {"a": "\ud800"}),
        ('{"code": "```python\\nx\\n```"}', {"code": "```python\nx\n```"}),
    ],
)
def test_json_is_found(text, value):
    found = judge(JSON, text)
    assert found.value is True
    assert found.data == value
    assert "repair" not in found.reason


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a": 1,}', {"a": 1}), ("{'a': True}", {"a": True}), ("{a: 1}", {"a": 1}), ("```json\n[1, 2,]\n```", [1, 2])],
)
def test_slips_are_repaired_and_the_reason_says_so(text, value):
    found = judge(JSON, text)
    assert (found.value, found.data) == (True, value)
    assert "repair" in found.reason
    assert judge(JSON, text, {"strict": True}).value is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("Sure! Here it is", "no JSON"),
        ("true story", "extra data"),
        ("[Note: I cannot do this]", "expecting value"),
        ("{placeholder}", "property name"),
        ('{"a": 1, "b": "cut o', "cut off"),
        ('[{"a": 1}, {"a"', "cut off"),
        ('```json\n{"a": 1', "cut off"),
        ("```json\n\n```", "empty"),
        ("```\n[1]\n```\n```\n[2]\n```", "2 fenced blocks"),
        ("[1, NaN]", "NaN"),
        ("[-Infinity]", "Infinity"),
        ("[1e999]", "too large"),
        ("9" * 5000, "too long"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 10_000, "nested"),
        ("[" * 10_000 + "]" * 10_000, "nested"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested"),
        ("[" * 300 + "]" * 300, "nested"),
        ('{"a": \x00}', "expecting value"),
        ('{"a": }', "expecting value"),
        ('{"a": , "b": 1}', "expecting value"),
    ],
)
def test_json_is_not_found(text, says):
    found = judge(JSON, text)
    assert found.value is False
    assert says in found.reason
    assert found.data is None


def test_strict_takes_the_whole_answer_only():
    assert judge(JSON, '{"a": 1}', {"strict": True}).value is True
    assert judge(JSON, '```json\n{"a": 1}\n```', {"strict": True}).value is False


def test_data_can_be_written_out_again():
    for text in ("[1.5e300, -0.0]", "[" * 150 + "]" * 150):
        json.dumps(judge(JSON, text).data, allow_nan=False)


def test_large_answers():
    big = json.dumps([{"id": i, "text": "x" * 40} for i in range(60_000)])
    assert judge(JSON, big).value is True
    assert judge(JSON, "[" + "1," * 4_500_000 + "1]").value is False
    assert judge(JSON, "{'a': '" + "x" * 5_000_000 + "'}").value is False


INVOICE = {
    "type": "object",
    "required": ["total"],
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {"pattern": HANGS}}}},
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "uniqueItems": True},
    },
    "patternProperties": {"^x-": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "the value lacks `total`"),
        ([], "the value must be an object, and is an empty list"),
        ({"total": "12"}, "`total` must be a number, and is the text `12`"),
        ({"total": -1}, "`total` must be at least 0, and is `-1`"),
        ({"total": 1, "y": 2}, "the value has `y`, which the schema doesn't name"),
        ({"total": 1, "x-a": 2}, '`["x-a"]` must be a text, and is `2`'),
        ({"total": 1, "kind": "c"}, '`kind` must be one of "a", "b", and is the text `c`'),
        ({"total": 1, "items": [{}, {"sku": "b"}]}, "`items[1].sku` must match `^(a+)+$`, and is the text `b`"),
        ({"total": 1, "tags": [1, 1.0]}, "`tags` has an item twice"),
    ],
)
def test_schema_says_where_and_what(value, reason):
    found = judge(SCHEMA, json.dumps(value), {"file": INVOICE})
    assert (found.value, found.reason) == (False, reason)
    assert found.data == value


def test_schema_passes():
    value = {"total": 1, "x-a": "b", "tags": [1, True, "1", [1], {"a": 1}], "items": [{"sku": "aa"}]}
    found = judge(SCHEMA, f"```json\n{json.dumps(value)}\n```", {"file": INVOICE})
    assert (found.value, found.data) == (True, value)


def test_schema_wants_json_first():
    assert "extra data" in judge(SCHEMA, "12 euros", {"file": INVOICE}).reason
    assert judge(SCHEMA, "euros", {"file": INVOICE}).reason == "there is no JSON in the answer"


def test_no_answer_makes_a_pattern_hang():
    started = time.process_time()
    found = judge(SCHEMA, json.dumps({"total": 1, "items": [{"sku": "a" * 5_000 + "!"}]}), {"file": INVOICE})
    assert found.value is False
    assert time.process_time() - started < 20  # a backtracking engine would outlive the universe


def test_many_equal_objects_are_compared_in_linear_time():
    schema = {"uniqueItems": True}
    found = judge(SCHEMA, json.dumps([{"i": i} for i in range(40_000)]), {"file": schema})
    assert found.value is True


def test_a_schema_that_refers_to_itself_still_ends():
    assert judge(SCHEMA, "{}", {"file": {"$ref": "#"}}).value in (None, False)


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        INVOICE,
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {}}, "$ref": "#/definitions/a"},
        {"$defs": {"a": {"$anchor": "here"}}, "properties": {"x": {"$ref": "#here"}}},
        {"properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}}},
    ],
)
def test_good_schemas(schema):
    assert validate_schema(schema) == []


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ([], "is an object"),
        ("x", "is an object"),
        ({"type": "objekt"}, "`type`"),
        ({"required": "a"}, "`required` must be a list"),
        ({"$ref": "https://example.com/other.json"}, "never fetched"),
        ({"items": {"$ref": "#/$defs/none"}}, "there is none"),
        ({"items": {"pattern": "(?=a)"}}, "look-ahead"),
        ({"patternProperties": {"(a)\\1": {}}}, "back-references"),
        ({"$schema": "https://example.com/draft"}, "no published draft"),
        ({"$schema": 3}, "must be a text"),
        ({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "isn't supported"),
        (json.loads('{"items":' * 150 + "{}" + "}" * 150), "deeper"),
    ],
)
def test_bad_schemas(schema, says):
    problems = validate_schema(schema)
    assert len(problems) == 1
    assert says in problems[0]


def doubling(*, levels, deeper=False):
    step = {"allOf": [{"$ref": "#/$defs/d0"}, {"$ref": "#/$defs/d0"}]}
    kinds = {"d0": {"type": "string"}}
    for level in range(1, levels):
        twice = [{"$ref": f"#/$defs/d{level - 1}"}] * 2
        kinds[f"d{level}"] = {"allOf": [{"properties": {"a": part}} for part in twice] if deeper else twice}
        step = {"$ref": f"#/$defs/d{level}"}
    return {"$defs": kinds, **step}


def test_references_that_multiply_are_refused():
    problems = validate_schema(doubling(levels=60))
    assert problems == ["the schema tries more than 10,000 subschemas against one value"]
    assert validate_schema(doubling(levels=8)) == []


def test_references_without_end():
    circle = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}
    assert validate_schema(circle) == ["the schema refers to itself in a circle"]
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "all": {"items": {"$ref": "#"}}}}
    assert validate_schema(tree) == []


def test_no_answer_makes_references_multiply(monkeypatch):
    monkeypatch.setattr("cascadelang.checks._schema._MOST_STEPS", 20_000)
    schema = doubling(levels=60, deeper=True)
    assert validate_schema(schema) == []
    answer = '"x"'
    for _ in range(59):
        answer = f'{{"a": {answer}}}'
    found = judge(SCHEMA, answer, {"file": schema})
    assert found.value is False
    assert "more than 20,000 steps" in found.reason


def test_control_characters_are_told_with_one_at():
    found = judge(JSON, '{"a": "\x01"}', {"strict": True})
    assert "invalid control character, at line 1, column 8" in found.reason


def test_fences():
    assert [(b.label, b.text, b.closed) for b in blocks("a\n```Py x\n1\n```\nb\n~~~\n```\n~~~\n```\nopen")] == [
        ("py", "1", True),
        ("", "```", True),
        ("", "open", False),
    ]
    assert blocks("inline ```code``` here\n    ```\nindented") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. Do:\n   ```py\n   a\n     b\n\n  c\n   ```\nend", ("py", "a\n  b\n\nc", True)),
        ("- Do:\n    ```py\n    a\n    ```\nend", ("py", "a", True)),
        ("- Do\n  - This:\n\n      ```py\n      a\n      ```\n", ("py", "a", True)),
        ("-\tDo:\n\n\t```py\n\ta\n\t```\n", ("py", "a", True)),
        ("  ```py\n  a\n      ```\n  b\n  ```", ("py", "a\n    ```\nb", True)),
        ("```\r\na\r\n```\r\n", ("", "a", True)),
        ("```\na\u2028b\x0bc\x0cd\x1ce\x85f\n```", ("", "a\u2028b\x0bc\x0cd\x1ce\x85f", True)),
    ],
)
def test_fences_in_lists_and_odd_characters(text, found):
    assert blocks(text) == [found]


def test_fences_behind_a_list_are_indented_by_three_at_most():
    assert blocks("- Do\n\nNow:\n\n    ```\n    a\n    ```\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "Here:\n```python\ndef f(",
        '{"a": [1, 2',
        '[{"a": "b',
        "First, second,",
        "As shown (",
        "````\n```\nx\n```",
    ],
)
def test_truncated(text):
    assert judge(TRUNCATED, text).value is True


@pytest.mark.parametrize(
    "text",
    ["", "Done", "A smile :(x", "[Note: (sic) is unclosed", "```\nx\n```", '{"a": "["}', "5 > 3", "{x", "Answer:"],
)
def test_not_truncated(text):
    assert judge(TRUNCATED, text).value is False


def test_truncated_by_its_finish_reason():
    assert judge(TRUNCATED, "all well", finish_reason="length").value is True


@pytest.mark.parametrize(
    "text",
    [
        "the answer is yes " * 10,
        "I am. " * 20,
        "It begins well.\n" + "and then we went to the market and " * 6,
        "好的我知道了" * 20,
        "na " * 40,
    ],
)
def test_repeats(text):
    assert judge(REPEATS, text).value is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes yes yes",
        "0, 0, 0, 0, " * 20,
        "--- --- --- " * 30,
        "\n".join(f"- item {i}: in stock" for i in range(40)),
        "\n".join(f"| {i} | yes | no |" for i in range(40)),
        "We choose to go. " * 3 + "Then we rest, and the day is over for all of us.",
        "What is the capital of France? The capital of France is Paris, and it lies on the Seine.",
    ],
)
def test_does_not_repeat(text):
    assert judge(REPEATS, text).value is False


def test_counts():
    assert judge(CHARS, "日本x").value == 3
    assert judge(WORDS, "one two 日本").value == 4
    assert judge(TOKENS, "hello there", usage=Usage(output_tokens=7)).value == 7
    estimated = judge(TOKENS, "hello there", usage=Usage(output_tokens=7, estimated=True))
    assert estimated.value < 7
    assert "estimated" in estimated.reason
    assert judge(TOKENS, "").value == 0


def test_empty():
    for text in ("", " \n\t", "\u200b\u200b", "\x00"):
        assert judge(EMPTY, text).value is True
    assert judge(EMPTY, "x").value is False
    assert judge(EMPTY, "", tool_calls=(ToolCall("1", "f", "{}"),)).value is False


def test_contains_and_matches():
    assert judge(CONTAINS, "In TOTAL 5", {"texts": ["sum", "total"]}).value is True
    assert judge(CONTAINS, "totally", {"texts": ["total"]}).value is False
    assert judge(MATCHES, "B", {"pattern": {"pattern": "^[A-D]$", "flags": ""}}).value is True
    assert judge(MATCHES, "B)", {"pattern": {"pattern": "^[A-D]$", "flags": ""}}).value is False
