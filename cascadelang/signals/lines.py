"""How long the query is in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class Lines:
    """``lines``."""

    spec: ClassVar[Spec] = Spec(
        name="lines",
        kind="signal",
        summary="how many lines the query has",
        doc="Line feeds, and the last line when it is not empty; an empty query has 0 lines.",
        gives="count",
        always_known=True,
        examples=("lines > 40",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        text = text_of(query, self._scope)
        return Finding(text.count("\n") + (not text.endswith("\n")) if text else 0)


SIGNAL = Lines
