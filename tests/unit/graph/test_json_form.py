from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascadelang.graph.errors import GraphError
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.json_schema import json_schema

POLICY = """
check good = json and judge(sonnet, "Is it right?") >= 0.8
route has_code -> opus else cascade [haiku, sonnet] until good within $1
"""


@pytest.fixture(name="value")
def _value(graph_of):
    return json.loads(to_json(graph_of(POLICY)))


def refused(value) -> str:
    with pytest.raises(GraphError) as raised:
        from_json(value if isinstance(value, str) else json.dumps(value))
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


def test_the_published_schema_is_current():
    path = Path(__file__).parents[3] / "docs" / "graph.schema.json"
    published, made = json.loads(path.read_text(encoding="utf-8")), json_schema()
    if published["$comment"] == made["$comment"]:
        assert published == made
    else:  # another version of pydantic: it may word things otherwise, but not know other things
        assert published["$defs"].keys() == made["$defs"].keys()
        for name, part in made["$defs"].items():
            assert published["$defs"][name]["properties"].keys() == part["properties"].keys()


def test_prices_are_texts_of_digits(value):
    assert value["models"]["haiku"]["price"] == {"input": "1", "output": "5", "cached": None, "steps": []}


def test_defaults_are_written_out(value):
    assert value["models"]["haiku"]["temperature"] is None
    assert value["nodes"]["main.else"]["otherwise"] == "last"


def test_half_characters_survive(graph_of):
    graph = graph_of('route contains("\\ud800") -> opus else haiku')
    text = to_json(graph)
    text.encode()
    assert from_json(text) == graph


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON (line 1, column 1)"),
        ("{", "not valid JSON"),
        ("[]", "an object is needed"),
        ("null", "an object is needed"),
        ("{}", "doesn't say its version"),
        ('{"version": 2}', "it is of version 2, and this version reads 1"),
        ('{"version": true}', "it is of version true"),
        ('{"version": 1}', "lacks `path`"),
        ('{"version": 1, "a": NaN}', "not valid JSON"),
        ('{"version": 1, "a": 1e999}', "holds a number that is too large"),
        ("[" * 100_000, "nested too deeply"),
        ('{"version": 1, "a": ' + "9" * 10_000 + "}", "holds a number that is too large"),
    ],
)
def test_what_isnt_a_graph(text, said):
    assert said in refused(text)


def change(value, path, to):
    *way, last = path
    for key in way:
        value = value[key]
    if to is KeyError:
        del value[last]
    else:
        value[last] = to


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (["nodes", "main", "kind"], "loop", "`nodes.main.kind`: it must be one of cached, call, cascade"),
        (["nodes", "main", "kind"], KeyError, "`nodes.main.kind`"),
        (["nodes", "main", "arms"], KeyError, "lacks `nodes.main.arms`"),
        (["nodes", "main", "extra"], 1, "unknown field at `nodes.main.extra`"),
        (
            ["nodes", "main.else", "rungs", 0, "node"],
            7,
            '`nodes["main.else"].rungs[0].node`: it must be a text, not 7',
        ),
        (["nodes", "main.else", "rungs", 0, "node"], "nowhere", "names the node `nowhere`"),
        (["nodes", "main.else", "rungs"], [], "has no rungs"),
        (["nodes", "main.else", "otherwise"], "node", "must have an `otherwise_node`"),
        (["nodes", "main.else", "otherwise"], "maybe", '"last", "best", "fail" or "node"'),
        (["nodes", "main.else", "start_at"], {"x": 9}, "a rung that it doesn't have"),
        (["nodes", "main.else", "id"], "other", "calls itself `other`"),
        (["nodes", "main.else", "rungs", 0, "node"], "main", "goes round in a circle"),
        (["nodes", "main.else.within", "cost_usd"], None, "limits nothing"),
        (["nodes", "main.else.within", "cost_usd"], -1, "must be above zero"),
        (["nodes", "main.arm1", "model"], "nobody", "names the model `nobody`"),
        (["models", "haiku", "provider"], "nobody", "names the provider `nobody`"),
        (["models", "haiku", "max_tokens"], 0, "`max_tokens` of the model `haiku` must be above zero"),
        (["models", "haiku", "max_tokens"], 1.5, "must be a whole number, not 1.5"),
        (["models", "haiku", "max_tokens"], True, "must be a whole number, not true"),
        (["models", "haiku", "max_tokens"], "5", 'must be a whole number, not "5"'),
        (["models", "haiku", "price", "input"], 1, "must be a price as a text"),
        (["models", "haiku", "price", "input"], "1e3", "must be a price as a text"),
        (["models", "haiku", "price", "steps"], {}, "`models.haiku.price.steps`: it must be a list, not an object"),
        (["providers", "anthropic", "settings"], [], "`providers.anthropic.settings`: it must be an object"),
        (["models", "haiku", "price", "input"], "-1", "must be a price as a text"),
        (["models", "haiku", "price", "input"], "Infinity", "must be a price as a text"),
        (["models", "haiku", "can"], ["fly"], "`models.haiku.can[0]`"),
        (["checks", "good", "expr", "values", 0, "use"], "nothing", "names the use `nothing`"),
        (["checks", "good", "expr"], {"kind": "check", "name": "good"}, "goes round in a circle: good → good"),
        (["checks", "good", "expr"], {"kind": "check", "name": "bad"}, "names the check `bad`"),
        (["checks", "good", "expr"], 5, "`checks.good.expr`"),
        (["policies", "main"], "nowhere", "the policy `main` names the node `nowhere`"),
        (
            ["checks", "good", "expr"],
            {"kind": "const", "value": {}},
            "it must be true or false or a whole number or a number or a text or a list, not an object",
        ),
        (["checks", "good", "expr"], {"kind": "const", "value": [1, None]}, "`checks.good.expr.value[1]`"),
        (["checks", "good", "expr"], {"kind": "use", "use": 3}, "`checks.good.expr.use`: it must be a text, not 3"),
        (["nodes", "main.arm1", "place"], {"\ud800": 1}, 'unknown field in `nodes["main.arm1"].place`'),
        (["policies"], {"\ud800": 1}, "must be a text, not 1"),
        (["checks", "good", "expr"], {"kind": "use"}, "lacks `checks.good.expr.use`"),
        (["policies"], [], "`policies`: it must be an object, not a list"),
    ],
)
def test_a_broken_graph_is_refused_at_its_place(value, path, to, said):
    change(value, path, to)
    assert said in refused(value)


def test_what_a_with_sets_is_checked(graph_of):
    value = json.loads(to_json(graph_of("policy main = haiku with { max_tokens: 5 }")))
    for settings, said in (
        ({"max_tokens": 0}, "above zero"),
        ({"max_tokens": "5"}, "wrong type"),
        ({"stop": [1]}, "wrong type"),
        ({"colour": 1}, "sets `colour`"),
    ):
        value["nodes"]["main.with"]["settings"] = settings
        assert said in refused(value)


def test_whole_numbers_stand_for_numbers(value):
    value["nodes"]["main.else.within"]["cost_usd"] = 1
    limit = from_json(json.dumps(value)).nodes["main.else.within"].cost_usd
    assert isinstance(limit, float)


def test_a_condition_nested_beyond_reason_is_refused(value):
    deep = {"kind": "use", "use": "json"}
    for _ in range(250):
        deep = {"kind": "not", "value": deep}
    value["checks"]["good"]["expr"] = deep
    assert "nested too deeply" in refused(value)
