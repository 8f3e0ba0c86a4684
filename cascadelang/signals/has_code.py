"""Whether the query holds source code, a stack trace or a shell session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.shapes import code_in
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class HasCode:
    """``has_code``."""

    spec: ClassVar[Spec] = Spec(
        name="has_code",
        kind="signal",
        summary="whether the query holds source code, a stack trace or a shell session",
        doc="""
Looks for shapes that prose doesn't have: fenced blocks, definitions and imports of the usual languages, stack traces
and error names, SQL, markup, calls, lines that end in semicolons, prompts. Talk *about* code ("write a function that
sorts a list") is not code: `contains(["code", "function"])` finds that.
""",
        always_known=True,
        examples=("has_code", "has_code and tokens > 200"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        found = code_in(text_of(query, self._scope))
        return Finding(found is not None, f"code at `{found.strip()[:60]}`" if found is not None else "")


SIGNAL = HasCode
