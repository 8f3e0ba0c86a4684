"""The gate behind a rung: a condition over an answer, made into a verdict.

Takes: a condition, and an answer. Gives: a `Verdict`, an event, and what judging can cost. Guarantees: a gate of
checks that are free and instant never waits; one that takes time is made only when those haven't decided, a paid one
when none of both have, each at most once for an answer. What isn't known at the end has failed, and the verdict says
that it wasn't known.

A judge's call that fails makes its check unknown, with the reason; ``auth``, ``bad_request`` and ``policy`` end the
run, and a judge that doesn't fit the budget leaves the answer unjudged: failed, unknown, over budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import Answer, Finding, PaidCheck, SampledCheck, Value, Verdict
from cascadelang.contracts.failure import ENDING, CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.graph.arithmetic import number
from cascadelang.graph.cost import is_free, most_judged_tokens
from cascadelang.runtime.beside import Beside
from cascadelang.runtime.billing import most_input_tokens
from cascadelang.runtime.calls import place_call
from cascadelang.runtime.outcome import Answered, Failed
from cascadelang.runtime.paid import PaidCalls, as_raised, ends_run, filled
from cascadelang.runtime.scope import Scope
from cascadelang.runtime.sight import Evaluate, Pending, Sight, words_of
from cascadelang.runtime.timed import BROKE, Timed, judge_in_time

if TYPE_CHECKING:
    from cascadelang.runtime.asking import Asker
    from cascadelang.runtime.billing import Target
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.early import Stop, Watch
    from cascadelang.runtime.state import Run


SAMPLE_TEMPERATURE: Final = 0.7
"""What a model that answers at temperature 0 is sampled with: else all samples would be the same."""


class Gate:
    """One ``until`` of one rung.

    Attributes:
        node: the cascade's node.
        text: the condition in the language's words.
        paid: the paid checks it may make, by use.
        calls_models: it may call a model, for a check or for a signal.
        waits: it may have to wait, for a model or for a check that takes time.
        further: how often it may have the model that answered answer again.
        looks_back: it may look at what the rung before answered.
        watch: what can settle it while an answer is generated; `None` where nothing can.
    """

    __slots__ = (
        "_asker",
        "_calls",
        "_evaluate",
        "_samples",
        "_timed",
        "calls_models",
        "further",
        "looks_back",
        "node",
        "paid",
        "text",
        "waits",
        "watch",
    )

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        node: str,
        text: str,
        evaluate: Evaluate,
        timed: Mapping[str, Timed],
        paid: Mapping[str, PaidCheck],
        samples: Mapping[str, SampledCheck],
        calls: PaidCalls,
        asker: Asker | None,
    ) -> None:
        self.node = node
        self.text = text
        self.paid = paid
        self._evaluate = evaluate
        self._calls = calls
        self._asker = asker
        self._samples = samples
        self._timed = timed
        self.further = sum(check.samples - 1 for check in samples.values())
        self.looks_back = False
        self.watch: Watch | None = None
        self.calls_models = bool(paid) or bool(samples) or asker is not None
        self.waits = self.calls_models or bool(timed)

    def judge(self, run: Run, answered: Answered, previous: Reply | None = None) -> None:
        """Give an answer its verdict, where nothing waits; ``previous`` is what the rung before answered."""
        if answered.stop is not None and self._take_stop(run, answered, answered.stop):
            return
        query = run.query
        sight = Sight(query, run.signals, Answer(query, answered.reply, answered.model, previous))
        self._settle(run, answered, sight, self._evaluate(sight))

    async def judge_paid(
        self, run: Run, answered: Answered, budget: Budget | None, previous: Reply | None = None
    ) -> Failed | None:
        """Give an answer its verdict, waiting and calling models where what doesn't wait hasn't decided.

        Returns:
            A failure that ends the run (``auth``, ``bad_request``, ``policy``), or the cascade (``over_budget``: the
            answer's verdict is then that it couldn't be judged); else ``None``.
        """
        if answered.stop is not None and self._take_stop(run, answered, answered.stop):
            return None
        sight = Sight(run.query, run.signals, Answer(run.query, answered.reply, answered.model, previous))
        value = await self._value(run, answered, sight, budget)
        if not isinstance(value, Failed):
            self._settle(run, answered, sight, value)
            return None
        if value.kind == "over_budget":
            answered.verdict = Verdict("failed", f"not judged: {value.message}", None, unknown=True)
            self._tell(run, answered, sight)
        return value

    async def weigh(self, run: Run, answered: Answered, budget: Budget | None) -> float | Failed | None:
        """What an answer scores, ``None`` where that can't be known; the answer's verdict stays as it is."""
        sight = Sight(run.query, run.signals, Answer(run.query, answered.reply, answered.model))
        value = await self._value(run, answered, sight, budget)
        return value if isinstance(value, Failed) else number(value)

    async def _value(self, run: Run, answered: Answered, sight: Sight, budget: Budget | None) -> Value | Failed:
        """What the condition comes to, calling models where it needs to; a failure as `judge_paid` gives it."""
        while True:
            sight.notes.clear()
            sight.data.clear()
            try:
                return self._evaluate(sight)
            except Pending as pending:
                use = pending.use
            if use in self._timed:
                failed = await self._wait(run, sight, use, budget)
            elif use in self.paid:
                failed = await self._judge(run, answered, sight, use, budget)
            elif use in self._samples:
                failed = await self._sample(run, answered, sight, use, budget)
            elif self._asker is not None:
                failed = await self._asker.ask(run, use, budget)
            else:
                raise AssertionError("what a gate waits for is its own")
            if failed is not None:
                return failed

    async def _wait(self, run: Run, sight: Sight, use: str, budget: Budget | None) -> Failed | None:
        """Make a check that takes time."""
        if sight.answer is None:
            raise AssertionError("a gate has an answer")
        begun_s = run.now_s()
        found = await judge_in_time(run, self._timed[use], sight.answer, budget)
        sight.took_s = (sight.took_s or 0.0) + run.now_s() - begun_s
        if isinstance(found, Failed):
            return found
        sight.findings[use] = found
        return None

    async def _judge(
        self, run: Run, answered: Answered, sight: Sight, use: str, budget: Budget | None
    ) -> Failed | None:
        """Make a paid check."""
        refused: Failed | None = None
        check = self.paid[use]

        async def call(name: str, request: Request) -> Reply:
            nonlocal refused
            most_input = await self._most_input(run, check, name, request, answered, budget)
            outcome = await self._calls.make(run, name, request, budget, most_input)
            if isinstance(outcome, Failed):
                refused = outcome
                raise as_raised(outcome) from outcome.cause
            return outcome

        if sight.answer is None:
            raise AssertionError("a gate has an answer")
        try:
            sight.findings[use] = await check.judge_paid(sight.answer, call)
        except CallFailed as failed:
            if ends_run(failed):
                return refused or Failed(failed.kind, failed.message, "", None, failed)
            if failed.kind == "over_budget" and refused is not None:
                return refused
            sight.findings[use] = Finding(None, failed.message)
        except Exception:  # noqa: BLE001 - a check that breaks its promise is unknown, whatever it raised
            sight.findings[use] = Finding(None, BROKE)
        return None

    async def _sample(
        self, run: Run, answered: Answered, sight: Sight, use: str, budget: Budget | None
    ) -> Failed | None:
        """Have the model answer again, as often as a check looks at, all at once."""
        check = self._samples[use]
        target, scope = answered.target, Scope(budget)
        requests = [_again(answered.request, number) for number in range(1, check.samples)]
        async with Beside(run) as beside:
            replies = await beside.all(
                [beside.start(partial(_placed, target, request, scope)) for request in requests]
            )
        failed = [reply for reply in replies if isinstance(reply, Failed)]
        for one in failed:
            if one.kind in ENDING or one.kind == "over_budget":
                return one
        if failed:
            sight.findings[use] = Finding(None, f"a sample could not be had: {failed[0].message}")
            return None
        if sight.answer is None:
            raise AssertionError("a gate has an answer")
        try:
            said = [reply for reply in replies if isinstance(reply, Reply)]
            sight.findings[use] = check.judge_samples(sight.answer, said)
        except Exception:  # noqa: BLE001 - a check that breaks its promise is unknown, whatever it raised
            sight.findings[use] = Finding(None, BROKE)
        return None

    async def most_usd(self, run: Run, answer_tokens: int, budget: Budget | None) -> float | None:
        """The most that judging an answer of so many tokens can cost; ``None`` when a price isn't known."""
        total: float | None = 0.0
        if self._asker is not None:
            total = await self._asker.most_usd(run, budget)
        empty = Answer(run.query, Reply(""))
        for check in self.paid.values():
            if total is None:
                return None
            try:
                requests = check.requests(empty)
            except Exception:  # noqa: BLE001, S112 - the call itself is counted again, and exactly
                continue
            usd = await self._calls.most_usd(run, requests, answer_tokens, budget)
            total = None if usd is None else total + usd
        return total

    async def _most_input(  # noqa: PLR0917 - all that a count hangs on
        self, run: Run, check: PaidCheck, name: str, asked: Request, answered: Answered, budget: Budget | None
    ) -> int | None:
        """The most input tokens of a judge's request, by what the answer's writer could generate.

        The answer's own bytes may be more. It is the count that let the answer be asked for; ``None`` for a request
        that the check didn't announce, for one that has nothing of the answer in it, and where nothing hangs on it.
        """
        if asked.purpose == "sample":
            return None
        spec = self._calls.models.get(name)
        if budget is None or spec is None or spec.price is None or is_free(spec.price) or not budget.limits_money():
            return None
        try:
            if check.requests(Answer(run.query, answered.reply, answered.model))[name] != asked:
                return None
            empty = check.requests(Answer(run.query, Reply("")))[name]
            provider = run.around.providers[spec.provider]
        except Exception:  # noqa: BLE001 - then the request itself is counted
            return None
        beside = await most_input_tokens(provider, filled(spec, empty, run.seed))
        return most_judged_tokens(beside, max(answered.request.max_tokens, answered.reply.usage.output_tokens))

    def _take_stop(self, run: Run, answered: Answered, stop: Stop) -> bool:
        """Give an answer that this gate's watch stopped the verdict it was stopped for; false for another gate's."""
        if stop.gate is not self:
            return False
        answered.verdict = stop.verdict
        self._tell(run, answered, None)
        return True

    def _settle(self, run: Run, answered: Answered, sight: Sight, value: Value) -> None:
        """Make the verdict of what the condition came to, and tell of it."""
        notes = sight.notes
        score: float | None = None
        if len(notes) == 1 and notes[0][0] == self.text:
            _, _, reason, score = notes[0]
        else:
            for note in notes:
                if note[3] is not None:
                    score = note[3]
            reason = words_of([note for note in notes if note[2]] if value is True else notes)
        if value is True:
            answered.verdict = Verdict("passed", reason, score, False, sight.data)  # noqa: FBT003 - twice as fast
        else:
            answered.verdict = Verdict("failed", reason, score, value is not False, sight.data)
        self._tell(run, answered, sight)

    def _tell(self, run: Run, answered: Answered, sight: Sight | None) -> None:
        verdict = answered.verdict
        data: dict[str, Any] = {
            "check": self.text,
            "model": answered.model,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
        }
        if verdict.score is not None:
            data["score"] = verdict.score
        if verdict.unknown:
            data["unknown"] = True
        if sight is not None and sight.took_s is not None:
            data["took_s"] = sight.took_s
        if answered.stop is not None:
            data["stopped"] = True
        run.tell("check", self.node, data)


def _again(request: Request, number: int) -> Request:
    """The request of a further sample: the same, with a seed of its own where there is a seed."""
    return replace(
        request,
        seed=None if request.seed is None else request.seed + number,
        temperature=SAMPLE_TEMPERATURE if request.temperature == 0 else request.temperature,
        purpose="sample",
    )


async def _placed(target: Target, request: Request, scope: Scope, part: Run) -> Reply | Failed:
    return await place_call(part, target, request, scope)
