"""Checks and signals, naively: the verdict on an answer, and the value of a condition, asking models on the way."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from calling import Calling, judging, tries
from outcomes import MOVES_ON, Answer, Around, Failing, Limit
from truth import Place, Truth, key_of, number

from cascadelang.contracts import check as contract
from cascadelang.contracts.estimate import estimate_tokens, most_tokens
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Message, Reply, Request
from cascadelang.semantics.checked import BoundCall, Symbol
from cascadelang.syntax import ast
from cascadelang.workspace.makers import make_check, make_signal

if TYPE_CHECKING:
    from naive import Naive

AROUND_A_MESSAGE = 16


class Judging(Calling):
    """The part of a run that judges answers and reads signals."""

    truth: Truth

    def judge(self, answer: Answer, gate: ast.Expr, around: Around, before: Reply | None) -> Limit | None:
        """Give the answer its verdict; the ``within`` that had no room for judging it, if one hadn't."""
        try:
            value, answer.score = self.found(answer, gate, around, before)
        except Failing as failing:
            if failing.kind != "over_budget":
                raise
            answer.outcome, answer.score, answer.unknown = "failed", None, True
            return failing.limit
        answer.outcome = "passed" if value is True else "failed"
        answer.unknown = value is not True and value is not False
        return None

    def weigh(self, answer: Answer, by: ast.Expr, around: Around) -> float | None:
        """What the answer scores; nothing where that isn't known."""
        return number(self.found(answer, by, around, None)[0])

    def found(self, answer: Answer, expr: ast.Expr, around: Around, before: Reply | None) -> tuple[Any, float | None]:
        """The value of a condition over an answer, and its score; each check in it is made once."""
        made: dict[str, Any] = {}
        said = contract.Answer(self.query, answer.reply, answer.asked.model.id, before)

        def ask(call: BoundCall) -> Any:
            if call.kind == "signal":
                return self.ask_signal(call, around)
            key = key_of(call)
            if key not in made:
                if call.spec.time_limit:
                    made[key] = self.make(call, said, around)
                elif call.spec.samples:
                    made[key] = self.sample(call, answer, said, around)
                else:
                    made[key] = self.ask(call, said, around)
            return made[key]

        return self.truth.value(expr, Place(around.path, said, ask), settled=True)

    def make(self, call: BoundCall, said: contract.Answer, around: Around) -> Any:
        """What a check finds that takes time: none of a test's, but it isn't begun when a limit's time is over."""
        soonest = around.soonest()
        if soonest is not None and soonest.until_s <= self.time.at_s:
            raise Failing("over_budget", soonest)
        return done(make_check(call.spec.name, call.args).judge_timed(said)).value

    def signal(self, expr: ast.Expr, around: Around) -> Any:
        """The value of a condition over the query."""
        return self.truth.value(expr, Place(around.path, ask=lambda call: self.ask_signal(call, around)))[0]

    def ask_signal(self, call: BoundCall, around: Around) -> Any:
        """The value of a paid signal, asked once a run; unknown when its call fails, or doesn't fit."""
        key = key_of(call)
        if key not in self.asked:
            try:
                self.asked[key] = self.ask(call, None, around)
            except Failing as failing:
                if failing.kind != "over_budget":
                    raise
                self.asked[key] = None
        return self.asked[key]

    def ask(self, call: BoundCall, said: contract.Answer | None, around: Around) -> Any:
        """What a paid check or signal finds; unknown when its call fails in a way that moves on."""
        failed: list[Failing] = []
        names = {symbol.name: symbol for symbol in call.args.values() if isinstance(symbol, Symbol)}

        async def place(name: str, asked: Request) -> Reply:
            model = self.checked.models[id(names[name].decl)]
            try:
                return self.place(model, judging(asked, model, self.seed), replace(around, gates=(), streams=False))
            except Failing as failing:
                failed.append(failing)
                raise CallFailed(failing.kind, "") from None  # type: ignore[arg-type]

        args = {name: value.name if isinstance(value, Symbol) else value for name, value in call.args.items()}
        try:
            if said is None:
                signal = make_signal(call.spec.name, {**args, "scope": call.scope})
                return done(signal.read_paid(self.query, place)).value
            return done(make_check(call.spec.name, args).judge_paid(said, place)).value
        except CallFailed as raised:
            if raised.kind in MOVES_ON and raised.kind != "over_budget":
                return None
            raise failed[-1] from None

    def sample(self: Naive, call: BoundCall, answer: Answer, said: contract.Answer, around: Around) -> Any:  # type: ignore[misc]
        """What a check finds that has the model answer again; unknown when that fails in a way that moves on."""
        asked = answer.asked
        beside = replace(around, retry=asked.retry, gates=(), streams=False)
        again = [
            replace(
                asked.request,
                seed=asked.request.seed + further,
                temperature=0.7 if asked.request.temperature == 0 else asked.request.temperature,
                purpose="sample",
            )
            for further in range(1, call.args[call.spec.samples])
        ]
        replies = self.all_at_once([partial(sampled, request=one, answer=answer, around=beside) for one in again])
        failed = [one for one in replies if isinstance(one, Failing)]
        for one in failed:
            if one.kind not in MOVES_ON or one.kind == "over_budget":
                raise one
        return None if failed else make_check(call.spec.name, call.args).judge_samples(said, replies).value

    # ---- Which rung is best -----------------------------------------------------------------------------------

    def predicted(self, order: dict[str, Any]) -> list[float]:
        """The quality of each rung's answer: a sigmoid of weighted numbers about the query."""
        learned = order["quality"]
        sums = dict(zip(learned["outputs"], learned["bias"], strict=True))
        for block in learned["features"]:
            for at, name in enumerate(block["names"]):
                value = make_signal(name.removeprefix("query."), {"scope": "query"}).read(self.query).value
                even = (float(value) - block["mean"][at]) / block["scale"][at]
                for output, weights in zip(learned["outputs"], block["weights"], strict=True):
                    sums[output] += weights[at] * even
        return [(1 + math.tanh(sums[name] / 2)) / 2 for name in order["names"]]

    def best(self: Naive, node: ast.Cascade, left: list[int], around: Around, handed: tuple[Message, ...]) -> int:  # type: ignore[misc]
        """Of the rungs left, the one that is worth most; the first of equals."""
        order = self.checked.settings[id(node)]
        quality = self.predicted(order)
        tokens = sum(AROUND_A_MESSAGE + estimate_tokens(m.text) for m in (*self.query.messages, *handed))
        worth: dict[int, tuple[float, ...]] = {}
        for at in left:
            usd = self.price(node.rungs[at].strategy, around, tokens)
            if usd is None:
                return left[0]
            if order["worth_usd"] is not None:
                worth[at] = (quality[at] - usd / order["worth_usd"],)
            else:
                worth[at] = (quality[at] / usd, 0.0) if usd else (math.inf, quality[at])
        return max(left, key=lambda at: (rounded(worth[at]), -at))

    def price(self, strategy: ast.Strategy, around: Around, tokens: int) -> float | None:
        """The most that a rung can cost: a model, with suffixes."""
        match strategy:
            case ast.Retry():
                return self.price(strategy.strategy, replace(around, retry=int(strategy.times.value)), tokens)
            case ast.With():
                settings = {**around.settings, **self.checked.settings[id(strategy)]}
                return self.price(strategy.strategy, replace(around, settings=settings), tokens)
            case ast.Cached():
                return self.price(strategy.strategy, around, tokens)
            case ast.Within():
                inside = self.price(strategy.strategy, around, tokens)
                cap = None if strategy.money is None else float(strategy.money.value)  # one of time caps no price
                return min((usd for usd in (inside, cap) if usd is not None), default=None)
        assert isinstance(strategy, ast.NameStrategy)
        model = self.checked.models[id(self.checked.resolve(strategy.name, around.path).decl)]
        if model.price is None:
            return None
        own = {**vars(model), **around.settings}
        asked = tokens + (AROUND_A_MESSAGE + most_tokens(own["system"]) if own["system"] else 0)
        attempts = tries(model.retry if around.retry is None else around.retry, own["timeout_s"])
        return attempts * (float(model.price.input) * asked + float(model.price.output) * own["max_tokens"]) / 1e6


def rounded(numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Numbers without the digits in which two ways to calculate the same may differ."""
    return tuple(float(f"{number:.9g}") for number in numbers)


def sampled(part: Naive, *, request: Request, answer: Answer, around: Around) -> Reply:
    """One further answer."""
    return part.place(answer.asked.model, request, around)


def done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The value of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stopped:
        return stopped.value
    raise AssertionError("it waits")
