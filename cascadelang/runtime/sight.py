"""What an expression looks at while it is evaluated, and what it noted on the way.

Takes: a query, and an answer where one is judged. Gives: `Sight`, `Note` and the words for notes. Guarantees: a
signal is read at most once a run, and a check made at most once for an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cascadelang.contracts.check import Answer, Finding, Value
from cascadelang.contracts.messages import Query
from cascadelang.graph.arithmetic import number

Note = tuple[str, Value, str, float | None]
"""One thing that was looked at: what the policy calls it, its value, why, and the number compared, if one was.

An empty name says that the reason is a whole sentence by itself. A plain tuple, for a dozen are made in every run.
"""


class Sight:
    """One evaluation.

    Attributes:
        query: the query.
        answer: the answer under judgement; `None` before there is one.
        signals: what is known of the query, kept for the whole run.
        findings: what is known of the answer, by use.
        notes: what was looked at and counts for the value, in order.
        data: what checks extracted, by check name.
        took_s: seconds spent on checks that take time; ``None`` when none was made.
    """

    __slots__ = ("answer", "data", "findings", "notes", "query", "signals", "took_s")

    def __init__(self, query: Query, signals: dict[str, Finding], answer: Answer | None = None) -> None:
        self.query = query
        self.answer = answer
        self.signals = signals
        self.findings: dict[str, Finding] = {}
        self.notes: list[Note] = []
        self.data: dict[str, Any] = {}
        self.took_s: float | None = None


Evaluate = Callable[[Sight], Value]
"""A compiled expression: its value, ``None`` for unknown."""


class Pending(Exception):  # noqa: N818 - it names what is so
    """The finding of a check that waits or of a paid signal is needed and isn't there yet.

    Caught by the gate or the choice, which asks for it and starts again.
    """

    def __init__(self, use: str) -> None:
        super().__init__(use)
        self.use = use


def words_of(notes: Sequence[Note]) -> str:
    """What a value came from, in words. Where something isn't known, only that counts."""
    said: list[str] = []
    unknown = [note for note in notes if note[1] is None]
    for note in unknown or notes:
        words = note_words(note)
        if words and words not in said:
            said.append(words)
    return "; ".join(said)


def note_words(note: Note) -> str:
    """One note in words."""
    name, value, reason, _ = note
    if not name:
        return reason
    return f"{name}: {reason}" if reason else f"{name} is {show(value)}"


def why_no_number(name: str, value: Value) -> str:
    """Why a known value can't be calculated with; ``name`` is the expression's wording."""
    large = isinstance(value, int | float) and not isinstance(value, bool)
    return f"`{name}` is too large to calculate with" if large else f"`{name}` is `{show(value)}`, not a number"


def why_no_order(left: tuple[str, Value], right: tuple[str, Value]) -> str:
    """Why two known values, each with its expression's wording, have no order."""
    name, value = left if number(left[1]) is None else right
    return why_no_number(name, value)


def show(value: Value) -> str:
    """A value as a user would write it."""
    if value is None:
        return "unknown"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return str(value)
    return value if len(value) <= 40 else value[:39] + "…"
