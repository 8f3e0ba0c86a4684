"""The way through a graph that costs, calls or takes the most, step by step.

Takes: a measured graph, where to start and what counts. Gives: a `Step` for each call or decision on the way, lazily:
a way through shared tiers may be longer than anyone can read. Guarantees: the amounts add up to the bound of the
start; what is inside a limit (`within`) that stops it is one step, of the limit's amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from cascadelang.graph.bounds import Measure, Point, Settings
from cascadelang.graph.model import (
    CallNode,
    CascadeNode,
    CatalogUse,
    HedgeNode,
    RouteByNode,
    RouteNode,
    ShadowNode,
    SplitNode,
    VoteNode,
    WithinNode,
)
from cascadelang.graph.node_bounds import NodeBounds
from cascadelang.graph.wording import (
    count,
    limits_wording,
    share_wording,
    use_wording,
    wording,
)
from cascadelang.source.frozen import dataclass

What = Literal["cost", "calls", "latency"]


@dataclass(frozen=True, slots=True)
class Step:
    """One call, one check that is paid or takes time, one limit that is reached, or one decision.

    Attributes:
        words: who does what.
        amount: dollars, calls or seconds of it, at most; ``None`` for a decision, infinite when it isn't known.
        unknown: why it isn't known.
        more: what the amount comes from, in words.
    """

    words: str
    amount: float | None = None
    unknown: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class _Paid:
    """A paid check or signal, or a check that takes time, on the way."""

    use: CatalogUse
    settings: Settings
    answer_tokens: int
    again: NodeBounds | None = None


def worst_way(measure: Measure, start: Point, what: What, tokens: int) -> Iterator[Step]:
    """The steps of the worst way from ``start`` for an input of so many tokens."""
    waiting: list[tuple[Point | _Paid | Step, int]] = [(start, tokens)]
    while waiting:
        item, size = waiting.pop()
        if isinstance(item, Step):
            yield item
            continue
        if isinstance(item, _Paid):
            yield from _made(measure, item, what, size)
            continue
        node = measure.graph.nodes[item[0]]
        measured = measure.points[item]
        if isinstance(node, CallNode):
            added = f", {size:,} tokens in and up to {measured.answer_tokens:,} out" if what == "cost" else ""
            attempts = count(measured.calls_most or 0, "attempt")
            tried = f", {attempts}" if what != "calls" and (measured.calls_most or 0) > 1 else ""
            yield _step(f"`{node.id}` asks `{node.model}`", measured, what, size, f"{added}{tried}")
        elif isinstance(node, WithinNode) and value_of(measured, what, size) < _inside(measure, item, what, size):
            yield _step(f"`{node.id}` stops at `{limits_wording(node)}`", measured, what, size)
        elif isinstance(node, (RouteNode, RouteByNode, SplitNode)):
            ways = measure.below(item)
            worst = max(range(len(ways)), key=lambda n: value_of(measure.points[ways[n]], what, size))
            decision = f"`{node.id}` goes to `{ways[worst][0]}`{_because(measure, node, worst)}"
            waiting += [(ways[worst], size), (Step(decision), size)]
            waiting += [(_Paid(use, item[1], 0), size) for use in reversed(measure.asked(node))]
        elif isinstance(node, (HedgeNode, VoteNode, ShadowNode)):
            waiting += reversed(_at_once(measure, node, item[1], what, size))
        elif isinstance(node, CascadeNode):
            waiting += reversed(_cascade(measure, node, item[1], size))
        else:
            waiting += [(way, size) for way in reversed(measure.below(item))]


def value_of(measured: NodeBounds, what: What, tokens: int) -> float:
    """The most of it; infinite when it isn't known."""
    if what == "cost":
        return float("inf") if measured.cost_most is None else measured.cost_most.at(tokens)
    most = measured.calls_most if what == "calls" else measured.latency_most_s
    return float("inf") if most is None else float(most)


def _inside(measure: Measure, point: Point, what: What, tokens: int) -> float:
    return value_of(measure.points[measure.below(point)[0]], what, tokens)


def _cascade(
    measure: Measure, node: CascadeNode, settings: Settings, size: int
) -> list[tuple[Point | _Paid | Step, int]]:
    items: list[tuple[Point | _Paid | Step, int]] = [(_Paid(use, settings, 0), size) for use in measure.asked(node)]
    for number, way in enumerate(measure.below((node.id, settings))):
        items.append((way, size + measure.carried(node, number, settings)))
        if number < len(node.rungs):
            answer, added = measure.points[way].answer_tokens, measure.carried(node, number, settings)
            for use in measure.gate(node, number):
                again = measure.again(way) if use.own else None
                items.append((_Paid(use, settings, answer, again), size + added if use.own else size))
    return items


def _at_once(
    measure: Measure, node: HedgeNode | VoteNode | ShadowNode, settings: Settings, what: What, size: int
) -> list[tuple[Point | _Paid | Step, int]]:
    """Everything, but of what counts in time only what is waited for."""
    ways = measure.below((node.id, settings))
    taken = list(ways)
    wait: Step | None = None
    if what == "latency" and isinstance(node, ShadowNode):
        taken = ways[:1]
    elif what == "latency":
        first = value_of(measure.points[ways[0]], what, size)
        taken = [max(ways, key=lambda way: value_of(measure.points[way], what, size))]
        if isinstance(node, HedgeNode):
            begun_s = min(node.after_s, first)
            late = begun_s + value_of(measure.points[ways[1]], what, size)
            taken = ways[1:] if late >= first else ways[:1]
            if late >= first:
                wait = Step(f"`{node.id}` waits for `{ways[0][0]}`", begun_s)
    items: list[tuple[Point | _Paid | Step, int]] = [] if wait is None else [(wait, size)]
    items += [(way, size) for way in taken]
    if isinstance(node, VoteNode):
        for way in ways:
            answer = measure.points[way].answer_tokens
            for use in measure.asked(node):
                again = measure.again(way) if use.own else None
                items.append((_Paid(use, settings, answer, again), size))
    return items


def _made(measure: Measure, item: _Paid, what: What, size: int) -> Iterator[Step]:
    """The step of a check or signal: one that is free counts only in time."""
    measured = measure.paid(item.use, item.settings, item.answer_tokens, item.again)
    if item.use.calls != 0:
        yield _step(f"`{use_wording(item.use)}` is asked", measured, what, size)
    elif what == "latency":
        yield _step(f"`{use_wording(item.use)}` is made", measured, what, size)


def _because(measure: Measure, node: RouteNode | RouteByNode | SplitNode, worst: int) -> str:
    if isinstance(node, SplitNode):
        return f" for {share_wording(node.shares[worst].share)} of the queries"
    if isinstance(node, RouteByNode):
        labels = list(node.arms)
        return f" for `{labels[worst]}`" if worst < len(labels) else ""
    if worst < len(node.arms):
        return f" when `{wording(node.arms[worst].condition, measure.graph)}`"
    return ""


def _step(words: str, measured: NodeBounds, what: What, tokens: int, more: str = "") -> Step:
    unknown = measured.unknown[0] if measured.unknown else "not known"
    return Step(words, value_of(measured, what, tokens), unknown, more)
