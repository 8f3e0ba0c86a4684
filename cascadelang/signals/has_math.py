"""Whether the query holds mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import finder
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of

_NUMBER: Final = r"(?:\d[\d,.]*)"
_LATEX: Final = (
    r"frac|sqrt|sum|int|prod|lim|cdot|times|leq?|geq?|neq|infty|partial|alpha|beta|theta|pi|"
    r"begin\{(?:align|equation|p?matrix)"
)
_EXERCISES: Final = (
    r"solve for [a-z]\b|derivative of|integral of|integrate|differentiate|square root of|factori[sz]e|"
    r"quadratic equation|system of equations|prime factor|least common multiple|greatest common divisor|"
    r"standard deviation of|determinant of|eigenvalues?|modulo \d|divisible by \d"
)
_SHAPES: Final = (
    rf"\\(?:{_LATEX})\b",
    r"\\\([^\n]+?\\\)|\\\[[^\]]+\\\]|\$\$[^$]+\$\$",
    r"\$[^$\n]{0,80}[\\^_=][^$\n]{0,80}\$",  # $x^2$, not $5 and $10
    r"[∑∏∫√∂∇≤≥≠≈∞±∈∀∃]",
    rf"{_NUMBER}\s*[*\x{{D7}}÷^]\s*\(?-?{_NUMBER}",  # D7 is the multiplication sign
    rf"{_NUMBER}\s*\+\s*\(?-?{_NUMBER}",
    rf"{_NUMBER} [-\x{{2212}}/] \(?{_NUMBER}\b[^\n]{{0,40}}(?:=|\?)",  # 2212 is the minus sign
    (
        rf"\b{_NUMBER}?[a-z](?:\s*[-+*/]\s*{_NUMBER}?[a-z]?)?\s*=\s*-?{_NUMBER}(?:\s*[-+*/]\s*{_NUMBER})*"
        r"\s*(?:[.,;?]|$|\band\b)"
    ),
    r"\b[xyzn](?:\^\d|[²³])|\b(?:sin|cos|tan|log|ln|exp|sqrt)\s*\(|\bf\(x\)",
    rf"(?i:\b(?:{_EXERCISES}))",
    rf"(?i:{_NUMBER}\s?% of {_NUMBER}|\b{_NUMBER} (?:times|plus|minus|divided by|multiplied by) {_NUMBER})",
)
_PATTERN: Final = "(?m)" + "|".join(f"(?:{shape})" for shape in _SHAPES)


class HasMath:
    """``has_math``."""

    spec: ClassVar[Spec] = Spec(
        name="has_math",
        kind="signal",
        summary="whether the query holds mathematics",
        doc="""
Looks for LaTeX, mathematical signs, arithmetic between numbers (`12 * 7`), equations (`3x + 5 = 20`), powers,
functions, and the words of exercises (`derivative of`, `solve for x`, `15% of 80`).
Prices, dates, versions, phone numbers and
word problems without any of these are not found.
""",
        always_known=True,
        examples=("has_math",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        found = finder(_PATTERN)(text_of(query, self._scope))
        return Finding(found is not None, f"mathematics at `{found.strip()[:60]}`" if found is not None else "")


SIGNAL = HasMath
