"""How sure a model was of its tokens.

Takes: a reply with logprobs. Gives: them as numbers that can be reckoned with, or why there are none. Guarantees:
finite numbers, at most 0: "impossible" (minus infinity, or -9999 as some providers write it) is `LEAST`.
"""

from __future__ import annotations

import math
from typing import Final

from cascadelang.contracts.messages import Reply

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
