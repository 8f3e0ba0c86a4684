"""How long the query is in characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class Chars:
    """``chars``."""

    spec: ClassVar[Spec] = Spec(
        name="chars",
        kind="signal",
        summary="how many characters the query has",
        doc="Unicode code points, white space included.",
        gives="count",
        always_known=True,
        examples=("chars > 2000",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        return Finding(len(text_of(query, self._scope)))


SIGNAL = Chars
