"""Whether the query holds mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.shapes import mathematics_in
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class HasMath:
    """``has_math``."""

    spec: ClassVar[Spec] = Spec(
        name="has_math",
        kind="signal",
        summary="whether the query holds mathematics",
        doc="""
Looks for LaTeX, mathematical signs, arithmetic between numbers (`12 * 7`), equations (`3x + 5 = 20`), powers,
functions, and the words of exercises (`derivative of`, `solve for x`, `15% of 80`).
Prices, dates, versions, phone numbers and
word problems without any of these are not found.
""",
        always_known=True,
        examples=("has_math",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        found = mathematics_in(text_of(query, self._scope))
        return Finding(found is not None, f"mathematics at `{found.strip()[:60]}`" if found is not None else "")


SIGNAL = HasMath
