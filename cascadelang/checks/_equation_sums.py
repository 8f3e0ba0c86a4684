"""What sums come to: the calculations in a row of tokens, each worked out exactly.

Takes: tokens with no relation and no break among them. Gives: the calculations that stand in them, in order.
Guarantees: one pass, linear time, no recursion; values are exact; one that would need more than `MOST_BITS` bits, or
that divides by zero or has a variable in it, is not known. Nothing is ever evaluated but numbers.

Precedence is that of mathematics: powers, from the right; signs; products; sums. Words behind a number are its unit
and count for nothing; a word in the place of a number is a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from cascadelang.checks._equation_tokens import Token
from cascadelang.checks._exact import applied, bounded, raised

_MOST_FRACTIONS: Final = 4
"""How deep fractions of fractions are worked out."""

_UNIT_WORDS: Final = 3
_BINDS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "negate": 3, "^": 4}
_SCALES: Final = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "tausend": 10**3, "lakh": 10**5, "million": 10**6,
    "millionen": 10**6, "crore": 10**7, "billion": 10**9, "milliarden": 10**9, "trillion": 10**12,
}  # fmt: skip
_UNIT_LETTERS: Final = frozenset("gmshlwvajnctk")
"""Letters that may be a unit or a variable: what they stand in counts when it is right, and not when it is wrong."""

_FUNCTIONS: Final = frozenset((
    "log", "ln", "lg", "sin", "cos", "tan", "sqrt", "root", "exp", "gcd", "lcm", "max", "min", "abs", "sum",
    "choose", "twice", "half", "double", "thrice", "triple", "squared", "cubed", "factorial", "remainder", "r",
    "base", "modulo", "divided", "multiplied", "binary", "hex", "hexadecimal", "octal",
))  # fmt: skip
"""Words that change what the numbers beside them mean."""


class Sum:
    """One calculation.

    Attributes:
        first: the place of its first token in the row.
        last: the place behind its last one, its unit included.
        value: what it comes to; ``None`` when that is not known.
        operators: how many it has.
        number: the numeral that it is, sign, brackets and unit aside; ``None`` when it is more.
        scale: what that numeral is multiplied by: 1/100 for a share, 1,000,000 for a million.
        doubtful: it may mean something else: it counts only where it is right.
        share: it ends in a percent sign.
        pointed: a numeral in it has decimals.
        unit: the words of its last unit.
        money: there is a sign of a currency in it.
        named: words stand before it, so that a number alone may be part of a name.
    """

    __slots__ = (
        "doubtful", "first", "last", "money", "named", "number", "operators", "pointed", "scale", "share", "unit",
        "value",
    )  # fmt: skip

    def __init__(self, first: int, *, named: bool) -> None:
        self.first = first
        self.last = first
        self.value: Fraction | None = None
        self.operators = 0
        self.number: Token | None = None
        self.scale = Fraction(1)
        self.doubtful = False
        self.share = False
        self.pointed = False
        self.unit = ""
        self.money = False
        self.named = named


def sums(row: Sequence[Token]) -> list[Sum]:
    """The calculations in a row of tokens."""
    return _Reader(row).read()


class _Reader:
    """Operator precedence with two stacks, begun anew wherever a calculation can't go on."""

    def __init__(self, row: Sequence[Token], depth: int = 0) -> None:
        self._row = row
        self._depth = depth
        self._found: list[Sum] = []
        self._values: list[Fraction | None] = []
        self._shares: set[int] = set()  # depths of values that are a mere share
        self._ops: list[tuple[str, int, int]] = []  # sign, place, values below an opening bracket
        self._sum: Sum | None = None
        self._wants_operand = True
        self._named = False

    def read(self) -> list[Sum]:  # noqa: C901 - one case a kind
        at, row = 0, self._row
        while at < len(row):
            token = row[at]
            match token.kind:
                case "number":
                    at = self._number(at, token)
                case "power":
                    at = self._power(at, token)
                case "op":
                    at = self._op(at, token)
                case "open":
                    at = self._open(at, token)
                case "close":
                    at = self._close(at)
                case "frac":
                    at = self._frac(at)
                case "money":
                    self._begin(at).money = True
                    at += 1
                case "word":
                    at = self._word(at, token)
                case "nearly":
                    self._end(at)
                    self._named = True
                    at += 1
                case _:
                    at = self._variable(at, 1)
        self._end(len(row))
        return self._found

    # ---- Operands

    def _begin(self, at: int) -> Sum:
        if self._sum is None:
            self._sum = Sum(at, named=self._named)
            self._named = False
            before = self._row[at - 1] if at else None
            item = at == 2 and self._row[0].kind == "number"  # `2) 4 × 2 = 8`
            if before is not None and not item and (before.kind in ("close", "unknown") or before.text in _FUNCTIONS):
                self._sum.doubtful = True  # a product with what isn't known, or a function of it
        return self._sum

    def _put(self, value: Fraction | None) -> None:
        self._values.append(value)
        self._shares.discard(len(self._values))
        self._wants_operand = False

    def _number(self, at: int, token: Token) -> int:
        if not self._wants_operand:
            self._end(at)
            self._named = True
        found = self._begin(at)
        found.pointed = found.pointed or token.digit < 1
        found.number = token if found.number is None and not found.operators else None
        found.share = False
        self._put(token.value)
        return at + 1

    def _variable(self, at: int, length: int) -> int:
        """An operand that nothing is known of, ``length`` tokens long."""
        if not self._wants_operand:
            if self._values:
                self._values[-1] = None
        else:
            self._begin(at)
            self._put(None)
        if self._sum is not None:
            self._sum.last = at + length
        return at + length

    def _power(self, at: int, token: Token) -> int:
        if self._wants_operand:
            return self._variable(at, 1)
        if self._row[at - 1].kind != "word":  # else it is part of a unit, as in m²
            found = self._begin(at)
            found.operators += 1
            found.number = None
            self._values[-1] = raised(self._values[-1], token.value)
        return at + 1

    def _open(self, at: int, token: Token) -> int:
        if not self._wants_operand:
            before = self._row[at - 1]
            if before.kind == "word" and token.glued:  # a function's name
                return self._variable(at, 1)
            if not token.glued or before.kind == "word":
                self._end(at)
                self._named = True
            else:
                self._begin(at).doubtful = True
                self._push("*", at)
        self._begin(at)
        self._ops.append(("(", at, len(self._values)))
        return at + 1

    def _close(self, at: int) -> int:
        if self._wants_operand or not any(op[0] == "(" for op in reversed(self._ops)):
            self._end(at)
            self._named = False
            return at + 1
        while self._ops[-1][0] != "(":
            self._reduce()
        self._ops.pop()
        return at + 1

    def _frac(self, at: int) -> int:
        r"""``\frac{a}{b}`` of two numerals, or ``\frac12``; whatever else it holds isn't known."""
        row = self._row
        parts: list[Fraction | None] = []
        here, doubtful, pointed = at + 1, False, False
        for _ in range(2):
            if here < len(row) and row[here].text == "{":
                inner, here = _braced(row, here)
                inside = _Reader(inner, self._depth + 1).read() if self._depth < _MOST_FRACTIONS else []
                doubtful = doubtful or any(each.doubtful for each in inside)
                pointed = pointed or any(each.pointed for each in inside)
                whole = len(inside) == 1 and inside[0].first == 0 and inside[0].last == len(inner)
                parts.append(inside[0].value if whole else None)
            else:
                parts.append(None)
        if len(parts) < 2 or here == at + 1:
            return self._variable(at, 1)
        top, bottom = parts
        value = None if top is None or not bottom else bounded(top / bottom)
        if self._wants_operand:
            self._begin(at)
            self._put(value)
        else:  # a mixed number, as in 2\frac{1}{2}
            found = self._begin(at)
            mixed = row[at - 1].kind == "number" and self._values[-1] is not None and value is not None
            before = self._values[-1]
            self._values[-1] = before + value if mixed and before is not None and value is not None else None
            found.doubtful = True
        found = self._begin(at)
        found.operators += 1
        found.number = None
        found.share = False
        found.doubtful = found.doubtful or doubtful
        found.pointed = found.pointed or pointed
        return here

    # ---- Operators

    def _op(self, at: int, token: Token) -> int:
        sign = token.text
        if sign == "^" and not self._wants_operand and self._row[at - 1].kind == "word":
            return self._unit_power(at)
        if sign == "%" and not self._wants_operand and not self._divides(at):
            return self._percent(at)
        if self._wants_operand:
            if sign == "-":
                self._begin(at)
                self._ops.append(("negate", at, 0))
            elif sign != "+" or not self._ops:
                self._variable(at, 0)  # what stands before it isn't known: it may be on another line
                return self._op(at, token)
            return at + 1
        row = self._row
        if sign == "/" and self._begin(at).money and at + 1 < len(row):
            after = row[at + 1]
            if after.kind == "word" and after.glued and len(after.text) > 1:  # $5/hour
                self._begin(at).last = at + 2
                return at + 2
        self._push(sign, at)
        return at + 1

    def _divides(self, at: int) -> bool:
        """Whether a percent sign is a remainder: a number stands behind it."""
        row = self._row
        if at + 1 >= len(row):
            return False
        after = row[at + 1]
        return after.kind == "number" and after.glued == row[at].glued

    def _percent(self, at: int) -> int:
        found = self._begin(at)
        value = self._values[-1]
        self._values[-1] = None if value is None else value / 100
        if found.number is not None:
            found.scale /= 100
        found.share = True
        self._shares.add(len(self._values))
        found.last = at + 1
        return at + 1

    def _push(self, sign: str, at: int) -> None:
        found = self._begin(at)
        found.operators += 1
        found.number = None
        binds = _BINDS[sign]
        while self._ops and self._ops[-1][0] != "(":
            above = _BINDS[self._ops[-1][0]]
            if above < binds or (above == binds and sign == "^"):
                break
            self._reduce()
        self._ops.append((sign, at, 0))
        self._wants_operand = True

    def _reduce(self) -> None:
        sign = self._ops.pop()[0]
        right = self._values.pop()
        share = len(self._values) + 1 in self._shares
        self._shares.discard(len(self._values) + 1)
        if sign == "negate":
            self._values.append(None if right is None else -right)
            return
        self._shares.discard(len(self._values))
        left = self._values.pop()
        if share and sign in "+-" and self._sum is not None:
            self._sum.doubtful = True  # 100 - 20%: of what?
        self._values.append(None if left is None or right is None else applied(sign, left, right))

    # ---- Words

    def _word(self, at: int, token: Token) -> int:
        row, word = self._row, token.text
        end = at
        while end < len(row) and row[end].kind == "word" and end - at <= _UNIT_WORDS:
            end += 1
        words = [each.text for each in row[at:end]]
        if self._wants_operand:
            return self._prose(at, end, words)
        if word in _SCALES:
            return self._scale(at, _SCALES[word])
        if word == "of":
            return self._share_of(at, end)
        after = row[end] if end < len(row) else None
        joined = after is None or after.kind == "op" or (after.kind in ("close", "power"))
        glued = after is not None and after.glued and after.kind in ("open", "unknown")
        if glued or "_" in word or not _FUNCTIONS.isdisjoint(words):
            return self._variable(at, end - at)
        if joined and end - at <= _UNIT_WORDS and "of" not in words:
            return self._unit(at, end, words)
        found = self._begin(at)
        if len(word) == 1:
            self._letter(word)
        found.unit = word
        self._end(at)
        self._named = True
        return end

    def _prose(self, at: int, end: int, words: list[str]) -> int:
        """Words where a number could stand."""
        before = self._ops[-1][0] if self._ops else ""
        if self._sum is None or before in ("", "("):
            self._forget()
            self._named = True
            row = self._row
            if not _FUNCTIONS.isdisjoint(words) or (end < len(row) and row[end].kind == "open" and row[end].glued):
                return self._variable(at, end - at)
            after = row[end] if end < len(row) else None
            if after is not None and after.kind in ("op", "power") and after.text != "%":
                return self._variable(at, end - at)
            return end
        dash = self._row[at - 1].text == "-" and not self._row[at - 1].glued and len(words[0]) > 1
        if dash and self._sum is not None:
            self._sum.doubtful = True
        return self._variable(at, end - at)

    def _scale(self, at: int, scale: int) -> int:
        found = self._begin(at)
        value = self._values[-1]
        self._values[-1] = None if value is None else value * scale
        if found.number is not None:
            found.scale *= scale
        found.last = at + 1
        return at + 1

    def _share_of(self, at: int, end: int) -> int:
        """``20% of 50``, ``1/2 of 60``: a product; anything else isn't known."""
        row = self._row
        articles = [each.text for each in row[at + 1 : end]]
        whole = articles in ([], ["the"], ["that"], ["these"], ["those"])
        fraction = row[at - 1].kind == "close" or (at >= 2 and row[at - 2].text == "/")
        part = fraction or len(self._values) in self._shares
        if whole and part and end < len(row) and row[end].kind in ("number", "money", "open"):
            self._push("*", at)
            return end
        return self._variable(at, end - at)

    def _unit(self, at: int, end: int, words: list[str]) -> int:
        found = self._begin(at)
        if len(words[0]) == 1:
            self._letter(words[0])
        found.unit = " ".join(words)
        row = self._row
        # `miles / hour`, `$5 / hour`: a unit over a unit
        while end + 1 < len(row) and row[end].text == "/" and row[end].glued and row[end + 1].kind == "word":
            end += 2
        found.last = end
        return end

    def _unit_power(self, at: int) -> int:
        """The exponent of a unit: `cm^2`, `s^{-1}`."""
        row, end = self._row, at + 1
        if end < len(row) and row[end].text == "{":
            _, end = _braced(row, end)
        else:
            end += 1 + (end < len(row) and row[end].text == "-")
        self._begin(at).last = min(end, len(row))
        return min(end, len(row))

    def _letter(self, letter: str) -> None:
        """One letter behind a number: a unit, or a variable."""
        if letter in _UNIT_LETTERS and self._sum is not None:
            self._sum.doubtful = True
        elif self._values:
            self._values[-1] = None

    # ---- Where a calculation ends

    def _end(self, at: int) -> None:
        """Close the calculation before the token at ``at``: what stands behind its last open bracket."""
        found = self._sum
        if found is None:
            return
        opened = max((n for n, op in enumerate(self._ops) if op[0] == "("), default=-1)
        begun = found.first
        if opened >= 0:
            _, place, below = self._ops[opened]
            begun = place + 1
            found.number = None if below else found.number
            del self._ops[: opened + 1]
            del self._values[:below]
        if self._wants_operand:
            self._values.append(None)
        while self._ops and len(self._values) > (self._ops[-1][0] != "negate"):
            self._reduce()
        if len(self._values) == 1:
            found.first = begun
            found.last = max(at, begun) if found.last <= at else found.last
            found.value = bounded(self._values[0])
            self._found.append(found)
        self._forget()

    def _forget(self) -> None:
        self._sum = None
        self._values.clear()
        self._ops.clear()
        self._shares.clear()
        self._wants_operand = True


def _braced(row: Sequence[Token], at: int) -> tuple[list[Token], int]:
    """The tokens of a group in braces, and the place behind it; a group inside isn't looked into."""
    depth, here = 0, at
    while here < len(row):
        if row[here].text == "{":
            depth += 1
        elif row[here].text == "}":
            depth -= 1
            if depth == 0:
                return list(row[at + 1 : here]), here + 1
        here += 1
    return [], here
