"""Cost as a function of the input's size: never falling, in straight pieces.

Takes: lines ``a + b * input``. Gives: their sums, greatest values, shifts and caps, exactly. Guarantees: values are
immutable; a curve that would grow beyond `MOST_PIECES` pieces is replaced by a simpler one that is nowhere lower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cascadelang.source.frozen import dataclass

MOST_PIECES: Final = 32


@dataclass(frozen=True, slots=True)
class Line:
    """``fixed + per_token * input``."""

    fixed: float
    per_token: float = 0.0

    def at(self, tokens: float) -> float:
        """The value for an input of so many tokens."""
        return self.fixed + self.per_token * tokens

    def plus(self, other: Line) -> Line:
        """The sum."""
        return Line(self.fixed + other.fixed, self.per_token + other.per_token)


@dataclass(frozen=True, slots=True)
class Curve:
    """Lines, each with the input size from which it holds; the first holds from 0, sizes grow."""

    pieces: tuple[tuple[float, Line], ...]

    @staticmethod
    def flat(value: float) -> Curve:
        """The same value for every input."""
        return Curve(((0.0, Line(value)),))

    def at(self, tokens: float) -> float:
        """The value for an input of so many tokens."""
        held = self.pieces[0][1]
        for start, line in self.pieces:
            if start > tokens:
                break
            held = line
        return held.at(tokens)

    def line(self) -> Line:
        """The lowest line that is nowhere below the curve and grows no faster than it does in the end."""
        rate = self.pieces[-1][1].per_token
        fixed = 0.0
        for number, (start, line) in enumerate(self.pieces):
            ends = [start] if number + 1 == len(self.pieces) else [start, self.pieces[number + 1][0]]
            fixed = max(fixed, *(line.at(end) - rate * end for end in ends))
        return Line(fixed, rate)

    def plus(self, other: Curve) -> Curve:
        """The sum."""
        if [start for start, _ in self.pieces] == [start for start, _ in other.pieces]:
            return _made((start, a.plus(b)) for (start, a), (_, b) in zip(self.pieces, other.pieces, strict=True))
        return _made((start, a.plus(b)) for start, _, a, b in _aligned(self, other))

    def times(self, factor: int) -> Curve:
        """So many of it."""
        return Curve(tuple((s, Line(a.fixed * factor, a.per_token * factor)) for s, a in self.pieces))

    def or_more(self, other: Curve) -> Curve:
        """The greater of the two, for each input."""
        return _picked(self, other, max)

    def capped(self, most: float) -> Curve:
        """The curve, but never above ``most``."""
        return _picked(self, Curve.flat(most), min)

    def moved(self, tokens: int) -> Curve:
        """The value for an input of so many tokens more."""
        found = [
            (max(0.0, start - tokens), Line(line.at(tokens), line.per_token))
            for number, (start, line) in enumerate(self.pieces)
            if number + 1 == len(self.pieces) or self.pieces[number + 1][0] > tokens
        ]
        return Curve(tuple(found))

    def stretched(self, factor: int) -> Curve:
        """The value for an input so many times as large."""
        return Curve(tuple((s / factor, Line(a.fixed, a.per_token * factor)) for s, a in self.pieces))


def _aligned(one: Curve, other: Curve) -> list[tuple[float, float, Line, Line]]:
    """Both curves cut at the same places: start, end (infinite for the last), and the line of each."""
    starts = sorted({start for start, _ in one.pieces} | {start for start, _ in other.pieces})
    ends = [*starts[1:], float("inf")]
    found = []
    at_one = at_other = 0
    for start, end in zip(starts, ends, strict=True):
        while at_one + 1 < len(one.pieces) and one.pieces[at_one + 1][0] <= start:
            at_one += 1
        while at_other + 1 < len(other.pieces) and other.pieces[at_other + 1][0] <= start:
            at_other += 1
        found.append((start, end, one.pieces[at_one][1], other.pieces[at_other][1]))
    return found


def _picked(one: Curve, other: Curve, pick: Callable[[float, float], float]) -> Curve:
    """For each input the value that ``pick`` (`max` or `min`) chooses."""
    found: list[tuple[float, Line]] = []
    for start, end, a, b in _aligned(one, other):
        slope = a.per_token - b.per_token
        crossing = (b.fixed - a.fixed) / slope if slope else start
        cuts = [start, crossing] if start < crossing < end else [start]
        for number, cut in enumerate(cuts):
            until = cuts[number + 1] if number + 1 < len(cuts) else end
            middle = cut + 1.0 if until == float("inf") else (cut + until) / 2
            found.append((cut, a if pick(a.at(middle), b.at(middle)) == a.at(middle) else b))
    return _made(found)


def _made(pieces: Iterable[tuple[float, Line]]) -> Curve:
    """A curve of these pieces, neighbours that say the same joined, and simplified where it has too many."""
    found: list[tuple[float, Line]] = []
    for start, line in pieces:
        if not found or found[-1][1] != line:
            found.append((start, line))
    while len(found) > MOST_PIECES:
        found = [_over(found[n], found[n + 1]) if n + 1 < len(found) else found[n] for n in range(0, len(found), 2)]
    return Curve(tuple(found))


def _over(first: tuple[float, Line], second: tuple[float, Line]) -> tuple[float, Line]:
    """One piece that is nowhere below two neighbours."""
    rate = max(first[1].per_token, second[1].per_token)
    fixed = max(line.at(start) - rate * start for start, line in (first, second))
    return (first[0], Line(fixed, rate))
