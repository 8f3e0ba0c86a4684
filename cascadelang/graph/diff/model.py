"""The differences of two graphs, as values.

Takes: nothing; `compare` makes these. Gives: `Change`, `Amount` and `Difference`. Guarantees: frozen; words have no
full stop and no line break.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Final, Literal

from cascadelang.graph.model import Graph
from cascadelang.source.frozen import dataclass

DIFF_VERSION: Final = 1

Area = Literal["policy", "strategy", "signal", "check", "tune", "model", "requirement", "alert"]
What = Literal["added", "removed", "changed", "moved", "renamed"]

Revert = Callable[[Graph], Graph]
"""Takes the new graph, with the old one's parts beside its own, and takes the one change back."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    Attributes:
        area: what it is about.
        what: how it changed.
        where: whose it is: ``main``, ``tier cheap``, ``model haiku``.
        words: what changed, with ``where`` understood: ``rung 3 is now `opus`, it was `sonnet```.
        old, new: the two sides in words; ``None`` where there is none.
        revert: takes it back, to see what it does to bounds; ``None`` where bounds don't depend on it.
    """

    area: Area
    what: What
    where: str
    words: str
    old: str | None = None
    new: str | None = None
    revert: Revert | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Amount:
    """A bound of a policy that changed.

    Attributes:
        policy: the policy's name.
        what: ``cost`` in dollars for `input_tokens`, ``calls``, or ``latency`` in seconds.
        old, new: the most; ``None`` isn't known.
        input_tokens: the input that the cost is for.
        because: the changes that it comes from, the greatest first.
        words: all of that, in words.
    """

    policy: str
    what: Literal["cost", "calls", "latency"]
    old: float | None
    new: float | None
    input_tokens: int
    because: tuple[Change, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two graphs; nothing where they mean the same.

    Attributes:
        amounts: the bounds that changed, policy by policy.
        changes: the changes, in order of the policies, then of what their names stand for.
    """

    amounts: tuple[Amount, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both mean the same."""
        return not self.changes and not self.amounts


_VERBS: Final = frozenset(
    {"is", "has", "routes", "deals", "starts", "carries", "ends,", "moves", "requires", "doesn't", "was"}
    | {"chooses", "runs"}
)
"""First words of what is said of a place, rather than of something in it."""


def placed(place: str, words: str, itself: str = "") -> str:
    """A change with its place in front; ``itself`` is what has no place is said of."""
    verb = words.split(" ", maxsplit=1)[0] in _VERBS
    if not place:
        return f"{itself} {words}".strip() if verb else words
    return f"{place} {words}" if verb else f"{place}, {words}"
