"""What reachability claims is what the interpreter's own evaluator does with every query."""

from __future__ import annotations

import itertools
import math

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cascadelang.graph import model as g
from cascadelang.graph.reach.look import Reach, look
from cascadelang.graph.reach.truth import Owner
from cascadelang.graph.walk import conditions
from tests.property.random_conditions import (
    CONDITIONS,
    ROUTES,
    ROUTES_BY,
    VALUES,
    asked,
    compiled,
    graph_with,
    queries,
    route_of,
    spoken,
)

MOST_QUERIES = 2_000
CHECKED = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def few_enough(names: list[str]) -> bool:
    return math.prod(len(VALUES[name]) for name in names) <= MOST_QUERIES


def assume_few(graph: g.Graph) -> None:
    assume(few_enough(spoken(graph, [expr for node in graph.nodes.values() for expr in conditions(node)])))


def arms_of(node: g.GraphNode) -> list[int | str]:
    if isinstance(node, g.RouteNode):
        return [*range(len(node.arms)), "else"]
    assert isinstance(node, g.RouteByNode)
    return [*node.arms, "else"]


def taken(graph: g.Graph) -> set[tuple[str, int | str]]:
    """The arms that some query takes, by the interpreter's evaluator."""
    exprs = [expr for node in graph.nodes.values() for expr in conditions(node)]
    names = spoken(graph, exprs)
    evaluators = compiled(graph)
    functions = {id(e): evaluators.compile(e) for e in exprs}
    found: set[tuple[str, int | str]] = set()
    for query in queries(names):
        id_ = "main"
        while id_ != "leaf":
            node = graph.nodes[id_]
            arm: int | str = "else"
            if isinstance(node, g.RouteNode):
                for at, one in enumerate(node.arms):
                    if asked(functions[id(one.condition)], query) is True:
                        arm = at
                        break
                to = node.otherwise if arm == "else" else node.arms[int(arm)].node
            else:
                assert isinstance(node, g.RouteByNode)
                value = asked(functions[id(node.by)], query)
                arm = value if value in node.arms else "else"
                to = node.arms.get(str(arm), node.otherwise or "")
            found.add((id_, arm))
            id_ = to
    return found


def claimed(graph: g.Graph, reach: Reach) -> set[tuple[str, int | str]]:
    """The arms that can't be taken, as reachability says."""
    found: set[tuple[str, int | str]] = set()
    for one in reach.unreachable:
        arms = arms_of(graph.nodes[one.node])
        at = arms.index(one.arm)
        found |= {(one.node, arm) for arm in arms[at : at + one.also + 1]}
    return found


@CHECKED
@given(CONDITIONS)
def test_a_constant_condition_is_told_and_no_other(condition):
    graph = graph_with([route_of("main", [condition])])
    names = spoken(graph, [condition])
    assume(few_enough(names))
    reach = look(graph)
    assert not reach.undecided
    evaluators = compiled(graph)
    for constant in reach.constants[:1]:  # in later ones, the earlier ones are taken as free
        evaluate = evaluators.compile(constant.expr)
        values = {asked(evaluate, query) for query in queries(names)}
        expected = {"true": {True}, "false": {False}, "unknown": {None}}
        assert values == expected.get(constant.outcome, {False, None}), constant
    if not reach.constants:
        evaluate = evaluators.compile(condition)
        values = {asked(evaluate, query) for query in queries(names)}
        assert True in values
        assert values != {True}
    elif reach.constants[-1].expr is condition:
        assert reach.constants[-1].whole
        assert reach.constants[-1].owner == Owner("arm", "main", 0)


@CHECKED
@given(ROUTES | ROUTES_BY)
def test_exactly_the_arms_that_no_query_takes_are_told(graph):
    assume_few(graph)
    possible = taken(graph)
    reach = look(graph)
    assert not reach.undecided
    told = claimed(graph, reach)
    assert not told & possible
    if reach.constants:  # what follows from these isn't told again
        return
    dead = {(id_, arm) for id_ in ("main", "inner") for arm in arms_of(graph.nodes[id_])} - possible
    if not any(id_ == "inner" for id_, _ in possible):
        dead = {arm for arm in dead if arm[0] != "inner"}  # told of the arm that leads there
    assert told == dead


@CHECKED
@given(st.data())
def test_what_is_named_as_the_reason_is_one(data):
    """The choices that are given as the reason leave no query for the arm, all by themselves."""
    graph = data.draw(ROUTES)
    assume_few(graph)
    possible = taken(graph)
    for one in look(graph).unreachable:
        if one.also or one.arm == "else":
            continue
        node = graph.nodes[one.node]
        assert isinstance(node, g.RouteNode)
        assert one.because
        evaluators = compiled(graph)
        mine = evaluators.compile(node.arms[int(one.arm)].condition)
        reasons = []
        for choice in one.because:
            at = graph.nodes[choice.node]
            assert isinstance(at, g.RouteNode)
            reasons.append((evaluators.compile(at.arms[int(choice.arm)].condition), choice.taken))
        exprs = [expr for node in graph.nodes.values() for expr in conditions(node)]
        for query in queries(spoken(graph, exprs)):
            if asked(mine, query) is True:
                assert any((asked(reason, query) is True) is not was for reason, was in reasons)
    assert possible


def test_every_claim_about_two_conditions_holds():
    """All pairs of comparisons of one number with one constant, by hand rather than drawn."""
    ops = ("<", "<=", ">", ">=", "==", "!=")
    for name, limits in (("words", (0, 3, 4, 2.5)), ("sure", (0, 0.5, 1)), ("size", (-1, 2))):
        for op, limit, other, bound in itertools.product(ops, limits, ops, limits):
            pair: list[g.GraphExpr] = [
                g.CompareValue(op, g.UseValue(name), g.Const(limit)),  # type: ignore[arg-type]
                g.CompareValue(other, g.UseValue(name), g.Const(bound)),  # type: ignore[arg-type]
            ]
            graph = graph_with([route_of("main", pair)])
            possible = taken(graph)
            told = claimed(graph, look(graph))
            assert not told & possible
            if not look(graph).constants:
                assert told == {("main", arm) for arm in (0, 1, "else")} - possible
