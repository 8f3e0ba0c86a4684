"""Parts of a run that go on at once: started, waited for, cancelled, and put back together.

Takes: a run, and what to start. Gives: tasks whose parts of the run are joined to it in the end. Guarantees: nothing
that was started is left running, however it ends, also when the run is cancelled meanwhile; what the parts told
stands in the run's events in order of time (of the same time: in the order in which they were started), and their
calls count in its sums; a part has its own randomness, so how the others go changes nothing in it.

Signals that were known when the parts began are shared. What a part finds out about the query is known to what
follows, and not to the parts beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from cascadelang.contracts.failure import ENDING
from cascadelang.runtime.outcome import Failed
from cascadelang.runtime.state import CANCELLED

if TYPE_CHECKING:
    from types import TracebackType

    from cascadelang.contracts.clock import Clock
    from cascadelang.runtime.state import Run

T = TypeVar("T")


class Beside:
    """The parts of a run that go on at once; leaving it ends them all."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._mark = len(run.events)
        self._parts: list[Run] = []
        self._of: dict[asyncio.Task[Any], Run] = {}
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, work: Callable[[Run], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Begin a part."""
        part = self._run.fork()
        task = asyncio.create_task(work(part))
        self._parts.append(part)
        self._of[task] = part
        self._tasks.append(task)
        return task

    def timer(self, seconds: float) -> asyncio.Task[None]:
        """Wait on the run's clock beside the parts."""
        task = asyncio.create_task(_waited(self._run.around.clock, seconds))
        self._tasks.append(task)
        return task

    async def first(self, *tasks: asyncio.Task[Any]) -> None:
        """Wait until one of these has ended."""
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def all(self, tasks: Sequence[asyncio.Task[T]]) -> list[T]:
        """What all of these come to, in their order; at once when one is a mistake that ends the run."""
        waiting: Sequence[asyncio.Task[T]] = tasks
        while waiting:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and isinstance(ended := task.result(), Failed) and ended.kind in ENDING:
                    for other in tasks:
                        self.drop(other, "a mistake elsewhere ended the run")
                    return [ended]
            waiting = [task for task in waiting if not task.done()]
        return [task.result() for task in tasks]

    def drop(self, task: asyncio.Task[Any], why: str) -> None:
        """Cancel a part whose outcome no longer matters, and say why in what it tells."""
        part = self._of.get(task)
        if part is not None and not task.done():
            part.dropped = part.dropped or why
            task.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        cancelled: asyncio.CancelledError | None = None
        for task in self._tasks:
            if not task.done():
                self.drop(task, CANCELLED)
                task.cancel()
        while pending := [task for task in self._tasks if not task.done()]:
            try:
                await asyncio.wait(pending)
            except asyncio.CancelledError as again:
                cancelled = again
                for task in pending:
                    task.cancel()
        self._run.join(self._parts, self._mark)
        if cancelled is not None and error is None:
            raise cancelled
        for task in self._tasks:
            if error is None and not task.cancelled() and (broken := task.exception()) is not None:
                raise broken


async def _waited(clock: Clock, seconds: float) -> None:
    await clock.sleep(seconds)
