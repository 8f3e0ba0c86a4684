"""The strategies that choose one of several: ``route``, ``route by`` and ``split``.

Takes: the choices of `cascadelang.runtime.choices`, and the strategies that they lead to. Gives: `Route`, `RouteBy`
and `Split`. Guarantees: one strategy is asked and no other, and what was chosen and why is told of before it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascadelang.graph import model as g
from cascadelang.runtime.asking import settled
from cascadelang.runtime.choices import Arms, Choice, Labels, Shares
from cascadelang.runtime.outcome import Failed, Outcome, Strategy
from cascadelang.runtime.scope import Scope
from cascadelang.runtime.sight import show

if TYPE_CHECKING:
    from cascadelang.runtime.asking import Asker
    from cascadelang.runtime.state import Run


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
