"""Whether the query contains words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Param, Spec
from cascadelang.contracts.words import first_phrase, fold
from cascadelang.signals._scope import scope_of, text_of


class Contains:
    """``contains("…")`` and ``contains(["…", "…"])``."""

    spec: ClassVar[Spec] = Spec(
        name="contains",
        kind="signal",
        summary="whether one of the words or phrases stands in the query",
        doc="""
Whole words, in any case: `contains("art")` is not true of "start". Runs of white space and kinds of apostrophe are
alike. In scripts that are written without spaces (Chinese, Japanese, Thai) or glue endings on (Korean), a match
anywhere counts. With a list, one of its texts is enough.
""",
        params=(Param("texts", "texts", "the words or phrases, one of which must be there", required=True),),
        always_known=True,
        examples=('contains("invoice")', 'contains(["traceback", "stack trace"])'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)
        texts = args["texts"]
        self._phrases = tuple(fold(text) for text in ([texts] if isinstance(texts, str) else texts))

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        found = first_phrase(fold(text_of(query, self._scope)), self._phrases)
        return Finding(found is not None, f"contains `{found}`" if found is not None else "")


SIGNAL = Contains
