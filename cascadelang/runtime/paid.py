"""The calls of checks and signals: a request of theirs, filled in from the model's declaration, and made.

Takes: a declared model, what a check or signal asks of it, the settings around. Gives: the request and the reply.
Guarantees: what the asker left open comes from the model's declaration, or for a seed from the run; ``retry`` around
holds for these calls, ``with`` doesn't, for settings made for answers (``max_tokens: 20``) would break verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.failure import ENDING, CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.graph import model as g
from cascadelang.graph.cost import is_free, most_call_cost, most_judged_tokens
from cascadelang.graph.limits import most_attempts
from cascadelang.runtime.billing import Target, most_input_tokens, set_up
from cascadelang.runtime.calls import place_call
from cascadelang.runtime.outcome import Failed
from cascadelang.runtime.scope import Scope

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run

_PLAIN: Final = Request(model="", messages=())


class PaidCalls:
    """Makes the calls of one node's checks and signals.

    Attributes:
        models: those the policy declares.
    """

    __slots__ = ("_node", "_retry", "models")

    def __init__(self, node: str, models: Mapping[str, g.ModelSpec], retry: int | None) -> None:
        self._node = node
        self.models = models
        self._retry = retry

    async def make(
        self, run: Run, name: str, asked: Request, budget: Budget | None, most_input: int | None = None
    ) -> Reply | Failed:
        """Call the declared model of that name."""
        spec = self.models.get(name)
        if spec is None:
            what = "signal" if asked.purpose == "ask" else "check"
            return Failed("policy", f"a {what} asks the model `{name}`, which the policy doesn't declare")
        if asked.embed and not _embeds(run, spec.provider):
            return Failed("policy", f"`{name}` is of a provider that gives no embeddings: only `openai` does")
        target = Target(self._node, name, spec.id, spec.provider, spec.price, self._retry_of(spec), spec.context)
        return await place_call(run, target, filled(spec, asked, run.seed), Scope(budget), most_input)

    async def most_usd(
        self, run: Run, requests: Mapping[str, Request], answer_tokens: int, budget: Budget | None
    ) -> float | None:
        """The most that these requests can cost beside an answer of so many tokens; ``None``: a price isn't known.

        A priced model is set up first, so that its provider can count, as it will when it is called.
        """
        total = 0.0
        for name, asked in requests.items():
            spec = self.models.get(name)
            if spec is None:
                continue
            if spec.price is None:
                return None
            if is_free(spec.price):
                continue
            request = filled(spec, asked, run.seed)
            try:
                provider = run.around.providers[spec.provider]
            except Exception:  # noqa: BLE001, S112 - then it can't be called either, which costs nothing
                continue
            prepare = getattr(provider, "prepare", None)
            if prepare is not None:
                with suppress(Exception):  # the call says what is wrong; until then there is the bound
                    await set_up(run, prepare, request.model, budget)
            tokens = await most_input_tokens(provider, request)
            if asked.purpose != "sample":  # what asks the query itself holds nothing of the answer
                tokens = most_judged_tokens(tokens, answer_tokens)
            total += most_attempts(self._retry_of(spec), request.timeout_s) * most_call_cost(
                spec.price, tokens, request.max_tokens
            )
        return total

    def _retry_of(self, spec: g.ModelSpec) -> int:
        return spec.retry if self._retry is None else self._retry


def filled(spec: g.ModelSpec, asked: Request, seed: int | None) -> Request:
    """A request with the model's own declaration, or the run's seed, where it was left open."""
    own_seed = seed if spec.seed is None else spec.seed
    logprobs = asked.logprobs
    if logprobs is None and asked.purpose == "ask" and spec.can is not None and "logprobs" in spec.can:
        logprobs = 0  # how sure it is, where asking for it is known to do no harm
    system = asked.system or spec.system
    json_mode = asked.json_mode
    if asked.purpose == "sample":  # an answer to the query itself, asked as a `CallNode` is
        system = "\n\n".join(text for text in (spec.system, asked.system) if text)
        json_mode = asked.json_mode and (spec.can is None or "json" in spec.can)
    return Request(
        model=asked.model or spec.id,
        messages=asked.messages,
        system=system,
        max_tokens=spec.max_tokens if asked.max_tokens == _PLAIN.max_tokens else asked.max_tokens,
        temperature=spec.temperature if asked.temperature is None else asked.temperature,
        top_p=spec.top_p if asked.top_p is None else asked.top_p,
        seed=own_seed if asked.seed is None else asked.seed,
        stop=asked.stop or tuple(spec.stop),
        effort=spec.effort if asked.effort is None else asked.effort,
        json_schema=asked.json_schema,
        json_mode=json_mode,
        logprobs=logprobs,
        tools=asked.tools,
        timeout_s=spec.timeout_s if asked.timeout_s == _PLAIN.timeout_s else asked.timeout_s,
        purpose="judge" if asked.purpose == "answer" else asked.purpose,
        embed=asked.embed,
    )


def _embeds(run: Run, provider: str) -> bool:
    """Whether a provider can be asked for vectors; one that can't be had says so when it is called."""
    try:
        return bool(getattr(run.around.providers[provider], "embeds", False))
    except Exception:  # noqa: BLE001 - whatever making it raises, the call raises again
        return True


def as_raised(failed: Failed) -> CallFailed:
    """A failure as a check or signal sees it."""
    raised = CallFailed(failed.kind, failed.message)
    raised.__cause__ = failed.cause
    return raised


def ends_run(failed: CallFailed) -> bool:
    """Whether a failed call of a check or signal is a mistake that ends the run, rather than leaves it unknown."""
    return failed.kind in ENDING
