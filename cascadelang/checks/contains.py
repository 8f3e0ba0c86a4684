"""Whether the answer contains words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._beginning import MOST_WATCHED_CHARS, Beginning, certain
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.spec import Param, Spec
from cascadelang.contracts.words import find_phrase, first_phrase, fold


class Contains:
    """``contains("…")`` and ``contains(["…", "…"])``."""

    spec: ClassVar[Spec] = Spec(
        name="contains",
        kind="check",
        summary="whether one of the words or phrases stands in the answer",
        doc="""
Whole words, in any case: `contains("art")` is not true of "start". Runs of white space and kinds of apostrophe are
alike. In scripts that are written without spaces (Chinese, Japanese, Thai) or glue endings on (Korean), a match
anywhere counts. With a list, one of its texts is enough.
""",
        params=(Param("texts", "texts", "the words or phrases, one of which must be there", required=True),),
        early=frozenset({"true"}),
        always_known=True,
        examples=('contains("total")', 'not contains(["as discussed", "see above"])'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        texts = args["texts"]
        self._phrases = tuple(fold(text) for text in ([texts] if isinstance(texts, str) else texts))

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        found = first_phrase(fold(answer.reply.text), self._phrases)
        return Finding(
            found is not None, f"contains `{found}`" if found is not None else "contains none of the words"
        )

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return Beginning(self._settled, MOST_WATCHED_CHARS)

    def _settled(self, text: str) -> Outlook | None:
        """A phrase that stands there and isn't at the end, where it may yet become part of a word."""
        folded = fold(certain(text))
        for phrase in self._phrases:
            at = find_phrase(folded, phrase)
            if at != -1 and at + len(phrase) < len(folded):
                return Outlook(value=True, reason=f"contains `{phrase}`")
        return None


CHECK = Contains
