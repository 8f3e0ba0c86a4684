"""The gate behind a rung: a condition over an answer, made into a verdict.

Takes: a condition, and an answer. Gives: a `Verdict`, an event, and what judging can cost. Guarantees: a gate of free
checks never waits; a paid check is made only when the free ones haven't decided, and at most once for an answer. What
isn't known at the end has failed, and the verdict says that it wasn't known.

A judge's call that fails makes its check unknown, with the reason; ``auth``, ``bad_request`` and ``policy`` end the
run, and a judge that doesn't fit the budget leaves the answer unjudged: failed, unknown, over budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.check import Answer, Finding, PaidCheck, Value, Verdict
from cascadelang.contracts.failure import ENDING, CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.graph import model as g
from cascadelang.graph.cost import most_call_cost
from cascadelang.runtime.calls import Target, most_input_tokens, place_call
from cascadelang.runtime.outcome import Answered, Failed
from cascadelang.runtime.sight import Evaluate, Pending, Sight, words_of

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run

_PLAIN: Final = Request(model="", messages=())


class Gate:
    """One ``until`` of one rung.

    Attributes:
        node: the cascade's node.
        text: the condition in the language's words.
        paid: the paid checks it may make, by use.
    """

    __slots__ = ("_evaluate", "_models", "_retry", "node", "paid", "text")

    def __init__(
        self,
        node: str,
        text: str,
        evaluate: Evaluate,
        paid: Mapping[str, PaidCheck],
        models: Mapping[str, g.ModelSpec],
        retry: int | None,
    ) -> None:
        self.node = node
        self.text = text
        self.paid = paid
        self._evaluate = evaluate
        self._models = models
        self._retry = retry

    def judge(self, run: Run, answered: Answered) -> Verdict:
        """The verdict of a gate of free checks."""
        sight = Sight(run.query, run.signals, Answer(run.query, answered.reply, answered.model))
        return self._verdict(run, sight, self._evaluate(sight))

    async def judge_paid(self, run: Run, answered: Answered, budget: Budget | None) -> Verdict | Failed:
        """The verdict of a gate with paid checks, or a failure that ends the run or the cascade.

        With a failure of kind ``over_budget``, the answer has been given the verdict that it couldn't be judged.
        """
        answer = Answer(run.query, answered.reply, answered.model)
        sight = Sight(run.query, run.signals, answer)
        refused: Failed | None = None

        async def call(name: str, request: Request) -> Reply:
            nonlocal refused
            outcome = await self._call(run, name, request, budget)
            if isinstance(outcome, Failed):
                refused = outcome
                failed = CallFailed(outcome.kind, outcome.message)
                failed.__cause__ = outcome.cause
                raise failed
            return outcome

        while True:
            sight.notes.clear()
            sight.data.clear()
            try:
                value = self._evaluate(sight)
            except Pending as pending:
                use = pending.use
            else:
                return self._verdict(run, sight, value)
            try:
                sight.findings[use] = await self.paid[use].judge_paid(answer, call)
            except CallFailed as failed:
                if failed.kind in ENDING:
                    return refused or Failed(failed.kind, failed.message, "", None, failed)
                if failed.kind == "over_budget" and refused is not None:
                    answered.verdict = Verdict("failed", f"not judged: {failed.message}", None, unknown=True)
                    self._tell(run, answered.model, answered.verdict)
                    return refused
                sight.findings[use] = Finding(None, failed.message)
            except Exception:  # noqa: BLE001 - a check that breaks its promise is unknown, whatever it raised
                sight.findings[use] = Finding(None, "it broke while judging the answer, which is a mistake in the check")

    def most_usd(self, run: Run, answer_tokens: int) -> float | None:
        """The most that judging an answer of so many tokens can cost; ``None`` when a price isn't known."""
        total = 0.0
        empty = Answer(run.query, Reply(""))
        for check in self.paid.values():
            try:
                requests = check.requests(empty)
            except Exception:  # noqa: BLE001 - the call itself is counted again, and exactly
                continue
            for name, asked in requests.items():
                spec = self._models[name]
                if spec.price is None:
                    return None
                request = self._request(spec, asked)
                try:
                    tokens = most_input_tokens(run.around.providers[spec.provider], request)
                except (CallFailed, KeyError):
                    continue
                tries = 1 + (spec.retry if self._retry is None else self._retry)
                total += tries * most_call_cost(spec.price, tokens + answer_tokens, request.max_tokens)
        return total

    def _request(self, spec: g.ModelSpec, asked: Request) -> Request:
        """A judge's request, with the model's own declaration where it was left open."""
        return Request(
            model=asked.model or spec.id,
            messages=asked.messages,
            system=asked.system or spec.system,
            max_tokens=spec.max_tokens if asked.max_tokens == _PLAIN.max_tokens else asked.max_tokens,
            temperature=spec.temperature if asked.temperature is None else asked.temperature,
            top_p=spec.top_p if asked.top_p is None else asked.top_p,
            seed=spec.seed if asked.seed is None else asked.seed,
            stop=asked.stop or tuple(spec.stop),
            effort=spec.effort if asked.effort is None else asked.effort,
            json_schema=asked.json_schema,
            json_mode=asked.json_mode,
            logprobs=asked.logprobs,
            tools=asked.tools,
            timeout_s=spec.timeout_s if asked.timeout_s == _PLAIN.timeout_s else asked.timeout_s,
            purpose="judge" if asked.purpose == "answer" else asked.purpose,
        )

    async def _call(self, run: Run, name: str, asked: Request, budget: Budget | None) -> Reply | Failed:
        spec = self._models.get(name)
        if spec is None:
            return Failed("policy", f"a check asks the model `{name}`, which the policy doesn't declare")
        retry = spec.retry if self._retry is None else self._retry
        target = Target(self.node, name, spec.provider, spec.price, retry)
        return await place_call(run, target, self._request(spec, asked), budget)

    def _verdict(self, run: Run, sight: Sight, value: Value) -> Verdict:
        notes = sight.notes
        unknown = value is not True and value is not False
        score: float | None = None
        for note in notes:
            if note.score is not None:
                score = note.score
        if len(notes) == 1 and notes[0].name == self.text:
            reason = notes[0].reason
        elif value is True:
            reason = "; ".join(n.reason if not n.name else f"{n.name}: {n.reason}" for n in notes if n.reason)
        else:
            reason = words_of(notes)
        verdict = Verdict("passed" if value is True else "failed", reason, score, unknown, sight.data)
        self._tell(run, sight.answer.model if sight.answer else "", verdict)
        return verdict

    def _tell(self, run: Run, model: str, verdict: Verdict) -> None:
        data = {
            "check": self.text,
            "model": model,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
            "score": verdict.score,
            "unknown": verdict.unknown,
        }
        run.tell("check", self.node, data)
