"""What is seen of a formula without a search is so: tried with every value of its variables."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from cascadelang.graph.reach.formulas import Formula, Formulas, Literal, varies

CELLS = (2, 3, 2, 3)
LITERALS = st.builds(lambda variable, mask: ("literal", variable, mask), st.integers(0, 3), st.integers(0, 7))
SHAPES = st.recursive(
    LITERALS,
    lambda inner: st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=6,
)


def made(shape, formulas: Formulas) -> Formula:
    if shape[0] == "literal":
        return formulas.literal(shape[1], shape[2] & formulas.full[shape[1]])
    join = formulas.all_of if shape[0] == "all" else formulas.any_of
    return join([made(part, formulas) for part in shape[1]])


def holds(formula: Formula, cells: tuple[int, ...]) -> bool:
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Literal):
        return bool(formula.mask >> cells[formula.variable] & 1)
    return (all if formula.every else any)(holds(part, cells) for part in formula.parts)


def new() -> Formulas:
    formulas = Formulas()
    assert [formulas.variable(cells) for cells in CELLS] == [0, 1, 2, 3]
    return formulas


@given(SHAPES)
def test_what_varies_holds_in_some_case_and_not_in_another(shape):
    formulas = new()
    formula = made(shape, formulas)
    outcomes = {holds(formula, cells) for cells in product(*map(range, CELLS))}
    if varies(formula):
        assert outcomes == {True, False}
        assert varies(formulas.negation(formula))
    if len(outcomes) == 1:
        assert not varies(formula)


def test_conditions_that_share_nothing_are_seen_to_vary_and_others_are_left_to_the_search():
    formulas = new()
    a, b, c = (formulas.literal(variable, 1) for variable in range(3))
    assert varies(a)
    assert varies(formulas.all_of([a, formulas.any_of([b, c])]))
    assert not varies(formulas.any_of([formulas.all_of([a, b]), formulas.all_of([a, c])]))
    assert not varies(formulas.all_of([formulas.any_of([a, b]), formulas.negation(a), formulas.negation(b)]))
