"""An arm of a route that no query takes."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.reach.look import Unreachable
from cascadelang.lint.choices import arm_span, example_words, quoted, reasons
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.source import Span


class UnreachableArm(Rule):
    """See its code."""

    code = Code(
        "unreachable-arm",
        "error",
        "an arm that no query takes",
        "The arms before it take all of its queries, or the arms of an outer route that lead here leave it none, or "
        "its label can never be. That is proved for every query; the arms that take its queries are pointed at, "
        "where it can be with an example.",
        "Somebody wrote down where these queries should go, and they go somewhere else.",
        'use "std/anthropic"\npolicy main = route words > 100 -> sonnet, words > 300 -> opus else haiku\n',
        'use "std/anthropic"\npolicy main = route words > 300 -> opus, words > 100 -> sonnet else haiku\n',
        more_bad=(
            (
                'use "std/anthropic"\npolicy main =\n  route contains(["refund", "invoice"]) -> haiku,\n'
                '        contains("invoice") -> sonnet\n  else opus\n'
            ),
            (
                'use "std/anthropic"\npolicy main =\n  route has_code -> opus, not has_code -> haiku,\n'
                "        words > 300 -> sonnet\n  else haiku\n"
            ),
            (
                'use "std/anthropic"\npolicy main =\n  route words > 300 -> (route words < 100 -> haiku else opus)\n'
                "  else haiku\n"
            ),
            (
                'use "std/anthropic"\nsignal size = band(words, none: 0, short: 50, long)\n'
                "policy main = route by size none -> haiku, short -> haiku, long -> opus\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = route has_code -> opus, has_code or has_math -> sonnet else haiku\n',
            (
                'use "std/anthropic"\nsignal size = band(words, short: 50, long)\n'
                "policy main = route by size short -> haiku, long -> opus\n"
            ),
        ),
    )
    words = ("route",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding an arm, or all arms for which the same arms leave nothing."""
        for one in subject.reach.unreachable:
            span = arm_span(one.node, one.arm, subject) if one.kind == "arm" else None
            if span is not None:
                yield self._told(one, span, subject)

    def _told(self, one: Unreachable, span: Span, subject: Subject) -> Diagnostic:
        before = [choice for choice in one.because if choice.node == one.node]
        outer = [choice for choice in one.because if choice.node != one.node]
        if not one.because:
            why, help_ = f"its label {quoted(span, subject)} can never be", "leave it out, or change the limits"
        elif one.also:
            why = f"nothing is left for it, nor for {_behind(one.also)}"
            help_ = "make the last arm that takes queries the `else`, or ask for less in the arms before"
        elif not before:
            why, help_ = "no query that gets here fits it", "leave it out, or put it where its queries get to"
        else:
            alone = len(one.because) == 1
            why = "an arm before it takes" if alone else "arms before it take"
            why += " all its queries" if not outer else " those of its queries that get here"
            help_ = "put it before that arm, or leave it out" if alone else "put it before them, or leave it out"
        example = example_words(one.example) if before and not one.also else ""
        return self.found(
            f"this arm can never be taken: {why}",
            span,
            label="never taken",
            help=help_,
            notes=(f"a query for which {example} fits it, and is taken before",) if example else (),
            related=reasons(one.because, one.node, subject),
        )


def _behind(also: int) -> str:
    """``the `else```, ``the 2 arms behind it and the `else```: what stands behind an arm, the ``else`` counted."""
    if also == 1:
        return "the `else`"
    return f"the {also - 1} arms behind it and the `else`" if also > 2 else "the arm behind it and the `else`"


RULE = UnreachableArm()
