"""The strategy ``cascade``: one rung after the other, until an answer passes its gate.

Takes: rungs with their gates, and what the policy says of the first one, of their order and of the end. Gives:
`Cascade`. Guarantees: an answer that a gate rejected is given only where ``otherwise`` says so, and its verdict says
that it was.

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

from typing import TYPE_CHECKING, Any, Final, Literal

from cascadelang.contracts.check import UNCHECKED
from cascadelang.contracts.failure import ENDING
from cascadelang.contracts.messages import Reply
from cascadelang.graph import model as g
from cascadelang.runtime.asking import settled
from cascadelang.runtime.budget import Budget
from cascadelang.runtime.carry import exchange
from cascadelang.runtime.choices import Labels
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.routing import tell_choice
from cascadelang.runtime.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascadelang.runtime.asking import Asker
    from cascadelang.runtime.early import Watch
    from cascadelang.runtime.gates import Gate
    from cascadelang.runtime.rung_order import RungOrder
    from cascadelang.runtime.state import Run

_NO_SCORE: Final = float("-inf")


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
