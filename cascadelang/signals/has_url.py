"""Whether the query holds a web address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.shapes import address_in
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


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
        return Finding(address_in(text_of(query, self._scope)) is not None)


SIGNAL = HasUrl
