"""How surprised the model was by its own answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.checks._confidence import MeanWatcher, logprobs_of
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.spec import Spec


class Perplexity:
    """``perplexity``."""

    spec: ClassVar[Spec] = Spec(
        name="perplexity",
        kind="check",
        summary="how surprised the model was by its own tokens; 1 is not at all",
        doc="""
e to the power of minus the mean logprob of the answer's tokens: 1 is certain, 2 is as unsure as a coin at every
token. It says the same as `logprob(mean)`, on another scale: `perplexity <= 1.5` is `logprob(mean) >= -0.405`.
Unknown when the answer came without logprobs.
""",
        gives="perplexity",
        needs=frozenset({"logprobs"}),
        early=frozenset({"least"}),
        examples=("perplexity <= 1.5",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        logprobs = logprobs_of(answer.reply)
        if isinstance(logprobs, str):
            return Finding(None, logprobs)
        value = math.exp(min(700.0, -math.fsum(logprobs) / len(logprobs)))
        return Finding(value, f"perplexity is {value:.3g} over {len(logprobs):,} tokens")

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        return MeanWatcher(most_tokens, _outlook)


def _outlook(most: float, tokens: int) -> Outlook:
    """How low the perplexity can still come: as far as sure tokens would bring it down."""
    least = math.exp(min(700.0, -most)) * (1.0 - _STEPS)
    return Outlook(least=least, reason=f"perplexity can't come below {least:.3g} after {tokens:,} tokens")


_STEPS: Final = 1e-14
"""So little may the exponential function of two machines, or of two near numbers, be off."""


CHECK = Perplexity
