"""How probable the model held its own answer to be, as a logprob."""

from __future__ import annotations

import math
from collections.abc import Mapping
from heapq import heappush, heappushpop
from typing import Any, ClassVar

from cascadelang.checks._confidence import MeanWatcher, clamped, logprobs_of
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta
from cascadelang.contracts.spec import Param, Spec


class Logprob:
    """``logprob(mean)``, ``logprob(min)``, ``logprob(p10)``."""

    spec: ClassVar[Spec] = Spec(
        name="logprob",
        kind="check",
        summary="how probable the model held its own tokens to be",
        doc="""
Natural logarithms, so 0 is certain and -0.35 is a probability of 0.70. `mean` is over all tokens of the answer,
`min` is the least sure token, `p10` the one that a tenth of the tokens are at or below (the nearest rank). Unknown
when the answer came without logprobs.
""",
        gives="logprob",
        params=(
            Param(
                "over", "choice", "which number is made of the tokens", required=True, choices=("mean", "min", "p10")
            ),
        ),
        needs=frozenset({"logprobs"}),
        early=frozenset({"most"}),
        bare=False,
        examples=("logprob(mean) >= -0.35", "logprob(min) > -4", "logprob(p10) >= -1.5"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._over = args["over"]

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        logprobs = logprobs_of(answer.reply)
        if isinstance(logprobs, str):
            return Finding(None, logprobs)
        if self._over == "mean":
            value = math.fsum(logprobs) / len(logprobs)
        elif self._over == "min":
            value = min(logprobs)
        else:
            value = sorted(logprobs)[math.ceil(len(logprobs) / 10) - 1]
        return Finding(value, f"logprob({self._over}) is {value:.3f} over {len(logprobs):,} tokens")

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        if self._over == "mean":
            return MeanWatcher(most_tokens, _mean)
        return _Lowest(self._over, 1 if self._over == "min" else math.ceil(most_tokens / 10))


def _mean(most: float, tokens: int) -> Outlook:
    return Outlook(most=most, reason=f"logprob(mean) can't come above {most:.3f} after {tokens:,} tokens")


class _Lowest:
    """The token of that rank from below, were all that can follow sure: the rank grows with the answer's length."""

    def __init__(self, over: str, rank: int) -> None:
        self._over = over
        self._rank = rank
        self._lowest: list[float] = []  # a heap of so many of the lowest, the highest of them first; signs turned
        self._count = 0
        self._known = True

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        if not delta.logprobs or not self._known:
            return None
        for token in delta.logprobs:
            logprob = clamped(token.logprob)
            if logprob is None:
                self._known = False
                return None
            self._count += 1
            if len(self._lowest) < self._rank:
                heappush(self._lowest, -logprob)
            else:
                heappushpop(self._lowest, -logprob)
        if len(self._lowest) < self._rank:
            return None
        most = -self._lowest[0]
        return Outlook(
            most=most, reason=f"logprob({self._over}) can't come above {most:.3f} after {self._count:,} tokens"
        )


CHECK = Logprob
