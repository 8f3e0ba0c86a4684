"""How long the answer is in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta
from cascadelang.contracts.spec import Spec
from cascadelang.contracts.words import WordCounter, count_words


class Words:
    """``words``."""

    spec: ClassVar[Spec] = Spec(
        name="words",
        kind="check",
        summary="how many words the answer has",
        doc="""
Runs of characters between white space; every Han and kana character counts as a word.
""",
        gives="count",
        early=frozenset({"least"}),
        always_known=True,
        examples=("words >= 20",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        return Finding(count_words(answer.reply.text))

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return _Counting()


class _Counting:
    """The words so far: there can only come more, and the last one may go on."""

    def __init__(self) -> None:
        self._counter = WordCounter()

    def feed(self, delta: Delta) -> Outlook:
        """See `Watcher.feed`."""
        count = self._counter.add(delta.text)
        return Outlook(least=count, reason=f"words is {count:,} already")


CHECK = Words
