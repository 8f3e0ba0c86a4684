"""One call of one model: counted before it is made, tried again, timed, told as events, billed.

Takes: a `Target` (who), a `Request` (what) and the budget. Gives: the reply, or `Failed`. Guarantees:

- The budget is asked before the call, with the most that all its attempts can cost, and what doesn't fit isn't made.
- All attempts and the waits between them happen within the request's ``timeout_s``, or what a ``within`` has left of
  it. A call that such a ``within`` cut short ends as ``over_budget``, not as ``timeout``.
- Once a piece of the answer went to the caller, the call isn't tried again.
- Nothing but `asyncio.CancelledError` is raised. A provider that raises something of its own is mistaken, which no
  other rung should hide: that is a failure of kind ``policy``, with the exception kept as its cause.
- When it ends, however it ends, nothing of it is left running.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.estimate import most_tokens
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request, Usage
from cascadelang.contracts.price import Price
from cascadelang.contracts.provider import Provider
from cascadelang.graph.cost import cost_of, most_call_cost
from cascadelang.runtime.guard import Guard
from cascadelang.runtime.outcome import Failed
from cascadelang.runtime.retry import wait_before_retry

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.gates import Gate
    from cascadelang.runtime.state import Emit, Run

MESSAGE_TOKENS: Final = 16
"""More than any chat format is known to add around one message (roles, separators) or around the whole."""

IMAGE_TOKENS: Final = 49_000
"""The most one image is known to count: gpt-4o-mini in full detail, 2,833 + 8 tiles of 5,667 (OpenAI's documentation
of image inputs). A model that counts fewer is refused a little early, none too late."""

_CLOCK_SLACK_S: Final = 0.02
"""How much before the end of a ``within`` a provider's own timer may go off."""


class Target:
    """Who is called: the policy's name of the model, where it is, what it costs, and how often it is tried again."""

    __slots__ = ("model", "node", "price", "provider", "retry")

    def __init__(self, node: str, model: str, provider: str, price: Price | None, retry: int) -> None:
        self.node = node
        self.model = model
        self.provider = provider
        self.price = price
        self.retry = retry


async def place_call(
    run: Run,
    target: Target,
    request: Request,
    budget: Budget | None,
    emit: Emit | None = None,
    gates: tuple[Gate, ...] = (),
) -> Reply | Failed:
    """Make the call, if it fits.

    Args:
        run: the run it is part of.
        target: who is called.
        request: what is asked; its ``timeout_s`` is for all attempts together.
        budget: the innermost ``within``.
        emit: takes the pieces of a streamed answer; ``None`` calls buffered.
        gates: the paid gates that will judge the answer, for counting.
    """
    try:
        provider = run.around.providers[target.provider]
    except CallFailed as failed:
        return _unmade(run, target, request, failed.kind, failed.message, failed)
    except KeyError:
        return _unmade(run, target, request, "policy", f"there is no provider `{target.provider}`", None)
    deadline_s = run.now_s() + request.timeout_s
    cut: Budget | None = None
    each_usd = reserved_usd = 0.0
    if budget is not None:
        soonest = budget.soonest()
        if soonest is not None and soonest.deadline_s is not None and soonest.deadline_s < deadline_s:
            left_s = soonest.deadline_s - run.now_s()
            if left_s <= 0:
                return _skip_late(run, target, request, soonest, left_s)
            cut, deadline_s = soonest, soonest.deadline_s
            request = replace(request, timeout_s=left_s)
        if budget.limits_money():
            price = target.price
            most_usd: float | None = None
            if price is not None:
                each_usd = most_call_cost(price, most_input_tokens(provider, request), request.max_tokens)
                reserved_usd = each_usd * (1 + target.retry)
                most_usd = reserved_usd
                for gate in gates:
                    gate_usd = gate.most_usd(run, request.max_tokens)
                    most_usd = None if gate_usd is None or most_usd is None else most_usd + gate_usd
            refused = budget.refuses(most_usd)
            if refused is not None:
                return _skip_dear(run, target, request, refused, most_usd)
            budget.reserve(reserved_usd)
    attempts = _Attempts(run, target, request, provider, emit, each_usd, cut, deadline_s)
    guard = Guard(request.timeout_s)
    try:
        return await attempts.make(guard)
    finally:
        guard.disarm()
        if budget is not None:
            budget.settle(reserved_usd, attempts.spent_usd)


class _Attempts:
    """The attempts of one call.

    ``spent_usd`` is what they count against the budget: what providers said was used, and the most of an attempt that
    was cut short.
    """

    __slots__ = ("cut", "deadline_s", "each_usd", "emit", "provider", "request", "run", "spent_usd", "target")

    def __init__(
        self,
        run: Run,
        target: Target,
        request: Request,
        provider: Provider,
        emit: Emit | None,
        each_usd: float,
        cut: Budget | None,
        deadline_s: float,
    ) -> None:
        self.run = run
        self.target = target
        self.request = request
        self.provider = provider
        self.emit = emit
        self.each_usd = each_usd
        self.cut = cut
        self.deadline_s = deadline_s
        self.spent_usd = 0.0

    async def make(self, guard: Guard) -> Reply | Failed:
        """All of them, until one is answered or none is left."""
        run, target, request = self.run, self.target, self.request
        attempt = 1
        while True:
            begun_s = run.now_s()
            before_usd = self.spent_usd
            self.spent_usd += self.each_usd  # until it is known to be less, also when it is cancelled
            try:
                if self.emit is None:
                    reply = await self.provider.send(request)
                else:
                    reply = await self._stream(request, self.emit)
            except CallFailed as raised:
                failed = raised
            except asyncio.CancelledError:
                if not guard.caught():
                    raise
                failed = CallFailed("timeout", f"`{target.model}` gave no answer within {request.timeout_s:g} s")
            except Exception as error:  # noqa: BLE001 - whatever an adapter raises, a run ends in words
                failed = CallFailed("policy", f"the provider `{target.provider}` broke, a mistake in its adapter")
                failed.__cause__ = error
            else:
                self.spent_usd = before_usd + _bill(run, target, request, reply, attempt, begun_s)
                return reply
            now_s = run.now_s()
            late = self.cut is not None and failed.kind == "timeout" and now_s >= self.deadline_s - _CLOCK_SLACK_S
            cut_short = failed.kind == "timeout" or run.streamed
            if not cut_short:
                self.spent_usd = before_usd
            ended = self._ended(failed, late=late)
            data = _failed_data(request, target, attempt, ended, now_s - begun_s)
            data["status"] = failed.status
            if cut_short and target.price is not None:
                data["held_usd"] = self.each_usd or _most_usd(self.provider, target.price, request)
            run.tell("call_failed", target.node, data)
            if attempt > target.retry or late or run.streamed:
                return ended
            wait_s = wait_before_retry(failed, attempt, self.deadline_s - now_s, run.rng)
            if wait_s is None:
                return ended
            attempt += 1
            data = {"model": target.model, "attempt": attempt, "wait_s": wait_s, "because": failed.kind}
            run.tell("retry", target.node, data)
            try:
                await run.around.clock.sleep(wait_s)
            except asyncio.CancelledError:
                if not guard.caught():
                    raise
                return ended
            left_s = self.deadline_s - run.now_s()
            if left_s <= 0:
                return ended
            request = replace(request, timeout_s=left_s)

    async def _stream(self, request: Request, emit: Emit) -> Reply:
        """One attempt, its pieces handed on as they come."""
        run, target = self.run, self.target
        reply: Reply | None = None
        pieces = self.provider.stream(request)
        try:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    if not run.streamed:
                        run.streamed = True
                        run.tell("stream", target.node, {"model": target.model})
                    emit(piece.text)
                else:
                    reply = piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()
        if reply is None:
            raise CallFailed("connection", f"the stream of `{target.model}` ended without its last part")
        return reply

    def _ended(self, failed: CallFailed, *, late: bool) -> Failed:
        if late and self.cut is not None:
            words = f"`{self.cut.text}` ended while `{self.target.model}` was answering"
            return Failed("over_budget", words, self.target.model, self.cut, failed)
        return Failed(failed.kind, failed.message, self.target.model, None, failed.__cause__ or failed)


def most_input_tokens(provider: Provider, request: Request) -> int:
    """The most input tokens the provider can count for a request: exact where it knows, else a bound."""
    try:
        exact = provider.count_tokens(request)
    except Exception:  # noqa: BLE001 - a tokenizer that stumbles leaves us with the bound
        exact = None
    if exact is not None:
        return exact
    total = MESSAGE_TOKENS + most_tokens(request.system)
    for message in request.messages:
        total += MESSAGE_TOKENS + most_tokens(message.text) + IMAGE_TOKENS * len(message.images)
    extra: list[Any] = [[tool.name, tool.description, tool.parameters] for tool in request.tools]
    if request.json_schema is not None:
        extra.append(request.json_schema)
    if extra:
        import json

        for each in extra:
            total += MESSAGE_TOKENS + most_tokens(json.dumps(each, default=str, ensure_ascii=False))
    return total


def _most_usd(provider: Provider, price: Price, request: Request) -> float:
    return most_call_cost(price, most_input_tokens(provider, request), request.max_tokens)


def _bill(run: Run, target: Target, request: Request, reply: Reply, attempt: int, begun_s: float) -> float:
    """Count a reply's tokens and dollars, tell of it, and give the dollars."""
    usage: Usage = reply.usage
    run.input_tokens += usage.input_tokens
    run.output_tokens += usage.output_tokens
    run.cached_tokens += usage.cached_tokens
    if usage.estimated:
        run.estimated = True
    cost_usd: float | None = None
    if target.price is None:
        run.unpriced = True
    else:
        cost_usd = cost_of(target.price, usage)
        run.cost_usd += cost_usd
    now_s = run.now_s()
    data: dict[str, Any] = {
        "model": target.model,
        "purpose": request.purpose,
        "attempt": attempt,
        "id": reply.model,
        "finish_reason": reply.finish_reason,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "estimated": usage.estimated,
        "cost_usd": cost_usd,
        "latency_s": now_s - begun_s,
    }
    if run.around.keep_text:
        data["text"] = reply.text
    if reply.logprobs:
        data["mean_logprob"] = sum(token.logprob for token in reply.logprobs) / len(reply.logprobs)
    run.tell("call", target.node, data)
    return cost_usd or 0.0


def _failed_data(request: Request, target: Target, attempt: int, failed: Failed, latency_s: float) -> dict[str, Any]:
    return {
        "model": target.model,
        "purpose": request.purpose,
        "attempt": attempt,
        "kind": failed.kind,
        "message": failed.message,
        "latency_s": latency_s,
    }


def _unmade(run: Run, target: Target, request: Request, kind: Any, message: str, cause: CallFailed | None) -> Failed:
    """The provider can't be had at all: its key is missing, say."""
    failed = Failed(kind, message, target.model, None, cause)
    data = _failed_data(request, target, 1, failed, 0.0)
    data["status"] = None if cause is None else cause.status
    run.tell("call_failed", target.node, data)
    return failed


def _skip_late(run: Run, target: Target, request: Request, budget: Budget, left_s: float) -> Failed:
    data = {
        "model": target.model,
        "purpose": request.purpose,
        "because": "over_budget",
        "within": budget.node,
        "needed_s": request.timeout_s,
        "left_s": max(0.0, left_s),
    }
    run.tell("skip", target.node, data)
    return Failed("over_budget", f"`{budget.text}` was over before `{target.model}` could be called", target.model, budget)


def _skip_dear(run: Run, target: Target, request: Request, budget: Budget, most_usd: float | None) -> Failed:
    left_usd = budget.left_usd or 0.0
    data = {
        "model": target.model,
        "purpose": request.purpose,
        "because": "over_budget",
        "within": budget.node,
        "needed_usd": most_usd,
        "left_usd": left_usd,
    }
    run.tell("skip", target.node, data)
    if most_usd is None:
        words = f"a price isn't known, so `{budget.text}` can't be kept when `{target.model}` is called"
    else:
        words = f"calling `{target.model}` could cost ${most_usd:.6f}, and `{budget.text}` has ${left_usd:.6f} left"
    return Failed("over_budget", words, target.model, budget)
