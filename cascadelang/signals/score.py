"""A weighted sum of facts. The compiler turns it into a node of the graph; this is its entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Param, Spec


class Score:
    """``score(a: 0.4, b: 0.3)``."""

    spec: ClassVar[Spec] = Spec(
        name="score",
        kind="signal",
        summary="a weighted sum of facts, from 0 to 1",
        doc="""
Each argument names a signal and its weight. A true signal adds its weight, a number or score adds its value times the
weight; the sum is cut to 0..1. Unknown when one of the parts is.
""",
        gives="score",
        params=(Param("weights", "bool_weights", "signals with their weights", required=True),),
        bare=False,
        examples=("score(has_code: 0.6, has_math: 0.4)",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def read(self, query: Query) -> Finding:  # noqa: ARG002 - the contract's signature
        """Unknown: its parts are other signals, so the interpreter evaluates it, as a part of the graph."""
        return Finding(None, "`score` is evaluated from its parts")


SIGNAL = Score
