"""Plans of random policies: nothing is left out, nothing is wider than asked, and the JSON fits its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_policies import files_of, policies

import cascadelang
from cascadelang.catalog.models import find
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.plan import Plan
from cascadelang.graph.plan_json import plan_json
from cascadelang.graph.plan_text import plan_text
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog

SCHEMA = json.loads((Path(cascadelang.__file__).parent.parent / "docs" / "plan.schema.json").read_text("utf-8"))
LEAST = 28 + len("  calls  cost at 9,999,999  latency") + 20
"""Columns under which figures alone may take more room than there is."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(policies(), st.integers(0, 5_000_000), st.integers(LEAST, 160))
def test_plans_of_random_policies(text: str, tokens: int, width: int):
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    assume(checked.ok)
    graph, written = compile_policy(checked), compile_policy(checked, as_written=True)
    assert list(graph.nodes) == list(written.nodes)
    for name in graph.policies:
        plan = Plan(graph, policy=name, input_tokens=tokens, written=written)
        shown = plan_text(plan, width=width)
        for line in shown.splitlines():  # only what can't be broken may be wider
            assert len(line) <= width or max(map(len, line.split())) > width // 3
        assert all(re.search(rf"\b{re.escape(model.name)}\b", shown) for model in plan.models)
        value = json.loads(json.dumps(plan_json(plan)))
        jsonschema.Draft202012Validator(SCHEMA).validate(value)
        assert set(value["nodes"]) == set(plan.nodes)
