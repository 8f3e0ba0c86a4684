"""``agrees(previous)`` where no rung stands before."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.gates import gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class NothingBefore(Rule):
    """See its code."""

    code = Code(
        "nothing-before",
        "warning",
        "`agrees(previous)` on the first rung alone",
        "`agrees(previous)` compares an answer with that of the rung before. This one is the first of its cascade: "
        "there is nothing to compare with, and the check is never known. A gate that all rungs share is fine: there "
        "the first answer is what the second is compared with.",
        "What isn't known doesn't pass: the rung is paid for and never kept.",
        'use "std/anthropic"\npolicy main = cascade [haiku until agrees(previous), opus]\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet, opus] until agrees(previous)\n',
        more_bad=(
            (
                'use "std/anthropic"\ncheck same = agrees(previous) and not empty\n'
                "policy main = cascade [haiku until same, opus]\n"
            ),
        ),
        more_good=(
            (
                'use "std/anthropic"\n'
                "policy main = cascade [haiku until agree(3) >= 1, sonnet until agrees(previous), opus] within 90s\n"
            ),
        ),
        along=(),
    )
    words = ("agrees", "previous", "cascade")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a first rung."""
        for gate in gates(subject):
            if gate.rung > 0 or gate.node.order is not None or (gate.shared and len(gate.node.rungs) > 1):
                continue
            for use in gate.checks:
                if use.entry == "agrees" and not use.model_args:
                    yield self.found(
                        "no rung stands before this one, so there is nothing to agree with",
                        gate.written.span,
                        help="give the check to a later rung, or compare with a model: `agrees(MODEL)`",
                    )


RULE = NothingBefore()
