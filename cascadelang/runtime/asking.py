"""Choosing where a model has to be asked first.

Takes: a choice that may need the value of a paid signal. Gives: the choice, once the signals it needs are known.
Guarantees: a signal is asked only when something needs it, and what it said holds for the rest of the run; a call
that fails or doesn't fit leaves it unknown, with the reason; ``auth``, ``bad_request`` and ``policy`` end the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.contracts.signal import PaidSignal
from cascadelang.runtime.outcome import Failed
from cascadelang.runtime.paid import PaidCalls, as_raised, ends_run
from cascadelang.runtime.sight import Pending

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run

T = TypeVar("T")


class Asker:
    """Asks the paid signals of one node."""

    __slots__ = ("_calls", "_signals")

    def __init__(self, calls: PaidCalls, signals: Mapping[str, PaidSignal]) -> None:
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
        refused: Failed | None = None

        async def call(name: str, request: Request) -> Reply:
            nonlocal refused
            outcome = await self._calls.make(run, name, request, budget)
            if isinstance(outcome, Failed):
                refused = outcome
                raise as_raised(outcome) from outcome.cause
            return outcome

        try:
            finding = await self._signals[use].read_paid(run.query, call)
        except CallFailed as failed:
            if ends_run(failed):
                return refused or Failed(failed.kind, failed.message, "", None, failed)
            finding = Finding(None, failed.message)
        except Exception:  # noqa: BLE001 - a signal that breaks its promise is unknown, whatever it raised
            finding = Finding(None, "it broke while reading the query, which is a mistake in the signal")
        run.signals[use] = finding
        return None

    async def most_usd(self, run: Run, budget: Budget | None) -> float | None:
        """The most that asking what isn't known yet can cost; ``None`` when a price isn't known."""
        total = 0.0
        for use, signal in self._signals.items():
            if use in run.signals:
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


async def settled(asker: Asker | None, run: Run, budget: Budget | None, choose: Callable[[], T]) -> T | Failed:
    """What ``choose`` comes to, as `Asker.settle`; without an asker it needs nothing that has to be asked."""
    return choose() if asker is None else await asker.settle(run, budget, choose)
