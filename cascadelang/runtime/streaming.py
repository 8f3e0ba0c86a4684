"""Pieces of an answer on their way: from the provider into the run, and from the run to the caller.

Takes: a provider's stream; texts that the run puts in. Gives: each piece to whom it is for, and the reply; the same
texts, in order, to one reader. Guarantees: a stream is closed however its reading ends; putting never waits, so a
slow reader can't make a call time out; what is held is bounded by the length of one answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request

if TYPE_CHECKING:
    from cascadelang.contracts.provider import Provider


async def read_stream(provider: Provider, request: Request, take: Callable[[Delta], bool]) -> Reply | None:
    """Give each piece to ``take`` as it comes, until that says that it was enough.

    Returns:
        The reply; ``None`` when the stream didn't come to it.

    Raises:
        CallFailed: as the provider.
    """
    reply: Reply | None = None
    pieces = provider.stream(request)
    try:
        async for piece in pieces:
            if not isinstance(piece, Delta):
                reply = piece
            elif take(piece):
                break
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
    return reply


def unfinished(model: str) -> CallFailed:
    """A stream that ended without its reply."""
    return CallFailed("connection", f"the stream of `{model}` ended without its last part")


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
