"""Time as a value, so that a run can be replayed and a test needs no waiting."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

_ROUNDS: Final = 50
"""Turns of an event loop that doesn't say what it has left to do, after which it is taken to have nothing."""

_MOST_ROUNDS: Final = 10_000
"""Turns after which time goes on, whatever else keeps the loop busy."""


class Clock(Protocol):
    """Where a run reads the time and waits."""

    def now_s(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def wall_s(self) -> float:
        """Seconds since 1970, for people."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; cancellable."""
        ...


class SystemClock:
    """The machine's own clocks."""

    now_s = staticmethod(time.perf_counter)
    wall_s = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """Time that passes only while everybody waits, and then at once: for tests, which so take no time.

    Any number may wait. Time goes on to the earliest end of a wait when nothing else has anything left to do; waits
    that end at the same time end one after the other, in the order in which they began.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._waits: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._quiet = 0
        self._rounds = 0
        self._watched: asyncio.AbstractEventLoop | None = None
        self._held = 0
        self._stopped = False

    def now_s(self) -> float:
        """See `Clock.now_s`."""
        return self._now_s

    def wall_s(self) -> float:
        """See `Clock.wall_s`."""
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`: time goes on, nobody waits."""
        loop = asyncio.get_running_loop()
        if self._watched is not loop:  # what waited in a loop that is over waits no more
            self._waits.clear()
            self._watched = loop
            self._stopped = False
            loop.call_soon(self._look, loop)
        ended: asyncio.Future[None] = loop.create_future()
        self._count += 1
        heapq.heappush(self._waits, (self._now_s + max(0.0, seconds), self._count, ended))
        self._quiet = self._rounds = 0
        await ended

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no time go by while something real goes on, of which the event loop knows nothing."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            loop = self._watched
            if self._stopped and not self._held:
                self._stopped = False
                self._quiet = self._rounds = 0
                if loop is not None and not loop.is_closed():
                    loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the earliest wait end, once nothing else is ready to go on."""
        if self._held:  # who lets go looks again
            self._stopped = True
            return
        while self._waits and self._waits[0][2].done():  # it was cancelled
            heapq.heappop(self._waits)
        if not self._waits:
            self._watched = None
            return
        # Asyncio's own loops say whether something is ready; others are given some rounds.
        ready = getattr(loop, "_ready", None)
        self._rounds += 1
        self._quiet = 0 if ready else self._quiet + 1
        if self._quiet > (_ROUNDS if ready is None else 1) or self._rounds > _MOST_ROUNDS:
            due_s, _, ended = heapq.heappop(self._waits)
            self._now_s = max(self._now_s, due_s)
            ended.set_result(None)
            self._quiet = self._rounds = 0
        loop.call_soon(self._look, loop)
