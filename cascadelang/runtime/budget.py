"""What a ``within`` still allows: a hard limit on dollars and on time, checked before every call.

Takes: the limits, and for each call the most it can cost. Gives: leave to make it, or the limit that forbids it.
Guarantees: what was spent never exceeds a limit as long as no call costs more than was reserved for it. Reserving is
one step without waiting, so calls that run at once can't overspend together.

A call's reservation covers all its attempts. An attempt that failed and may have been billed (a timeout, an answer
that broke off or can't be read) counts at its most, unless its provider stated its usage, although the run's reported
cost holds only what providers said was used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

Later: TypeAlias = "tuple[Budget, float | None]"
"""Dollars that will be spent after a call, at most, and the innermost budget that they will count against."""

_ROUNDING: Final = 1e-12
"""Dollars by which sums of floats may differ from the sum that was meant."""


class Budget:
    """One ``within`` being run, inside those around it.

    Attributes:
        node: its graph node.
        limit_usd: dollars; ``None`` for no limit.
        deadline_s: on the run's clock; ``None`` for no limit.
        text: the limit as a user wrote it, for messages.
        parent: the one around it.
        taken_usd: dollars spent or set aside.
        times_met: how often it refused or cut something.
    """

    __slots__ = ("deadline_s", "limit_usd", "node", "parent", "taken_usd", "text", "times_met")

    def __init__(
        self,
        node: str,
        limit_usd: float | None,
        deadline_s: float | None,
        text: str = "",
        parent: Budget | None = None,
    ) -> None:
        self.node = node
        self.limit_usd = limit_usd
        self.deadline_s = deadline_s
        self.text = text
        self.parent = parent
        self.taken_usd = 0.0
        self.times_met = 0

    @property
    def left_usd(self) -> float | None:
        """Dollars neither spent nor reserved; ``None`` for no limit."""
        return None if self.limit_usd is None else max(0.0, self.limit_usd - self.taken_usd)

    def limits_money(self) -> bool:
        """Whether this or one around it limits dollars."""
        budget: Budget | None = self
        while budget is not None:
            if budget.limit_usd is not None:
                return True
            budget = budget.parent
        return False

    def met(self) -> int:
        """How often this one, or one around it, refused or cut something."""
        total = 0
        budget: Budget | None = self
        while budget is not None:
            total += budget.times_met
            budget = budget.parent
        return total

    def soonest(self) -> Budget | None:
        """The one whose time runs out first; ``None`` when none limits time."""
        found: Budget | None = None
        budget: Budget | None = self
        while budget is not None:
            if budget.deadline_s is not None and (found is None or budget.deadline_s <= (found.deadline_s or 0.0)):
                found = budget
            budget = budget.parent
        return found

    def put_off(self, seconds: float) -> None:
        """Move every deadline: what went by was no part of a call (weights were fetched, say)."""
        budget: Budget | None = self
        while budget is not None:
            if budget.deadline_s is not None:
                budget.deadline_s += seconds
            budget = budget.parent

    def lift_deadlines(self) -> None:
        """Let no deadline hold any more: the caller has the answer, and only dollars are left to keep to."""
        budget: Budget | None = self
        while budget is not None:
            budget.deadline_s = None
            budget = budget.parent

    def refuses(self, most_usd: float | None, later: Sequence[Later] = ()) -> tuple[Budget, float | None] | None:
        """The outermost limit that this many dollars more would break, and how many those are; ``None``: they fit.

        ``most_usd`` is ``None`` when the price isn't known: that breaks every limit, since nothing can be promised.
        ``later`` is what follows from the call and has to fit as well, where it will be spent.
        """
        found: tuple[Budget, float | None] | None = None
        budget: Budget | None = self
        while budget is not None:
            for where, usd in later:
                if where is budget:
                    most_usd = None if usd is None or most_usd is None else most_usd + usd
            limit = budget.limit_usd
            if limit is not None and (most_usd is None or budget.taken_usd + most_usd > limit + _ROUNDING):
                found = budget, most_usd
            budget = budget.parent
        return found

    def reserve(self, usd: float) -> None:
        """Set dollars aside, here and in every budget around."""
        budget: Budget | None = self
        while budget is not None:
            budget.taken_usd += usd
            budget = budget.parent

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """Give back what was reserved, less what was spent."""
        self.reserve(spent_usd - reserved_usd)
