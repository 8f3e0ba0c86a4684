"""A condition, or a part of one, that comes out the same for every query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import RouteNode
from cascadelang.graph.reach.look import Unreachable
from cascadelang.graph.reach.truth import Constant, Owner
from cascadelang.graph.walk import uses_of
from cascadelang.graph.wording import use_wording
from cascadelang.lint.choices import owner_expr, part_of, quoted, reasons
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_SAID: Final = {
    "true": "is always true",
    "false": "is always false",
    "unknown": "is always unknown",
    "never true": "is never true",
}
_RANGE_WORDS: Final = {
    "count": "a whole number, 0 or more",
    "score": "between 0 and 1",
    "share": "between 0 and 1",
    "logprob": "0 or less",
    "perplexity": "1 or more",
}


class ConstantCondition(Rule):
    """See its code."""

    code = Code(
        "constant-condition",
        "error",
        "a condition that comes out the same for every query",
        "Whatever the query and its answer are, the condition, or a part of it, is always true, or never. That is "
        "proved from what its signals and checks can be: counts are whole and at least 0, scores lie between 0 and "
        "1, facts of the caller may be missing or of any type. What is behind a `tune` may be tuned, and a signal or "
        "check that is declared as plain `true` or `false` is a switch: neither is told.",
        "A condition that decides nothing isn't the one that was meant: an arm takes everything or nothing, a gate "
        "lets every answer pass or none.",
        'use "std/anthropic"\npolicy main = route words > 100 and words < 50 -> haiku else opus\n',
        'use "std/anthropic"\npolicy main = route words > 50 and words < 100 -> haiku else opus\n',
        more_bad=(
            'use "std/anthropic"\npolicy main = route tokens >= 0 -> haiku else opus\n',
            'use "std/anthropic"\npolicy main = route has_code or not has_code -> haiku else opus\n',
            'use "std/anthropic"\npolicy main = route meta.plan == "a" and meta.plan == "b" -> haiku else opus\n',
            (
                'use "std/anthropic"\nsignal long = has_code and words >= 0\n'
                "policy main = route long -> opus else haiku\n"
            ),
            'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json and chars < 0\n',
            (
                'use "std/anthropic"\n'
                "policy main = route has_code -> cascade [haiku, opus] until json and not query.has_code else opus\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\nsignal beta = false\npolicy main = route beta -> opus else haiku\n',
            (
                'use "std/anthropic"\ntune enough = 0 in 0 .. 1\n'
                "policy main = route score(has_code: 0.4, has_math: 0.3) >= enough -> opus else haiku\n"
            ),
            'use "std/anthropic"\npolicy main = route meta.n > 3 -> haiku, meta.n <= 3 -> opus else opus\n',
        ),
    )
    words = ("route|cascade",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a condition, or part of one, where it was written."""
        told: set[tuple[str, int, int]] = set()
        for constant in subject.reach.constants:
            expr = owner_expr(constant.owner, subject)
            if expr is None:
                continue
            part = expr if constant.whole else part_of(expr, constant.expr, subject)
            if (part.span.path, part.span.start, part.span.end) in told:
                continue
            told.add((part.span.path, part.span.start, part.span.end))
            yield self.found(
                f"{quoted(part.span, subject)} {_SAID[constant.outcome]}",
                part.span,
                help=_help(constant, subject),
                notes=_facts(constant, subject),
            )
        for one in subject.reach.unreachable:
            if one.kind == "gate":
                yield from self._gate(one, subject)

    def _gate(self, one: Unreachable, subject: Subject) -> Iterator[Diagnostic]:
        expr = owner_expr(Owner("gate", one.node, int(one.arm)), subject)
        if expr is not None:
            yield self.found(
                f"{quoted(expr.span, subject)} {_SAID[one.outcome]} for queries that get here",
                expr.span,
                label="any answer passes" if one.outcome == "true" else "no answer passes",
                help="ask here for what isn't settled on the way",
                related=reasons(one.because, one.node, subject),
            )


def _help(constant: Constant, subject: Subject) -> str:
    if not constant.whole:
        return "leave this part out, or compare with what it can be"
    if constant.owner.kind == "gate":
        passes = constant.outcome == "true"
        return "any answer passes: ask for what an answer may lack" if passes else "no answer passes: ask for less"
    if constant.owner.kind == "arm":
        route = subject.graph.nodes[constant.owner.name]
        alone = isinstance(route, RouteNode) and len(route.arms) == 1
        if constant.outcome == "true":
            instead = "write its strategy in the place of the whole `route`" if alone else "make it the `else`"
            return f"this arm takes every query that gets to it: {instead}"
        if alone:
            return (
                "no query takes this arm: write the `else` in the place of the whole `route`, or ask for what can be"
            )
        return "no query takes this arm: leave it out, or ask for what can be"
    return "compare with what it can be; for a switch, write plain `true` or `false`"


def _facts(constant: Constant, subject: Subject) -> tuple[str, ...]:
    """What is known of the numbers in it, and of facts that may be missing."""
    graph = subject.graph
    judged = constant.owner.kind in ("gate", "check")
    found = []
    for id_ in uses_of(graph, [constant.expr]):
        use = graph.uses[id_]
        if use.gives in _RANGE_WORDS:
            found.append(f"`{use_wording(use, judged=judged)}` is {_RANGE_WORDS[use.gives]}")
    if constant.outcome == "never true":
        found.append("where something in it isn't known, it is unknown, which isn't true either")
    return tuple(dict.fromkeys(found))


RULE = ConstantCondition()
