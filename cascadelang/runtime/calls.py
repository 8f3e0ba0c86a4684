"""One call of one model: counted before it is made, timed, tried again, told as events, billed.

Takes: a `Target` (who), a `Request` (what) and the scope it is made in. Gives: the reply, or `Failed`. Guarantees:

- Every `within` around is asked before the call, with the most that all its attempts can cost, and what doesn't fit
  isn't made.
- A prompt that the provider counts as longer than the model's declared context isn't sent: ``context_length``.
- All attempts and the waits between them happen within the request's ``timeout_s``, or what a ``within`` has left of
  it. A call that such a ``within`` cut short ends as ``over_budget``, not as ``timeout``.
- What a provider sets up before its first call (`Preparing`) is no part of the call, and takes as long as it takes.
- Once a piece of the answer went to the caller, the call isn't tried again.
- An attempt that failed is billed with the usage its provider stated. Where there is none and the attempt may have
  been served (a timeout, an answer that broke off, one that can't be read), it counts at its most against ``within``,
  although the run's cost holds only what providers said was used. Only what was surely refused counts nothing.
- Nothing but `asyncio.CancelledError` is raised. A provider that raises something of its own is mistaken, which no
  other rung should hide: that is a failure of kind ``policy``, with the exception kept as its cause.
- An answer that can't pass its gate any more is stopped where its provider can do that, and counts at its most
  against ``within``, for nobody says what it is billed.
- A call that is cancelled while it is on the wire is told of, with the most it can have cost.
- When it ends, however it ends, nothing of it is left running.
- A part of a run that was dropped (another answer came first) calls nothing any more.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request
from cascadelang.contracts.provider import Provider
from cascadelang.graph.cost import most_call_cost
from cascadelang.graph.wording import provider_wording
from cascadelang.runtime.billing import (
    Leave,
    Target,
    ask_leave,
    bill,
    most_tokens_of,
    set_up,
    tell_cancelled,
    tell_failed,
    too_long,
)
from cascadelang.runtime.early import can_stop, watched
from cascadelang.runtime.outcome import Failed
from cascadelang.runtime.retry import wait_before_retry
from cascadelang.runtime.streaming import read_stream, unfinished

if TYPE_CHECKING:
    from cascadelang.runtime.early import Early
    from cascadelang.runtime.guard import Guard
    from cascadelang.runtime.scope import Emit, Scope
    from cascadelang.runtime.state import Run

_CLOCK_SLACK_S: Final = 0.02
"""How much before the end of a ``within`` a provider's own timer may go off."""


async def place_call(  # noqa: PLR0917 - all that a call hangs on
    run: Run,
    target: Target,
    request: Request,
    scope: Scope,
    most_input: int | None = None,
    early: Early | None = None,
) -> Reply | Failed:
    """Make the call, if it fits.

    Args:
        run: the run it is part of.
        target: who is called.
        request: what is asked; its ``timeout_s`` is for all attempts together.
        scope: its budget, who takes the pieces of a streamed answer, and the paid gates that will judge it.
        most_input: the most input tokens of the request, where that is known otherwise than by counting it.
        early: may end the answer while it is generated, and says so then; the reply is the beginning of one.
    """
    if _is_over(run):
        raise asyncio.CancelledError  # a provider swallowed the cancellation of this part, and nothing must follow
    try:
        provider = run.around.providers[target.provider]
        prepare = getattr(provider, "prepare", None)
        if prepare is not None:
            await set_up(run, prepare, request.model, scope.budget)
    except Exception as error:  # noqa: BLE001 - providers are made when they are first needed, and may not come to be
        return _unmade(run, target, request, error)
    if target.context is not None:
        long = await too_long(run, target, request, provider, target.context)
        if long is not None:
            return long
    leave: Leave | None = None
    if scope.budget is not None:
        asked = await ask_leave(run, target, request, provider, scope, most_input)
        if isinstance(asked, Failed):
            return asked
        leave = asked
        request = asked.request
    if early is not None and not can_stop(provider, request):
        early = None
    guard = run.guard()
    guard.arm(request.timeout_s)
    try:
        return await _attempt(run, target, request, provider, scope.emit, leave, guard, early)
    finally:
        guard.disarm()
        if leave is not None and scope.budget is not None:
            scope.budget.settle(leave.reserved_usd, leave.spent_usd)


async def _attempt(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one loop, on the hot path
    run: Run,
    target: Target,
    request: Request,
    provider: Provider,
    emit: Emit | None,
    leave: Leave | None,
    guard: Guard,
    early: Early | None = None,
) -> Reply | Failed:
    """Attempts, until one is answered or none is left."""
    now_s = run.now_s
    begun_s = now_s()
    deadline_s = begun_s + request.timeout_s
    attempt = 1
    while True:
        if leave is not None:
            leave.spent_usd += leave.each_usd  # until it is known to be less, also when it is cancelled
        try:
            if early is not None:
                reply = await watched(target.model, provider, request, early)
            elif emit is None:
                reply = await provider.send(request)
            else:
                reply = await _stream(run, target, provider, request, emit)
        except CallFailed as raised:
            failed = raised
        except asyncio.CancelledError:
            if not guard.caught():
                held_usd = _held(target, request, leave)
                tell_cancelled(run, target, request, attempt, now_s() - begun_s, held_usd)
                raise
            failed = CallFailed("timeout", f"`{target.model}` gave no answer within {_seconds(request.timeout_s)}")
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, a run ends in words
            words = f"the provider `{provider_wording(target.provider)}` broke, a mistake in its adapter"
            failed = CallFailed("policy", words, maybe_billed=True)
            failed.__cause__ = error
        else:
            stop = None if early is None else early.stop
            held_usd = None if stop is None else _held(target, request, leave)
            cost_usd = bill(run, target, request, reply, attempt, now_s() - begun_s, stop, held_usd)
            if stop is not None:
                return reply  # what it is billed nobody says: against `within` it counts at its most
            if leave is not None:
                leave.spent_usd += cost_usd - leave.each_usd
            return reply
        ended_s = now_s()
        ended = _failed(run, target, request, leave, failed, attempt, ended_s - begun_s, deadline_s)
        if attempt > target.retry or run.streamed or ended.budget is not None or _is_over(run):
            return ended
        wait_s = wait_before_retry(failed, attempt, deadline_s - ended_s, run.rng)
        if wait_s is None:
            return ended
        attempt += 1
        data = {"model": target.model, "attempt": attempt, "wait_s": round(wait_s, 6), "because": failed.kind}
        run.tell("retry", target.node, data)
        try:
            await run.around.clock.sleep(wait_s)
        except asyncio.CancelledError:
            if not guard.caught():
                raise
            return ended
        begun_s = now_s()
        if begun_s >= deadline_s:
            return ended
        request = replace(request, timeout_s=deadline_s - begun_s)


def _is_over(run: Run) -> bool:
    """Whether this is a part of a run that was dropped, which a provider may not have let it know."""
    return run.parent is not None and bool(run.why_dropped())


def _failed(  # noqa: PLR0917 - one step of `_attempt`
    run: Run,
    target: Target,
    request: Request,
    leave: Leave | None,
    failed: CallFailed,
    attempt: int,
    latency_s: float,
    deadline_s: float,
) -> Failed:
    """What a failed attempt comes to: told, counted, and as a failure of the run."""
    cut = None if leave is None else leave.cut
    late = cut is not None and failed.kind == "timeout" and run.now_s() >= deadline_s - _CLOCK_SLACK_S
    held_usd: float | None = None
    if failed.usage is None and (failed.maybe_billed or run.streamed):
        held_usd = _held(target, request, leave)
    elif leave is not None:
        leave.spent_usd -= leave.each_usd
    if late and cut is not None:
        ended = Failed("over_budget", f"`{cut.text}` ended while `{target.model}` was answering", target.model, cut)
    else:
        ended = Failed(failed.kind, failed.message, target.model)
    ended.cause = failed.__cause__ or failed
    cost_usd = tell_failed(run, target, request, ended.kind, failed, attempt, latency_s, held_usd)
    if leave is not None:
        leave.spent_usd += cost_usd
    return ended


def _held(target: Target, request: Request, leave: Leave | None) -> float | None:
    """The most that an attempt whose usage nobody told can have cost."""
    if target.price is None:
        return None
    each_usd = 0.0 if leave is None else leave.each_usd
    return each_usd or most_call_cost(target.price, most_tokens_of(request), request.max_tokens)


def _seconds(timeout_s: float) -> str:
    """A timeout as people say it: what a ``within`` has left is never round."""
    return f"{round(timeout_s, 2 if timeout_s >= 0.1 else 4):g} s"


async def _stream(run: Run, target: Target, provider: Provider, request: Request, emit: Emit) -> Reply:
    """One attempt, its pieces handed on as they come.

    Raises:
        CallFailed: as the provider.
    """

    def hand_on(piece: Delta) -> bool:
        if not run.streamed:
            run.streamed = True
            run.tell("stream", target.node, {"model": target.model})
        emit(piece.text)
        return False

    reply = await read_stream(provider, request, hand_on)
    if reply is None:
        raise unfinished(target.model)
    return reply


def _unmade(run: Run, target: Target, request: Request, error: Exception) -> Failed:
    """The provider can't be had at all: its key is missing, say."""
    if isinstance(error, CallFailed):
        failed = error
    elif isinstance(error, KeyError):
        failed = CallFailed("policy", f"there is no provider `{provider_wording(target.provider)}`")
    else:
        failed = CallFailed("policy", f"the provider `{provider_wording(target.provider)}` could not be set up")
        failed.__cause__ = error
    tell_failed(run, target, request, failed.kind, failed, 1, 0.0, None)
    return Failed(failed.kind, failed.message, target.model, None, failed.__cause__ or failed)
