"""``carry`` where there is no rung to carry to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Fix
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.source import Span
from cascadelang.syntax import ast


class IdleCarry(Rule):
    """See its code."""

    code = Code(
        "idle-carry",
        "warning",
        "a `carry` in a cascade of one rung",
        "`carry` hands a rejected answer, or why it was rejected, to the next rung. This cascade has no next rung.",
        "It does nothing; whoever wrote it expects that it does.",
        'use "std/anthropic"\npolicy main = cascade [haiku] until json carry reasons\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json carry reasons\n',
        more_good=('use "std/anthropic"\npolicy main = cascade [haiku] until json carry draft otherwise opus\n',),
    )
    words = ("cascade", "carry")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a cascade, at its clause."""
        for node, source in cascades(subject):
            if node.carry is not None and len(node.rungs) == 1 and node.otherwise_node is None:
                clause = _clause(source, subject)
                yield self.found(
                    f"`carry {node.carry}` has nowhere to carry it: the cascade has one rung",
                    source.span
                    if clause is None
                    else Span(clause.path, clause.end - len(f"carry {node.carry}"), clause.end),
                    help="take it out, or add a rung",
                    fix=None if clause is None else Fix(clause, "", "take the `carry` out"),
                )


def _clause(source: ast.Cascade, subject: Subject) -> Span | None:
    """Where the clause stands, with the space before it; ``None`` where a comment or a text may speak of it, too."""
    start = source.rungs[-1].span.end
    behind = subject.checked.modules[source.span.path].source.text[start : source.span.end]
    found = re.search(r"\s+carry (?:draft|reasons)\b", behind)
    if found is None or re.search(r"[#\"/]", behind):
        return None
    return Span(source.span.path, start + found.start(), start + found.end())


RULE = IdleCarry()
