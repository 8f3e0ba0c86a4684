"""A gate that knows how long an answer is and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.gates import each_written_once, gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_LENGTHS: Final = frozenset({"words", "chars", "tokens"})


class LengthOnlyGate(Rule):
    """See its code."""

    code = Code(
        "length-only-gate",
        "warning",
        "a cascade that judges answers by their length alone",
        "All that the gate asks of an answer is how long it is. Length says whether the form was kept, not whether "
        "the answer is right: a short wrong answer passes, and a long right one doesn't.",
        "It escalates at random with respect to quality: money is spent, and wrong answers stay.",
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until words <= 200\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until words <= 200 and not hedges\n',
        more_bad=(
            (
                'use "std/anthropic"\ncheck brief = chars > 10 and tokens < 500\n'
                "policy main = cascade [haiku until brief, sonnet]\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = route words > 200 -> sonnet else haiku\n',
            'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until json\n',
        ),
    )
    words = ("cascade", "until", "words|chars|tokens")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a gate that was written."""
        for gate in each_written_once(gates(subject)):
            asked = {use.entry for use in gate.checks}
            if asked and asked <= _LENGTHS:
                yield self.found(
                    "answers are judged by their length alone",
                    gate.written.span,
                    help="ask for what makes an answer good, too: `not hedges`, a `schema(…)`, `logprob(mean)`, a "
                    "`judge(…)`",
                )


RULE = LengthOnlyGate()
