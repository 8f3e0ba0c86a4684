"""Which cells of a variable compare how with a constant, found by halving instead of one after the other.

Takes: the cells of a variable. Gives: the masks of those for which a comparison is true and false; the others are
unknown. Guarantees: the same as comparing every cell with `cascadelang.graph.arithmetic.compare`; ``None`` for what
it has no short way for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from cascadelang.graph.arithmetic import number
from cascadelang.graph.reach.values import Plain


class Line:
    """The cells of one variable: numbers in a row, texts, truth values and none."""

    __slots__ = ("_first", "_known", "_numbers", "_texts", "variable")

    def __init__(self, variable: int, cells: Sequence[Plain | None]) -> None:
        self.variable = variable
        self._known = 0
        self._first = 0
        self._numbers: list[float] | None = []
        self._texts: dict[str, int] = {}
        for at, cell in enumerate(cells):
            if cell is None:
                continue
            self._known |= 1 << at
            if isinstance(cell, str):
                self._texts[cell] = self._texts.get(cell, 0) | 1 << at
            elif not isinstance(cell, bool) and self._numbers is not None:
                if not self._numbers:
                    self._first = at
                follows = at == self._first + len(self._numbers) and (not self._numbers or cell > self._numbers[-1])
                if follows and number(cell) is not None:
                    self._numbers.append(cell)
                else:
                    self._numbers = None

    def masks(self, op: str, fixed: Plain) -> tuple[int, int] | None:
        """The cells for which ``cell op fixed`` is true, and those for which it is false."""
        if isinstance(fixed, str):
            same = self._texts.get(fixed, 0)
            return self._same(op, same) if op in ("==", "!=") else None
        if number(fixed) is None or self._numbers is None:
            return None
        under, upto = bisect_left(self._numbers, fixed), bisect_right(self._numbers, fixed)
        if op in ("==", "!="):
            return self._same(op, self._row(under, upto))
        split = under if op in ("<", ">=") else upto
        low, high = self._row(0, split), self._row(split, len(self._numbers))
        return (low, high) if op in ("<", "<=") else (high, low)

    def _same(self, op: str, same: int) -> tuple[int, int]:
        other = self._known & ~same
        return (same, other) if op == "==" else (other, same)

    def _row(self, begin: int, end: int) -> int:
        """The mask of the numbers from one to before another."""
        return ((1 << (end - begin)) - 1) << (self._first + begin)
