"""Whether the answer runs in a loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._loops import find_loop
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Spec


class Repeats:
    """``repeats``."""

    spec: ClassVar[Spec] = Spec(
        name="repeats",
        kind="check",
        summary="whether the answer says the same over and over",
        doc="""
A unit of one or more words that stands four times or more in a row, over at least twelve words and forty
characters, anywhere in the answer. Found by the distance between equal runs of four words (of four characters in
scripts without spaces). Refrains, lists with alike items and tables are not loops; rows of digits and rules are
not either.
""",
        gives="bool",
        always_known=True,
        examples=("not repeats",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        loop = find_loop(answer.reply.text)
        if loop is None:
            return Finding(value=False, reason="nothing is repeated over and over")
        unit = loop.unit if len(loop.unit) <= 60 else loop.unit[:59] + "…"
        return Finding(value=True, reason=f"`{unit}` is repeated {loop.copies} times or more in a row")


CHECK = Repeats
