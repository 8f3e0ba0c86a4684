"""A bound ten times what was proved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.bounds import PLAIN
from cascadelang.graph.model import Requirement
from cascadelang.graph.node_bounds import NodeBounds
from cascadelang.graph.wording import count, dollars, require_wording, seconds
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

TIMES: Final = 10


class LooseRequirement(Rule):
    """See its code."""

    code = Code(
        "loose-requirement",
        "warning",
        "a `require` that allows ten times what can happen",
        "The bound holds, and so would one a tenth of it.",
        "A bound guards against changes: this one lets the policy become ten times as dear or slow before anyone is "
        "told.",
        'use "std/anthropic"\npolicy main = haiku\nrequire main for input <= 4k { cost <= $5 }\n',
        'use "std/anthropic"\npolicy main = haiku\nrequire main for input <= 4k { cost <= $0.005 }\n',
        more_bad=('use "std/anthropic"\npolicy main = haiku\nrequire main { calls < 20, latency <= 10m }\n',),
        more_good=('use "std/local"\npolicy main = smollm\nrequire main for input <= 2k { cost <= $0.01 }\n',),
    )
    words = ("require",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a bound."""
        for requirement in subject.graph.requirements:
            if requirement.op not in ("<", "<="):
                continue
            measured = subject.measure.points[requirement.node, PLAIN]
            most = _most(requirement, measured)
            if most and requirement.limit >= TIMES * most:
                said = {"cost": dollars(most), "latency": seconds(most)}.get(requirement.what)
                yield self.found(
                    f"`{require_wording(requirement)}` is {int(requirement.limit / most)} times what can happen: "
                    f"{said or count(int(most), 'call')}",
                    subject.span(requirement.place),
                    help="require what you would want to be told of",
                )


def _most(requirement: Requirement, measured: NodeBounds) -> float | None:
    """The most that was proved."""
    if requirement.what == "calls":
        return measured.calls_most
    if requirement.what == "latency":
        return measured.latency_most_s
    if measured.cost_most is None or requirement.input_tokens is None:
        return None
    return measured.cost_most.at(requirement.input_tokens)


RULE = LooseRequirement()
