"""A policy that may call many times with no limit on what it spends."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from math import isfinite
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import Graph, WithinNode
from cascadelang.graph.node_bounds import NodeBounds
from cascadelang.graph.order import successors_first
from cascadelang.graph.walk import children
from cascadelang.graph.wording import dollars, seconds
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast

MOST: Final = 3
_COUNTABLE: Final = 1_000_000
"""Calls beyond so many aren't told exactly: tiers of tiers can come to numbers of hundreds of digits."""

_USUAL_INPUT: Final = 4_000
"""Tokens of the input that a limit in money is worked out for."""


class UnlimitedCalls(Rule):
    """See its code."""

    code = Code(
        "unlimited-calls",
        "warning",
        "a policy that can call more than three times, without `within` or a `require` on its cost or time",
        "Some way through the policy makes more than three calls (retries and judges counted), no `within` stands "
        "round any of them, and no `require` proves that their cost or time is acceptable.",
        "The dearest and slowest queries are those that take all the calls, and nothing says where to stop.",
        ('use "std/anthropic"\npolicy main = cascade [haiku retry 1, sonnet, opus] until json\n'),
        (
            'use "std/anthropic"\npolicy main =\n'
            "  cascade [haiku retry 1, sonnet, opus] until json within $0.50 and 90s\n"
        ),
        more_good=(
            (
                'use "std/anthropic"\n'
                "policy main = cascade [haiku retry 1, sonnet, opus] until json\n"
                "require main for input <= 4k { cost <= $0.50 }\n"
            ),
        ),
    )
    words = ("cascade|fallback|retry|hedge|vote|ask",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a policy."""
        graph = subject.graph
        proved = {proof.node for proof in graph.requirements if proof.what in {"cost", "latency"}}
        for decl in subject.declarations(ast.PolicyDecl):
            root = graph.policies.get(decl.name)
            if root is None or root in proved:
                continue
            calls = max((subject.bounds[id_].calls_most or 0 for id_ in _free(graph, root, proved)), default=0)
            if calls > MOST:
                span = decl.strategy.span if decl.bare else decl.name_span
                many = calls if calls <= _COUNTABLE else f"more than {_COUNTABLE:,}"
                yield self.found(
                    f"`{decl.name}` can make {many} calls, and nothing limits what they cost or how long they take",
                    span,
                    help=_help(decl.name, subject.bounds[root]),
                )


def _help(policy: str, most: NodeBounds) -> str:
    """Limits that the policy as it stands can keep, so that following the advice gives no other finding."""
    usd = 0.0 if most.cost_most is None else most.cost_most.at(_USUAL_INPUT)
    if usd and isfinite(usd):
        exact = Decimal(f"{usd:.10g}")
        limit = dollars(float(exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_CEILING)))
        proof = f"for input <= 4k {{ cost <= {limit} }}"
    else:
        limit = "30s"
        proof = (
            "{ latency <= 30s }"
            if most.latency_most_s is None or not isfinite(most.latency_most_s)
            else f"{{ latency <= {seconds(most.latency_most_s)} }}"
        )
    return f"set a limit behind it (`within {limit}`, say), or prove one (`require {policy} {proof}`)"


def _free(graph: Graph, root: str, proved: set[str]) -> Iterator[str]:
    """The nodes that can be reached without passing a limit or what is proved, and have none inside."""
    limited: dict[str, bool] = {}  # whether a node is or has inside what is limited
    for id_ in successors_first([root], lambda id_: children(graph.nodes[id_])):
        node = graph.nodes[id_]
        limited[id_] = (
            id_ in proved or isinstance(node, WithinNode) or any(limited[child] for child in children(node))
        )
    waiting, seen = [root], set[str]()
    while waiting:
        id_ = waiting.pop()
        node = graph.nodes[id_]
        if id_ in seen or id_ in proved or isinstance(node, WithinNode):
            continue
        seen.add(id_)
        if not limited[id_]:
            yield id_
        waiting += children(node)


RULE = UnlimitedCalls()
