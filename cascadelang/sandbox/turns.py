"""How many contained programs run at once in this process, whichever threads and event loops they are started from.

Takes: what to run, and how long it may take. Gives: how it ended. Guarantees: no more run at once than are allowed,
as many as there are cores unless it is said; those that wait are let in in the order they came; waiting counts as
taking time, so that a limit on time stays one; who is cancelled while waiting holds nobody up.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from cascadelang.sandbox.limits import Ended


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Turns:
    """So many at once.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def allow(self, most: int) -> None:
        """Let so many run at once from now on."""
        with self._lock:
            self._most = most
            self._let_in()

    async def take(self) -> None:
        """Wait for a turn; `give_back` ends it.

        Raises:
            CancelledError: nothing is held then.
        """
        with self._lock:
            if self._running < self._most and not self._waiting:
                self._running += 1
                return
            let_in = asyncio.get_running_loop().create_future()
            self._waiting.append(let_in)
        try:
            await let_in
        except asyncio.CancelledError:
            with self._lock:
                if let_in in self._waiting:
                    self._waiting.remove(let_in)
                    raise
            self.give_back()  # the turn had come, and nobody takes it
            raise

    def give_back(self) -> None:
        """Let the next one in."""
        with self._lock:
            self._running -= 1
            self._let_in()

    def _let_in(self) -> None:
        """Let in who waits longest, while there is room; who waited in a loop that is closed is gone."""
        while self._waiting and self._running < self._most:
            let_in = self._waiting.popleft()
            try:
                let_in.get_loop().call_soon_threadsafe(_wake, let_in)
            except RuntimeError:
                continue
            self._running += 1


def _wake(let_in: asyncio.Future[None]) -> None:
    if not let_in.done():
        let_in.set_result(None)


TURNS: Final = Turns(cores())
"""Those of this process."""


async def in_turn(time_s: float, start: Callable[[float], Awaitable[Ended]]) -> Ended:
    """Run something when its turn comes.

    Args:
        time_s: how long it may take, the waiting included.
        start: runs it within the seconds that it is given.
    """
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(time_s):
            await TURNS.take()
    except TimeoutError:
        return Ended("turn", 0, b"", "", time.monotonic() - began_s)
    try:
        waited_s = time.monotonic() - began_s
        if waited_s >= time_s:
            return Ended("turn", 0, b"", "", waited_s)
        return replace(await start(time_s - waited_s), waited_s=waited_s if waited_s >= _NOTICED_S else 0.0)
    finally:
        TURNS.give_back()


def late(ended: Ended, time_s: float) -> str:
    """Why what had to wait for its turn is no verdict on what was run, in words."""
    from cascadelang.graph.wording import seconds

    if ended.why == "turn":
        return f"as many sandboxes as may run at once were busy for {seconds(time_s)} (the setting `sandboxes`)"
    waited = seconds(round(ended.waited_s, 2))
    return f"it wasn't done within {seconds(time_s)}, of which it waited for its turn for {waited}"


_NOTICED_S: Final = 0.01
"""Who waited less didn't wait."""
