"""How long the answer is in tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Delta
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
        early=frozenset({"least"}),
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

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return _Counting()


class _Counting:
    """What the provider has counted so far, where it says so on the way; an estimate may still come to less."""

    def __init__(self) -> None:
        self._count = 0

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        usage = delta.usage
        if usage is None or usage.estimated or usage.output_tokens <= self._count:
            return None
        self._count = usage.output_tokens
        return Outlook(least=self._count, reason=f"tokens is {self._count:,} already, as the provider counts")


CHECK = Tokens
