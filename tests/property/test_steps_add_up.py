"""The way that breaks a requirement adds up to the bound that it explains, for any policy and any size of input."""

from __future__ import annotations

import math
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_policies import AT_ONCE, files_of, policies
from slow_check import installed, running

from cascadelang.catalog.models import find
from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.steps import value_of, worst_way
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.sampled_from(((), AT_ONCE))
    .flatmap(lambda forms: policies(at_once=forms))
    .flatmap(lambda text: st.sampled_from((text, running(text)))),
    st.sampled_from([0, 1, 4000, 250_000]),
)
def test_the_steps_add_up_to_the_bound(text: str, size: int):
    with installed():
        checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    if not checked.ok:
        return
    graph = compile_policy(checked)
    measure = Measure(graph)
    for root in graph.policies.values():
        for what in ("cost", "calls", "latency"):
            total = value_of(measure.points[root, PLAIN], what, size)
            amounts = [s.amount for s in islice(worst_way(measure, (root, PLAIN), what, size), 3000)]
            if len(amounts) < 3000:
                said = sum(amount for amount in amounts if amount is not None)
                assert said == total == math.inf or said == pytest.approx(total, rel=1e-9, abs=1e-12)
