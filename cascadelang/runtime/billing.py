"""What a call can cost before it is made and did cost after, and the events that say so.

Takes: a target, a request, a reply or failure. Gives: token bounds, leave to call, dollars, events. Guarantees: leave
is given only for what fits every `within` around, and what it reserves is settled with what was spent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.estimate import most_tokens
from cascadelang.contracts.failure import CallFailed, FailureKind
from cascadelang.contracts.messages import Reply, Request, Usage
from cascadelang.contracts.price import Price
from cascadelang.contracts.provider import Provider
from cascadelang.graph.cost import cost_of, most_call_cost
from cascadelang.graph.limits import MESSAGE_TOKENS, most_attempts
from cascadelang.runtime.outcome import Failed

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget, Later
    from cascadelang.runtime.early import Stop
    from cascadelang.runtime.scope import Scope
    from cascadelang.runtime.state import Run

IMAGE_TOKENS: Final = 49_000
"""The most one image is known to count: gpt-4o-mini in full detail, 2,833 + 8 tiles of 5,667 (OpenAI's documentation
of image inputs). A model that counts fewer is refused a little early, none too late."""


class Target:
    """Who is called: the policy's name of the model, where it is, what it costs, and how often it is tried again.

    ``context`` is the most tokens it holds, where the policy says so; ``call`` names the call with its settings, the
    same in every process that runs the policy.
    """

    __slots__ = ("call", "context", "id", "model", "node", "price", "provider", "retry")

    def __init__(  # noqa: PLR0917 - as the graph has them
        self,
        node: str,
        model: str,
        id_: str,
        provider: str,
        price: Price | None,
        retry: int,
        context: int | None = None,
        call: str = "",
    ) -> None:
        self.call = call
        self.node = node
        self.model = model
        self.id = id_
        self.provider = provider
        self.price = price
        self.retry = retry
        self.context = context


class Leave:
    """Leave to make one call.

    Attributes:
        request: the request, its timeout cut to what a `within` has left.
        cut: the budget whose time cut it, if one did.
        each_usd: the most one attempt can cost.
        most_input: the most input tokens it can have.
        reserved_usd: set aside for all attempts.
        spent_usd: what the attempts count so far: what was used, and the most of one that may have been.
    """

    __slots__ = ("cut", "each_usd", "most_input", "request", "reserved_usd", "spent_usd")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.cut: Budget | None = None
        self.each_usd = 0.0
        self.most_input = 0
        self.reserved_usd = 0.0
        self.spent_usd = 0.0


async def set_up(run: Run, prepare: Callable[[str], Awaitable[None]], model: str, budget: Budget | None) -> None:
    """Have a model set up by its provider (`Preparing.prepare`); the time it takes is nobody's.

    Raises:
        CallFailed: when it can't be set up.
    """
    begun_s = run.now_s()
    await prepare(model)
    if budget is not None:
        budget.put_off(run.now_s() - begun_s)


async def ask_leave(  # noqa: C901, PLR0917 - one step of `place_call`
    run: Run, target: Target, request: Request, provider: Provider, scope: Scope, most_input: int | None = None
) -> Leave | Failed:
    """Ask every budget around for leave to make the call with all its attempts, and set aside what it can cost.

    The judging of the answer, as far as it is paid, has to fit what is around the judge as well; it isn't set aside,
    for it comes after.
    ``most_input`` is a bound on the input tokens that is known otherwise.
    """
    budget = scope.budget
    leave = Leave(request)
    if budget is None:
        return leave
    late = _cut_time(run, target, request, leave, budget)
    if late is not None or not budget.limits_money():
        return late or leave
    most_usd: float | None = None
    later: list[Later] = []
    if target.price is not None:
        tokens = leave.most_input = await most_input_tokens(provider, request)
        if most_input is not None and most_input < tokens:
            tokens = leave.most_input = most_input
        leave.each_usd = most_call_cost(target.price, tokens, request.max_tokens)
        tries = most_attempts(target.retry, leave.request.timeout_s)
        most_usd = leave.reserved_usd = leave.each_usd * tries
        for gate, where in scope.gates:
            if where is not None:
                judging_usd = await gate.most_usd(run, request.max_tokens, where)
                if judging_usd is not None and gate.further:
                    each_usd = leave.each_usd * most_attempts(target.retry, request.timeout_s)
                    judging_usd += gate.further * each_usd
                later.append((where, judging_usd))
        late = _cut_time(run, target, request, leave, budget)
        if late is not None:
            return late
    # INVARIANT: nothing waits between here and reserving, so that calls that run at once can't overspend together.
    over = budget.refuses(most_usd, later)
    if over is not None:
        refused, most_usd = over
        left_usd = refused.left_usd or 0.0
        if most_usd is None:
            words = f"a price isn't known, so `{refused.text}` can't be kept when `{target.model}` is called"
        else:
            counted = f"{leave.most_input:,} tokens in at most, texts counted as bytes where no tokenizer is at hand"
            words = f"`{target.model}` could cost ${most_usd:.6f} ({counted})"
            words = f"{words}, and `{refused.text}` has ${left_usd:.6f} left"
        return _refuse(run, target, request, refused, {"needed_usd": most_usd, "left_usd": left_usd}, words)
    budget.reserve(leave.reserved_usd)
    return leave


def _cut_time(run: Run, target: Target, request: Request, leave: Leave, budget: Budget) -> Failed | None:
    """Give the call no more time than the budgets around have left, or refuse it when they have none."""
    soonest = budget.soonest()
    if soonest is None or soonest.deadline_s is None:
        return None
    left_s = soonest.deadline_s - run.now_s()
    if left_s <= 0:
        words = f"`{soonest.text}` was over before `{target.model}` could be called"
        return _refuse(run, target, request, soonest, {"needed_s": request.timeout_s, "left_s": 0.0}, words)
    cut = left_s < request.timeout_s
    leave.cut = soonest if cut else None
    leave.request = replace(request, timeout_s=left_s) if cut else request
    return None


def _refuse(  # noqa: PLR0917 - all of it goes into one event
    run: Run, target: Target, request: Request, budget: Budget, figures: dict[str, Any], words: str
) -> Failed:
    """The call isn't made."""
    data = {"model": target.model, "purpose": request.purpose, "because": "over_budget", "within": budget.node}
    run.tell("skip", target.node, {**data, **figures})
    return Failed("over_budget", words, target.model, budget)


async def too_long(run: Run, target: Target, request: Request, provider: Provider, context: int) -> Failed | None:
    """The failure of a prompt that is certain to be over the model's context; ``None`` where it isn't certain."""
    if most_tokens_of(request) <= context:
        return None
    try:
        tokens = await provider.count_tokens(request)
    except Exception:  # noqa: BLE001 - who can't count says nothing, and the provider will
        tokens = None
    if tokens is None or tokens <= context:
        return None
    words = f"the prompt has {tokens:,} tokens, and `{target.model}` holds {context:,}"
    failed = CallFailed("context_length", words)
    tell_failed(run, target, request, failed.kind, failed, 1, 0.0, None)
    return Failed(failed.kind, words, target.model, None, failed)


async def most_input_tokens(provider: Provider, request: Request) -> int:
    """The most input tokens the provider can count for a request: exact where it knows, else a bound."""
    try:
        exact = await provider.count_tokens(request)
    except Exception:  # noqa: BLE001 - a tokenizer that stumbles leaves us with the bound
        exact = None
    return most_tokens_of(request) if exact is None else exact


def most_tokens_of(request: Request) -> int:
    """More input tokens than this no provider counts for a request: texts in bytes, and what is put around them."""
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


def bill(  # noqa: PLR0917 - the hot path
    run: Run,
    target: Target,
    request: Request,
    reply: Reply,
    attempt: int,
    latency_s: float,
    stop: Stop | None = None,
    held_usd: float | None = None,
) -> float:
    """Count a reply's tokens and dollars, tell of it, and give the dollars."""
    data: dict[str, Any] = {
        "model": target.model,
        "purpose": request.purpose,
        "attempt": attempt,
        "finish_reason": reply.finish_reason,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": None,
        "latency_s": round(latency_s, 6),
    }
    cost_usd = _count(run, target, reply.usage, data)
    if reply.model != target.id:
        data["id"] = reply.model
    if request.embed:
        data["embed"] = True
    if reply.logprobs:
        data["mean_logprob"] = round(sum(token.logprob for token in reply.logprobs) / len(reply.logprobs), 6)
    if stop is not None:
        data["stopped"] = {"by": stop.by, "because": stop.verdict.reason, "after_tokens": stop.after_tokens}
        if held_usd:
            data["held_usd"] = held_usd
    if run.around.keep_text:
        data["text"] = reply.text
    run.tell("call", target.node, data)
    return cost_usd


def _count(run: Run, target: Target, usage: Usage, data: dict[str, Any]) -> float:
    """Add a usage to the run's sums and to an event's data; give its dollars, 0 where the price isn't known."""
    data["input_tokens"] = usage.input_tokens
    data["output_tokens"] = usage.output_tokens
    run.input_tokens += usage.input_tokens
    run.output_tokens += usage.output_tokens
    if usage.cached_tokens:
        run.cached_tokens += usage.cached_tokens
        data["cached_tokens"] = usage.cached_tokens
    if usage.estimated:
        data["estimated"] = run.estimated = True
    if target.price is None:
        run.unpriced = True
        data["cost_usd"] = None
        return 0.0
    cost_usd = data["cost_usd"] = cost_of(target.price, usage)
    run.cost_usd += cost_usd
    return cost_usd


def tell_failed(  # noqa: PLR0917 - all of it goes into one event
    run: Run,
    target: Target,
    request: Request,
    kind: FailureKind,
    failed: CallFailed,
    attempt: int,
    latency_s: float,
    held_usd: float | None,
) -> float:
    """Tell of an attempt that failed, count what the provider says it bills for it, and give those dollars."""
    data: dict[str, Any] = {
        "model": target.model,
        "purpose": request.purpose,
        "attempt": attempt,
        "kind": kind,
        "message": failed.message,
        "latency_s": round(latency_s, 6),
    }
    if request.embed:
        data["embed"] = True
    if failed.status is not None:
        data["status"] = failed.status
    if held_usd is not None:
        data["held_usd"] = held_usd
    cost_usd = 0.0 if failed.usage is None else _count(run, target, failed.usage, data)
    run.tell("call_failed", target.node, data)
    return cost_usd


def tell_cancelled(  # noqa: PLR0917 - all of it goes into one event
    run: Run, target: Target, request: Request, attempt: int, latency_s: float, held_usd: float | None
) -> None:
    """Tell of an attempt that was on the wire when the run, or its part of it, was cancelled.

    Nobody says what was used.
    """
    data: dict[str, Any] = {
        "model": target.model,
        "purpose": request.purpose,
        "attempt": attempt,
        "kind": "cancelled",
        "message": f"{run.why_cancelled()} while `{target.model}` was answering",
        "latency_s": round(latency_s, 6),
    }
    if request.embed:
        data["embed"] = True
    if held_usd is not None:
        data["held_usd"] = held_usd
    run.tell("call_failed", target.node, data)
