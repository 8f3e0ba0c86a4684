"""How long the answer is in tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.spec import Spec


class Tokens:
    """``tokens``."""

    spec: ClassVar[Spec] = Spec(
        name="tokens",
        kind="check",
        summary="how many tokens the answer has",
        doc="""
What the provider counted, where it said so; otherwise an estimate from the shape of the text, and the reason says
so. Tokens a model thought with and didn't show are in the provider's count.
""",
        gives="count",
        always_known=True,
        examples=("tokens <= 800",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        usage = answer.reply.usage
        if usage.output_tokens > 0 and not usage.estimated:
            return Finding(usage.output_tokens, "as the provider counted")
        return Finding(estimate_tokens(answer.reply.text), "estimated from the text")


CHECK = Tokens
