"""The strategies, compiled: each takes a run and a scope, and ends in an answer or a failure.

Takes: what `cascadelang.runtime.build` makes of the graph's nodes. Gives: one class for each kind of node that does
something while it runs (``with`` and ``retry`` are worked into the calls when they are built). Guarantees: strategies
hold nothing of a run, so one of them serves any number of runs at once.

What a cascade does, where the language leaves it open:

- A rung that failed is passed over, unless its kind ends the run (``auth``, ``bad_request``, ``policy``) or bytes of
  its answer went to the caller. A rung that a ``within`` around the cascade refused or cut ends the cascade; one that
  a ``within`` of its own refused is a rung that failed.
- When no rung passed, ``otherwise`` decides. ``last`` and ``best`` give an answer that was rejected, with its verdict
  (the run is then ``unmet``), and if there was none, the failure of the last rung. ``best`` is the highest score, the
  later one of equals; an answer without a score comes after those with one. ``fail`` is a failure of kind ``unmet``
  when an answer was rejected, else that of the last rung. A strategy's end is its own: its answer isn't judged by the
  cascade's gate.
- The last rung's gate isn't made when it may call a model and nothing depends on it (``otherwise last``). The verdict
  is then ``unchecked``, unless a cascade inside the rung already found the answer wanting.
- A rung without a gate passes whatever it answers, and keeps the verdict it has: an answer that failed the gate of a
  cascade inside stays ``unmet``.
- The answer of a rung is streamed to the caller when nothing can take it back: the rung has no gate, or it is the last
  one under ``otherwise last``.
- ``carry`` hands on the last rejected answer only; a rung that failed has nothing to hand on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from cascadelang.contracts.check import UNCHECKED
from cascadelang.contracts.failure import ENDING
from cascadelang.contracts.messages import Request
from cascadelang.runtime.budget import Budget
from cascadelang.runtime.calls import Target, place_call
from cascadelang.runtime.carry import exchange
from cascadelang.runtime.choices import Arms, Choice, Labels
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.state import Scope

if TYPE_CHECKING:
    from cascadelang.runtime.gates import Gate
    from cascadelang.runtime.state import Run

_NO_SCORE: Final = float("-inf")


class Settings:
    """What every call inside a part of the strategy shares: the merged ``with``, ``retry`` and wanted logprobs."""

    __slots__ = ("logprobs", "retry", "values")

    def __init__(self, values: dict[str, Any], retry: int | None, logprobs: int | None) -> None:
        self.values = values
        self.retry = retry
        self.logprobs = logprobs

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        """Equal for settings that mean the same."""
        return repr(sorted(self.values.items())), self.retry, self.logprobs


class Call:
    """Ask one model."""

    __slots__ = ("_can_json", "_fields", "_target", "id", "label")

    def __init__(self, id_: str, target: Target, fields: dict[str, Any], *, can_json: bool) -> None:
        self.id = id_
        self.label = target.model
        self._target = target
        self._fields = fields
        self._can_json = can_json

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        query = run.query
        fields = self._fields
        system = fields["system"]
        if run.system:
            system = f"{system}\n\n{run.system}" if system else run.system
        request = Request(
            fields["model"],
            run.messages + scope.extra if scope.extra else run.messages,
            system,
            fields["max_tokens"],
            fields["temperature"],
            fields["top_p"],
            fields["seed"],
            fields["stop"],
            fields["effort"],
            None,
            query.wants_json and self._can_json,
            fields["logprobs"],
            query.tools,
            fields["timeout_s"],
        )
        events = len(run.events)
        reply = await place_call(run, self._target, request, scope.budget, scope.emit, scope.gates)
        if isinstance(reply, Failed):
            if run.events[events].kind != "skip":
                run.path.append(self.label)
            return reply
        run.path.append(self.label)
        return Answered(reply, self.label)


class Route:
    """The first arm whose condition is true."""

    __slots__ = ("_arms", "_strategies", "id", "label")

    def __init__(self, id_: str, arms: Arms, strategies: list[Strategy]) -> None:
        self.id = id_
        self.label = id_
        self._arms = arms
        self._strategies = strategies

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        choice = self._arms.choose(run.query, run.signals)
        taken = self._strategies[choice.index]
        tell_choice(run, self.id, choice, taken)
        return await taken.answer(run, scope)


class RouteBy:
    """The arm of the label."""

    __slots__ = ("_labels", "_otherwise", "_strategies", "id", "label")

    def __init__(
        self, id_: str, labels: Labels, strategies: dict[str, Strategy], otherwise: Strategy | None
    ) -> None:
        self.id = id_
        self.label = id_
        self._labels = labels
        self._strategies = strategies
        self._otherwise = otherwise

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        choice = self._labels.choose(run.query, run.signals)
        taken = self._strategies.get(choice.arm, self._otherwise)
        tell_choice(run, self.id, choice, taken)
        if taken is None:
            return Failed("policy", f"the label isn't known and the route has no `else`: {choice.reason}")
        return await taken.answer(run, scope)


def tell_choice(run: Run, node: str, choice: Choice, taken: Strategy | None) -> None:
    """The event of a choice."""
    data = {
        "arm": choice.arm,
        "to": "" if taken is None else taken.label,
        "because": {known.name: known.value for known in choice.signals},
        "unknown": list(choice.unknown),
    }
    run.tell("route", node, data)


class Rung:
    """A strategy and the gate behind it."""

    __slots__ = ("gate", "strategy")

    def __init__(self, strategy: Strategy, gate: Gate | None) -> None:
        self.strategy = strategy
        self.gate = gate


class Cascade:
    """The rungs in order, until one passes."""

    __slots__ = ("_carry", "_ending", "_otherwise", "_rungs", "_start", "_start_at", "id", "label")

    def __init__(
        self,
        id_: str,
        rungs: list[Rung],
        ending: Literal["last", "best", "fail", "node"],
        otherwise: Strategy | None,
        start: Labels | None,
        start_at: dict[str, int],
        carry: Literal["draft", "reasons"] | None,
    ) -> None:
        self.id = id_
        self.label = id_
        self._rungs = rungs
        self._ending = ending
        self._otherwise = otherwise
        self._start = start
        self._start_at = start_at
        self._carry: Literal["draft", "reasons"] | None = carry

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        rungs = self._rungs
        keep_last = self._ending == "last"
        last = len(rungs) - 1
        at = self._first(run)
        chosen: Answered | None = None
        failed: Failed | None = None
        extra = scope.extra
        while True:
            rung = rungs[at]
            gate = rung.gate
            if gate is not None and gate.paid and keep_last and at == last:
                gate = None
            final = gate is None or (keep_last and at == last)
            gates = (*scope.gates, gate) if gate is not None and gate.paid else scope.gates
            outcome = await rung.strategy.answer(
                run, Scope(scope.budget, extra, scope.emit if final else None, gates)
            )
            because = "unmet"
            if isinstance(outcome, Failed):
                if outcome.kind in ENDING or run.streamed:
                    return outcome
                failed = outcome
                because = outcome.kind
            elif gate is None:
                if rung.gate is not None and outcome.verdict.outcome != "failed":
                    outcome.verdict = UNCHECKED
                return outcome
            else:
                refused: Failed | None = None
                if gate.paid:
                    verdict = await gate.judge_paid(run, outcome, scope.budget)
                    if isinstance(verdict, Failed):
                        if verdict.kind in ENDING:
                            return verdict
                        refused = verdict
                    else:
                        outcome.verdict = verdict
                else:
                    outcome.verdict = gate.judge(run, outcome)
                if outcome.verdict.outcome == "passed":
                    return outcome
                chosen = self._better(chosen, outcome)
                if refused is not None and refused.budget is not None:
                    break
                if self._carry is not None:
                    extra = scope.extra + exchange(self._carry, outcome.reply, outcome.verdict)
            if at == last or (isinstance(outcome, Failed) and outcome.budget is not None):
                break
            at += 1
            to = rungs[at].strategy.label
            run.tell("escalate", self.id, {"from": rung.strategy.label, "to": to, "because": because})
        return await self._end(run, scope, chosen, failed)

    def _first(self, run: Run) -> int:
        """The index of the rung to start with."""
        if self._start is None:
            return 0
        choice = self._start.choose(run.query, run.signals)
        at = self._start_at.get(choice.arm, 0)
        tell_choice(run, self.id, choice, self._rungs[at].strategy)
        return at

    def _better(self, chosen: Answered | None, new: Answered) -> Answered:
        """Which of two rejected answers stands when no rung passes."""
        if chosen is None or self._ending != "best":
            return new
        old_score, new_score = chosen.verdict.score, new.verdict.score
        better = (_NO_SCORE if new_score is None else new_score) >= (_NO_SCORE if old_score is None else old_score)
        return new if better else chosen

    async def _end(self, run: Run, scope: Scope, chosen: Answered | None, failed: Failed | None) -> Outcome:
        """No rung passed."""
        if self._otherwise is not None:
            return await self._otherwise.answer(run, scope)
        if chosen is None:
            return failed or Failed("unmet", "no rung gave an answer")
        if self._ending != "fail":
            return chosen
        reason = f": {chosen.verdict.reason}" if chosen.verdict.reason else ""
        words = f"no answer passed; the last one, by `{chosen.model}`, did not{reason}"
        return Failed("unmet", words, chosen.model)


class Fallback:
    """The next member when one failed."""

    __slots__ = ("_members", "id", "label")

    def __init__(self, id_: str, members: list[Strategy]) -> None:
        self.id = id_
        self.label = id_
        self._members = members

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        members = self._members
        last = len(members) - 1
        for at, member in enumerate(members):
            outcome = await member.answer(run, scope)
            if isinstance(outcome, Answered) or outcome.kind in ENDING or run.streamed or at == last:
                return outcome
            to = members[at + 1].label
            run.tell("escalate", self.id, {"from": member.label, "to": to, "because": outcome.kind})
        raise AssertionError("a fallback has members")


class Within:
    """A hard limit on all that its child spends."""

    __slots__ = ("_child", "_cost_usd", "_text", "_time_s", "id", "label")

    def __init__(self, id_: str, child: Strategy, cost_usd: float | None, time_s: float | None, text: str) -> None:
        self.id = id_
        self.label = child.label
        self._child = child
        self._cost_usd = cost_usd
        self._time_s = time_s
        self._text = text

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        deadline_s = None if self._time_s is None else run.now_s() + self._time_s
        budget = Budget(self.id, self._cost_usd, deadline_s, self._text, scope.budget)
        outcome = await self._child.answer(run, Scope(budget, scope.extra, scope.emit, scope.gates))
        if isinstance(outcome, Failed) and outcome.budget is budget:
            outcome.budget = None
        return outcome
