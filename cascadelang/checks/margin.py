"""How far ahead the best token was of the second."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._confidence import clamped
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import TokenLogprob
from cascadelang.contracts.spec import Spec


class Margin:
    """``margin``."""

    spec: ClassVar[Spec] = Spec(
        name="margin",
        kind="check",
        summary="how far ahead the best token was of the second, on average",
        doc="""
For each token of the answer, the probability of the likeliest token less that of the second likeliest; the mean of
these, from 0 (a tie at every token) to 1 (no doubt at all). Unknown when the answer came without alternatives: a
cascade with `margin` in its gate asks for the two best tokens at every place, which not every provider gives
([`model-cannot`](rules/model-cannot.md) says so before a run).

In a test, `reply haiku "…" { margin: 0.9 }` says how far ahead the tokens of a reply were.
""",
        gives="score",
        needs=frozenset({"logprobs", "top_logprobs"}),
        examples=("margin >= 0.6",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        tokens = answer.reply.logprobs
        if tokens is None:
            return Finding(None, "the answer came without logprobs")
        margins = [gap for gap in map(_gap, tokens) if gap is not None]
        if not margins:
            return Finding(None, "the answer's logprobs came without alternatives")
        value = math.fsum(margins) / len(margins)
        return Finding(value, f"margin is {value:.3f} over {len(margins):,} tokens")


def _gap(token: TokenLogprob) -> float | None:
    """The likeliest less the second likeliest; ``None`` when fewer than two different tokens are known."""
    known = {text: logprob for text, raw in token.top if (logprob := clamped(raw)) is not None}
    chosen = clamped(token.logprob)
    if chosen is not None:
        known.setdefault(token.token, chosen)
    if len(known) < 2:
        return None
    first, second, *_ = sorted(known.values(), reverse=True)
    return math.exp(first) - math.exp(second)


CHECK = Margin
