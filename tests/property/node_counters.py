"""What each node of a graph really called, cost and took in a run: a counter around every strategy.

The interpreter knows nothing of it: its builder is given one more step, which puts a counter around each strategy it
builds, and every event is counted by the counters that it happened in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from cascadelang.contracts.trace_sink import Event
from cascadelang.graph.bounds import Measure, Point, Settings
from cascadelang.graph.limits import MESSAGE_TOKENS
from cascadelang.runtime.build import Builder
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.runtime.outcome import Answered, Outcome, Strategy
from cascadelang.runtime.scope import Scope
from cascadelang.runtime.state import Run


@dataclass
class Visit:
    """One time that a query went through a node.

    Attributes:
        point: the node, and the settings around it.
        input_tokens: of the messages that came to it, each byte a token.
        answered: its answer's tokens; ``None`` when it gave none.
    """

    point: Point
    input_tokens: int
    events: list[Event] = field(default_factory=list)
    seconds: float = 0.0
    answered: int | None = None

    @property
    def calls(self) -> int:
        return sum(event.kind in ("call", "call_failed") for event in self.events)

    @property
    def cost_usd(self) -> float | None:
        """Dollars that providers said; ``None`` when a price isn't known."""
        billed = [
            e.data["cost_usd"] for e in self.events if e.kind in ("call", "call_failed") and "cost_usd" in e.data
        ]
        return None if None in billed else sum(billed)


_INSIDE: ContextVar[tuple[Visit, ...]] = ContextVar("_INSIDE", default=())


def inside() -> Visit:
    """The innermost visit that is going on."""
    return _INSIDE.get()[-1]


class Counter:
    """A strategy, counted."""

    def __init__(self, inner: Strategy, point: Point, visits: list[Visit]) -> None:
        self.id = inner.id
        self.label = inner.label
        self._inner = inner
        self._point = point
        self._visits = visits

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        messages = [*run.query.messages, *scope.extra]
        size = sum(MESSAGE_TOKENS + len(m.text.encode()) for m in messages if m.role != "system" or m.text)
        visit = Visit(self._point, size)
        self._visits.append(visit)
        within = _INSIDE.set((*_INSIDE.get(), visit))
        begun_s = run.now_s()
        try:
            outcome = await self._inner.answer(run, scope)
        finally:
            _INSIDE.reset(within)
            visit.seconds = run.now_s() - begun_s
        if isinstance(outcome, Answered):
            visit.answered = outcome.reply.usage.output_tokens
        return outcome


class CountingBuilder(Builder):
    """Builds every strategy with a counter around it."""

    visits: list[Visit]

    def _build(self, id_: str, settings: Any) -> Strategy:
        values = settings.values
        around = Settings(values.get("max_tokens"), values.get("timeout_s"), values.get("system"), settings.retry)
        return Counter(super()._build(id_, settings), (id_, around), self.visits)


def count(interpreter: Interpreter) -> list[Visit]:
    """Have an interpreter that hasn't run yet count; the visits of its runs are added to the list that is given."""
    old = interpreter._builder
    builder = CountingBuilder(old._graph, old._expressions)
    builder.visits = []
    interpreter._builder = builder
    return builder.visits


@contextmanager
def counting() -> Iterator[None]:
    """While this is open, events are counted."""
    tell = Run.tell

    def counted(run: Run, kind: Any, node: str, data: Any) -> None:
        tell(run, kind, node, data)
        for visit in _INSIDE.get():
            visit.events.append(run.events[-1])

    with patch.object(Run, "tell", counted):
        yield


def check_bounds(visits: list[Visit], measure: Measure) -> None:
    """Every node kept to its own bounds, by the settings it was reached with."""
    for visit in visits:
        proved, calls, cost_usd = measure.points[visit.point], visit.calls, visit.cost_usd
        if proved.calls_most is not None:
            assert calls <= proved.calls_most, visit.point
        if proved.latency_most_s is not None:
            assert visit.seconds <= proved.latency_most_s + 1e-6, visit.point
        if proved.cost_most is not None and cost_usd is not None:
            assert cost_usd <= proved.cost_most.at(visit.input_tokens) + 1e-9, visit.point
        if visit.answered is not None:
            assert visit.answered <= proved.answer_tokens, visit.point
            assert calls >= proved.calls_least, visit.point
            if proved.cost_least is not None and cost_usd is not None:
                assert cost_usd >= proved.cost_least.at(visit.input_tokens) - 1e-9, visit.point
