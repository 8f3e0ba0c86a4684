"""Reductions to expressions; see `build_ast`."""

from __future__ import annotations

import json
from bisect import bisect_right
from decimal import Decimal
from typing import Any

from cascadelang.diagnostics.model import Diagnostic, Fix, Label
from cascadelang.source import SourceFile, Span
from cascadelang.syntax import ast
from cascadelang.syntax.tokens import Tokens

Kids = list[Any]

_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_FACTORS = {"k": 1000, "M": 1000000}
_HUNDREDTH = Decimal("0.01")
MOST_DIGITS = 18
"""Products of a few numbers of so many digits, as bounds are, stay exact enough and far from infinite."""


class ExpressionBuilder:
    """Builds expressions.

    Attributes:
        diagnostics: what was found while building; the parser takes back what it has to build again.
    """

    def __init__(self, source: SourceFile, tokens: Tokens) -> None:
        self.source = source
        self.path = source.path
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.diagnostics: list[Diagnostic] = []

    def token_span(self, index: int) -> Span:
        """Where a token stands."""
        return Span(self.path, self.starts[index], self.ends[index])

    def token_at(self, offset: int) -> int:
        """The token that starts at an offset, or the last one before it."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def tell(
        self,
        name: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",  # noqa: A002 - as the field is called
        related: tuple[Label, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        """Adds an error."""
        self.diagnostics.append(Diagnostic(name, "error", message, span, label, help, (), related, fix))

    # ---- Names and literals

    def name(self, kids: Kids, span: Span) -> ast.Name:
        """``a.b``."""
        if len(kids) == 1:
            return ast.Name((self.texts[kids[0]],), span)
        return ast.Name(tuple(self.texts[kid] for kid in kids), span)

    def text(self, kids: Kids, span: Span) -> ast.Text:
        """A text, unescaped; a long one as it is written, its line ends as line feeds."""
        index = kids[0]
        written = self.texts[index]
        if self.kinds[index] == "LONG_TEXT":
            return ast.Text(written.replace("\r\n", "\n"), True, span)  # noqa: FBT003
        if "\\" not in written:
            return ast.Text(written[1:-1], False, span)  # noqa: FBT003
        value = json.loads(written, strict=False)
        if not value.isascii():
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return ast.Text(value, False, span)  # noqa: FBT003

    def regex(self, kids: Kids, span: Span) -> ast.Regex:
        """``/pattern/flags``."""
        pattern, _, flags = self.texts[kids[0]][1:].rpartition("/")
        unknown = [flag for flag in flags if flag not in "ims"]
        if unknown:
            self.tell(
                "bad-regex-flag",
                f"`{unknown[0]}` is not a flag of a regular expression",
                Span(span.path, span.end - len(flags), span.end),
                help="flags are `i` (any case), `m` (`^` and `$` match at lines), `s` (`.` matches a line break)",
            )
            flags = "".join(flag for flag in flags if flag in "ims")
        return ast.Regex(pattern.replace("\\/", "/"), flags, span)

    def digits(self, written: str, span: Span) -> Decimal:
        """The value of digits; more than any arithmetic with them can hold is an error."""
        if len(written.partition(".")[0].lstrip("0")) > MOST_DIGITS:
            self.tell(
                "bad-number",
                f"the number has more than {MOST_DIGITS} digits before its point",
                span,
                help="nothing here is that large; leave a limit out where there is none",
            )
            return Decimal(1)
        return Decimal(written)

    def number(self, kids: Kids, span: Span) -> ast.Number:
        """``0.8``."""
        written = self.texts[kids[0]]
        return ast.Number(self.digits(written, span), written, span)

    def count(self, kids: Kids, span: Span) -> ast.Count:
        """``4k``."""
        written = self.texts[kids[0]]
        value = self.digits(written[:-1], span) * _FACTORS[written[-1]]
        if value != int(value):
            self.tell(
                "bad-number",
                f"`{written}` is not a whole number",
                span,
                help="counts are whole: `1.5k` is 1500",
            )
        return ast.Count(int(value), written, span)

    def percent(self, kids: Kids, span: Span) -> ast.Percent:
        """``60%``."""
        written = self.texts[kids[0]]
        return ast.Percent(self.digits(written[:-1], span) * _HUNDREDTH, written, span)

    def money(self, kids: Kids, span: Span) -> ast.Money:
        """``$0.02``."""
        written = self.texts[kids[0]]
        return ast.Money(self.digits(written[1:], span), written, span)

    def duration(self, kids: Kids, span: Span) -> ast.Duration:
        """``250ms``."""
        written = self.texts[kids[0]]
        unit = written.lstrip("0123456789.")
        value = self.digits(written[: len(written) - len(unit)], span)
        return ast.Duration(value * _SECONDS[unit], written, span)

    def truth(self, kids: Kids, span: Span) -> ast.Bool:
        """``true``, ``false``."""
        return ast.Bool(self.kinds[kids[0]] == "TRUE" or self.texts[kids[0]] == "true", span)

    # ---- Composite values

    def series(self, kids: Kids, span: Span) -> ast.ListExpr:
        """``[a, b]``."""
        return ast.ListExpr(tuple(kid for kid in kids if kid is not None), span)

    def record(self, kids: Kids, span: Span) -> ast.Record:
        """``{ key: value }``."""
        return ast.Record(tuple(kid for kid in kids if kid is not None), span)

    def entry(self, kids: Kids, span: Span) -> ast.Entry:
        """``key: value``; ``$1 / $5`` is a price here."""
        key, value = kids
        if isinstance(value, ast.Arith) and value.op == "/":
            left, right = value.left, value.right
            if isinstance(left, ast.Money) and isinstance(right, ast.Money):
                value = ast.Price(left, right, value.span)
        return ast.Entry(self.texts[key], value, self.token_span(key), span)

    def ref(self, kids: Kids, span: Span) -> ast.Ref:
        """A name as a value."""
        return ast.Ref(kids[0], span)

    def call(self, kids: Kids, span: Span) -> ast.Call:
        """``name(args)``."""
        return ast.Call(kids[0], tuple(kid for kid in kids[1:] if kid is not None), span)

    def arg(self, kids: Kids, span: Span) -> ast.Arg:
        """An argument by position."""
        return ast.Arg(kids[0], "", span)

    def named_arg(self, kids: Kids, span: Span) -> ast.Arg:
        """``name: value``."""
        return ast.Arg(kids[1], self.texts[kids[0]], span)

    def group(self, kids: Kids, _span: Span) -> ast.Expr:
        """``(a)`` is ``a``."""
        return kids[0]  # type: ignore[no-any-return]

    # ---- Operators

    def invert(self, kids: Kids, span: Span) -> ast.Not:
        """``not a``."""
        return ast.Not(kids[0], span)

    def negative(self, kids: Kids, span: Span) -> ast.Negative:
        """``-a``."""
        return ast.Negative(kids[0], span)

    def logic(self, kids: Kids, span: Span) -> ast.Logic:
        """``a and b and c``, ``a or b``; mixed, it is an error and ``and`` binds tighter."""
        words: set[Any] = {self.texts[kid] for kid in kids[1::2]}
        if len(words) == 1:
            return ast.Logic(words.pop(), tuple(kids[::2]), span)
        return self._mixed(kids[::2], kids[1::2], span)

    def _mixed(self, values: Kids, operators: Kids, span: Span) -> ast.Logic:
        """``a and b or c``: the error, and ``(a and b) or c``."""
        ors = [i for i, at in enumerate(operators) if self.texts[at] == "or"]
        parts: Kids = []
        written = []
        for first, last in zip([0, *(i + 1 for i in ors)], [*ors, len(operators)], strict=True):
            start = span.start if first == 0 else self.ends[operators[first - 1]]
            end = span.end if last == len(operators) else self.starts[operators[last]]
            said = self.source.text[start:end]
            start += len(said) - len(said.lstrip())
            said = said.strip()
            if first == last:
                parts.append(values[first])
                written.append(said)
            else:
                inner = Span(span.path, start, start + len(said))
                parts.append(ast.Logic("and", tuple(values[first : last + 1]), inner))
                written.append(f"({said})")
        meant = " or ".join(written)
        word = self.texts[operators[0]]
        short = len(meant) < 100 and "\n" not in meant
        self.tell(
            "mixed-and-or",
            "`and` and `or` are mixed without parentheses",
            self.token_span(next(at for at in operators if self.texts[at] != word)),
            label=f"after `{word}` on the left",
            help=f"if `and` belongs together first, write `{meant}`"
            if short
            else "put parentheses round what belongs together first",
            fix=None if "#" in meant else Fix(span, meant, "put parentheses round what `and` joins"),
        )
        return ast.Logic("or", tuple(parts), span)

    def compare(self, kids: Kids, span: Span) -> ast.Expr:
        """``a >= b``."""
        op: Any = self.texts[kids[1]]
        if len(kids) == 3:
            return ast.Compare(op, kids[0], kids[2], span)
        self.tell(
            "chained-comparison",
            "comparisons don't chain",
            self.token_span(kids[3]),
            help="compare twice, and join the two with `and`: `0.2 < x and x < 0.8`",
        )
        compared = []
        for i in range(0, len(kids) - 2, 2):
            left, right = kids[i], kids[i + 2]
            op = self.texts[kids[i + 1]]
            compared.append(ast.Compare(op, left, right, Span(span.path, left.span.start, right.span.end)))
        return ast.Logic("and", tuple(compared), span)

    def member(self, kids: Kids, span: Span) -> ast.In:
        """``a in [b, c]``."""
        return ast.In(kids[0], kids[1], False, span)  # noqa: FBT003

    def not_member(self, kids: Kids, span: Span) -> ast.In:
        """``a not in [b, c]``."""
        return ast.In(kids[0], kids[1], True, span)  # noqa: FBT003

    def missing(self, kids: Kids, span: Span) -> ast.Expr:
        """``meta.plan is missing``."""
        return self._missing(kids[0], span, negated=False)

    def not_missing(self, kids: Kids, span: Span) -> ast.Expr:
        """``meta.plan is not missing``."""
        return self._missing(kids[0], span, negated=True)

    def _missing(self, value: ast.Expr, span: Span, *, negated: bool) -> ast.Expr:
        if isinstance(value, ast.Ref):
            return ast.IsMissing(value, negated, span)
        self.tell(
            "misplaced-missing",
            "only a name can be missing",
            value.span,
            help="`is missing` asks whether the caller gave a value: `meta.plan is missing`",
        )
        return ast.Bool(negated, span)

    def arith(self, kids: Kids, span: Span) -> ast.Expr:
        """``a + b - c``, from the left."""
        value = kids[0]
        for i in range(1, len(kids), 2):
            op: Any = self.texts[kids[i]]
            value = ast.Arith(op, value, kids[i + 1], Span(span.path, span.start, kids[i + 1].span.end))
        return value  # type: ignore[no-any-return]
