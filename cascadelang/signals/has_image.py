"""Whether the query comes with an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class HasImage:
    """``has_image``."""

    spec: ClassVar[Spec] = Spec(
        name="has_image",
        kind="signal",
        summary="whether the query comes with an image",
        doc="""
An image handed over with the last user message, or pasted into its text as a `data:image/` address. A mere link to
an image is text, and `has_url` tells it.
""",
        gives="bool",
        always_known=True,
        examples=(
            "has_image",
            "conversation.has_image",
        ),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        if self._scope == "conversation":
            attached = any(message.images for message in query.messages)
        else:
            last = next((message for message in reversed(query.messages) if message.role == "user"), None)
            attached = last is not None and bool(last.images)
        return Finding(attached or "data:image/" in text_of(query, self._scope))


SIGNAL = HasImage
