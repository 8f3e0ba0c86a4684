"""The short way finds the same cells as comparing each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cascadelang.graph.arithmetic import compare
from cascadelang.graph.reach.line import Line

NUMBERS = st.one_of(st.integers(-9, 9), st.sampled_from([0.5, -0.5, 2.5, 1e308, 10**400]))
PLAIN = st.one_of(NUMBERS, st.booleans(), st.sampled_from(["a", "b", "c"]))


@given(
    st.lists(st.one_of(st.none(), st.booleans()), max_size=3),
    st.one_of(st.lists(NUMBERS, max_size=8), st.sets(NUMBERS, max_size=8).map(sorted)),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=4),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    PLAIN,
)
def test_masks(before, numbers, texts, op, fixed):
    cells = [*before, *numbers, *texts]
    masks = Line(0, cells).masks(op, fixed)
    outcomes = [compare(op, cell, fixed) for cell in cells]
    if masks is not None:
        assert masks == tuple(
            sum(1 << at for at, is_ in enumerate(outcomes) if is_ is said) for said in (True, False)
        )
    ordered = sorted(set(numbers)) == numbers
    if type(fixed) is int and ordered and all(abs(n) < 1e300 for n in [*numbers, fixed]):
        assert masks is not None
