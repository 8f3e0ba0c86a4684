"""How sure a model was of its tokens.

Takes: a reply with logprobs. Gives: them as numbers that can be reckoned with, or why there are none; and, while an
answer is generated, what its mean can still come to (`MeanBound`, and `MeanWatcher` for a check). Guarantees: finite
numbers, at most 0: "impossible" (minus infinity, or -9999 as some providers write it) is `LEAST`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from cascadelang.contracts.check import Outlook
from cascadelang.contracts.messages import Delta, Reply

LEAST: Final = -9999.0


def logprobs_of(reply: Reply) -> list[float] | str:
    """The natural-log probabilities of the reply's tokens, or why they aren't known."""
    if reply.logprobs is None:
        return "the answer came without logprobs"
    if not reply.logprobs:
        return "the answer has no tokens with logprobs"
    values = [clamped(token.logprob) for token in reply.logprobs]
    if any(value is None for value in values):
        return "the provider's logprobs hold something that is no number"
    return [value for value in values if value is not None]


def clamped(logprob: float) -> float | None:
    """A logprob between `LEAST` and 0; ``None`` for NaN."""
    return None if math.isnan(logprob) else min(0.0, max(LEAST, logprob))


class MeanBound:
    """The most that the mean logprob of an answer can come to, from the beginning of its tokens.

    No logprob is above 0 and no more than ``most_tokens`` can come, so the mean is at most the sum so far over that
    many: what a perfectly sure rest would repair. The sum is kept with its rounding error, in the answer's favour, so
    that the bound holds for the mean as it is calculated in the end.
    """

    __slots__ = ("_error", "_most", "_sum", "count", "known")

    def __init__(self, most_tokens: int) -> None:
        self._most = most_tokens
        self._sum = 0.0
        self._error = 0.0
        self.count = 0
        self.known = True

    def add(self, delta: Delta) -> float | None:
        """Take the next piece; give the bound, or ``None`` where the piece says nothing of it."""
        if not delta.logprobs or not self.known:
            return None
        for token in delta.logprobs:
            logprob = clamped(token.logprob)
            if logprob is None:
                self.known = False  # the mean of the whole can't be known then
                return None
            self._sum += logprob
            self._error -= self._sum * _HALF_STEP
            self.count += 1
        return min(0.0, self._sum + 2 * self._error) / max(self._most, self.count)


class MeanWatcher:
    """Watches how high the mean can still come: as far as tokens of logprob 0 would lift it.

    Args:
        most_tokens: the most that the answer can have.
        say: what that makes of the check, from the bound and the number of tokens it is of.
    """

    __slots__ = ("_bound", "_say")

    def __init__(self, most_tokens: int, say: Callable[[float, int], Outlook]) -> None:
        self._bound = MeanBound(most_tokens)
        self._say = say

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        most = self._bound.add(delta)
        return None if most is None else self._say(most, self._bound.count)


_HALF_STEP: Final = 2.0**-53
"""The most by which rounding can move a sum, in parts of it."""
