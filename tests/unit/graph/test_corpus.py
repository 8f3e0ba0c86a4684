"""Each policy of the corpus, compiled: its source, then how it is drawn. Read the snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from cascadelang.graph.bounds import bounds
from cascadelang.graph.export import to_dot, to_mermaid, to_text
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.json_schema import json_schema
from cascadelang.graph.plan import Plan
from cascadelang.graph.plan_text import plan_text
from cascadelang.graph.requirements import check_requirements

CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "graph").glob("*.cl"))


@pytest.fixture(params=CORPUS, ids=lambda path: path.stem, name="source")
def _source(request) -> str:
    return request.param.read_text(encoding="utf-8")


@pytest.fixture(name="graph")
def _graph(source, graph_of_files):
    return graph_of_files({"policy.cl": source}, "policy.cl")


@pytest.mark.parametrize("draw", [to_text, to_mermaid, to_dot], ids=["text", "mermaid", "dot"])
def test_drawn(source, graph, draw, snapshot: SnapshotAssertion):
    assert f"{source}\n----\n{draw(graph)}" == snapshot


def test_plans(source, graph, snapshot: SnapshotAssertion):
    plans = [plan_text(Plan(graph, policy=name)) for name in graph.policies]
    assert f"{source}\n----\n" + "\n".join(plans) == snapshot


def test_json_round_trip(graph):
    text = to_json(graph)
    assert from_json(text) == graph
    assert to_json(from_json(text)) == text


def test_json_fits_the_schema(graph):
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(to_json(graph)))


def test_what_is_required_holds(graph):
    assert check_requirements(graph, bounds(graph)) == ()
