"""What is instant, then what is free, comes first: no verdict changes, in three-valued logic, and no more is paid."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.graph.model import (
    CatalogUse,
    CheckValue,
    CompareValue,
    Const,
    LogicValue,
    NamedCheck,
    NotValue,
    UseValue,
)
from cascadelang.graph.optimize import INSTANT, PAID, TIMED, free_first, ranks_of

FREE = ["f1", "f2", "f3"]
SLOW = ["s1", "s2"]
DEAR = ["p1", "p2"]
USES = {
    name: CatalogUse(name, name, "check", {}, calls=int(name in DEAR), time_s=2.0 * (name in SLOW))
    for name in [*FREE, *SLOW, *DEAR]
}
CHECKS = {
    "free": NamedCheck("free", LogicValue("and", [UseValue("f1"), UseValue("f2")])),
    "slow": NamedCheck("slow", LogicValue("or", [UseValue("s1"), CheckValue("free")])),
    "paid": NamedCheck("paid", LogicValue("or", [UseValue("p1"), CheckValue("free")])),
}

LEAVES = st.sampled_from(
    [
        *(UseValue(name) for name in USES),
        CheckValue("free"),
        CheckValue("slow"),
        CheckValue("paid"),
        Const(value=True),
        Const(value=False),
    ]
)
EXPRS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(NotValue, inner),
        st.builds(LogicValue, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4)),
        st.builds(CompareValue, st.sampled_from(["==", "!="]), inner, inner),
    ),
    max_leaves=20,
)
TRUTH = st.sampled_from([True, False, None])
WORLDS = st.fixed_dictionaries(dict.fromkeys(USES, TRUTH))


def naive(expr, world):  # noqa: PLR0911 - one case a kind
    """The value by the tables of strong Kleene logic, every part evaluated."""
    if isinstance(expr, UseValue):
        return world[expr.use]
    if isinstance(expr, CheckValue):
        return naive(CHECKS[expr.name].expr, world)
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, NotValue):
        value = naive(expr.value, world)
        return None if value is None else not value
    if isinstance(expr, CompareValue):
        left, right = naive(expr.left, world), naive(expr.right, world)
        if left is None or right is None:
            return None
        return (left == right) == (expr.op == "==")
    values = [naive(value, world) for value in expr.values]
    decides = expr.op == "or"
    if decides in values:
        return decides
    return None if None in values else not decides


def short_circuit(expr, world, asked):  # noqa: PLR0911 - one case a kind
    """The same value, stopping early; ``asked`` collects the uses that were looked at."""
    if isinstance(expr, UseValue):
        asked.add(expr.use)
        return world[expr.use]
    if isinstance(expr, CheckValue):
        return short_circuit(CHECKS[expr.name].expr, world, asked)
    if isinstance(expr, LogicValue):
        unknown = False
        for value in expr.values:
            found = short_circuit(value, world, asked)
            if found is (expr.op == "or"):
                return found
            unknown = unknown or found is None
        return None if unknown else expr.op == "and"
    if isinstance(expr, NotValue):
        value = short_circuit(expr.value, world, asked)
        return None if value is None else not value
    if isinstance(expr, CompareValue):
        left, right = short_circuit(expr.left, world, asked), short_circuit(expr.right, world, asked)
        return None if left is None or right is None else (left == right) == (expr.op == "==")
    return expr.value


def costs(expr):
    if isinstance(expr, UseValue):
        return PAID if expr.use in DEAR else TIMED if expr.use in SLOW else INSTANT
    if isinstance(expr, CheckValue):
        return ranks_of({}, CHECKS, USES)["check", expr.name]
    if isinstance(expr, (NotValue, CompareValue, LogicValue)):
        inner = (
            [expr.value]
            if isinstance(expr, NotValue)
            else expr.values
            if isinstance(expr, LogicValue)
            else [expr.left, expr.right]
        )
        return max(costs(part) for part in inner)
    return INSTANT


@given(EXPRS, WORLDS)
@settings(max_examples=400, deadline=None)
def test_verdicts_stay(expr, world):
    better = free_first(expr, costs)
    assert naive(better, world) == naive(expr, world)
    assert short_circuit(better, world, set()) == naive(expr, world)


@given(EXPRS)
@settings(max_examples=200, deadline=None)
def test_free_parts_come_first_and_keep_their_order(expr):
    better = free_first(expr, costs)
    assert free_first(better, costs) == better
    waiting = [better]
    while waiting:
        part = waiting.pop()
        if isinstance(part, LogicValue):
            ranks = [costs(value) for value in part.values]
            assert ranks == sorted(ranks)
            waiting += part.values
        elif isinstance(part, NotValue):
            waiting.append(part.value)
        elif isinstance(part, CompareValue):
            waiting += [part.left, part.right]


@given(st.permutations([*FREE, *SLOW, *DEAR]), WORLDS, st.sampled_from(["and", "or"]))
def test_nothing_is_asked_that_a_free_check_had_settled(names, world, op):
    better = free_first(LogicValue(op, [UseValue(name) for name in names]), costs)
    asked: set[str] = set()
    short_circuit(better, world, asked)
    if any(world[name] is (op == "or") for name in FREE):
        assert not asked & {*SLOW, *DEAR}
    if any(world[name] is (op == "or") for name in SLOW):
        assert not asked & set(DEAR)


def test_named_checks_know_that_they_are_slow_or_paid():
    assert ranks_of({}, CHECKS, USES) == {
        ("check", "free"): INSTANT,
        ("check", "slow"): TIMED,
        ("check", "paid"): PAID,
    }
