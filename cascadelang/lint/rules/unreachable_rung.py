"""Rungs that every start of their cascade skips."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.model import Label as Place
from cascadelang.lint.choices import quoted
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast


class UnreachableRung(Rule):
    """See its code."""

    code = Code(
        "unreachable-rung",
        "error",
        "a rung that is always skipped",
        "The cascade starts where `from` says, and that is always further on. A rung behind one that every answer "
        "passes is no such rung: it is asked when the call before it fails, and any call can fail.",
        "The rung is there, and no query ever asks it.",
        'use "std/anthropic"\nsignal start: {sonnet, opus} = band(words, sonnet: 90, opus)\n'
        "policy main = cascade [haiku, sonnet, opus] from start until json\n",
        'use "std/anthropic"\nsignal start: {haiku, sonnet, opus} = band(words, haiku: 20, sonnet: 90, opus)\n'
        "policy main = cascade [haiku, sonnet, opus] from start until json\n",
        more_good=(
            (
                'use "std/anthropic"\nsignal start: {sonnet, opus} = meta.start\n'
                "policy main = cascade [haiku, sonnet, opus] from start until json\n"
            ),
        ),
    )
    words = ("cascade", "from")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a cascade, at the first of its rungs."""
        for one in subject.reach.unreachable:
            source = subject.written(subject.graph.nodes[one.node]) if one.kind == "rung" else None
            if not isinstance(source, ast.Cascade) or source.start is None:
                continue
            more = f", and {one.also} more," if one.also else ""
            yield self.found(
                f"this rung{more} can never be asked: {quoted(source.start.span, subject)} always starts further on",
                source.rungs[0].span,
                label="never asked",
                help="leave it out, or let the signal have its name for some of the queries that get here",
                related=(Place(source.start.span, "where the cascade starts"),),
            )


RULE = UnreachableRung()
