"""The least and the most that a part of a graph comes to, and what they are where parts are put together.

Takes: the bounds of the parts. Gives: `NodeBounds` of the whole. Guarantees: of parts that keep their bounds, a whole
that keeps its own; what isn't known of a part isn't known of the whole, with the part's reason. Knows nothing of how
the parts were measured: `cascadelang.graph.bounds` walks a graph for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, Final, TypeVar

from cascadelang.graph.curve import Curve, Line
from cascadelang.graph.model import HedgeNode, WithinNode
from cascadelang.source.frozen import dataclass

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class NodeBounds:
    """What a node, and all that it passes a query to, can call, cost and take.

    Attributes:
        calls_least, calls_most: requests to models, each attempt counted; ``calls_most`` is ``None`` when not known.
        latency_most_s: seconds spent in calls and in checks that take time; ``None`` when not known. The least is
            none.
        cost_least: dollars by input size, for an answered run; ``None`` when not known.
        cost_most: dollars by input size; ``None`` when not known.
        answer_tokens: the most tokens its answer can have.
        unknown: why something isn't known, in words.
    """

    calls_least: int
    calls_most: int | None
    latency_most_s: float | None
    cost_least: Line | None
    cost_most: Curve | None
    answer_tokens: int
    unknown: tuple[str, ...] = ()


NOTHING: Final = NodeBounds(0, 0, 0.0, Line(0.0), Curve.flat(0.0), 0)
"""What doing nothing comes to."""


def any_of(parts: list[NodeBounds]) -> NodeBounds:
    """One of the parts, whichever."""
    first, *rest = {id(part): part for part in parts}.values()
    for part in rest:
        first = NodeBounds(
            min(first.calls_least, part.calls_least),
            None if first.calls_most is None or part.calls_most is None else max(first.calls_most, part.calls_most),
            None
            if first.latency_most_s is None or part.latency_most_s is None
            else max(first.latency_most_s, part.latency_most_s),
            _lower(first.cost_least, part.cost_least),
            None if first.cost_most is None or part.cost_most is None else first.cost_most.or_more(part.cost_most),
            max(first.answer_tokens, part.answer_tokens),
            _joined(first, part),
        )
    return first


def one_after_the_other(parts: list[NodeBounds]) -> NodeBounds:
    """All the parts, in turn; the last one answers."""
    if len(parts) == 1:
        return parts[0]
    return NodeBounds(
        sum(part.calls_least for part in parts),
        _sum([part.calls_most for part in parts], add),
        _sum([part.latency_most_s for part in parts], add),
        _sum([part.cost_least for part in parts], Line.plus),
        _sum([part.cost_most for part in parts], Curve.plus),
        parts[-1].answer_tokens,
        tuple(dict.fromkeys(why for part in parts for why in part.unknown)),
    )


def at_once(parts: list[NodeBounds]) -> NodeBounds:
    """All the parts at the same time, of which one answers."""
    least, most = any_of(parts), one_after_the_other(parts)
    return replace(most, **_ends_of(least), latency_most_s=least.latency_most_s)


def with_beside(live: NodeBounds, beside: NodeBounds) -> NodeBounds:
    """The part that answers, and one beside it that nobody waits for."""
    return replace(at_once([live, beside]), **_ends_of(live), latency_most_s=live.latency_most_s)


def one_after_the_other_of(answering: NodeBounds, judging: list[NodeBounds]) -> NodeBounds:
    """A part that answers, and what may be asked of its answers."""
    return replace(one_after_the_other([answering, *judging]), **_ends_of(answering)) if judging else answering


def hedged(node: HedgeNode, first: NodeBounds, second: NodeBounds) -> NodeBounds:
    """Both, the second begun when the time is over or the first has failed."""
    both = at_once([first, second])
    begun_s = node.after_s if first.latency_most_s is None else min(node.after_s, first.latency_most_s)
    if both.latency_most_s is None or first.latency_most_s is None or second.latency_most_s is None:
        return both
    return replace(both, latency_most_s=max(first.latency_most_s, begun_s + second.latency_most_s))


def _ends_of(least: NodeBounds) -> dict[str, Any]:
    """What an answered run comes to at least, and the most tokens of its answer."""
    return {
        "calls_least": least.calls_least,
        "cost_least": least.cost_least,
        "answer_tokens": least.answer_tokens,
    }


def moved(part: NodeBounds, tokens: int) -> NodeBounds:
    """The same for an input of so many tokens more."""
    return part if part.cost_most is None or not tokens else replace(part, cost_most=part.cost_most.moved(tokens))


def until_one_answers(answering: list[NodeBounds], judging: list[NodeBounds]) -> NodeBounds:
    """At least one of ``answering``, at most all of them, and all of ``judging``."""
    least, most = any_of(answering), one_after_the_other([*answering, *judging])
    return replace(most, **_ends_of(least))


def times_over(one: NodeBounds, times: int) -> NodeBounds:
    """The same at most so often; the least stays that of one."""
    return replace(
        one,
        calls_most=None if one.calls_most is None else one.calls_most * times,
        latency_most_s=None if one.latency_most_s is None else one.latency_most_s * times,
        cost_most=None if one.cost_most is None else one.cost_most.times(times),
    )


def within(node: WithinNode, inside: NodeBounds) -> NodeBounds:
    """The same, cut off at a limit."""
    cost, latency_s = inside.cost_most, inside.latency_most_s
    if node.cost_usd is not None:
        cost = Curve.flat(node.cost_usd) if cost is None else cost.capped(node.cost_usd)
    if node.time_s is not None:
        latency_s = node.time_s if latency_s is None else min(latency_s, node.time_s)
    return replace(inside, cost_most=cost, latency_most_s=latency_s)


def _sum(values: list[Value | None], plus: Callable[[Value, Value], Value]) -> Value | None:
    """All of them together, from the first on; not known when one isn't."""
    known = [value for value in values if value is not None]
    return reduce(plus, known) if len(known) == len(values) else None


def _lower(one: Line | None, other: Line | None) -> Line | None:
    """A line that is nowhere above either."""
    if one is None or other is None:
        return None
    return Line(min(one.fixed, other.fixed), min(one.per_token, other.per_token))


def _joined(one: NodeBounds, other: NodeBounds) -> tuple[str, ...]:
    return one.unknown if one.unknown == other.unknown else tuple(dict.fromkeys((*one.unknown, *other.unknown)))
