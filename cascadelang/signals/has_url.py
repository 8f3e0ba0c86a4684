"""Whether the query holds a web address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import finder
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of

_PATTERN: Final = r"(?i)\b(?:(?:https?|ftp)://[^\s<>\"']{2,}|www\.[a-z0-9-]+\.[a-z]{2,})"


class HasUrl:
    """``has_url``."""

    spec: ClassVar[Spec] = Spec(
        name="has_url",
        kind="signal",
        summary="whether the query holds a web address",
        doc="""
An address that starts with `http://`, `https://`, `ftp://` or `www.`; a bare domain name is not enough.
""",
        always_known=True,
        examples=("has_url", "conversation.has_url"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        text = text_of(query, self._scope)
        if "://" not in text and "www." not in text.lower():
            return Finding(value=False)
        return Finding(finder(_PATTERN)(text) is not None)


SIGNAL = HasUrl
