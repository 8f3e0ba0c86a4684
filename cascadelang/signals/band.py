"""A label from a number. The compiler turns it into a node of the graph; this is its entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Param, Spec


class Band:
    """``band(x, easy: 0.3, medium: 0.7, hard)``."""

    spec: ClassVar[Spec] = Spec(
        name="band",
        kind="signal",
        summary="a label for the range a number falls in",
        doc="""
Behind the number stand labels with their upper limits, in rising order, and one last label without a limit. The first
label whose limit the number is under is the value; a number on a limit belongs to the next label. Unknown when the
number is.
""",
        gives="label",
        params=(
            Param("value", "expr", "the number", required=True, of="number"),
            Param("bands", "bands", "labels with their upper limits, then the last label", required=True),
        ),
        bare=False,
        examples=("band(tokens, short: 200, medium: 2k, long)",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def read(self, query: Query) -> Finding:  # noqa: ARG002 - the contract's signature
        """Unknown: its number is another signal, so the interpreter evaluates it, as a part of the graph."""
        return Finding(None, "`band` is evaluated from its number")


SIGNAL = Band
