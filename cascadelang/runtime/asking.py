"""Choosing where a model has to be asked first, or something computed that takes its time.

Takes: a choice that may need the value of a paid or a slow signal. Gives: the choice, once the signals it needs are
known. Guarantees: a signal is asked only when something needs it, and what it said holds for the rest of the run; a
call that fails or doesn't fit leaves it unknown, with the reason; ``auth``, ``bad_request`` and ``policy`` end the
run; the event loop goes on while a slow signal is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.contracts.signal import PaidSignal, SlowSignal
from cascadelang.embedding.off_loop import off_loop
from cascadelang.runtime.outcome import Failed
from cascadelang.runtime.paid import PaidCalls, as_raised, ends_run
from cascadelang.runtime.sight import Pending

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run

T = TypeVar("T")

BROKE = Finding(None, "it broke while reading the query, which is a mistake in the signal")
"""What a signal that breaks its promise comes to."""


class Asker:
    """Asks the paid signals of one node, and reads its slow ones."""

    __slots__ = ("_calls", "_signals")

    def __init__(self, calls: PaidCalls, signals: Mapping[str, PaidSignal | SlowSignal]) -> None:
        self._calls = calls
        self._signals = signals

    async def settle(self, run: Run, budget: Budget | None, choose: Callable[[], T]) -> T | Failed:
        """What ``choose`` comes to, asking what it needs on the way; a failure when that ends the run."""
        while True:
            try:
                return choose()
            except Pending as pending:
                failed = await self.ask(run, pending.use, budget)
                if failed is not None:
                    return failed

    async def ask(self, run: Run, use: str, budget: Budget | None) -> Failed | None:
        """Ask one signal, and keep what it said with the run; gives the failure that ends the run, if one does."""
        signal = self._signals[use]
        if not hasattr(signal, "read_paid"):
            run.signals[use] = await _read_slow(run, signal, budget)
            return None
        refused: Failed | None = None

        async def call(name: str, request: Request) -> Reply:
            nonlocal refused
            outcome = await self._calls.make(run, name, request, budget)
            if isinstance(outcome, Failed):
                refused = outcome
                raise as_raised(outcome) from outcome.cause
            return outcome

        try:
            finding = await signal.read_paid(run.query, call)
        except CallFailed as failed:
            if ends_run(failed):
                return refused or Failed(failed.kind, failed.message, "", None, failed)
            finding = Finding(None, failed.message)
        except Exception:  # noqa: BLE001 - a signal that breaks its promise is unknown, whatever it raised
            finding = BROKE
        run.signals[use] = finding
        return None

    async def most_usd(self, run: Run, budget: Budget | None) -> float | None:
        """The most that asking what isn't known yet can cost; ``None`` when a price isn't known."""
        total = 0.0
        for use, signal in self._signals.items():
            if use in run.signals or not hasattr(signal, "requests"):
                continue
            try:
                requests = signal.requests(run.query)
            except Exception:  # noqa: BLE001, S112 - the call itself is counted again, and exactly
                continue
            usd = await self._calls.most_usd(run, requests, 0, budget)
            if usd is None:
                return None
            total += usd
        return total


async def _read_slow(run: Run, signal: SlowSignal, budget: Budget | None) -> Finding:
    """Read a signal beside the event loop; what preparing it takes is nobody's time.

    Where time goes on only while everybody waits, it is read in place: a thread is nobody who could be waited for.
    """
    in_place = isinstance(run.around.clock, VirtualClock)
    try:
        if in_place:
            return signal.read(run.query)
        if not signal.ready:
            begun_s = run.now_s()
            await off_loop(signal.prepare)
            if budget is not None:
                budget.put_off(run.now_s() - begun_s)
        return await off_loop(partial(signal.read, run.query))
    except Exception:  # noqa: BLE001 - a signal that breaks its promise is unknown, whatever it raised
        return BROKE


async def settled(asker: Asker | None, run: Run, budget: Budget | None, choose: Callable[[], T]) -> T | Failed:
    """What ``choose`` comes to, as `Asker.settle`; without an asker it needs nothing that has to be asked."""
    return choose() if asker is None else await asker.settle(run, budget, choose)
