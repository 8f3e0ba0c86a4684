"""A second hand on the timeouts of calls, for a provider that doesn't keep its own.

Takes: seconds. Gives: `Guard`, which cancels the task it was made in when they are over. Guarantees: a cancellation
from outside is never taken for its own. One guard and one timer serve all calls of a run, one after the other: a
timer is only ever made anew when a call has to be over sooner than the timer would look.
"""

from __future__ import annotations

import asyncio
from typing import Final

GRACE_S: Final = 0.5
"""How much later than the call's own timeout it strikes, so that a provider that keeps it speaks first."""


class Guard:
    """Cancels the task it was made in when the call that is being made is overdue."""

    __slots__ = ("_cancelling", "_due_s", "_fired", "_handle", "_loop", "task")

    def __init__(self, task: asyncio.Task[object]) -> None:
        self.task = task
        self._loop = task.get_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._due_s: float | None = None
        self._fired = False
        self._cancelling = 0

    def arm(self, timeout_s: float) -> None:
        """A call begins that should be over after that many seconds."""
        self._cancelling = self.task.cancelling()
        self._due_s = due_s = self._loop.time() + timeout_s + GRACE_S
        handle = self._handle
        if handle is not None:
            if handle.when() <= due_s:
                return
            handle.cancel()
        self._handle = self._loop.call_at(due_s, self._look)

    def _look(self) -> None:
        """The timer went off: for the call it was made for, or for a later one that has time left, or for none."""
        self._handle = None
        if self._due_s is None:
            return
        if self._loop.time() < self._due_s:
            self._handle = self._loop.call_at(self._due_s, self._look)
            return
        self._fired = True
        self.task.cancel()

    def caught(self) -> bool:
        """Whether the `CancelledError` in hand is this guard's; it is then dealt with."""
        if not self._fired:
            return False
        self._fired = False
        return self.task.uncancel() <= self._cancelling

    def disarm(self) -> None:
        """The call is over."""
        self._due_s = None
        if self._fired:  # a provider swallowed the cancellation and answered all the same
            self._fired = False
            self.task.uncancel()

    def close(self) -> None:
        """The run is over."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
