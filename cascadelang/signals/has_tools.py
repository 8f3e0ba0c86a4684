"""Whether the caller offers tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of


class HasTools:
    """``has_tools``."""

    spec: ClassVar[Spec] = Spec(
        name="has_tools",
        kind="signal",
        summary="whether the caller offers tools",
        doc="""
True when the request carries at least one function that the model may call; the same with and without
`conversation.`.
""",
        gives="bool",
        always_known=True,
        examples=("has_tools",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        return Finding(bool(query.tools))


SIGNAL = HasTools
