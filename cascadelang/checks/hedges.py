"""Whether the answer says that it is unsure, by phrases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.checks._beginning import Beginning, certain_prose
from cascadelang.checks._fences import without_blocks
from cascadelang.checks._phrases import phrase_set
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.spec import Param, Spec

_MOST_CHARS: Final = 200_000
"""Longer answers are read so far."""


class Hedges:
    """``hedges`` and ``hedges(also: ["…"])``."""

    spec: ClassVar[Spec] = Spec(
        name="hedges",
        kind="check",
        summary="whether the answer says that it is unsure",
        doc="""
Whole phrases in which a speaker owns up to not being sure ("I am not certain", "as far as I know", "it is hard to
say"), in English, German, French, Spanish, Chinese and Japanese. Single words such as "could", "maybe" or
"probably" are no hedges, and neither are phrases inside quotation marks or fenced code. `also` adds phrases of
your own.
""",
        params=(Param("also", "texts", "further phrases"),),
        early=frozenset({"true"}),
        always_known=True,
        examples=("not hedges", 'not hedges(also: ["subject to change"])'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        also = args.get("also") or ()
        self._phrases = phrase_set("hedges", (also,) if isinstance(also, str) else tuple(also))

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        prose = without_blocks(answer.reply.text[:_MOST_CHARS])
        found = self._phrases.find(prose)
        if found is None:
            return Finding(value=False, reason="no phrase found by which the answer hedges")
        return Finding(value=True, reason=f"the answer hedges: `{found}`")

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return Beginning(self._settled, _MOST_CHARS)

    def _settled(self, text: str) -> Outlook | None:
        found = self._phrases.find_certain(certain_prose(text))
        return None if found is None else Outlook(value=True, reason=f"the answer hedges: `{found}`")


CHECK = Hedges
