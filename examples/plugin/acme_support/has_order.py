"""Whether a query names an order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec

_ORDER: Final = re.compile(r"\bAC-[0-9]{6}\b")


class HasOrder:
    """``has_order``."""

    spec: ClassVar[Spec] = Spec(
        name="has_order",
        kind="signal",
        summary="whether the query names an order",
        doc="An order's number is `AC-` and six digits.",
        always_known=True,
        examples=("has_order",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._whole = args.get("scope") == "conversation"

    def read(self, query: Query) -> Finding:
        """Read the query: quickly, and without raising."""
        texts = [message.text for message in query.messages] if self._whole else [query.text]
        found = next((match for match in map(_ORDER.search, texts) if match), None)
        return Finding(found is not None, f"order {found[0]}" if found else "no order is named")
