"""How long the query is in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.contracts.words import count_words
from cascadelang.signals._scope import scope_of, text_of


class Words:
    """``words``."""

    spec: ClassVar[Spec] = Spec(
        name="words",
        kind="signal",
        summary="how many words the query has",
        doc="Runs of characters between white space; every Han and kana character counts as a word.",
        gives="count",
        always_known=True,
        examples=("words > 300",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        return Finding(count_words(text_of(query, self._scope)))


SIGNAL = Words
