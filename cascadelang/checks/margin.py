"""How far ahead the best token was of the second."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.checks._confidence import clamped
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta, TokenLogprob
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
        early=frozenset({"most"}),
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

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        return _Watching(most_tokens)


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


class _Watching:
    """How high the mean can still come: as far as tokens without any doubt would lift it."""

    def __init__(self, most_tokens: int) -> None:
        self._left = most_tokens
        self._sum = 0.0
        self._count = 0

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        if not delta.logprobs:
            return None
        self._left = max(0, self._left - len(delta.logprobs))
        for gap in map(_gap, delta.logprobs):
            if gap is not None:
                self._sum += gap
                self._count += 1
        if not self._count:
            return None
        most = (self._sum + self._left) / (self._count + self._left) + _STEPS
        return Outlook(most=most, reason=f"margin can't come above {most:.3f} after {self._count:,} tokens")


_STEPS: Final = 1e-9
"""More than rounding can move a mean of numbers from 0 to 1."""


CHECK = Margin
