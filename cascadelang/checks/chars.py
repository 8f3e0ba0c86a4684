"""How long the answer is in characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta
from cascadelang.contracts.spec import Spec


class Chars:
    """``chars``."""

    spec: ClassVar[Spec] = Spec(
        name="chars",
        kind="check",
        summary="how many characters the answer has",
        doc="""
Unicode code points, white space included.
""",
        gives="count",
        early=frozenset({"least"}),
        always_known=True,
        examples=("chars <= 4000",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        return Finding(len(answer.reply.text))

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return _Counting()


class _Counting:
    """The characters so far: there can only come more."""

    def __init__(self) -> None:
        self._count = 0

    def feed(self, delta: Delta) -> Outlook:
        """See `Watcher.feed`."""
        self._count += len(delta.text)
        return Outlook(least=self._count, reason=f"chars is {self._count:,} already")


CHECK = Chars
