"""The interpreter and the naive evaluator give the same answer, path, verdict, cost, failure and time.

``DIFFERENTIAL_EXAMPLES`` sets how many random policies are tried.
"""

from __future__ import annotations

import os

from behaviours import Turn, plays
from both import Plays, compare
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from random_policies import MODELS, agreeing, files_of, policies, queries
from slow_check import installed, running

from cascadelang.catalog.models import find
from cascadelang.contracts.messages import Query
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "300"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
IDS = [name.removeprefix("lib.") for name in MODELS]


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=SLOW)
@given(policies(at_once=("hedge",)), st.booleans(), queries(), plays(IDS))
def test_the_interpreter_and_the_naive_evaluator_agree(text: str, again: bool, query: Query, turns: Plays):
    if again:
        text = agreeing(text).replace("agree(3)", "agree(2)")
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    if not checked.ok:  # a limit in dollars over a model without a price
        event("refused")
        assert {found.name for found in checked.diagnostics if found.severity == "error"} <= {"unpriced-model"}
        return
    compare(checked, [(0.0, query)], turns)


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=SLOW)
@given(policies(at_once=("hedge",)).map(running), queries(), plays(IDS))
def test_they_agree_on_checks_that_take_time(text: str, query: Query, turns: Plays):
    with installed():
        checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
        if checked.ok:
            compare(checked, [(0.0, query)], turns)


HEDGED = """
use "base.cl"
model a = x("a") { max_tokens: 40, timeout: 9s, retry: 2, price: $1 / $5 }
model b = x("b") { max_tokens: 40, timeout: 9s, price: $4 / $2 }
policy plain = hedge a after 2s with b
policy dear = cascade [(hedge a after 500ms with b), b, e] until words > 9 otherwise last within $0.0007
policy main = fallback [(hedge (cascade [a, b] until words > 1) after 2s with (hedge b after 500ms with a)), e]
              within $0.0007 and 12s
"""


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=SLOW)
@given(plays(["a", "b", "e"]))
def test_they_agree_on_hedges_in_hedges(turns: dict[str, list[Turn]]):
    checked = check("policy.cl", files_of(HEDGED), InstalledCatalog(), find)
    compare(checked, [(0.0, Query.of("x"))], turns)
