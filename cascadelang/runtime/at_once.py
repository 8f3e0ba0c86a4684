"""The strategies that have several models answer at once: ``hedge``, ``vote`` and ``shadow``.

Takes: a run and a scope, as every strategy. Gives: the answer of one of the parts. Guarantees: nothing that was
started is left running when a strategy ends; what parts spend counts against every ``within`` around, each call
reserved before it is made; the parts' answers aren't streamed, for another may still take their place.

What is left open by the language:

- A ``hedge`` starts its second strategy when the time is over, or at once when the first has failed before. The first
  answer wins; of two at the same moment, the first strategy's. The other is cancelled, and the call it had on the
  wire counts at its most against ``within``, for it may be billed. When both fail, the failure is the second's. A
  mistake (``auth``, ``bad_request``, ``policy``) ends the run, whichever makes it.
- A second strategy that begins after the first has failed answers alone, so its answer is streamed where a plain
  answer would be.
- A ``vote`` waits for all its members. Answers are grouped by their final answer (`contracts.final_answer`); the
  largest group wins, of equal ones the one whose answer comes first in the list, and its first member's answer is the
  answer. Members that failed have no vote; when all did, the failure is the last one's. With ``by``, the first answer
  of each group is scored, and the best score wins, the larger group of equals; where there is one group only, or no
  score can be had, nothing is judged, or the largest group wins after all.
- A ``shadow`` answers as its live strategy does. What runs beside it begins when the caller's run has ended, and is
  recorded as a run of its own: it can't slow the caller, and takes only what is left of a ``within``'s dollars.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import UNCHECKED
from cascadelang.contracts.failure import ENDING
from cascadelang.contracts.final_answer import final_answer
from cascadelang.contracts.trace_sink import new_trace_id
from cascadelang.runtime.beside import Beside
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.scope import Scope

if TYPE_CHECKING:
    from cascadelang.graph import model as g
    from cascadelang.runtime.gates import Gate
    from cascadelang.runtime.state import Run

_BEATEN: Final = "another answer was there first"
_MISTAKEN: Final = "a mistake elsewhere ended the run"


class Hedge:
    """A second strategy when the first is slow; the first answer wins."""

    __slots__ = ("_after_s", "_first", "_second", "id", "label")

    def __init__(self, node: g.HedgeNode, first: Strategy, second: Strategy) -> None:
        self.id = node.id
        self.label = node.id
        self._first = first
        self._second = second
        self._after_s = node.after_s

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        quiet = Scope(scope.budget, scope.extra, None, scope.gates)
        async with Beside(run) as beside:
            first = beside.start(lambda part: self._first.answer(part, quiet))
            await beside.first(first, beside.timer(self._after_s))
            if not first.done():
                self._tell(run, "slow")
                second = beside.start(lambda part: self._second.answer(part, quiet))
                return await _sooner(beside, first, second)
            outcome = first.result()
        if isinstance(outcome, Answered) or outcome.kind in ENDING:
            return outcome
        self._tell(run, outcome.kind)
        return await self._second.answer(run, scope)

    def _tell(self, run: Run, because: str) -> None:
        run.tell("escalate", self.id, {"from": self._first.label, "to": self._second.label, "because": because})


async def _sooner(beside: Beside, first: asyncio.Task[Outcome], second: asyncio.Task[Outcome]) -> Outcome:
    """The first answer of two, or the failure that both come to."""
    failed: dict[asyncio.Task[Outcome], Failed] = {}
    waiting = [first, second]
    while waiting:
        await beside.first(*waiting)
        for task in [task for task in waiting if task.done()]:
            waiting.remove(task)
            outcome = task.result()
            if isinstance(outcome, Answered) or outcome.kind in ENDING:
                for other in waiting:
                    beside.drop(other, _BEATEN if isinstance(outcome, Answered) else _MISTAKEN)
                return outcome
            failed[task] = outcome
    return failed[second]


class Vote:
    """The answer that most members give."""

    __slots__ = ("_by", "_members", "id", "label")

    def __init__(self, id_: str, members: list[Strategy], by: Gate | None) -> None:
        self.id = id_
        self.label = id_
        self._members = members
        self._by = by

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        gates = scope.gates
        if self._by is not None and self._by.calls_models:
            gates = (*gates, (self._by, scope.budget))
        quiet = Scope(scope.budget, scope.extra, None, gates)
        async with Beside(run) as beside:
            tasks = [beside.start(partial(_answering, member, quiet)) for member in self._members]
            outcomes = await beside.all(tasks)
        if len(outcomes) < len(self._members):
            return outcomes[0]
        answered = [outcome for outcome in outcomes if isinstance(outcome, Answered)]
        if not answered:
            return outcomes[-1]
        groups: dict[str, list[Answered]] = {}
        for one in answered:
            groups.setdefault(final_answer(one.reply.text), []).append(one)
        ranked = list(groups.values())
        scores: list[float | None] = [None] * len(ranked)
        if self._by is not None and len(ranked) > 1:
            for at, group in enumerate(ranked):
                value = await self._by.weigh(run, group[0], scope.budget)
                if isinstance(value, Failed):
                    if value.kind in ENDING:
                        return value
                    break
                scores[at] = value
        best = max(range(len(ranked)), key=lambda at: (_rank(scores[at]), len(ranked[at]), -at))
        chosen = ranked[best][0]
        self._tell(run, ranked, scores, chosen, len(answered))
        return chosen

    def _tell(
        self, run: Run, groups: list[list[Answered]], scores: list[float | None], chosen: Answered, of: int
    ) -> None:
        data: dict[str, Any] = {
            "model": chosen.model,
            "votes": next(len(group) for group in groups if group[0] is chosen),
            "of": of,
            "members": len(self._members),
            "groups": [[one.model for one in group] for group in groups],
        }
        if any(score is not None for score in scores):
            data["scores"] = scores
        run.tell("vote", self.id, data)


def _rank(score: float | None) -> float:
    return float("-inf") if score is None else score


async def _answering(member: Strategy, scope: Scope, part: Run) -> Outcome:
    return await member.answer(part, scope)


class Shadowed:
    """A strategy that is to run once the caller's run has ended, for the record only.

    Attributes:
        node: the shadow's.
        strategy: what runs.
        scope: where it runs: the dollars left are those of the budgets around, deadlines don't count.
        trace_id: what the trace store will know its run by.
        gate: what judged the live answer, where that calls no model.
    """

    __slots__ = ("gate", "node", "scope", "strategy", "trace_id")

    def __init__(self, node: str, strategy: Strategy, scope: Scope, trace_id: str) -> None:
        self.node = node
        self.strategy = strategy
        self.scope = scope
        self.trace_id = trace_id
        self.gate: Gate | None = None

    async def answer(self, run: Run) -> Outcome:
        """Run it, and judge its answer as the live one was."""
        if self.scope.budget is not None:
            self.scope.budget.lift_deadlines()
        outcome = await self.strategy.answer(run, self.scope)
        if isinstance(outcome, Answered) and self.gate is not None and outcome.verdict is UNCHECKED:
            if self.gate.waits:
                await self.gate.judge_paid(run, outcome, self.scope.budget)
            else:
                self.gate.judge(run, outcome)
        return outcome


class Shadow:
    """The live strategy; another is run beside it for a share of the queries, for the record only."""

    __slots__ = ("_beside", "_live", "_share", "id", "label")

    def __init__(self, node: g.ShadowNode, live: Strategy, beside: Strategy) -> None:
        self.id = node.id
        self.label = live.label
        self._live = live
        self._beside = beside
        self._share = node.share

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        if run.draw(self.id) < self._share:
            shadowed = Shadowed(
                self.id, self._beside, Scope(scope.budget, scope.extra), new_trace_id(run.around.clock.wall_s())
            )
            run.shadows.append(shadowed)
            run.tell("shadow", self.id, {"to": self._beside.label, "share": self._share})
        return await self._live.answer(run, scope)
