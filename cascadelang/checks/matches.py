"""Whether the answer matches a regular expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.patterns import finder
from cascadelang.contracts.spec import Param, Spec


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
        always_known=True,
        examples=(r"matches(/^[A-D]$/)",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._find = finder(args["pattern"])

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        found = self._find(answer.reply.text)
        return Finding(found is not None, f"matches at `{found[:80]}`" if found is not None else "nothing matches")


CHECK = Matches
