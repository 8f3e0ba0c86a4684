"""A limit in time that the first member of a fallback can use up alone."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.bounds import Point
from cascadelang.graph.model import FallbackNode, WithinNode
from cascadelang.graph.wording import seconds
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class StarvedFallback(Rule):
    """See its code."""

    code = Code(
        "starved-fallback",
        "warning",
        "a `within` that leaves a fallback no time for its second member",
        "A member of a `fallback` may take, by its `timeout`, all the time that the `within` around it allows. When "
        "it hangs, its call is cut at the limit and there is no time left to ask the next member.",
        "A provider that hangs is what fallbacks are for; here the caller gets no answer.",
        'use "std/anthropic"\nuse "std/openai"\npolicy main = fallback [haiku, luna] within 20s\n',
        (
            'use "std/anthropic"\nuse "std/openai"\n'
            "policy main = fallback [haiku with { timeout: 8s }, luna] within 20s\n"
        ),
        more_good=('use "std/anthropic"\nuse "std/openai"\npolicy main = fallback [haiku, luna] within 2m\n',),
    )
    words = ("fallback", "within")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a fallback, for the tightest limit around it."""
        measure, graph = subject.measure, subject.graph
        limits: dict[Point, WithinNode] = {}
        told: set[str] = set()
        for point in reversed(measure.points):  # what is around comes first
            node = graph.nodes[point[0]]
            limit = limits.get(point)
            if isinstance(node, WithinNode) and node.time_s is not None and _tighter(node, limit):
                limit = node
            below = measure.below(point)
            if limit is None:
                continue
            for child in below:
                if _tighter(limit, limits.get(child)):
                    limits[child] = limit
            if not isinstance(node, FallbackNode) or node.id in told or "timeout" not in (node.when or ["timeout"]):
                continue
            source, time_s = subject.written(node), limit.time_s or 0.0
            for number, child in enumerate(below[:-1]):
                most_s = measure.points[child].latency_most_s
                if most_s is not None and most_s >= time_s and source is not None:
                    told.add(node.id)
                    member = source.members[number].span  # type: ignore[union-attr] # a fallback's source is one
                    yield self.found(
                        f"this member may take {seconds(most_s)}, all of the {seconds(time_s)} that the next one "
                        "would need",
                        member,
                        related=(Label(subject.suffix_span(limit), f"`within {seconds(time_s)}` around it"),),
                        help="lower its time: `with { timeout: 8s }`; or allow more",
                    )
                    break


def _tighter(one: WithinNode, other: WithinNode | None) -> bool:
    """Whether a limit in time is lower than another, which may not be there."""
    return other is None or (one.time_s or 0.0) < (other.time_s or 0.0)


RULE = StarvedFallback()
