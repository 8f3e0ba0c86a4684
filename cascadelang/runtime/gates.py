"""The gate behind a rung: a condition over an answer, made into a verdict.

Takes: a condition, and an answer. Gives: a `Verdict`, an event, and what judging can cost. Guarantees: a gate of free
checks never waits; a paid check is made only when the free ones haven't decided, and at most once for an answer. What
isn't known at the end has failed, and the verdict says that it wasn't known.

A judge's call that fails makes its check unknown, with the reason; ``auth``, ``bad_request`` and ``policy`` end the
run, and a judge that doesn't fit the budget leaves the answer unjudged: failed, unknown, over budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.check import Answer, Finding, PaidCheck, Value, Verdict
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Reply, Request
from cascadelang.graph.cost import is_free, most_judged_tokens
from cascadelang.runtime.billing import most_input_tokens
from cascadelang.runtime.outcome import Answered, Failed
from cascadelang.runtime.paid import PaidCalls, as_raised, ends_run, filled
from cascadelang.runtime.sight import Evaluate, Pending, Sight, words_of

if TYPE_CHECKING:
    from cascadelang.runtime.asking import Asker
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run


class Gate:
    """One ``until`` of one rung.

    Attributes:
        node: the cascade's node.
        text: the condition in the language's words.
        paid: the paid checks it may make, by use.
        calls_models: it may call a model, for a check or for a signal.
    """

    __slots__ = ("_asker", "_calls", "_evaluate", "calls_models", "node", "paid", "text")

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        node: str,
        text: str,
        evaluate: Evaluate,
        paid: Mapping[str, PaidCheck],
        calls: PaidCalls,
        asker: Asker | None,
    ) -> None:
        self.node = node
        self.text = text
        self.paid = paid
        self._evaluate = evaluate
        self._calls = calls
        self._asker = asker
        self.calls_models = bool(paid) or asker is not None

    def judge(self, run: Run, answered: Answered) -> None:
        """Give an answer its verdict, by free checks alone."""
        query = run.query
        sight = Sight(query, run.signals, Answer(query, answered.reply, answered.model))
        self._settle(run, answered, sight, self._evaluate(sight))

    async def judge_paid(  # noqa: C901 - one loop, read from top to bottom
        self, run: Run, answered: Answered, budget: Budget | None
    ) -> Failed | None:
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
            outcome = await self._calls.make(run, name, request, budget, most_input)
            if isinstance(outcome, Failed):
                refused = outcome
                raise as_raised(outcome) from outcome.cause
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
            if self._asker is not None and use not in self.paid:
                ended = await self._asker.ask(run, use, budget)
                if ended is not None:
                    return ended
                continue
            try:
                sight.findings[use] = await self.paid[use].judge_paid(answer, call)
            except CallFailed as failed:
                if ends_run(failed):
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
        that the check didn't announce, and where nothing hangs on it.
        """
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
        return most_judged_tokens(beside, max(answered.max_tokens, answered.reply.usage.output_tokens))

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
