"""Whether the query matches a regular expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import finder
from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._scope import scope_of, text_of


class Matches:
    """``matches(/…/)``. Building it raises `BadPattern` when RE2 refuses the pattern, which lint tells first."""

    spec: ClassVar[Spec] = Spec(
        name="matches",
        kind="signal",
        summary="whether the regular expression matches somewhere in the query",
        doc="""
RE2 syntax: no look-around and no back-references, and in exchange no text can make it slow. `i` behind the slash
takes any case, `m` lets `^` and `$` match at every line, `s` lets `.` match line ends.
""",
        params=(Param("pattern", "regex", "the regular expression", required=True),),
        always_known=True,
        examples=(r"matches(/order #\d+/i)",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)
        self._find = finder(args["pattern"])

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        found = self._find(text_of(query, self._scope))
        return Finding(found is not None, f"matches at `{found[:80]}`" if found is not None else "")


SIGNAL = Matches
