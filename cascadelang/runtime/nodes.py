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
- The answer of a rung is streamed to the caller when nothing can take it back: the rung has no gate, or it is the
  last one under ``otherwise last``.
- An answer that its gate can't pass any more may be stopped while it is generated (`_watches`).
- ``carry`` hands on the last rejected answer only; a rung that failed has nothing to hand on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal

from cascadelang.contracts.check import UNCHECKED, Verdict
from cascadelang.contracts.failure import ENDING, FAILURE_KINDS
from cascadelang.contracts.messages import Message, Reply, Request
from cascadelang.graph import model as g
from cascadelang.graph.cost import is_free
from cascadelang.runtime.asking import settled
from cascadelang.runtime.billing import Target
from cascadelang.runtime.budget import Budget
from cascadelang.runtime.calls import place_call
from cascadelang.runtime.carry import exchange
from cascadelang.runtime.choices import Arms, Choice, Labels, Shares
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.scope import Scope
from cascadelang.runtime.sight import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascadelang.runtime.asking import Asker
    from cascadelang.runtime.early import Watch
    from cascadelang.runtime.gates import Gate
    from cascadelang.runtime.rung_order import RungOrder
    from cascadelang.runtime.state import Run

SETTINGS: Final = ("system", "max_tokens", "temperature", "top_p", "seed", "stop", "effort", "timeout_s")
"""The fields of a model's declaration that a `with` may set, `ModelSpec`'s names."""

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


class Route:
    """The first arm whose condition is true."""

    __slots__ = ("_arms", "_asker", "_strategies", "id", "label")

    def __init__(self, id_: str, arms: Arms, strategies: list[Strategy], asker: Asker | None) -> None:
        self.id = id_
        self._asker = asker
        self.label = id_
        self._arms = arms
        self._strategies = strategies

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        choice = await settled(self._asker, run, scope.budget, lambda: self._arms.choose(run.query, run.signals))
        if isinstance(choice, Failed):
            return choice
        taken = self._strategies[choice.index]
        tell_choice(run, self.id, choice, taken)
        return await taken.answer(run, scope)


class RouteBy:
    """The arm of the label."""

    __slots__ = ("_asker", "_labels", "_otherwise", "_strategies", "id", "label")

    def __init__(
        self,
        id_: str,
        labels: Labels,
        strategies: dict[str, Strategy],
        otherwise: Strategy | None,
        asker: Asker | None,
    ) -> None:
        self.id = id_
        self.label = id_
        self._labels = labels
        self._strategies = strategies
        self._otherwise = otherwise
        self._asker = asker

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        choice = await settled(self._asker, run, scope.budget, lambda: self._labels.choose(run.query, run.signals))
        if isinstance(choice, Failed):
            return choice
        taken = self._strategies.get(choice.arm, self._otherwise)
        tell_choice(run, self.id, choice, taken)
        if taken is None:
            return Failed("policy", _no_arm(choice))
        return await taken.answer(run, scope)


def _no_arm(choice: Choice) -> str:
    """Why a route without ``else`` leads nowhere."""
    if choice.reason:
        return f"the label isn't known and the route has no `else`: {choice.reason}"
    values = ", ".join(f"`{known.name}` is `{show(known.value)}`" for known in choice.signals)
    return f"the route has no arm for the label and no `else`{f': {values}' if values else ''}"


class Split:
    """The share that the query falls to."""

    __slots__ = ("_asker", "_parts", "_shares", "_strategies", "id", "label")

    def __init__(self, node: g.SplitNode, shares: Shares, strategies: list[Strategy], asker: Asker | None) -> None:
        self._asker = asker
        self.id = node.id
        self.label = node.id
        self._shares = shares
        self._parts = [share.share for share in node.shares]
        self._strategies = strategies

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        drawn = run.draw(self.id)
        choice = await settled(
            self._asker, run, scope.budget, lambda: self._shares.choose(run.query, run.signals, drawn)
        )
        if isinstance(choice, Failed):
            return choice
        taken = self._strategies[choice.index]
        tell_choice(run, self.id, choice, taken, share=self._parts[choice.index])
        return await taken.answer(run, scope)


def tell_choice(run: Run, node: str, choice: Choice, taken: Strategy | None, *, share: float | None = None) -> None:
    """The event of a choice."""
    data: dict[str, Any] = {
        "arm": choice.arm,
        "to": "" if taken is None else taken.label,
        "because": {known.name: known.value for known in choice.signals},
        "unknown": list(choice.unknown),
    }
    if share is not None:
        data["share"] = share
    run.tell("route", node, data)


class Rung:
    """A strategy and the gate behind it.

    Attributes:
        strategy: who answers.
        gate: what is asked of the answer; ``None`` when nothing is, or nothing that could change anything.
        paid: the gate again, if it may call a model.
        waits: whether making the gate may have to wait.
        waived: there is a gate, and it isn't made.
        final: nothing takes this rung's answer back.
        watch: what may stop its answer early; `None` where the whole answer is needed even if it is rejected.
    """

    __slots__ = ("final", "gate", "paid", "strategy", "waits", "waived", "watch")

    def __init__(self, strategy: Strategy, gate: Gate | None, *, kept: bool, watch: Watch | None) -> None:
        self.strategy = strategy
        self.waived = kept and gate is not None and gate.calls_models
        self.gate = None if self.waived else gate
        self.paid = None if self.gate is None or not self.gate.calls_models else self.gate
        self.waits = self.gate is not None and self.gate.waits
        self.final = kept or self.gate is None
        self.watch = watch


class Cascade:
    """The rungs in order, until one passes."""

    __slots__ = (
        "_asker",
        "_carry",
        "_ending",
        "_lasts",
        "_order",
        "_otherwise",
        "_rungs",
        "_start",
        "_start_at",
        "id",
        "label",
    )

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        node: g.CascadeNode,
        rungs: list[tuple[Strategy, Gate | None]],
        otherwise: Strategy | None,
        start: Labels | None,
        asker: Asker | None,
        order: RungOrder | None = None,
    ) -> None:
        self.id = node.id
        self._asker = asker
        self._order = order
        self.label = node.id
        keeps_last = node.otherwise == "last"
        last = len(rungs) - 1
        watches = _watches(node, [gate for _, gate in rungs])
        self._rungs = [
            Rung(rung, gate, kept=keeps_last and at == last and order is None, watch=watches[at])
            for at, (rung, gate) in enumerate(rungs)
        ]
        # With an order of its own, any rung may be the one that is asked last.
        self._lasts = (
            self._rungs if order is None else [Rung(rung, gate, kept=keeps_last, watch=None) for rung, gate in rungs]
        )
        self._ending = node.otherwise
        self._otherwise = otherwise
        self._start = start
        self._start_at = node.start_at
        self._carry: Literal["draft", "reasons"] | None = node.carry

    async def answer(self, run: Run, scope: Scope) -> Outcome:  # noqa: C901, PLR0912 - one loop, read from top to bottom
        """See `Strategy.answer`."""
        at = 0
        if self._start is not None:
            first = await self._first(run, scope, self._start)
            if isinstance(first, Failed):
                return first
            at = first
        left = [*range(at, len(self._rungs))]
        quality: Mapping[str, float] = {}
        if self._order is not None:
            at, quality = await self._most_promising(run, scope, self._order)
        chosen: Answered | None = None
        failed: Failed | None = None
        previous: Reply | None = None
        extra = scope.extra
        while True:
            left.remove(at)
            rung = (self._rungs if left else self._lasts)[at]
            gate = rung.gate
            gates = scope.gates if rung.paid is None else (*scope.gates, (rung.paid, scope.budget))
            watch = scope.watch if gate is None and not rung.waived else rung.watch
            below = Scope(scope.budget, extra, scope.emit if rung.final else None, gates, watch)
            shadows = len(run.shadows)
            outcome = await rung.strategy.answer(run, below)
            if gate is not None and not rung.paid:
                for shadowed in run.shadows[shadows:]:
                    shadowed.gate = shadowed.gate or gate
            stops: Budget | None = None
            because: str = "unmet"
            if isinstance(outcome, Failed):
                if outcome.kind in ENDING or run.streamed:
                    return outcome
                failed, because, stops = outcome, outcome.kind, outcome.budget
            elif gate is None:
                if rung.waived and outcome.verdict.outcome != "failed":
                    outcome.verdict = UNCHECKED
                return outcome
            else:
                if rung.waits:
                    refused = await gate.judge_paid(run, outcome, scope.budget, previous)
                    if refused is not None:
                        if refused.kind in ENDING:
                            return refused
                        stops = refused.budget
                else:
                    gate.judge(run, outcome, previous)
                if outcome.verdict.outcome == "passed":
                    return outcome
                chosen = self._better(chosen, outcome)
                previous = outcome.reply
                if self._carry is not None:
                    extra = scope.extra + exchange(self._carry, outcome.reply, outcome.verdict)
            if stops is not None or not left:
                return await self._end(run, scope, chosen, failed)
            at = left[0] if self._order is None else self._order.best(left, quality, run.query, extra)[0]
            to = self._rungs[at].strategy.label
            run.tell("escalate", self.id, {"from": rung.strategy.label, "to": to, "because": because})

    async def _most_promising(self, run: Run, scope: Scope, order: RungOrder) -> tuple[int, Mapping[str, float]]:
        """The rung to begin with, and the quality that is predicted for each, both told."""
        predicted = await order.predict(run, scope.budget)
        at, why = order.best(range(len(self._rungs)), predicted.values, run.query, scope.extra)
        reason = predicted.reason or why
        data: dict[str, Any] = {
            "arm": str(at + 1),
            "to": self._rungs[at].strategy.label,
            "because": {name: round(value, 4) for name, value in predicted.values.items()},
            "unknown": [f"the rungs are asked as they stand: {reason}"] if reason else [],
        }
        run.tell("route", self.id, data)
        return at, predicted.values

    async def _first(self, run: Run, scope: Scope, start: Labels) -> int | Failed:
        """The index of the rung to start with."""
        choice = await settled(self._asker, run, scope.budget, lambda: start.choose(run.query, run.signals))
        if isinstance(choice, Failed):
            return choice
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


def _watches(node: g.CascadeNode, gates: list[Gate | None]) -> list[Watch | None]:
    """What may stop the answer of each rung early.

    Nothing may where a rejected answer is needed whole: ``carry`` hands it, or why it was rejected, to the next rung;
    ``otherwise best`` compares all of them; ``otherwise last`` gives the last one; a gate behind may look back. With
    ``otherwise last`` an earlier one is given out, too, when every rung behind it failed: that isn't `Watch.safe`.
    """
    found: list[Watch | None] = []
    for at, gate in enumerate(gates):
        watch = None if gate is None else gate.watch
        behind = gates[at + 1 :] if node.order is None else [*gates[:at], *gates[at + 1 :]]
        if (
            watch is None
            or node.carry is not None
            or node.otherwise == "best"
            or (node.otherwise == "last" and not behind)
            or any(later is not None and later.looks_back for later in behind)
        ):
            found.append(None)
        else:
            found.append(watch.where(safe=node.otherwise != "last"))
    return found


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
