"""Differences of random policies: none to themselves, whatever the layout; and a reason is what it says."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from random_policies import files_of, policies

from cascadelang.catalog.models import find
from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.diff.compare import compare
from cascadelang.graph.diff.graft import grafted
from cascadelang.graph.diff.match import Match
from cascadelang.graph.diff.words import diff_json, diff_text
from cascadelang.graph.model import Graph
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog


def graph_of(text: str) -> Graph:
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    assume(checked.ok)
    return compile_policy(checked)


def points(graph: Graph) -> dict[str, object]:
    measure = Measure(graph)
    return {name: measure.points[root, PLAIN] for name, root in graph.policies.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(policies())
def test_a_policy_in_another_layout_means_the_same(text: str):
    graph = graph_of(text)
    assert compare(graph, graph_of("# a comment\n" + text.replace("\n", "\n\n   "))).same


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(policies(), policies())
def test_any_two_policies_can_be_compared(one: str, other: str):
    old, new = graph_of(one), graph_of(other)
    there, back = compare(old, new), compare(new, old)
    assert there.same == back.same
    assert diff_text(there)
    assert diff_json(there, "old", "new")["same"] == there.same
    assert points(grafted(old, new)) == points(new)
    if there.same:
        assert points(old) == points(new)
        match = Match(old, new)
        assert all(
            match.node("old", root) == match.node("new", new.policies[name]) for name, root in old.policies.items()
        )
    both = grafted(old, new)
    for amount in there.amounts:
        for change in amount.because:
            assert change.revert is not None
            assert points(change.revert(both))[amount.policy] != points(new)[amount.policy]
