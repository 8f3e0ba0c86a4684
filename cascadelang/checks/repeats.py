"""Whether the answer runs in a loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._beginning import Beginning
from cascadelang.checks._loops import MOST_CERTAIN_CHARS, Loop, certain_loop, find_loop
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.spec import Spec


class Repeats:
    """``repeats``."""

    spec: ClassVar[Spec] = Spec(
        name="repeats",
        kind="check",
        summary="whether the answer says the same over and over",
        doc="""
A unit of words that stands four times or more in a row, over at least twelve words and forty characters, anywhere in
the answer: a word, a sentence, a line or a paragraph that comes again and again, in any case and however it is broken
into lines; in scripts without spaces, and inside words of more than forty characters, a run of characters. Found by
the distance between equal runs of four words, in time linear in the answer; of an answer of more than 200,000
characters, the first and the last 100,000 are read. Refrains, lists with alike items and tables are not loops; rows
of digits and rules are not either.

Models fall into loops at low temperatures and when they run out of what to say, and go on to the end of their
`max_tokens`: `not repeats` costs nothing and turns such an answer down.
""",
        gives="bool",
        early=frozenset({"true"}),
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
        return Finding(value=True, reason=_said(loop))

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return Beginning(_settled, MOST_CERTAIN_CHARS)


def _settled(text: str) -> Outlook | None:
    loop = certain_loop(text)
    return None if loop is None else Outlook(value=True, reason=_said(loop))


def _said(loop: Loop) -> str:
    unit = loop.unit if len(loop.unit) <= 60 else loop.unit[:59] + "…"
    return f"`{unit}` is repeated {loop.copies} times or more in a row"


CHECK = Repeats
