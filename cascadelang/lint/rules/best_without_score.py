"""``otherwise best`` where nothing says which answer is better."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.walk import uses_of
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_SCORES: Final = frozenset({"score", "logprob", "number"})


class BestWithoutScore(Rule):
    """See its code."""

    code = Code(
        "best-without-score",
        "warning",
        "`otherwise best` without a check that gives a score",
        "When no rung passes, `otherwise best` takes the answer with the highest score. A score comes from comparing "
        "a `judge(…)`, `logprob(…)`, `margin` and their like with a number; none of the gates does. What passes or "
        "fails has no score, and a length or a perplexity isn't one.",
        "The answer that stands is the last one, or the longest, whatever `best` promises.",
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until not hedges otherwise best\n',
        (
            'use "std/openai"\n'
            "policy main = cascade [gpt_mini, gpt] until not hedges and logprob(mean) >= -0.3 otherwise best\n"
        ),
        more_bad=(
            (
                'use "std/anthropic"\n'
                "policy main = cascade [haiku, opus] until words >= 20 and not hedges otherwise best\n"
            ),
        ),
        more_good=(
            (
                'use "std/openai"\ncheck sure = margin >= 0.4\n'
                "policy main = cascade [gpt_mini until sure, gpt until json] otherwise best\n"
            ),
        ),
    )
    words = ("cascade", "best")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a cascade."""
        graph = subject.graph
        for node, source in cascades(subject):
            if node.otherwise != "best" or source.otherwise is None:
                continue
            asked = uses_of(graph, [rung.until for rung in node.rungs if rung.until is not None])
            if not any(use.kind == "check" and use.gives in _SCORES for use in map(graph.uses.__getitem__, asked)):
                yield self.found(
                    "no check of this cascade gives a score, so none of its answers is the best",
                    source.otherwise.span,
                    help="say `otherwise last`, or ask for a score: `logprob(mean) >= -0.3`, `judge(…) >= 0.8`",
                )


RULE = BestWithoutScore()
