"""One lazily made thing per event loop, closed when its loop is.

Takes: how to make it and how to close it. Gives: the one that belongs to the running loop. Guarantees: a loop that
ends through `asyncio.run` (or anything else that calls ``shutdown_asyncgens``) closes its own, so that a caller who
forgets to close leaves no open socket behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


async def _guard(thing: T, close: Callable[[T], Awaitable[None]]) -> AsyncGenerator[T, None]:
    try:
        yield thing
    finally:
        await close(thing)


class PerLoop(Generic[T]):
    """Holds one ``T`` for each event loop that asked for one."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._held: dict[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[T, None]]] = {}

    async def get(self) -> T:
        """The running loop's own, made on first use."""
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is not None:
            return held[0]
        thing = self._make()
        guard = _guard(thing, self._close)
        with self._lock:
            for old in [old for old in self._held if old.is_closed()]:
                del self._held[old]
            self._held[loop] = (thing, guard)
        # INVARIANT: the first step of the guard doesn't wait, so no other task comes between; from here on the
        # loop knows the guard as a started asynchronous generator, and closes it when it shuts down.
        await anext(guard)
        return thing

    async def close(self) -> None:
        """Close those of the running loop and of loops that run in other threads. May be called twice."""
        here = asyncio.get_running_loop()
        with self._lock:
            held = [(loop, guard) for loop, (_, guard) in self._held.items() if loop is here or loop.is_running()]
            for loop, _ in held:
                del self._held[loop]
        for loop, guard in held:
            if loop is here:
                await guard.aclose()
            else:
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_finish(guard), loop))


async def _finish(guard: AsyncGenerator[T, None]) -> None:
    await guard.aclose()
