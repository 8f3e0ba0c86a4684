"""Choosing without a call: which arm of a route, which label, which rung to start with.

Takes: compiled conditions, a query. Gives: a `Choice` with everything that was looked at. Guarantees: pure and
synchronous; an arm whose condition isn't known isn't taken, and the choice says why it wasn't known.
"""

from __future__ import annotations

from collections.abc import Iterable

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import Known
from cascadelang.runtime.sight import Evaluate, Note, Sight, show

ELSE = "else"


class Choice:
    """What was chosen.

    Attributes:
        index: the place among the arms; their number is that of ``else``.
        arm: the arm's number from 1, the label, or ``else``.
        signals: what was looked at.
        unknown: for each thing that wasn't known, what and why, in words.
    """

    __slots__ = ("arm", "index", "signals", "unknown")

    def __init__(self, index: int, arm: str, signals: tuple[Known, ...], unknown: tuple[str, ...]) -> None:
        self.index = index
        self.arm = arm
        self.signals = signals
        self.unknown = unknown

    @property
    def reason(self) -> str:
        """Why something wasn't known, in words."""
        return "; ".join(self.unknown)


class Arms:
    """The conditions of a ``route``."""

    __slots__ = ("_conditions",)

    def __init__(self, conditions: list[Evaluate]) -> None:
        self._conditions = conditions

    def choose(self, query: Query, signals: dict[str, Finding]) -> Choice:
        """The first arm whose condition is true, else ``else``."""
        sight = Sight(query, signals)
        index = 0
        for condition in self._conditions:
            value = condition(sight)
            if value is True:
                return _choice(index, str(index + 1), sight.notes)
            index += 1
            if value is not False and value is not None:  # a fact of the caller's, of whatever type
                words = f"the condition of arm {index} is `{show(value)}`, neither true nor false"
                sight.notes.append(("", None, words, None))
        return _choice(index, ELSE, sight.notes)


class Labels:
    """The label signal of a ``route by`` or a ``from``, with the labels that lead somewhere."""

    __slots__ = ("_evaluate", "_index")

    def __init__(self, evaluate: Evaluate, labels: Iterable[str]) -> None:
        self._evaluate = evaluate
        self._index = {label: index for index, label in enumerate(labels)}

    def choose(self, query: Query, signals: dict[str, Finding]) -> Choice:
        """The label, or ``else`` for one that isn't known or leads nowhere."""
        sight = Sight(query, signals)
        value = self._evaluate(sight)
        if isinstance(value, str) and value in self._index:
            return _choice(self._index[value], value, sight.notes)
        return _choice(len(self._index), ELSE, sight.notes)


def _choice(index: int, arm: str, notes: list[Note]) -> Choice:
    signals: dict[str, Known] = {}
    unknown: tuple[str, ...] = ()
    for name, value, reason, _ in notes:
        if name:
            signals[name] = Known(name, value, reason)
        if value is None:
            words = f"{name}: {reason}" if name and reason else name or reason
            if words not in unknown:
                unknown = (*unknown, words)
    return Choice(index, arm, tuple(signals.values()), unknown)
