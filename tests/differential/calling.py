"""Calls, naively: one model is asked, with all its attempts, if every ``within`` around has room for it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from behaviours import Play, failure_of, input_tokens, reply_of
from outcomes import Answer, Around, Asked, Failing, Limit, Told
from timeline import Beaten, Strand, Timeline
from truth import key_of

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Message, Query, Reply, Request, Usage
from cascadelang.semantics.checked import CheckedPolicy, ModelInfo, Symbol

TRIED_AGAIN = ("rate_limit", "timeout", "connection", "server")
ROUNDING_USD = 1e-12


class Calling:
    """The part of a run that asks models."""

    checked: CheckedPolicy
    query: Query
    play: Play
    seed: int
    dice: random.Random
    told: Told
    streamed: bool
    asked: dict[str, Any]
    time: Timeline
    strand: Strand

    def call(self, symbol: Symbol, around: Around) -> Answer:
        model = self.checked.models[id(symbol.decl)]
        own = {**vars(model), **around.settings}
        system = [own["system"], *(m.text for m in self.query.messages if m.role == "system")]
        request = Request(
            model=model.id,
            messages=tuple(m for m in self.query.messages if m.role != "system") + around.carried,
            system="\n\n".join(text for text in system if text) if own["system"] else "\n\n".join(system[1:]),
            max_tokens=own["max_tokens"],
            temperature=own["temperature"],
            top_p=own["top_p"],
            seed=self.seed if own["seed"] is None else own["seed"],
            stop=tuple(own["stop"]),
            effort=own["effort"],
            logprobs=around.logprobs,
            timeout_s=own["timeout_s"],
        )
        retry = model.retry if around.retry is None else around.retry
        return Answer(self.place(model, request, around), Asked(model, request, retry))

    def place(self, model: ModelInfo, request: Request, around: Around) -> Reply:
        """One call with all its attempts, if every ``within`` around has room for it."""
        retry = model.retry if around.retry is None else around.retry
        whole_s = request.timeout_s
        cut, request = self.time_left(request, around)
        each_usd = self.money_left(model, request, around, retry, whole_s)
        most_usd, spent = each_usd * tries(retry, request.timeout_s), Limit(None, None)
        self.pay(around, most_usd)  # set aside, so that who goes on beside this can't spend it
        try:
            return self.place_all(model, request, replace(around, limits=(spent,)), retry, cut, each_usd)
        finally:
            self.pay(around, spent.taken_usd - most_usd)

    def place_all(  # noqa: PLR0917 - the second half of `place`
        self, model: ModelInfo, request: Request, around: Around, retry: int, cut: Limit | None, each_usd: float
    ) -> Reply:
        """The attempts."""
        told = self.told
        if request.purpose == "answer":
            told.path.append(model.id)
        over_s = self.time.at_s + request.timeout_s
        for attempt in range(1, retry + 2):
            reply, failed = self.attempt(model, request, around, each_usd)
            if reply is not None:
                return reply
            failing = Failing(failed.kind)
            if cut is not None and failed.kind == "timeout" and self.time.at_s >= over_s - 0.02:
                failing = Failing("over_budget", cut)
            if failing.kind not in TRIED_AGAIN or attempt > retry or self.streamed:
                raise failing
            wait_s = whole_wait_s(attempt) * (0.5 + 0.5 * self.dice.random())
            wait_s = max(wait_s, failed.retry_after_s or 0.0)
            if wait_s >= over_s - self.time.at_s:
                raise failing
            self.time.sleep(self.strand, wait_s)
            request = replace(request, timeout_s=over_s - self.time.at_s)
        raise AssertionError("the last attempt ends the call")

    def time_left(self, request: Request, around: Around) -> tuple[Limit | None, Request]:
        """The request with no more time than the limits around have, and the limit that cut it."""
        soonest = around.soonest()
        if soonest is None:
            return None, request
        left_s = soonest.until_s - self.time.at_s
        if left_s <= 0:
            raise Failing("over_budget", soonest)
        return (soonest, replace(request, timeout_s=left_s)) if left_s < request.timeout_s else (None, request)

    def money_left(self, model: ModelInfo, request: Request, around: Around, retry: int, whole_s: float) -> float:
        """The most that an attempt can cost, if all of them fit, with what judging the answer can cost."""
        if all(limit.usd is None for limit in around.limits):
            return 0.0
        each_usd = dollars(model, Usage(input_tokens(request), request.max_tokens))
        for limit in around.limits:
            if limit.usd is None:  # what a judge in a limit of time costs needn't be known
                continue
            most_usd = each_usd * tries(retry, request.timeout_s)
            most_usd += self.judging_usd(request.max_tokens, around, limit)
            most_usd += self.further(around, limit) * each_usd * tries(retry, whole_s)
            if limit.taken_usd + most_usd > limit.usd + ROUNDING_USD:
                raise Failing("over_budget", limit)
        return each_usd

    def attempt(
        self, model: ModelInfo, request: Request, around: Around, each_usd: float
    ) -> tuple[Reply, None] | tuple[None, CallFailed]:
        """What the model does, billed."""
        turn = self.play.next(request, self.time.at_s)
        late = turn.latency_s > request.timeout_s
        try:
            self.time.sleep(self.strand, min(turn.latency_s, request.timeout_s))
        except Beaten:
            self.pay(around, each_usd)  # nobody says what was used
            raise
        if not late and not turn.error:
            reply = reply_of(turn, request)
            self.streamed = self.streamed or (around.streams and bool(reply.text))
            self.pay(around, self.bill(model, reply.usage))
            return reply, None
        failed = CallFailed("timeout", "too slow") if late else failure_of(turn, request)
        if not isinstance(failed, CallFailed):
            failed = CallFailed("policy", "a provider that is mistaken", maybe_billed=True)
        self.streamed = self.streamed or (around.streams and not late and getattr(turn, "pieces", 0) > 0)
        if failed.usage is not None:
            self.pay(around, self.bill(model, failed.usage))
        elif failed.maybe_billed or self.streamed:
            self.pay(around, each_usd)
        return None, failed

    def further(self, around: Around, limit: Limit) -> int:
        """How often the model may have to answer again, inside the limit."""
        sampled = [call for call, beside in around.gates if call.spec.samples and limit in beside.limits]
        return sum(call.args[call.spec.samples] - 1 for call in sampled)

    def judging_usd(self, answer_tokens: int, around: Around, limit: Limit) -> float:
        """The most that those of the paid checks to come can cost that are inside the limit."""
        total = 0.0
        for call, beside in around.gates:
            if key_of(call) in self.asked:
                continue
            quoted = 0 if call.kind == "signal" or call.spec.plain else 2 * answer_tokens
            for symbol in call.args.values():
                if isinstance(symbol, Symbol) and limit in beside.limits:
                    model = self.checked.models[id(symbol.decl)]
                    request = Request("", (Message("user", ""),), "instructions")
                    if call.spec.plain:
                        request = plain(Request("", self.query.messages), model)
                    asked = input_tokens(request) + quoted
                    retry = model.retry if beside.retry is None else beside.retry
                    total += tries(retry, model.timeout_s) * dollars(model, Usage(asked, model.max_tokens))
        return total

    def bill(self, model: ModelInfo, usage: Usage) -> float:
        told = self.told
        told.tokens[0] += usage.input_tokens
        told.tokens[1] += usage.output_tokens
        told.tokens[2] += usage.cached_tokens
        if model.price is None:
            told.cost_usd = None
            return 0.0
        usd = dollars(model, usage)
        told.cost_usd = None if told.cost_usd is None else told.cost_usd + usd
        return usd

    def pay(self, around: Around, usd: float) -> None:
        for limit in around.limits:
            limit.taken_usd += usd


def plain(asked: Request, model: ModelInfo) -> Request:
    """The query itself, as the model is asked it."""
    texts = [model.system, *(m.text for m in asked.messages if m.role == "system")]
    messages = tuple(m for m in asked.messages if m.role != "system")
    return replace(asked, messages=messages, system="\n\n".join(text for text in texts if text))


def judging(asked: Request, model: ModelInfo, seed: int) -> Request:
    """A judge's request with what its model's declaration says."""
    if asked.purpose == "sample":
        asked = replace(asked, system="\n\n".join(text for text in (model.system, asked.system) if text))
    return replace(
        asked,
        model=model.id,
        max_tokens=model.max_tokens,
        temperature=model.temperature,
        seed=seed if model.seed is None else model.seed,
        timeout_s=model.timeout_s,
        logprobs=0 if asked.purpose == "ask" else asked.logprobs,
    )


def whole_wait_s(attempt: int) -> float:
    return min(20.0, 0.5 * 2.0 ** (attempt - 1))


def tries(retry: int, timeout_s: float) -> int:
    """How often a call can be tried before its time is over, if every wait is half of the whole."""
    waits_s = [sum(whole_wait_s(n) * 0.49 for n in range(1, attempt)) for attempt in range(1, retry + 2)]
    return sum(waited_s < timeout_s for waited_s in waits_s)


def dollars(model: ModelInfo, usage: Usage) -> float:
    """By prices that are the same for every token in, and for every token out."""
    if model.price is None:
        raise AssertionError("lint lets no unknown price into a limit")
    return (float(model.price.input) * usage.input_tokens + float(model.price.output) * usage.output_tokens) / 1e6
