r"""The tokens of sums that stand in prose, Markdown or LaTeX.

Takes: a text. Gives: its numbers, operators, brackets, words and relations, in order, each with its place; what only
dresses a formula up (`$`, `**bold**`, `\left`, `&`) gives nothing. Guarantees: linear time; never raises; a numeral
of more than `MOST_DIGITS` digits is a token without a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, Literal, NamedTuple

MOST_DIGITS: Final = 60
"""Longer numerals have no value."""

Kind = Literal[
    "number", "op", "open", "close", "frac", "power", "word", "money", "relation", "break", "nearly", "unknown"
]  # fmt: skip


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: ``power`` is a superscript; ``nearly`` a word such as `about`; ``unknown`` an operand that nothing is
            known of; ``break`` ends a formula.
        text: an operator as one of ``+ - * / ^ %``; a relation as ``=``, ``~`` (nearly) or empty (another one);
            a word in lower case; else as it stands.
        start: where it begins in the text.
        end: where it ends.
        value: of a number or a superscript; ``None`` where it is too long.
        digit: what one in the last written digit of a number is worth.
        rough: what one in the last digit that isn't a trailing zero is worth.
        glued: no space stands before it.
    """

    kind: Kind
    text: str
    start: int
    end: int
    value: Fraction | None = None
    digit: Fraction = Fraction(1)
    rough: Fraction = Fraction(1)
    glued: bool = False


_SUPERSCRIPTS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DIGIT_OF: Final = {ord(sign): str(at) for at, sign in enumerate(_SUPERSCRIPTS)}
_VULGAR: Final = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅕": (1, 5), "⅛": (1, 8)}

_GROUPED: Final = {
    "point": r"[0-9]{1,3}(?:(?:,|\{,\}|[\u00a0\u202f\u2009 '_])[0-9]{3})++(?![0-9])(?:\.[0-9]++)?",
    "comma": r"[0-9]{1,3}(?:[.\u00a0\u202f\u2009 '][0-9]{3})++(?![0-9])(?:,[0-9]++)?",
}
_PLAIN: Final = {"point": r"[0-9]++(?:\.[0-9]++)?|\.[0-9]++", "comma": r"[0-9]++(?:,[0-9]++)?"}

_FIRST: Final = r"""
 (?P<space>[^\S\n]++)
|(?P<cross>(?<=[0-9)])(?<!\b0)[xX](?=[0-9(]))
|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]++)
|(?P<vulgar>[½¼¾⅓⅔⅕⅛])
|(?P<word>[^\W\d_]\w*+(?:[-'’][^\W\d_]\w*+)*+)
"""

_REST: Final = r"""
|(?P<said>\\(?:text|textbf|textit|mathrm|mathbf|mbox|operatorname)[ ]?\{(?P<words>[^{}0-9\\\n]{0,80})\})
|(?P<dress>\\(?:left|right|big|Big|displaystyle|boxed|mathbf|textbf|mathrm|text|quad|qquad|,|;|!|:|\ )
    (?![A-Za-z])|&)
|(?P<frac>\\[dtc]?frac(?![A-Za-z]))
|(?P<near>\\(?:approx|simeq|sim|cong)(?![A-Za-z])|[≈≃≅]|=[ ]?(?:~|≈)|~(?!~))
|(?P<other><=|>=|==+|!=|:=|=>|->|[-+*/]=|[≤≥≠≡∝<>→]
    |\\(?:leq?|geq?|neq?|equiv|Rightarrow|rightarrow|implies|to)(?![A-Za-z]))
|(?P<equals>=)
|(?P<times>\\(?:times|cdot)(?![A-Za-z])|[×·∙⋅✕])
|(?P<by>\\div(?![A-Za-z])|[÷/∕⁄])
|(?P<percent>\\?%)
|(?P<stars>\*{1,4})
|(?P<minus>[-\u2212\u2013])
|(?P<plus>\+)
|(?P<raise>\^)
|(?P<money>\\?[$€£¥₹])
|(?P<open>[(\[{])
|(?P<close>[)\]}])
|(?P<line>\n|\\\\)
|(?P<edge>\\[()\[\]])
|(?P<unknown>\\[A-Za-z]++|_(?:\{[^{}\n]{0,40}\}|[0-9A-Za-z])?|±|√|∞|%)
|(?P<break>.)
"""


def _grammar(reading: str) -> re.Pattern[str]:
    mixed = r"(?P<mixed>[0-9]{1,9}[ ]{1,2}[0-9]{1,9}/[0-9]{1,9}(?![0-9/.,]))"
    clock = r"(?P<clock>[0-9]++(?::[0-9]++)++)"
    number = f"(?P<number>(?:{_GROUPED[reading]}|{_PLAIN[reading]})(?![.,][0-9]))"
    # 1.5e-3, as programs write it; its power of ten is read with it
    scientific = f"(?P<scientific>(?:{_PLAIN[reading]})[eE][-+]?[0-9]{{1,3}}(?!\\w|[.,][0-9]))"
    foreign = "(?P<foreign>[0-9]++(?:[.,][0-9]++)++)"  # a numeral of the other reading, a version, a list
    return re.compile(f"{_FIRST}|{mixed}|{clock}|{scientific}|{number}|{foreign}{_REST}", re.VERBOSE | re.DOTALL)


_GRAMMARS: Final = {reading: _grammar(reading) for reading in _PLAIN}

_NEARLY: Final = frozenset(
    ("about", "approx", "approximately", "around", "roughly", "nearly", "circa", "ca", "etwa", "ungefähr", "rund")
)
_CURRENCIES: Final = frozenset(("USD", "EUR", "GBP", "INR", "CHF", "Rs"))
_SPOKEN: Final = {"plus": "+", "minus": "-", "times": "*", "mod": "%"}

_OPERAND_ENDS: Final = frozenset(("number", "close", "power", "word", "percent"))


def tokens(text: str, reading: Literal["point", "comma"] = "point") -> Iterator[Token]:
    """The tokens of a text.

    Args:
        text: the text.
        reading: whether decimals stand behind a point (``1,234.5``) or a comma (``1.234,5``).
    """
    last = "line"  # the kind of the last thing that wasn't a space
    spaced = False
    for match in _GRAMMARS[reading].finditer(text):
        name = match.lastgroup or "break"
        if name == "words":
            name = "said"
        start, end = match.span()
        if name == "space":
            spaced = True
            continue
        glued, spaced = not spaced, False
        token = _token(name, match, text, last, "." if reading == "point" else ",", glued=glued)
        if name == "percent":
            last = "percent"
        elif token is None:
            last = last if name == "dress" else "dress"
            continue
        else:
            last = "line" if name == "line" else token.kind
        if token is not None:
            yield token._replace(start=start, end=end, glued=glued)


def _token(name: str, match: re.Match[str], text: str, last: str, point: str, *, glued: bool) -> Token | None:  # noqa: C901, PLR0911, PLR0912 - one case a kind
    said = match[0]
    match name:
        case "number" | "mixed" | "vulgar" | "scientific":
            return _number(name, said, point)
        case "power":
            return Token("power", said, 0, 0, Fraction(int(said.translate(_DIGIT_OF)[:9])))
        case "equals":
            return Token("relation", "=", 0, 0)
        case "near":
            return Token("relation", "~", 0, 0)
        case "other":
            return Token("relation", "", 0, 0)
        case "times" | "cross":
            return Token("op", "*", 0, 0)
        case "by":
            return Token("op", "/", 0, 0)
        case "plus":
            return Token("op", "+", 0, 0)
        case "raise":
            return Token("op", "^", 0, 0)
        case "percent":
            return Token("op", "%", 0, 0)
        case "minus":
            bullet = last == "line" and text[match.end() : match.end() + 1] == " "
            return None if bullet else Token("op", "-", 0, 0)
        case "stars":
            return _star(match, text, last, glued=glued)
        case "said":
            words = match["words"].strip().lower()
            return Token("word", words, 0, 0) if words else None
        case "word":
            return _word(match, text, last)
        case "clock" | "foreign" | "unknown":
            return Token("unknown", said, 0, 0)
        case "line":
            return Token("break", "\n", 0, 0)
        case "dress":
            return None
        case "open" | "close" | "frac" | "money":
            return Token(name, said, 0, 0)
        case _:
            return Token("break", said, 0, 0)


def _number(name: str, said: str, point: str) -> Token:
    if name == "vulgar":
        return Token("number", said, 0, 0, Fraction(*_VULGAR[said]))
    if name == "mixed":
        whole, part = said.split(maxsplit=1)
        top, bottom = part.split("/")
        return Token("number", said, 0, 0, int(whole) + Fraction(int(top), int(bottom)) if int(bottom) else None)
    if name == "scientific":
        written, _, power = said.lower().partition("e")
        number, ten = _number("number", written, point), Fraction(10) ** int(power)
        if number.value is None:
            return number._replace(text=said)
        return Token("number", said, 0, 0, number.value * ten, number.digit * ten, number.rough * ten)
    whole, _, decimals = said.partition(point)
    whole = "".join(sign for sign in whole if sign.isdigit())
    if len(whole) + len(decimals) > MOST_DIGITS:
        return Token("number", said, 0, 0, None)
    digit = Fraction(1, 10 ** len(decimals))
    zeros = 0 if decimals or not int(whole) else len(whole) - len(whole.rstrip("0"))
    return Token("number", said, 0, 0, int(whole + decimals) * digit, digit, digit * 10**zeros)


def _star(match: re.Match[str], text: str, last: str, *, glued: bool) -> Token | None:
    """A multiplication or a power; ``None`` for what makes words bold or begins an item of a list."""
    stars, end = match[0], match.end()
    if last not in _OPERAND_ENDS or len(stars) > 2:
        return None
    followed = text[end : end + 2]
    apart = followed[:1] == " "
    first = followed[1:2] if apart else followed[:1]
    if len(stars) == 2:
        powers = apart != glued and (first.isdigit() or first in "(-")
        return Token("op", "^", 0, 0) if powers and first else None
    if first and (first.isdigit() or first in "($€£\\-."):
        return Token("op", "*", 0, 0)
    return Token("op", "*", 0, 0) if apart and not glued and first.isalpha() else None


def _word(match: re.Match[str], text: str, last: str) -> Token:
    word = match[0].lower()
    if word == "x" and last in ("number", "close", "power", "word", "percent"):
        behind = text[match.end() : match.end() + 2].lstrip()[:1]
        if behind.isdigit() or behind in tuple("($€£\\."):
            return Token("op", "*", 0, 0)
    if match[0] in _CURRENCIES:
        return Token("money", word, 0, 0)
    if word in _NEARLY:
        return Token("nearly", word, 0, 0)
    if word in _SPOKEN:
        return Token("op", _SPOKEN[word], 0, 0)
    return Token("word", word, 0, 0)
