"""Choosing without a call: which arm of a route, which label, which share, which rung to start with.

Takes: compiled conditions, a query. Gives: a `Choice` with everything that was looked at. Guarantees: pure and
synchronous; an arm whose condition isn't known isn't taken, and the choice says why it wasn't known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import Known
from cascadelang.runtime.sight import Evaluate, Note, Sight, show

ELSE = "else"

_LONGEST_BITS: Final = 4096
"""Whole numbers with more of them aren't written out in decimal, which Python refuses for very long ones."""


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

    def choose(self, query: Query, signals: dict[str, Finding], notes: list[Note] | None = None) -> Choice:
        """The first arm whose condition is true, else ``else``; ``notes`` takes what is looked at, as it is."""
        sight = Sight(query, signals)
        if notes is not None:
            sight.notes = notes
        index = 0
        for condition in self._conditions:
            value = condition(sight)
            if value is True:
                return choice_of(index, str(index + 1), sight.notes)
            index += 1
            if value is not False and value is not None:  # a fact of the caller's, of whatever type
                words = f"the condition of arm {index} is `{show(value)}`, neither true nor false"
                sight.notes.append(("", None, words, None))
        return choice_of(index, ELSE, sight.notes)


class Labels:
    """The label signal of a ``route by`` or a ``from``, with the labels that lead somewhere."""

    __slots__ = ("_evaluate", "_index")

    def __init__(self, evaluate: Evaluate, labels: Iterable[str]) -> None:
        self._evaluate = evaluate
        self._index = {label: index for index, label in enumerate(labels)}

    def choose(self, query: Query, signals: dict[str, Finding], notes: list[Note] | None = None) -> Choice:
        """The label, or ``else`` for one that isn't known or leads nowhere; ``notes`` as in `Arms.choose`."""
        sight = Sight(query, signals)
        if notes is not None:
            sight.notes = notes
        value = self._evaluate(sight)
        if isinstance(value, str) and value in self._index:
            return choice_of(self._index[value], value, sight.notes)
        return choice_of(len(self._index), ELSE, sight.notes)


class Shares:
    """The shares of a ``split``, and the key that says which one a query falls to."""

    __slots__ = ("_by", "_ends", "_node")

    def __init__(self, node: str, shares: Iterable[float], by: Evaluate | None) -> None:
        self._node = node
        self._by = by
        parts = list(shares)
        whole = max(at for at, part in enumerate(parts) if part > 0)
        # rounding must leave nothing above the last share that is one
        self._ends = [1.0 if at >= whole else sum(parts[: at + 1]) for at in range(len(parts))]

    def choose(
        self, query: Query, signals: dict[str, Finding], drawn: float | None, notes: list[Note] | None = None
    ) -> Choice:
        """The share that the key falls to; the one that ``drawn`` (0 to 1) falls to where there is no key.

        With ``drawn`` ``None``, what would be left to chance has the empty arm. ``notes`` as in `Arms.choose`.
        """
        notes = [] if notes is None else notes
        place = drawn
        if self._by is not None:
            sight = Sight(query, signals)
            sight.notes = notes
            key = self._by(sight)
            if key is not None:
                place = place_of(self._node, key_text(key))
            else:
                notes.append(("", None, "without its key, the query goes where the run's seed says", None))
        if place is None:
            return choice_of(len(self._ends), "", notes)
        index = next(at for at, end in enumerate(self._ends) if place < end)
        return choice_of(index, str(index + 1), notes)


def place_of(node: str, key: str) -> float:
    """Where a key falls between 0 and 1, the same for the same node and key on every machine and in every version.

    The first 53 bits of the SHA-256 of the node's id, a line break and the key, all in UTF-8: as uniform as the hash.
    """
    data = f"{node}\n{key}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(hashlib.sha256(data).digest()[:8]) >> 11) / (1 << 53)


def key_text(key: bool | float | str) -> str:
    """A key as it is hashed: a text as it is, a whole number without a point, ``true`` and ``false``."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return hex(key) if isinstance(key, int) and key.bit_length() > _LONGEST_BITS else str(key)


def choice_of(index: int, arm: str, notes: list[Note]) -> Choice:
    """A choice, with what was looked at and why something isn't known."""
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
