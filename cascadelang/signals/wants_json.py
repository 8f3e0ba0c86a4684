"""Whether the answer is wanted as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.shapes import json_wished_in
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class WantsJson:
    """``wants_json``."""

    spec: ClassVar[Spec] = Spec(
        name="wants_json",
        kind="signal",
        summary="whether the answer is wanted as JSON",
        doc="""
True when the caller asked for JSON output (a response format or a schema), or the text does: "reply as JSON", "output
valid JSON only", "extract … into a JSON object", and the same in German, French, Spanish, Chinese and Japanese.
A mere mention ("what is JSON?", "write a function that returns JSON") is not a wish.
""",
        always_known=True,
        examples=("wants_json",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        if query.wants_json:
            return Finding(value=True, reason="the caller asked for JSON output")
        found = json_wished_in(text_of(query, self._scope))
        if found is None:
            return Finding(value=False)
        return Finding(value=True, reason=f"the text says `{found.strip()[:80]}`")


SIGNAL = WantsJson
