"""Whether the answer matches a regular expression."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final

from cascadelang.checks._beginning import MOST_WATCHED_CHARS, Beginning
from cascadelang.checks._pattern_beginning import beginnings, stays
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.patterns import finder, pattern_text, without_surrogates
from cascadelang.contracts.spec import Param, Spec

_SURROGATES: Final = "".join(map(chr, range(0xD800, 0xE000)))
"""Half a pair at the end may yet become a whole one."""


class Matches:
    """``matches(/…/)``. Building it raises `BadPattern` when RE2 refuses the pattern, which lint tells first."""

    spec: ClassVar[Spec] = Spec(
        name="matches",
        kind="check",
        summary="whether the regular expression matches somewhere in the answer",
        doc="""
RE2 syntax: no look-around and no back-references, and in exchange no text can make it slow. `i` behind the slash
takes any case, `m` lets `^` and `$` match at every line, `s` lets `.` match line ends.
""",
        params=(Param("pattern", "regex", "the regular expression", required=True),),
        early=frozenset({"true", "false"}),
        always_known=True,
        examples=(r"matches(/^[A-D]$/)",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._find = finder(args["pattern"])
        self._pattern = pattern_text(args["pattern"])

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        found = self._find(answer.reply.text)
        return Finding(found is not None, f"matches at `{found[:80]}`" if found is not None else "nothing matches")

    def watch(self, most_tokens: int) -> Watcher | None:
        """See `Watching.watch`."""
        del most_tokens
        stay, begun = _settling(self._pattern)
        if not stay and begun is None:
            return None

        def settled(text: str) -> Outlook | None:
            text = without_surrogates(text.rstrip(_SURROGATES))
            if stay and self._find(text) is not None:
                return Outlook(value=True, reason="matches already")
            if begun is not None and begun.fullmatch(text) is None:
                return Outlook(value=False, reason="nothing that begins so can match")
            return None

        return Beginning(settled, MOST_WATCHED_CHARS, least_chars=1)


@lru_cache(maxsize=512)
def _settling(pattern: str) -> tuple[bool, Any]:
    """Whether a match stays one, and what a text that matches begins like."""
    return stays(pattern), beginnings(pattern)


CHECK = Matches
