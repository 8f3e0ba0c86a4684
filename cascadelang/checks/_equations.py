"""The equations in a text, and which of them hold.

Takes: a text. Gives: every equation between numbers in it, worked out exactly, with what its right side should be.
Guarantees: linear time; never raises; exact values, never floats. An equation with a variable in it, and one that
can't be told from something else (a conversion of units, a sum of two units, a name such as `day 2`), isn't given.

An equation holds when both sides are equal. A side that is one numeral may be rounded: with `=` to the decimals it is
written with (so a whole number isn't), with `≈` to its last digit that isn't a trailing zero. As calculations go on
with rounded numbers, a rounded side may be off by a thousandth, and by half a hundredth with `≈`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from cascadelang.checks._equation_sums import Sum, sums
from cascadelang.checks._equation_tokens import Token, tokens

_FLOAT_DIGITS: Final = Fraction(1, 10**14)
"""From this digit on, what a computer's own arithmetic writes is right: 0.1 + 0.2 = 0.30000000000000004."""

_ROUNDING: Final = Fraction(1, 1000)
"""How far off, as a share, a rounded number may be that was calculated with rounded numbers."""

_NEARLY: Final = Fraction(1, 200)
"""How far apart, as a share, nearly equal sides may be."""

_CONVERSIONS: Final = frozenset(
    Fraction(factor)
    for factor in (2, 3, 4, 7, 8, 10, 12, 14, 16, 24, 30, 36, 52, 60, 100, 365, 1000, 1760, 3600, 5280, 86400, 10**6)
)
"""How many of one unit another one is; a wrong equation between two units that differ by this is a conversion."""

_THOUSANDS: Final = frozenset(Fraction(1000**power) for power in range(1, 6))

_OTHER_NUMBERS: Final = frozenset(
    ("mod", "modulo", "base", "binary", "hex", "hexadecimal", "octal", "remainder", "rest", "r")
)
"""Words behind a right side that change what equality means."""

_REMAINDER: Final = re.compile(r"r[0-9]+")
_HEXADECIMAL: Final = re.compile(r"\b0[xX][0-9a-fA-F]")
_ROUNDED: Final = frozenset(("rounded", "rounding", "approximately", "gerundet", "arrondi", "redondeado"))
_SHOWN: Final = 80
_WHOLE_DIGITS: Final = 18
_DECIMALS: Final = 6

_COMMA_DECIMALS: Final = re.compile(r"[0-9],[0-9]|[0-9]\.[0-9]{3}")


class Equation(NamedTuple):
    """An equation between numbers.

    Attributes:
        text: as it is written.
        place: of its relation in the text.
        holds: whether it is right.
        worked: the side that was worked out, as it is written; empty when it holds.
        comes_to: what that comes to.
    """

    text: str
    place: int
    holds: bool
    worked: str = ""
    comes_to: str = ""


def equations(text: str) -> list[Equation]:
    """The equations in a text, in order."""
    if not any(sign in text for sign in ("=", "≈", "~", "≃", "≅", "\\approx", "\\sim", "\\cong")):
        return []
    found = {each.place: each for each in _read(text, "point")}
    if all(each.holds for each in found.values()) and found:
        return list(found.values())
    if _COMMA_DECIMALS.search(text):
        for each in _read(text, "comma"):
            if each.holds or each.place not in found:
                found[each.place] = each
    return [found[place] for place in sorted(found)]


def _read(text: str, reading: Literal["point", "comma"]) -> list[Equation]:
    found: list[Equation] = []
    chain: list[list[Token]] = [[]]
    relations: list[Token] = []
    line_ended = False
    for token in (*tokens(text, reading), Token("break", "", len(text), len(text))):
        if token.kind == "break" and token.text == "\n":
            line_ended = line_ended or bool(chain[-1])  # a relation may begin or end a line
            continue
        if token.kind == "break" or (line_ended and token.kind != "relation"):
            if relations:
                found += _of_chain(text, chain, relations)
            chain, relations, line_ended = [[]], [], False
        if token.kind == "relation":
            relations.append(token)
            chain.append([])
            line_ended = False
        elif token.kind != "break":
            chain[-1].append(token)
    return found


def _of_chain(text: str, chain: list[list[Token]], relations: list[Token]) -> list[Equation]:
    """The equations of ``a = b = c``: each side with the next."""
    found: list[Equation] = []
    before, known = sums(chain[0]), False
    for relation, row, after_row in zip(relations, chain, chain[1:], strict=False):
        nearly = relation.text == "~"
        while after_row and after_row[0].kind == "nearly":
            del after_row[0]
            nearly = True
        after = sums(after_row)
        equation = None
        if relation.text and before and after and before[-1].last == len(row) and after[0].first == 0:
            sides = (_Side(text, row, before[-1]), _Side(text, after_row, after[0]))
            equation = _judged(text, relation, *sides, nearly=nearly, known=known and before[-1].first == 0)
        if equation is not None:
            found.append(equation)
        before, known = after, equation is not None
    return found


class _Side(NamedTuple):
    """A side of an equation: the calculation, and the tokens around it."""

    text: str
    row: list[Token]
    sum: Sum

    @property
    def start(self) -> int:
        return self.row[self.sum.first].start

    @property
    def end(self) -> int:
        return self.row[self.sum.last - 1].end

    @property
    def tail(self) -> set[str]:
        """Words in and just behind it."""
        return {self.text[each.start : each.end].lower() for each in self.row[self.sum.first : self.sum.last + 4]}

    @property
    def numeral(self) -> tuple[Token, Fraction] | None:
        """The only numeral that it is, and what that is multiplied by: `25%`, `2 million`, `3.1 × 10^8`."""
        of = self.sum
        if of.number is not None:
            return of.number, of.scale
        row = self.row[of.first : of.last]
        if row and row[0].text == "-":
            del row[0]
        if len(row) < 4 or row[0].kind != "number" or row[1].text != "*" or row[2].text != "10" or not row[0].value:
            return None
        raised = row[3].kind == "power" or row[3].text == "^"
        if not raised or of.value is None or of.operators > 2:
            return None
        return row[0], abs(of.value / row[0].value)

    @property
    def unit(self) -> str:
        return self.sum.unit or ("$" if self.sum.money else "")


def _judged(  # noqa: PLR0911 - one reason a line
    text: str, relation: Token, left: _Side, right: _Side, *, nearly: bool, known: bool
) -> Equation | None:
    """The equation of two sides; ``None`` when it is none, or none that can be judged."""
    ours, theirs = left.sum, right.sum
    if ours.value is None or theirs.value is None:
        return None
    alone = ours.number is not None
    name = ours.named or ours.unit or left.row[ours.first].kind == "open"
    behind = right.tail
    if alone and not known and (theirs.number is not None or name):
        return None  # `day 2 = 3 × 4`, `1 hour = 60 minutes`, `(2) = 3 + 4`
    if any(word in _OTHER_NUMBERS or _REMAINDER.fullmatch(word) for word in behind):
        return None
    nearly = nearly or not behind.isdisjoint(_ROUNDED)
    said = text[left.start : right.end]
    if _same(left, right, nearly=nearly):
        return Equation(_short(said), relation.start, holds=True)
    if ours.doubtful or theirs.doubtful or _is_aside(left) or _is_range(left) or _HEXADECIMAL.search(said):
        return None
    if _converts(left, right) or _adds_units(left, theirs.value) or _adds_units(right, ours.value):
        return None
    side, value = (right, theirs.value) if alone and theirs.number is None else (left, ours.value)
    worked = _short(text[side.start : side.end])
    comes_to = _shown(value, share=theirs.share and abs(value) < 10)
    return Equation(_short(said), relation.start, holds=False, worked=worked, comes_to=comes_to)


def _same(left: _Side, right: _Side, *, nearly: bool) -> bool:
    ours, theirs = left.sum.value, right.sum.value
    if ours is None or theirs is None:
        return False
    if ours == theirs or (nearly and abs(ours - theirs) <= abs(ours) * _NEARLY):
        return True
    if _rounds(ours, right, nearly=nearly) or _rounds(theirs, left, nearly=nearly):
        return True
    if right.sum.share and not left.sum.share:  # 15 / 60 × 100 = 25%
        return _rounds(ours / 100, right, nearly=nearly)
    if left.sum.share and not right.sum.share:  # 60% + 20% = 80
        return _rounds(ours * 100, right, nearly=nearly)
    rounded = (left.sum.pointed or right.sum.pointed) and not (left.numeral or right.numeral)
    return rounded and abs(ours - theirs) <= abs(ours) * _ROUNDING


def _rounds(exact: Fraction, written: _Side, *, nearly: bool) -> bool:  # noqa: PLR0911 - one reason a line
    """Whether a side that is one numeral is the rounded value of the other."""
    value, numeral = written.sum.value, written.numeral
    if numeral is None or value is None:
        return exact == value
    off, scale = abs(exact - value), abs(numeral[1])
    digit = numeral[0].digit * scale
    if not off:
        return True
    if nearly:
        return off <= max(digit, min(numeral[0].rough * scale, abs(exact) / 10))
    if digit >= 1 and scale == 1 and "e" not in numeral[0].text.lower():  # `3.33e6` is rounded as `3.33 × 10^6` is
        return False
    if off * 2 <= digit or (numeral[0].digit <= _FLOAT_DIGITS and off <= abs(exact) * 10 * _FLOAT_DIGITS):
        return True
    if (exact / digit).denominator == 1:  # it has no more digits than are written
        return False
    # calculated with rounded numbers, or cut off rather than rounded: 2/3 = 0.66
    cut = off < digit and numeral[0].digit <= Fraction(1, 100) and not _terminates(exact)
    return cut or off <= abs(exact) * _ROUNDING


def _terminates(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _is_aside(side: _Side) -> bool:
    """Whether it is rather a remark in brackets: `the fence (4 × 10 boards) = $270`."""
    row, of = side.row, side.sum
    return of.named and row[of.first].kind == "open" and row[of.last - 1].kind == "close"


def _is_range(side: _Side) -> bool:
    """Whether it is rather a range or a name: `weeks 1-4`."""
    row, of = side.row[side.sum.first : side.sum.last], side.sum
    kinds = [each.kind for each in row[:3]]
    if of.operators != 1 or kinds != ["number", "op", "number"] or not (row[1].glued and row[2].glued):
        return False
    return row[1].text == "-" and (of.named or side.text[row[1].start] == "\u2013")


def _converts(left: _Side, right: _Side) -> bool:
    """Whether the sides have different units, one of which is a round number of the other."""
    ours, theirs = left.sum.value, right.sum.value
    if not ours or not theirs:
        return False
    if right.sum.scale > 1 and left.sum.scale == 1 and _rounds(ours * right.sum.scale, right, nearly=True):
        return True  # 1600 / 52 = 30.8 billion
    if not left.unit or not right.unit or left.unit == right.unit:
        return False
    row = left.row[left.sum.first : left.sum.last]
    fraction = left.sum.operators == 1 and len(row) > 2 and row[1].text == "/" and row[2].glued
    factor = abs(ours / theirs)
    return fraction or any(each in _CONVERSIONS or each in _THOUSANDS for each in (factor, 1 / factor))


def _adds_units(side: _Side, other: Fraction) -> bool:
    """Whether a side is of two units, one of them a round number of the other: `2 hours + 30 minutes`.

    ``other`` is what the other side comes to, which is right in one of the units.
    """
    row = side.row[max(0, side.sum.first - 1) : side.sum.last]
    numbers = [at for at, each in enumerate(row) if each.kind == "number"]
    signs = [at for at, each in enumerate(row) if each.kind == "op"]
    if len(numbers) != 2 or len(signs) != 1 or row[signs[0]].text not in {"+", "-"}:
        return False
    one, two = (_unit(row[: signs[0]]), _unit(row[signs[0] :]))
    first, second = row[numbers[0]].value, row[numbers[1]].value
    if not one or not two or one == two or first is None or second is None:
        return False
    second = second if row[signs[0]].text == "+" else -second
    for factor in _CONVERSIONS | _THOUSANDS:
        sums = (first * factor + second, first + second * factor)
        if any(abs(sum_ - other * scale) <= abs(sum_) * _NEARLY for sum_ in sums for scale in (1, factor)):
            return True
    return False


def _unit(row: list[Token]) -> str:
    """The unit of a number, without the ending of many."""
    return " ".join(each.text.rstrip("s") for each in row if each.kind in {"word", "money"})


def _short(text: str) -> str:
    said = " ".join(text.split()).strip("*$ ")
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"


def _shown(value: Fraction, *, share: bool) -> str:
    """A value as a reader would write it."""
    if share:
        return f"{_shown(value * 100, share=False)}%"
    if abs(value) >= 10**_WHOLE_DIGITS:
        return f"about {value.numerator // value.denominator:.6e}" if abs(value) < 10**300 else "far more"
    if value.denominator == 1:
        return f"{value.numerator:,}"
    exact = 10**_DECIMALS % value.denominator == 0
    sign, size = "-" * (value < 0), abs(value)
    scaled = round(size * 10**_DECIMALS)
    whole, decimals = divmod(scaled, 10**_DECIMALS)
    if not exact and scaled < 1000:
        return f"about {float(value):.3g}"
    plain = f"{sign}{whole:,}.{decimals:0{_DECIMALS}d}".rstrip("0").rstrip(".")
    return plain if exact else f"about {plain}"
