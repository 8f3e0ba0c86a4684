"""What holds below one point of the strategy, handed down from strategy to strategy.

Takes: nothing. Gives: `Scope`. Guarantees: nobody changes one; a strategy that wants another for what is below makes
a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cascadelang.contracts.messages import Message

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.early import Watch
    from cascadelang.runtime.gates import Gate

Emit = Callable[[str], None]
"""Takes a piece of an answer's text on its way to the caller; never blocks."""


class Scope:
    """What holds below one point of the strategy.

    Attributes:
        budget: the innermost `within`, which knows those around it.
        extra: messages added behind the query's own: drafts and reasons carried on.
        emit: takes the answer piece by piece, where it can't be taken back; `None` elsewhere.
        gates: the paid gates that the answer will have to pass, each with the innermost `within` that its judging is
            in, for counting what judging it can cost.
        watch: may end the answer while it is generated, when the gate it goes to can't pass it any more; `None` where
            the whole answer is needed whatever the gate says.
    """

    __slots__ = ("budget", "emit", "extra", "gates", "watch")

    def __init__(
        self,
        budget: Budget | None = None,
        extra: tuple[Message, ...] = (),
        emit: Emit | None = None,
        gates: tuple[tuple[Gate, Budget | None], ...] = (),
        watch: Watch | None = None,
    ) -> None:
        self.budget = budget
        self.extra = extra
        self.emit = emit
        self.gates = gates
        self.watch = watch
