"""An ``else`` that no query gets to."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import RouteNode
from cascadelang.lint.choices import arm_span, reasons
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class UnreachableElse(Rule):
    """See its code."""

    code = Code(
        "unreachable-else",
        "warning",
        "an `else` that no query gets to",
        "The arms take every query, those for which something isn't known included.",
        "It reads as if there were further queries, and changing it changes nothing.",
        'use "std/anthropic"\npolicy main = route has_code -> opus, not has_code -> haiku else sonnet\n',
        'use "std/anthropic"\npolicy main = route has_code -> opus else haiku\n',
        more_bad=(
            (
                'use "std/anthropic"\nsignal plan: {free, gold} = meta.plan else free\n'
                "policy main = route by plan free -> haiku, gold -> opus else sonnet\n"
            ),
            (
                'use "std/anthropic"\n'
                "policy main = route words > 9 -> (route words > 5 -> opus else sonnet) else haiku\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = route meta.n > 3 -> opus, meta.n <= 3 -> haiku else sonnet\n',
            (
                'use "std/anthropic"\nsignal plan: {free, gold} = meta.plan\n'
                "policy main = route by plan free -> haiku, gold -> opus else sonnet\n"
            ),
        ),
    )
    words = ("route", "else")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding an ``else``."""
        for one in subject.reach.unreachable:
            span = arm_span(one.node, "else", subject) if one.kind == "else" else None
            if span is None:
                continue
            node = subject.graph.nodes[one.node]
            if not isinstance(node, RouteNode):
                help_ = "leave the `else` out"
            elif len(node.arms) == 1:
                help_ = "write the arm's strategy in the place of the whole `route`"
            else:
                help_ = "write the last arm's strategy behind `else`, and leave its condition out"
            yield self.found(
                "no query gets to this `else`: the arms take all of them",
                span,
                label="never taken",
                help=help_,
                related=reasons(one.because, one.node, subject),
            )


RULE = UnreachableElse()
