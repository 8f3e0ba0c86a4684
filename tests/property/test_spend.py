"""Whatever the policy and the rates: best <= expected <= worst, and all of it within what is proved."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_policies import AT_ONCE, files_of, policies

from cascadelang.catalog.models import find
from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.model import Graph
from cascadelang.graph.spend import Reckoning
from cascadelang.graph.spend_rates import Rates, Stated, settle
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog

SHARES = st.floats(0, 1)


def drawn(rates: Rates, data: st.DataObject) -> Rates:
    """Other shares at every place."""
    arms: dict[str, list[str]] = {}
    for node, arm in rates.mix:
        arms.setdefault(node, []).append(arm)
    mix = {}
    for node, names in arms.items():
        weights = [data.draw(st.floats(0.01, 1)) for _ in names]
        mix.update({(node, name): weight / sum(weights) for name, weight in zip(names, weights, strict=True)})
    return Rates(
        mix,
        {gate: data.draw(SHARES) for gate in rates.passes},
        {model: data.draw(SHARES) for model in rates.fails},
        {node: data.draw(SHARES) for node in rates.slow},
        {node: data.draw(SHARES) for node in rates.hits},
        {"": (float(data.draw(st.integers(0, 3000))), float(data.draw(st.integers(0, 2000))))},
        {},
        rates.whole,
        (),
    )


def look(graph: Graph, data: st.DataObject) -> int:
    measure, seen = Measure(graph), 0
    for root in graph.policies.values():
        rates = drawn(settle(graph, root, Stated()), data)
        reckoned = Reckoning(graph, root, rates)
        spent, proved = reckoned.spent, measure.points[root, PLAIN]
        assert 0 <= spent.answered <= 1 + 1e-9
        assert 0 <= spent.unmet <= 1 + 1e-9
        assert spent.answered + spent.unmet <= 1 + 1e-9
        room = 1e-9 + 1e-9 * spent.worst
        assert spent.best <= spent.expected + room
        assert spent.expected <= spent.worst + room
        unpriced = reckoned.unpriced()
        assert (reckoned.total()[2] is None) == bool(unpriced)
        if proved.cost_most is not None and not unpriced:
            assert spent.worst <= proved.cost_most.at(rates.tokens[""][0]) + room
            seen += 1
        if proved.cost_least is not None and not unpriced and not reckoned.capped:
            assert proved.cost_least.at(rates.tokens[""][0]) <= spent.best + room
    return seen


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(policies() | policies(at_once=AT_ONCE), st.data())
def test_expected_lies_between_best_and_worst(text: str, data: st.DataObject):
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    assume(checked.ok)
    look(compile_policy(checked), data)
