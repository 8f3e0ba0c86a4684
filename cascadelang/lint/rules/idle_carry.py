"""``carry`` where there is no rung to carry to."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


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
        """One finding a cascade."""
        for node, source in cascades(subject):
            if node.carry is not None and len(node.rungs) == 1 and node.otherwise_node is None:
                yield self.found(
                    f"`carry {node.carry}` has nowhere to carry it: the cascade has one rung",
                    source.span,
                    help="take it out, or add a rung",
                )


RULE = IdleCarry()
