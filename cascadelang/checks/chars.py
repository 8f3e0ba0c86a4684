"""How long the answer is in characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
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
        always_known=True,
        examples=("chars <= 4000",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        return Finding(len(answer.reply.text))


CHECK = Chars
