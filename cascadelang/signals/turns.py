"""How far the conversation has gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of


class Turns:
    """``turns``."""

    spec: ClassVar[Spec] = Spec(
        name="turns",
        kind="signal",
        summary="how many messages the user has sent",
        doc="Messages of the role `user`, the last one included; the same with and without `conversation.`.",
        gives="count",
        always_known=True,
        examples=("turns > 6",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        return Finding(sum(message.role == "user" for message in query.messages))


SIGNAL = Turns
