"""How long the answer is in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Spec
from cascadelang.contracts.words import count_words


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
        always_known=True,
        examples=("words >= 20",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        return Finding(count_words(answer.reply.text))


CHECK = Words
