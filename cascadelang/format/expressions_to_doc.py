"""Expressions to documents; see `ast_to_doc`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cascadelang.format.cursor import Cursor, LostPlace
from cascadelang.format.doc import (
    BREAK,
    COMMA,
    COMMA_IF_BROKEN,
    LINE_OR_NOTHING,
    LINE_OR_SPACE,
    ONE_SPACE,
    Doc,
    concat,
    group,
    nest,
    spaced,
)
from cascadelang.format.page import INDENT
from cascadelang.syntax import ast


class ExpressionLayout:
    """Lays out expressions; the tokens come from a cursor that stands before the node's first one."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.take = cursor.take
        self._of: dict[type, Callable[[Any], Doc]] = {
            ast.ListExpr: self.series,
            ast.Record: self.record,
            ast.Price: self.price,
            ast.Ref: self.named,
            ast.Call: self.call,
            ast.Not: self.invert,
            ast.Logic: self.logic,
            ast.Compare: self.compare,
            ast.In: self.member,
            ast.IsMissing: self.missing,
            ast.Arith: self.arith,
            ast.Negative: self.negative,
        }

    def expr(self, node: ast.Expr) -> Doc:
        """Any expression, with the parentheses round it."""
        if self.cursor.wraps(node):
            return self.parens(self.expr, node)
        make = self._of.get(type(node))
        return make(node) if make else self.take()

    def opened(self, node: ast.Expr) -> Doc:
        """An expression that has the lines below a declaration's ``=`` to itself: a chain isn't indented further."""
        if isinstance(node, ast.Logic) and not self.cursor.wraps(node):
            return self.logic(node, step=0)
        return self.expr(node)

    # ---- What several forms share

    def name(self, name: ast.Name) -> Doc:
        """``a.b``."""
        if len(name.parts) == 1:
            return self.take()
        return concat(self.cursor.take_all(name.span.end))

    def parens(self, inner: Callable[[Any], Doc], node: Any) -> Doc:
        """``(inner)``."""
        opening = self.take()
        parts = [LINE_OR_NOTHING, *self.cursor.lines(), inner(node), *self.last_lines()]
        return group(opening, nest(INDENT, *parts), LINE_OR_NOTHING, self.take())

    def last_lines(self) -> list[Doc]:
        """The comments before a closing bracket."""
        found = []
        for line in self.cursor.lines():
            found += [BREAK, line]
        return found

    def bracketed(self, items: Iterable[Any], item: Callable[[Any], Doc], edge: Doc) -> Doc:
        """Items between brackets, with commas: on one line, or each on its own, the last one with a comma too.

        Args:
            items: the nodes.
            item: gives the document of one.
            edge: what stands inside the brackets on one line: a space or nothing.
        """
        cursor = self.cursor
        opening = self.take()
        parts: list[Doc] = []
        after: list[Doc] = []
        for each in items:
            if parts:
                parts += [COMMA, *after, LINE_OR_SPACE]
            else:
                parts.append(edge)
            parts += cursor.lines()
            parts.append(item(each))
            after = cursor.comma()
        if parts:
            parts += [COMMA_IF_BROKEN, *after]
        parts += self.last_lines()
        closing = self.take()
        if not parts:
            return group(opening, LINE_OR_NOTHING, closing) if opening.ends else concat([opening, closing])
        return group(opening, nest(INDENT, *parts), edge, closing)

    def keyed(self, value: ast.Expr) -> Doc:
        """``key: value``."""
        return concat([self.take(), self.take(), ONE_SPACE, self.expr(value)])

    # ---- The forms

    def series(self, node: ast.ListExpr) -> Doc:
        """``[a, b]``."""
        return self.bracketed(node.items, self.expr, LINE_OR_NOTHING)

    def record(self, node: ast.Record) -> Doc:
        """``{ key: value }``."""
        return self.bracketed(node.entries, self._entry, LINE_OR_SPACE)

    def _entry(self, node: ast.Entry) -> Doc:
        return self.keyed(node.value)

    def price(self, node: ast.Price) -> Doc:
        """``$1 / $5``."""
        return spaced(self.expr(node.input), self.take(), self.expr(node.output))

    def named(self, node: ast.Ref) -> Doc:
        """A name as a value."""
        return self.name(node.name)

    def call(self, node: ast.Call) -> Doc:
        """``name(args)``."""
        name = self.name(node.name)
        return concat([name, self.bracketed(node.args, self._arg, LINE_OR_NOTHING)])

    def _arg(self, node: ast.Arg) -> Doc:
        return self.keyed(node.value) if node.name else self.expr(node.value)

    def invert(self, node: ast.Not) -> Doc:
        """``not a``."""
        return spaced(self.take(), self.expr(node.value))

    def negative(self, node: ast.Negative) -> Doc:
        """``-a``."""
        return concat([self.take(), self.expr(node.value)])

    def logic(self, node: ast.Logic, step: int = INDENT) -> Doc:
        """``a and b and c``; broken, each operator begins a line."""
        first, *others = node.values
        said = self.expr(first)
        return group(said, self._operands(others, step))

    def _operands(self, others: Iterable[ast.Expr], step: int = INDENT) -> Doc:
        parts: list[Doc] = []
        for each in others:
            parts += [LINE_OR_SPACE, *self.cursor.lines(), self.take(), ONE_SPACE, self.expr(each)]
        return nest(step, *parts)

    def compare(self, node: ast.Compare) -> Doc:
        """``a >= b``."""
        left = self.expr(node.left)
        return concat([left, group(self._operands([node.right]))])

    def arith(self, node: ast.Arith) -> Doc:
        """``a + b - c``: operators of one chain break together."""
        start, operands = node.span.start, [node.right]
        left = node.left
        while isinstance(left, ast.Arith) and left.span.start == start:
            operands.append(left.right)
            left = left.left
        first = self.expr(left)
        return concat([first, group(self._operands(reversed(operands)))])

    def member(self, node: ast.In) -> Doc:
        """``a in [b, c]``."""
        value = self.expr(node.value)
        words = [self.take() for _ in range(1 + node.negated)]
        return spaced(value, *words, self.expr(node.items))

    def missing(self, node: ast.IsMissing) -> Doc:
        """``meta.plan is missing``."""
        value = self.expr(node.value)
        return spaced(value, *[self.take() for _ in range(2 + node.negated)])

    def must_be(self, word: str) -> Doc:
        """The next token, which is this word."""
        if self.cursor.word != word:
            raise LostPlace
        return self.take()
