"""Whether the answer refuses to answer, by phrases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.checks._beginning import Beginning, certain_prose
from cascadelang.checks._fences import lines_of, without_blocks
from cascadelang.checks._phrases import phrase_set
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.spec import Param, Spec

_MOST_CHARS: Final = 200_000
"""Longer answers are read so far for their prose."""

_HEAD_CHARS: Final = 600
"""Where a refusal stands, in characters of prose."""


class Refuses:
    """``refuses`` and ``refuses(also: ["…"])``."""

    spec: ClassVar[Spec] = Spec(
        name="refuses",
        kind="check",
        summary="whether the answer refuses to answer",
        doc="""
Whole phrases in which a model declines ("I cannot help with that", "as an AI, I am not able to"), in English, German,
French, Spanish, Chinese and Japanese, within the first 600 characters of the prose: a refusal comes first. An answer
that goes on to give what was asked is a refusal all the same if it starts like one. Phrases inside quotation marks or
fenced code do not count. `also` adds phrases of your own.
""",
        params=(Param("also", "texts", "further phrases"),),
        early=frozenset({"true", "false"}),
        always_known=True,
        examples=("not refuses", 'not refuses(also: ["please contact our support"])'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        also = args.get("also") or ()
        self._phrases = phrase_set("refuses", (also,) if isinstance(also, str) else tuple(also))

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        prose = without_blocks(answer.reply.text[:_MOST_CHARS])
        found = self._phrases.find(prose.lstrip()[:_HEAD_CHARS])
        if found is None:
            return Finding(value=False, reason="no phrase found by which the answer refuses")
        return Finding(value=True, reason=f"the answer refuses: `{found}`")

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return Beginning(self._settled, _MOST_CHARS)

    def _settled(self, text: str) -> Outlook | None:
        prose = certain_prose(text).lstrip()
        if len(prose) <= _HEAD_CHARS or not "\n".join(lines_of(prose)).startswith(prose[: _HEAD_CHARS + 1]):
            # a fence that comes later joins the lines anew, which may move the end of the head
            found = self._phrases.find_certain(prose[:_HEAD_CHARS])
            return None if found is None else Outlook(value=True, reason=f"the answer refuses: `{found}`")
        found = self._phrases.find(prose[:_HEAD_CHARS])
        if found is None:
            return Outlook(value=False, reason="no phrase found by which the answer refuses")
        return Outlook(value=True, reason=f"the answer refuses: `{found}`")


CHECK = Refuses
