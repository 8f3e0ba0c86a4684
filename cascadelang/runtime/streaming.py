"""A way for pieces of an answer from the run to the caller.

Takes: texts put in by the run. Gives: the same texts, in order, to one reader. Guarantees: putting never waits, so a
slow reader can't make a call time out; what is held is bounded by the length of one answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any


class Channel:
    """Texts on their way."""

    __slots__ = ("_done", "_texts", "_wake")

    def __init__(self) -> None:
        self._texts: deque[str] = deque()
        self._wake = asyncio.Event()
        self._done = False

    def put(self, text: str) -> None:
        """Add a text; an empty one is none."""
        if text:
            self._texts.append(text)
            self._wake.set()

    def finish(self, _: Any = None) -> None:
        """There will be no more."""
        self._done = True
        self._wake.set()

    async def next(self) -> str:
        """The next text as soon as it is there; empty after the last.

        Not an asynchronous generator, for that would leave a task behind when its reader is closed.
        """
        while not self._texts:
            if self._done:
                return ""
            self._wake.clear()
            await self._wake.wait()
        return self._texts.popleft()
