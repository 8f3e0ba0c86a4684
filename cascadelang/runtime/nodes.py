"""The plain strategies: one call, the next where one failed, a limit around a part.

Takes: what `cascadelang.runtime.build` makes of the graph's nodes. Gives: one class for each kind of node that does
something while it runs (``with`` and ``retry`` are worked into the calls when they are built): here, and in
`cascadelang.runtime.routing`, `cascadelang.runtime.cascade`, `cascadelang.runtime.at_once` and
`cascadelang.runtime.cached`. Guarantees, for all of them: each takes a run and a scope, and ends in an answer or a
failure; strategies hold nothing of a run, so one of them serves any number of runs at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import Verdict
from cascadelang.contracts.failure import ENDING, FAILURE_KINDS
from cascadelang.contracts.messages import Message, Reply, Request
from cascadelang.graph import model as g
from cascadelang.graph.cost import is_free
from cascadelang.runtime.billing import Target
from cascadelang.runtime.budget import Budget
from cascadelang.runtime.calls import place_call
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.scope import Scope

if TYPE_CHECKING:
    from cascadelang.runtime.early import Watch
    from cascadelang.runtime.state import Run

SETTINGS: Final = ("system", "max_tokens", "temperature", "top_p", "seed", "stop", "effort", "timeout_s")
"""The fields of a model's declaration that a `with` may set, `ModelSpec`'s names."""


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

    __slots__ = ("_can_json", "_early", "_fixed", "_free", "_model", "_system", "_target", "_wanted", "id", "label")

    def __init__(self, id_: str, target: Target, spec: g.ModelSpec, settings: Settings) -> None:
        self.id = id_
        self.label = target.model
        self._target = target
        self._can_json = spec.can is None or "json" in spec.can
        own = {name: settings.values.get(name, getattr(spec, name)) for name in SETTINGS}
        self._model = spec.id
        self._system: str = own["system"]
        self._fixed = (
            own["max_tokens"],
            own["temperature"],
            own["top_p"],
            own["seed"],
            tuple(own["stop"]),
            own["effort"],
        )
        self._wanted = (settings.logprobs, own["timeout_s"])
        self._early: bool | None = settings.values.get("stop_early")
        self._free = target.price is not None and is_free(target.price)

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        request = self.request(run, scope.extra)
        events = len(run.events)
        watch = scope.watch
        early = None if watch is None or not self._may_stop(watch, scope) else watch.begin(run)
        try:
            reply = await place_call(run, self._target, request, scope, None, early)
        except asyncio.CancelledError:
            if len(run.events) > events:  # it was asked
                run.path.append(self.label)
            raise
        if isinstance(reply, Failed):
            if run.events[events].kind != "skip":
                run.path.append(self.label)
            return reply
        run.path.append(self.label)
        answered = Answered(reply, self.label, self._target, request)
        if early is not None:
            answered.stop = early.stop
        return answered

    def _may_stop(self, watch: Watch, scope: Scope) -> bool:
        """Whether an answer that can't pass may be stopped; without being told so, only if nothing hangs on it.

        What it costs then isn't known, so that a limit in dollars would have less left than it could have.
        """
        if self._early is not None or scope.emit is not None:
            return bool(self._early) and scope.emit is None
        return watch.safe and (self._free or scope.budget is None or not scope.budget.limits_money())

    def request(self, run: Run, extra: tuple[Message, ...]) -> Request:
        """What is asked, with messages added behind the query's own."""
        query = run.query
        system = self._system
        if run.system:
            system = f"{system}\n\n{run.system}" if system else run.system
        logprobs, timeout_s = self._wanted
        fixed = self._fixed
        if run.seed is not None and fixed[3] is None:
            fixed = (*fixed[:3], run.seed, *fixed[4:])
        return Request(
            self._model,
            run.messages + extra if extra else run.messages,
            system,
            *fixed,
            None,
            query.wants_json and self._can_json,
            logprobs,
            query.tools,
            timeout_s,
        )

    def kept(
        self, run: Run, extra: tuple[Message, ...], reply: Reply, verdict: Verdict, of: tuple[float, str]
    ) -> Answered:
        """An answer of this call that was kept; ``extra`` was added to the query then."""
        return Answered(reply, self.label, self._target, self.request(run, extra), verdict, of)


class Fallback:
    """The next member when one failed in a way that moves on."""

    __slots__ = ("_ends", "_members", "id", "label")

    def __init__(self, node: g.FallbackNode, members: list[Strategy]) -> None:
        self.id = node.id
        self.label = node.id
        self._members = members
        self._ends = ENDING if node.when is None else frozenset(FAILURE_KINDS) - frozenset(node.when)

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        members = self._members
        last = len(members) - 1
        for at, member in enumerate(members):
            outcome = await member.answer(run, scope)
            if isinstance(outcome, Answered) or outcome.kind in self._ends or run.streamed or at == last:
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
        outcome = await self._child.answer(run, Scope(budget, scope.extra, scope.emit, scope.gates, scope.watch))
        if isinstance(outcome, Failed) and outcome.budget is budget:
            outcome.budget = None
        return outcome
