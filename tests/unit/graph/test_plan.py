from __future__ import annotations

import json

import pytest
from syrupy.assertion import SnapshotAssertion

from cascadelang.contracts.result import Decision, Known
from cascadelang.graph.bounds import bounds
from cascadelang.graph.errors import GraphError
from cascadelang.graph.plan import plan_json, plan_text

POLICY = """
tier cheap = fallback [haiku, mini]
signal size = band(tokens, short: 200, long)
check good = judge(sonnet, "Is it right?") >= 0.8 and json
policy main = route has_code -> cheap,
                    meta.plan == "gold" -> (route by size short -> haiku else opus within $0.1)
              else  cascade [cheap, opus] until good
policy other = opus
require main for input <= 4k { calls <= 4 }
"""
DECISIONS = (
    Decision("main", "route", "2", "main.arm2", (Known("has_code", value=False), Known("meta.plan", "gold"))),
    Decision("main.arm2", "route_by", "else", "main.arm2.else.within", (Known("size", None, "no words"),)),
)


def test_a_plan_with_decisions(graph_of, snapshot: SnapshotAssertion):
    graph = graph_of(POLICY)
    assert plan_text(graph, bounds(graph), DECISIONS, input_tokens=1200) == snapshot


def test_only_the_taken_rows_are_marked(graph_of):
    graph = graph_of(POLICY)
    text = plan_text(graph, bounds(graph), DECISIONS)
    marked = [line for line in text.splitlines() if line.startswith(">")]
    assert len(marked) == 2
    assert "meta.plan == gold" in marked[0]
    assert "else opus" in marked[1]


def test_a_plan_shows_one_policy_and_what_it_needs(graph_of):
    graph = graph_of(POLICY)
    text = plan_text(graph, bounds(graph), policy="other")
    assert "policy other" in text
    assert "tier cheap" not in text


def test_a_policy_that_isnt_there(graph_of):
    graph = graph_of(POLICY)
    with pytest.raises(GraphError, match="there is no policy `mian`: the file has `main`, `other`"):
        plan_text(graph, bounds(graph), policy="mian")


def test_as_json(graph_of):
    graph = graph_of(POLICY)
    plan = json.loads(json.dumps(plan_json(graph, bounds(graph), DECISIONS, input_tokens=1000)))
    assert plan["version"] == 1
    node = plan["nodes"]["main.else"]
    assert node["calls"] == {"least": 1, "most": 4}
    assert [use["calls"] for use in node["reads"]] == [0, 1]
    assert node["cost_usd"]["most"]["at_input"] > 0
    assert plan["decisions"][0]["signals"][1] == {"name": "meta.plan", "value": "gold", "reason": ""}
