"""Whether a model gives the same final answer again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.final_answer import final_answer
from cascadelang.contracts.messages import Reply
from cascadelang.contracts.spec import Param, Spec

_MOST: Final = 20


class Agree:
    """``agree(5)``."""

    spec: ClassVar[Spec] = Spec(
        name="agree",
        kind="check",
        summary="the share of samples with the same final answer",
        doc="""
Self-consistency (Wang et al., 2022): the model that answered is asked the same again, and the score is the share of
all samples whose final answer is that of the answer judged, which counts as one of them. `agree(5)` so makes four
further calls, all at once, and 0.8 means that three of the four said the same.

The samples are asked as the answer was: the same model, messages and settings, with seeds of their own where there is
a seed. At temperature 0 they would all be the same, so there they are drawn at 0.7. A sample that can't be had leaves
the check unknown. The calls are counted, priced and looked at by `within` like any other.

What is compared is the *final answer*: the value where the answer is JSON; else what is boxed or stated (`#### 4`,
`the answer is 4`, LaTeX's `boxed`), an option letter or a number; else the text without case, accents, punctuation
and surplus spaces.

In a test, the samples take the `reply` lines of the model that come after the answer's.
""",
        gives="score",
        params=(Param("samples", "count", "how many answers are compared, the one judged included", required=True),),
        samples="samples",
        calls=None,
        bare=False,
        examples=("agree(5) >= 0.8", "json and agree(3) >= 0.6"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self.samples = int(args["samples"])

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        return [] if 2 <= int(args["samples"]) <= _MOST else [f"it compares 2 to {_MOST} answers"]

    def judge_samples(self, answer: Answer, replies: Sequence[Reply]) -> Finding:
        """See `SampledCheck.judge_samples`."""
        own = final_answer(answer.text)
        if not own:
            return Finding(None, "an empty answer has no final answer")
        of = len(replies) + 1
        same = 1 + sum(final_answer(reply.text) == own for reply in replies)
        return Finding(same / of, f"{same} of {of} samples have the same final answer")


CHECK = Agree
