"""A paid check behind the last rung, which is never made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.gates import gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class UnmadeLastGate(Rule):
    """See its code."""

    code = Code(
        "unmade-last-gate",
        "warning",
        "a paid check that only the last rung asks, and that can change nothing",
        "When no rung passes, the last answer stands (`otherwise last`, unless said otherwise). So behind the last "
        "rung a check that calls a model decides nothing, and it isn't made: the answer is `unchecked`. This gate is "
        "asked of no other rung. A free check there is made, for it tells an accepted answer from an unmet one.",
        "It reads as if the last answer were judged, and no answer ever is.",
        (
            'use "std/anthropic"\n'
            'policy main = cascade [haiku until json, opus until judge(sonnet, "Is it right?") >= 0.8]\n'
        ),
        (
            'use "std/anthropic"\npolicy main =\n'
            '  cascade [haiku until json, opus until judge(sonnet, "Is it right?") >= 0.8] otherwise fail\n'
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = cascade [haiku, opus] until judge(sonnet, "Is it right?") >= 0.8\n',
            'use "std/anthropic"\npolicy main = cascade [haiku until json, opus until not empty]\n',
        ),
    )
    words = ("cascade", "until")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a gate."""
        found = list(gates(subject))
        rungs = Counter((gate.node.id, id(gate.written)) for gate in found)
        for gate in found:
            if not gate.is_last or gate.node.otherwise != "last" or not gate.node.rungs[gate.rung].paid:
                continue
            if rungs[gate.node.id, id(gate.written)] > 1:
                continue
            yield self.found(
                "this check is never made",
                gate.written.span,
                label="it calls a model, and the last answer stands whatever it says",
                help="say what happens when it fails (`otherwise fail`, `otherwise best`), or take it out",
            )


RULE = UnmadeLastGate()
