"""A graph's JSON with one thing changed: it is read, or refused in one line; and the schema says the same."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.catalog.models import find
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.errors import GraphError
from cascadelang.graph.integrity import check_integrity
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.json_schema import json_schema
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

POLICY = """
use "std/anthropic"
signal topic: {code, chat} = meta.topic else chat
signal effort = band(score(has_code: 0.5, has_math: 0.5), easy: 0.3, hard)
tune strict = 0.8 in 0.5 .. 0.9
check good = json and judge(sonnet, "Is it right?") >= strict else pass
policy main =
  route topic == code and not (words > 3 or meta.plan in ["gold", "free"]) -> opus
  else cascade [haiku, sonnet with { temperature: 0 }, fallback [opus, haiku]] until good within $1
policy other = route by effort easy -> haiku, hard -> opus
require main { calls <= 9 }
"""
OTHER = st.sampled_from([None, True, 0, -1, 1.5, "", "x", "\ud800", "kind", [], {}, [1], {"a": 1}, {"kind": "use"}])
SAID_BY_PYDANTIC = ("Input", "Decimal", "dictionary", "dataclass", "None", "another value")


@cache
def graph_value() -> Any:
    checked = check("p.cl", MemoryFiles({"p.cl": POLICY}), InstalledCatalog(), find)
    assert checked.ok, checked.diagnostics
    return json.loads(to_json(compile_policy(checked)))


@cache
def schema() -> Any:
    return jsonschema.Draft202012Validator(json_schema())


@cache
def places() -> list[tuple[Any, ...]]:
    def inside(value: Any, path: tuple[Any, ...]):
        keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            yield (*path, key)
            yield from inside(value[key], (*path, key))

    return list(inside(graph_value(), ()))


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """The graph with a value replaced, taken out or put in."""
    value = copy.deepcopy(graph_value())
    *way, last = draw(st.sampled_from(places()))
    at = value
    for key in way:
        at = at[key]
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "remove":
        del at[last]
    elif how == "add" and isinstance(at, dict):
        at[draw(st.sampled_from(["extra", "a b", "bool", "\ud800"]))] = draw(OTHER)
    else:
        at[last] = draw(OTHER)
    return value


@settings(max_examples=100, deadline=None)
@given(changed())
def test_read_or_refused_in_one_line(value: Any) -> None:
    fits = schema().is_valid(value)
    try:
        graph = from_json(json.dumps(value))
    except GraphError as error:
        said = str(error)
        assert "\n" not in said
        assert not any(word in said for word in SAID_BY_PYDANTIC), said
        about_form = said.startswith(("the graph is wrong at", "the graph lacks", "the graph has an unknown field"))
        assert about_form != fits or "version" in said, said
    else:
        assert fits
        check_integrity(graph)
        assert from_json(to_json(graph)) == graph
