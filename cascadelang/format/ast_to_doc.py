"""Syntax tree to layout documents.

Takes: a file's declarations, and a cursor over its tokens and comments. Gives: an `Item` for each declaration.
Guarantees: every token but commas is taken from the cursor, in order and as it was written, so nothing can be lost,
changed or put elsewhere; what the tree decides is only where lines may break. Commas follow one rule: between items
always, after the last item where each item has its own line, and never after the last arm of a route.

Expressions are in `expressions_to_doc`, strategies in `strategies_to_doc`; declarations are here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cascadelang.format.columns import Row, gaps, in_line, width_of
from cascadelang.format.cursor import Cursor, LostPlace
from cascadelang.format.doc import (
    BLANK_LINE,
    BREAK,
    LINE_OR_NOTHING,
    LINE_OR_SPACE,
    NEVER,
    NOTHING,
    ONE_SPACE,
    Doc,
    concat,
    group,
    nest,
    spaced,
    spaces,
)
from cascadelang.format.page import INDENT, WIDTH
from cascadelang.format.strategies_to_doc import StrategyLayout, stands_alone
from cascadelang.syntax import ast

_CLAUSE_WORD = len("expect")
"""The words of a test's clauses are followed by spaces up to the width of the longest."""

_COLUMNS: dict[type, str] = {
    ast.ProviderDecl: "provider",
    ast.ModelDecl: "model",
    ast.PolicyDecl: "policy",
    **dict.fromkeys([ast.TierDecl, ast.SignalDecl, ast.CheckDecl, ast.TuneDecl], "value"),
}
"""The declarations that share columns where one stands below the other."""


class Item(NamedTuple):
    """One declaration, or one clause of a test.

    Attributes:
        blank: whether an empty line stands above it and its comments.
        comments: the lines of comments above it, each with whether an empty line stands above that.
        apart: whether an empty line stands between the last of these and it.
        row: its cells; what takes part in no columns is one cell.
        columns: what it shares columns with; empty for nothing.
    """

    blank: bool
    comments: Sequence[tuple[bool, Doc]]
    apart: bool
    row: Row
    columns: str


class DeclarationLayout(StrategyLayout):
    """Lays out one file."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self._rows: dict[type, Callable[[Any], Row]] = {
            ast.Use: self.use,
            ast.ProviderDecl: self.provider,
            ast.ModelDecl: self.model,
            ast.TierDecl: self.tier,
            ast.SignalDecl: self.signal,
            ast.CheckDecl: self.check,
            ast.TuneDecl: self.tune,
            ast.PolicyDecl: self.policy,
            ast.RequireDecl: self.require,
            ast.AlertDecl: self.alert,
            ast.CaseDecl: self.case,
        }

    def file(self, decls: Iterable[ast.Decl]) -> Doc:
        """All of a file.

        Raises:
            LostPlace: if the tree and the tokens don't fit together.
        """
        items = [self._item(decl, self._rows[type(decl)], _COLUMNS.get(type(decl), "")) for decl in decls]
        parts = _stacked(items, WIDTH)
        parts += self._comments_at_end()
        if not self.cursor.next_is("$END"):
            raise LostPlace
        return concat(parts[1:] or [NOTHING])

    def _item(self, node: Any, row_of: Callable[[Any], Row], columns: str) -> Item:
        """One declaration or clause."""
        cursor = self.cursor
        blank = cursor.blank_before()
        comments = cursor.spaced_lines()
        apart = bool(comments) and cursor.blank_before()
        row = row_of(node)
        if cursor.starts[cursor.at] < node.span.end:
            raise LostPlace
        return Item(blank, comments, apart, row, columns if len(row) > 1 else "")

    def _comments_at_end(self) -> list[Doc]:
        """The comments before the end of the file or of a block."""
        parts: list[Doc] = []
        for blank, line in self.cursor.spaced_lines():
            parts += [BLANK_LINE if blank else BREAK, line]
        return parts

    # ---- Declarations

    def use(self, node: ast.Use) -> Row:
        """``use "file.cl" as m``."""
        parts = [self.take(), self.take()]
        if node.alias:
            parts += [self.take(), self.take()]
        return [spaced(*parts)]

    def provider(self, node: ast.ProviderDecl) -> Row:
        """``provider acme = openai { … }``."""
        row = [self.take(), self.take(), spaced(self.take(), self.name(node.kind))]
        return self._with_fields(row, node.fields)

    def model(self, node: ast.ModelDecl) -> Row:
        """``model haiku = anthropic("…") { … }``."""
        row = [self.take(), self.take()]
        equals, provider = self.take(), self.name(node.provider)
        made = concat([provider, self.bracketed([node.model], self.expr, LINE_OR_NOTHING)])
        return self._with_fields([*row, spaced(equals, made)], node.fields)

    def _with_fields(self, row: list[Doc], fields: ast.Record) -> Row:
        if fields.span.start < fields.span.end:
            row.append(self.expr(fields))
        return row

    def tier(self, node: ast.TierDecl) -> Row:
        """``tier cheap = strategy``."""
        return [self.take(), self.take(), self._bound_strategy(node.strategy)]

    def policy(self, node: ast.PolicyDecl) -> Row:
        """``policy main = strategy``, or a strategy on its own."""
        if node.bare:
            return [self.strategy(node.strategy, tall=True)]
        return [self.take(), self.take(), self._bound_strategy(node.strategy)]

    def _bound_strategy(self, node: ast.Strategy) -> Doc:
        """``= strategy``."""
        equals = self.take()
        if stands_alone(node) and not self.cursor.wraps(node):
            return spaced(equals, self.strategy(node))
        return nest(INDENT, equals, LINE_OR_SPACE, *self.cursor.lines(), self.strategy(node, tall=True))

    def signal(self, node: ast.SignalDecl) -> Row:
        """``signal topic: {a, b} = expr else value``; one with labels shares no column behind its name."""
        word, name = self.take(), self.take()
        if node.labels is None:
            return [word, name, self._bound_expr(node.expr, node.default)]
        labels = spaced(self.take(), self.bracketed(node.labels, self.name, LINE_OR_NOTHING))
        return [word, concat([name, labels, ONE_SPACE, self._bound_expr(node.expr, node.default)])]

    def check(self, node: ast.CheckDecl) -> Row:
        """``check sound = expr else pass``."""
        return [self.take(), self.take(), self._bound_expr(node.expr, else_pass=node.else_pass)]

    def _bound_expr(self, node: ast.Expr, default: ast.Expr | None = None, *, else_pass: bool = False) -> Doc:
        """``= expr``, and what it says when that can't be known."""
        equals = self.take()
        if _goes_on_below(node) and not self.cursor.wraps(node):
            parts = [equals, ONE_SPACE, self.expr(node)]
        else:
            parts = [equals, LINE_OR_SPACE, *self.cursor.lines(), self.opened(node)]
            parts = [nest(INDENT, *parts)]
        if default is not None or else_pass:
            other = [LINE_OR_SPACE, *self.cursor.lines(), self.must_be("else"), ONE_SPACE]
            other.append(self.take() if default is None else self.expr(default))
            parts.append(group(nest(INDENT, *other)))
        return concat(parts)

    def tune(self, node: ast.TuneDecl) -> Row:
        """``tune strict = 0.80 in 0.50 .. 0.99``."""
        row = [self.take(), self.take()]
        parts = [self.take(), self.expr(node.value), self.take(), self.expr(node.low), self.take()]
        return [*row, spaced(*parts, self.expr(node.high))]

    def require(self, node: ast.RequireDecl) -> Row:
        """``require main for input <= 4k { … }``."""
        parts = [self.take(), self.name(node.policy)]
        if node.input_limit is not None:
            parts += [self.take(), self.take(), self.take(), self.expr(node.input_limit)]
        return [spaced(*parts, self.bracketed(node.bounds, self._bound, LINE_OR_SPACE))]

    def _bound(self, node: ast.Bound) -> Doc:
        return spaced(self.take(), self.take(), self.expr(node.limit))

    def alert(self, node: ast.AlertDecl) -> Row:
        """``alert "words" when expr over 500 queries``."""
        head = spaced(self.take(), self.take())
        parts = [LINE_OR_SPACE, *self.cursor.lines(), spaced(self.must_be("when"), self.expr(node.condition))]
        if node.over is not None:
            parts += [LINE_OR_SPACE, *self.cursor.lines(), spaced(self.must_be("over"), self.expr(node.over))]
            if self.cursor.word == "queries":
                parts += [ONE_SPACE, self.take()]
        return [group(head, nest(INDENT, *parts))]

    # ---- Tests

    def case(self, node: ast.CaseDecl) -> Row:
        """``test "words" { … }``, a line for each clause."""
        parts = [self.take(), self.take()]
        if node.for_each is not None:
            parts += [self.take(), self.take(), self.take()]
        head = spaced(*parts, self.take())
        items = [self._item(clause, self._clause, _reply_columns(clause)) for clause in node.clauses]
        inner = [*_stacked(items, NEVER), *self._comments_at_end()]
        if not inner:
            return [group(head, LINE_OR_NOTHING, self.take()) if head.ends else concat([head, self.take()])]
        if inner[0] is BLANK_LINE:
            inner[0] = BREAK
        return [concat([head, nest(INDENT, *inner), BREAK, self.take()])]

    def _clause(self, node: ast.CaseClause) -> Row:  # noqa: PLR0911 - one a form
        """One clause. What a model replies and judges begins in one column."""
        word = self.take()
        head = [word, spaces(max(0, _CLAUSE_WORD - word.width) + 1)]
        if isinstance(node, ast.CaseQuery):
            return [concat([*head, self.expr(node.text)])]
        if isinstance(node, ast.CaseMeta):
            return [concat([*head, self.expr(node.fields)])]
        if isinstance(node, ast.CasePolicy):
            return [concat([*head, self.name(node.name)])]
        if isinstance(node, ast.CaseExpect):
            return [concat([*head, nest(_CLAUSE_WORD + 1, self.opened(node.expr))])]
        head.append(self.name(node.model))
        if isinstance(node, ast.CaseJudge) and node.score is not None:
            parts = [self.expr(node.score)]
            if node.reason is not None:
                parts.append(self.take())
            return [concat(head), spaced(*parts)]
        said = (
            None if isinstance(node, ast.CaseJudge) else node.text if isinstance(node, ast.CaseReply) else node.label
        )
        if said is None:
            return [concat(head), spaced(self.must_be("error"), self.take())]
        parts = [self.expr(said)]
        if not isinstance(node, ast.CaseJudge) and node.details is not None:
            parts.append(self.expr(node.details))
        return [concat(head), spaced(*parts)]


def _goes_on_below(node: ast.Expr) -> bool:
    """Whether an expression begins behind ``=`` also where it takes several lines."""
    if isinstance(node, ast.Text):
        return node.long
    return isinstance(node, ast.Call | ast.ListExpr | ast.Record)


def _reply_columns(clause: ast.CaseClause) -> str:
    return "reply" if isinstance(clause, ast.CaseReply | ast.CaseJudge | ast.CaseAsk) else ""


def _stacked(items: Sequence[Item], most: int) -> list[Doc]:
    """Items below one another, each after the line break before it; those that share columns in columns.

    Args:
        items: the items.
        most: the widest row, in columns, that takes part in columns.
    """
    parts: list[Doc] = []
    first = 0
    while first < len(items):
        last = first + 1
        if items[first].columns and width_of(items[first].row) <= most:
            while last < len(items) and _goes_on(items[first], items[last], most):
                last += 1
        rows = [item.row for item in items[first:last]]
        for item, between in zip(items[first:last], gaps(rows, WIDTH, WIDTH), strict=True):
            parts += _above(item)
            parts.append(group(in_line(item.row, between)))
        first = last
    return parts


def _goes_on(first: Item, item: Item, most: int) -> bool:
    """Whether an item shares the columns of the one that a run begins with."""
    return item.columns == first.columns and not item.blank and not item.comments and width_of(item.row) <= most


def _above(item: Item) -> list[Doc]:
    """The line breaks and comments above an item."""
    parts = [BLANK_LINE if item.blank else BREAK]
    for number, (blank, comment) in enumerate(item.comments):
        if number:
            parts.append(BLANK_LINE if blank else BREAK)
        parts.append(comment)
    if item.comments:
        parts.append(BLANK_LINE if item.apart else BREAK)
    return parts
