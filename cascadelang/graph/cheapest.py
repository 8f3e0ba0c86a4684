"""The cheapest call that a node can begin with: what a money limit has to let through for anything to happen.

Takes: a measured graph. Gives: for every point the first call that can cost least *at most*, for an empty input.
Guarantees: no run of the point makes a first call whose most is lower, so a limit below it lets none through.
"""

from __future__ import annotations

from cascadelang.graph.bounds import Measure, Point
from cascadelang.graph.model import CallNode, CascadeNode, ShadowNode
from cascadelang.graph.wording import count
from cascadelang.source.frozen import dataclass


@dataclass(frozen=True, slots=True)
class FirstCall:
    """A first call: of which model, what it can cost for an empty input (in dollars), and of what that is made."""

    model: str
    cost_usd: float
    how: str


def cheapest_first_calls(measure: Measure) -> dict[Point, FirstCall | None]:
    """The cheapest first call of every point; ``None`` where one isn't known to cost anything."""
    found: dict[Point, FirstCall | None] = {}
    for point in measure.points:  # what is inside comes first
        node = measure.graph.nodes[point[0]]
        if isinstance(node, CallNode):
            found[point] = _call(measure, point, node)
            continue
        ways = measure.below(point)
        if isinstance(node, CascadeNode):
            # a call that doesn't fit ends the cascade, so what comes after the first rung is no first call
            starts = (
                {*range(len(node.rungs))}
                if node.order is not None
                else {0, *(node.start_at.values() if node.start is not None else ())}
            )
            ways = [way for number, way in enumerate(ways) if number in starts or number == len(node.rungs)]
        if isinstance(node, ShadowNode):
            ways = ways[:1]  # what runs beside begins when the live one is over
        calls = [found[way] for way in ways]
        known = [call for call in calls if call is not None]
        found[point] = min(known, key=lambda call: call.cost_usd) if len(known) == len(calls) else None
    return found


def _call(measure: Measure, point: Point, node: CallNode) -> FirstCall | None:
    measured = measure.points[point]
    if measured.cost_most is None:
        return None
    most_usd = measured.cost_most.at(0)
    attempts = measured.calls_most or 1
    how = f"{count(attempts, 'attempt')} with up to {measured.answer_tokens:,} tokens of answer"
    return FirstCall(
        node.model, most_usd, how if attempts > 1 else f"up to {measured.answer_tokens:,} tokens of answer"
    )
