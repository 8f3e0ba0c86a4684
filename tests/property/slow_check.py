"""A check that calls nothing and takes time, as another package would bring it, for random policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec
from cascadelang.workspace import catalog


class Runs:
    """``runs``: the answer says yes; unknown for one that says nothing."""

    spec: ClassVar[Spec] = Spec(
        "runs",
        "check",
        "whether it runs",
        params=(Param("timeout", "duration", "how long it may take", default=10.0),),
        time_limit="timeout",
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        pass

    async def judge_timed(self, answer: Answer) -> Finding:
        return Finding(answer.text.startswith("yes") if answer.text else None)


class Point:
    """Its entry point."""

    def load(self) -> type[Runs]:
        return Runs


@contextmanager
def installed() -> Iterator[None]:
    """As if the package that brings it were there."""
    own = catalog._entry_points
    catalog._entry_points = lambda kind: {"runs": Point()} if kind == "check" else {}  # type: ignore[assignment]
    try:
        yield
    finally:
        catalog._entry_points = own
        catalog._foreign.cache_clear()


RUNNING = {
    " until words < 4": " until runs",
    " until brief": " until runs(timeout: 2s) and not empty",
    " until well": " until not runs or words > 50",
    " until strict": " until strict and runs",
    " until json": " until (runs or strict) and not empty",
}
"""Gates of random policies, and what can stand in their place."""


def running(text: str) -> str:
    """A random policy, some of whose gates run something."""
    for gate, instead in RUNNING.items():
        text = text.replace(gate, instead)
    return text
