"""What a policy holds open while it is used, and how that ends.

Takes: the providers, the trace sink and the kept answers of one policy. Gives: `Resources`, which also has the event
loop of synchronous runs. Guarantees: nothing is left behind, whether it is closed, its policy is gone without being
closed, or the process ends; what policies share (the processes of checks) ends with the last of them.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import contextlib
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cascadelang.contracts.trace_sink import TraceSink
from cascadelang.workspace.makers import end_workers
from cascadelang.workspace.providers import Providers

if TYPE_CHECKING:
    from cascadelang.contracts.answer_cache import AnswerCache

T = TypeVar("T")

_FORGOTTEN_S: Final = 10.0
"""How long the connections of a policy that nobody closed may take to close, seconds."""


class Resources:
    """What has to be closed: providers, the trace sink, the kept answers, and the event loop of synchronous runs."""

    def __init__(self, providers: Providers, sink: TraceSink, answers: AnswerCache | None) -> None:
        self.providers = providers
        self.sink = sink
        self.answers = answers
        self.settle: Callable[[], Coroutine[Any, Any, None]] | None = None
        """Waits for what runs beside runs that have ended, in the loop it is called in."""
        self._runner: asyncio.Runner | None = None
        self._turn = threading.Lock()
        self._closed = False
        _OPEN.add(self)

    def check_open(self) -> None:
        """Raise when it was closed."""
        if self._closed:
            raise RuntimeError("the policy was closed")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the one event loop, when it is its turn."""
        with self._turn:
            try:
                self.check_open()
                if self._runner is None:
                    self._runner = asyncio.Runner()
                # in the caller's context: whoever traces the caller sees the run as a part of it
                return self._runner.run(work, context=copy_context())
            finally:
                work.close()

    def close(self) -> None:
        """Close everything; see `Policy.close`."""
        with self._turn:
            if self in _OPEN:
                self._close(self.providers.close())

    def forget(self) -> None:
        """Have everything closed, now that the policy is gone, and wait for nothing.

        The collector calls this in whichever thread it runs, an event loop's too, and at whichever line: hence a
        thread that is started without any lock of Python's.
        """
        self._closed = True
        with contextlib.suppress(RuntimeError):  # no thread to be had: the end of the process closes it
            _thread.start_new_thread(self.close_forgotten, ())

    def close_forgotten(self) -> None:
        """As `close`, where nobody is left to be told of trouble."""
        with contextlib.suppress(Exception), self._turn:
            if self in _OPEN:
                # The loop of a connection may end before it was asked to close it.
                self._close(asyncio.wait_for(self.providers.close(), _FORGOTTEN_S))

    def _close(self, providers: Coroutine[Any, Any, None]) -> None:
        self._closed = True
        runner = self._runner or asyncio.Runner()
        self._runner = None
        try:
            with runner:
                if self.settle is not None:
                    runner.run(self.settle())
                runner.run(providers)
        finally:
            providers.close()
            self._close_answers()
            self.sink.close()
            self._closed_last()

    def _close_answers(self) -> None:
        if self.answers is not None:
            self.answers.close()

    async def aclose(self) -> None:
        """Close everything; see `Policy.aclose`."""
        self._closed = True
        if self.settle is not None:
            await self.settle()
        await self.providers.close()
        await asyncio.to_thread(self._close_rest)
        self._closed_last()

    def _closed_last(self) -> None:
        """End what policies share when this one was the last."""
        _OPEN.discard(self)
        if not _OPEN:
            end_workers()

    def _close_rest(self) -> None:
        """Wait for a synchronous run that is under way, then close its loop and the sink."""
        try:
            with self._turn:
                runner, self._runner = self._runner, None
                if runner is not None:
                    runner.close()
        finally:
            self._close_answers()
            self.sink.close()


_OPEN: Final[set[Resources]] = set()
"""What isn't closed yet."""


@atexit.register
def _close_open() -> None:
    """Close what is left at the end of the process, and wait for what is being closed."""
    for resources in list(_OPEN):
        resources.close_forgotten()
