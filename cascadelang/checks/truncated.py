"""Whether the answer was cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._cut import cut_at
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Spec


class Truncated:
    """``truncated``."""

    spec: ClassVar[Spec] = Spec(
        name="truncated",
        kind="check",
        summary="whether the answer was cut off",
        doc="""
True when the provider says that the answer reached its `max_tokens`, and when the text itself shows it: a fenced
block that is never closed, JSON that ends inside itself, or a comma or an opening bracket at the very end. Prose
that merely lacks a full stop is not taken for cut off.
""",
        gives="bool",
        always_known=True,
        examples=("not truncated",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        reply = answer.reply
        if reply.finish_reason == "length":
            return Finding(value=True, reason="the answer reached its most tokens")
        reason = cut_at(reply.text)
        return Finding(value=bool(reason), reason=reason or "the answer is whole, as far as can be seen")


CHECK = Truncated
