"""How probable the model held its own answer to be, as a logprob."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._confidence import logprobs_of
from cascadelang.contracts.check import Answer, Finding
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


CHECK = Logprob
