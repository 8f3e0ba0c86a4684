"""The gate behind a rung: a condition over an answer, made into a verdict.

Takes: a condition, and an answer. Gives: a `Verdict`, an event, and what judging can cost. Guarantees: a gate of free
checks never waits; a paid check is made only when the free ones haven't decided, and at most once for an answer. What
isn't known at the end has failed, and the verdict says that it wasn't known.

A judge's call that fails makes its check unknown, with the reason; ``auth``, ``bad_request`` and ``policy`` end the
run, and a judge that doesn't fit the budget leaves the answer unjudged: failed, unknown, over budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import Answer, Finding, PaidCheck, Value, Verdict
from cascadelang.contracts.failure import ENDING, CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.graph import model as g
from cascadelang.graph.cost import is_free, most_call_cost, most_judged_tokens
from cascadelang.graph.limits import most_attempts
from cascadelang.runtime.billing import Target, most_input_tokens, set_up
from cascadelang.runtime.calls import place_call
from cascadelang.runtime.outcome import Answered, Failed
from cascadelang.runtime.scope import Scope
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

    def __init__(  # noqa: PLR0917 - made in one place
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

    def judge(self, run: Run, answered: Answered) -> None:
        """Give an answer its verdict, by free checks alone."""
        query = run.query
        sight = Sight(query, run.signals, Answer(query, answered.reply, answered.model))
        self._settle(run, answered, sight, self._evaluate(sight))

    async def judge_paid(self, run: Run, answered: Answered, budget: Budget | None) -> Failed | None:
        """Give an answer its verdict, calling models where free checks don't decide.

        Returns:
            A failure that ends the run (``auth``, ``bad_request``, ``policy``), or the cascade (``over_budget``: the
            answer's verdict is then that it couldn't be judged); else ``None``.
        """
        answer = Answer(run.query, answered.reply, answered.model)
        sight = Sight(run.query, run.signals, answer)
        refused: Failed | None = None
        use = ""

        async def call(name: str, request: Request) -> Reply:
            nonlocal refused
            most_input = await self._most_input(run, self.paid[use], name, request, answered, budget)
            outcome = await self._call(run, name, request, budget, most_input)
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
                self._settle(run, answered, sight, value)
                return None
            try:
                sight.findings[use] = await self.paid[use].judge_paid(answer, call)
            except CallFailed as failed:
                if failed.kind in ENDING:
                    return refused or Failed(failed.kind, failed.message, "", None, failed)
                if failed.kind == "over_budget" and refused is not None:
                    answered.verdict = Verdict("failed", f"not judged: {failed.message}", None, unknown=True)
                    self._tell(run, answered)
                    return refused
                sight.findings[use] = Finding(None, failed.message)
            except Exception:  # noqa: BLE001 - a check that breaks its promise is unknown, whatever it raised
                sight.findings[use] = Finding(
                    None, "it broke while judging the answer, which is a mistake in the check"
                )

    async def most_usd(self, run: Run, answer_tokens: int, budget: Budget | None) -> float | None:
        """The most that judging an answer of so many tokens can cost; ``None`` when a price isn't known.

        A priced judge is set up first, so that its provider can count, as it will when the judge is called.
        """
        total = 0.0
        empty = Answer(run.query, Reply(""))
        for check in self.paid.values():
            try:
                requests = check.requests(empty)
            except Exception:  # noqa: BLE001, S112 - the call itself is counted again, and exactly
                continue
            for name, asked in requests.items():
                spec = self._models.get(name)
                if spec is None:
                    continue
                if spec.price is None:
                    return None
                if is_free(spec.price):
                    continue
                request = self._request(spec, asked, run.seed)
                try:
                    provider = run.around.providers[spec.provider]
                except Exception:  # noqa: BLE001, S112 - then it can't be called either, which costs nothing
                    continue
                prepare = getattr(provider, "prepare", None)
                if prepare is not None:
                    with suppress(Exception):  # the call says what is wrong; until then there is the bound
                        await set_up(run, prepare, request.model, budget)
                tokens = await most_input_tokens(provider, request)
                retry = spec.retry if self._retry is None else self._retry
                tries = most_attempts(retry, request.timeout_s)
                total += tries * most_call_cost(
                    spec.price, most_judged_tokens(tokens, answer_tokens), request.max_tokens
                )
        return total

    def _request(self, spec: g.ModelSpec, asked: Request, seed: int | None) -> Request:
        """A judge's request, with the model's own declaration, or the run's seed, where it was left open."""
        own_seed = seed if spec.seed is None else spec.seed
        return Request(
            model=asked.model or spec.id,
            messages=asked.messages,
            system=asked.system or spec.system,
            max_tokens=spec.max_tokens if asked.max_tokens == _PLAIN.max_tokens else asked.max_tokens,
            temperature=spec.temperature if asked.temperature is None else asked.temperature,
            top_p=spec.top_p if asked.top_p is None else asked.top_p,
            seed=own_seed if asked.seed is None else asked.seed,
            stop=asked.stop or tuple(spec.stop),
            effort=spec.effort if asked.effort is None else asked.effort,
            json_schema=asked.json_schema,
            json_mode=asked.json_mode,
            logprobs=asked.logprobs,
            tools=asked.tools,
            timeout_s=spec.timeout_s if asked.timeout_s == _PLAIN.timeout_s else asked.timeout_s,
            purpose="judge" if asked.purpose == "answer" else asked.purpose,
        )

    async def _most_input(  # noqa: PLR0917 - all that a count hangs on
        self, run: Run, check: PaidCheck, name: str, asked: Request, answered: Answered, budget: Budget | None
    ) -> int | None:
        """The most input tokens of a judge's request, by what the answer's writer could generate.

        The answer's own bytes may be more. It is the count that let the answer be asked for; ``None`` for a request
        that the check didn't announce, and where nothing hangs on it.
        """
        spec = self._models.get(name)
        if budget is None or spec is None or spec.price is None or is_free(spec.price) or not budget.limits_money():
            return None
        try:
            if check.requests(Answer(run.query, answered.reply, answered.model))[name] != asked:
                return None
            empty = check.requests(Answer(run.query, Reply("")))[name]
            provider = run.around.providers[spec.provider]
        except Exception:  # noqa: BLE001 - then the request itself is counted
            return None
        beside = await most_input_tokens(provider, self._request(spec, empty, run.seed))
        return most_judged_tokens(beside, max(answered.max_tokens, answered.reply.usage.output_tokens))

    async def _call(
        self, run: Run, name: str, asked: Request, budget: Budget | None, most_input: int | None
    ) -> Reply | Failed:
        spec = self._models.get(name)
        if spec is None:
            return Failed("policy", f"a check asks the model `{name}`, which the policy doesn't declare")
        retry = spec.retry if self._retry is None else self._retry
        target = Target(self.node, name, spec.id, spec.provider, spec.price, retry, spec.context)
        return await place_call(run, target, self._request(spec, asked, run.seed), Scope(budget), most_input)

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
        self._tell(run, answered)

    def _tell(self, run: Run, answered: Answered) -> None:
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
        run.tell("check", self.node, data)
