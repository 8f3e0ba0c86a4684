"""Time as a value, so that a run can be replayed and a test needs no waiting."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


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
