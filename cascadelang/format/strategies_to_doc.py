"""Strategies to documents; see `ast_to_doc`.

The tree holds the clauses of a cascade as fields and suffixes as nodes round it; in the text they stand in any order.
So what a strategy's tree holds is gathered first, and then laid out in the order in which its words come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cascadelang.format.columns import gaps
from cascadelang.format.cursor import LostPlace
from cascadelang.format.doc import (
    BREAK,
    COMMA,
    LINE_OR_NOTHING,
    LINE_OR_SPACE,
    MUST_BREAK,
    NEVER,
    ONE_SPACE,
    TRAILING,
    Doc,
    choice,
    concat,
    group,
    nest,
    spaced,
    spaces,
)
from cascadelang.format.expressions_to_doc import ExpressionLayout
from cascadelang.format.page import INDENT
from cascadelang.syntax import ast

CONDITION_MOST = 40
"""The widest condition, in columns, after which the arrows of a route still stand in one column."""

_SUFFIXES: dict[type, str] = {ast.Within: "within", ast.Retry: "retry", ast.Cached: "cached", ast.With: "with"}
Waiting = dict[str, list[Any]]
"""What a strategy's tree holds besides its head, by the word that each begins with, in the order of the text."""


class StrategyLayout(ExpressionLayout):
    """Lays out strategies."""

    def strategy(
        self,
        node: ast.Strategy,
        until: ast.Expr | None = None,
        outer: Waiting | None = None,
        *,
        tall: bool = False,
    ) -> Doc:
        """A strategy with what follows it.

        Args:
            node: the strategy.
            until: the gate of the rung that it is.
            outer: what the cascade that has it behind ``otherwise`` still waits for: that may stand among its own.
            tall: a route of several arms always has a line for each.
        """
        waiting: Waiting = {} if until is None else {"until": [until]}
        wraps = self.cursor.wraps
        while (word := _SUFFIXES.get(type(node))) and not wraps(node):
            waiting.setdefault(word, []).insert(0, node)
            node = node.strategy  # type: ignore[union-attr]
        if wraps(node):
            head = self.parens(self.strategy, node)
        elif isinstance(node, ast.Cascade):
            head = spaced(self.take(), self.bracketed(node.rungs, self._rung, LINE_OR_NOTHING))
            for word, clause in _clauses(node).items():
                waiting.setdefault(word, []).append(clause)
        else:
            head = self._head(node, tall=tall)
        return self._with_tails(head, waiting, outer or {}) if waiting else head

    def _head(self, node: ast.Strategy, *, tall: bool) -> Doc:  # noqa: PLR0911 - one a form
        """A strategy with a word of its own, or a name."""
        if isinstance(node, ast.NameStrategy):
            return self.name(node.name)
        if isinstance(node, ast.Route | ast.RouteBy):
            return self.route(node, tall=tall)
        if isinstance(node, ast.Fallback):
            return self._fallback(node)
        if isinstance(node, ast.Vote):
            members = spaced(self.take(), self.bracketed(node.members, self.strategy, LINE_OR_NOTHING))
            return self._by(members, node.by)
        if isinstance(node, ast.Split):
            return self._split(node)
        if isinstance(node, ast.Hedge):
            head = spaced(self.take(), self.strategy(node.first))
            after = [LINE_OR_SPACE, *self.cursor.lines(), spaced(self.must_be("after"), self.take())]
            beside = [LINE_OR_SPACE, *self.cursor.lines(), self.must_be("with"), ONE_SPACE]
            return group(head, nest(INDENT, *after, *beside, self.strategy(node.second)))
        if isinstance(node, ast.Shadow):
            head = spaced(self.take(), self.strategy(node.live))
            parts = [LINE_OR_SPACE, *self.cursor.lines(), self.must_be("with"), ONE_SPACE, self.strategy(node.beside)]
            if node.share:
                parts += [LINE_OR_SPACE, *self.cursor.lines(), spaced(self.must_be("on"), self.take())]
            return group(head, nest(INDENT, *parts))
        raise LostPlace

    def _rung(self, node: ast.Rung) -> Doc:
        return self.strategy(node.strategy, node.until)

    def _by(self, head: Doc, by: ast.Expr | None) -> Doc:
        """``… by expr``."""
        if by is None:
            return head
        parts = [LINE_OR_SPACE, *self.cursor.lines(), self.must_be("by"), ONE_SPACE, self.expr(by)]
        return concat([head, group(nest(INDENT, *parts))])

    def _fallback(self, node: ast.Fallback) -> Doc:
        """``fallback [a, b] when rate_limit or server``."""
        head = spaced(self.take(), self.bracketed(node.members, self.strategy, LINE_OR_NOTHING))
        if not node.when:
            return head
        parts = [LINE_OR_SPACE, *self.cursor.lines(), self.must_be("when"), ONE_SPACE, self.take()]
        for _ in node.when[1:]:
            parts += [ONE_SPACE, self.take(), ONE_SPACE, self.take()]
        return concat([head, group(nest(INDENT, *parts))])

    def _split(self, node: ast.Split) -> Doc:
        """``split { 90% -> a, 10% -> b }``; broken, the arrows stand in one column."""
        widest = max((share.share.span.end - share.share.span.start for share in node.shares), default=0)

        def share(each: ast.Share) -> Doc:
            percent = self.take()
            gap = choice(spaces(max(1, widest - percent.width + 1)), ONE_SPACE)
            return concat([percent, gap, self.take(), ONE_SPACE, self.strategy(each.strategy)])

        return self._by(spaced(self.take(), self.bracketed(node.shares, share, LINE_OR_SPACE)), node.by)

    # ---- Routes

    def route(self, node: ast.Route | ast.RouteBy, *, tall: bool) -> Doc:
        """``route c -> s, c -> s else s``; broken, an arm a line."""
        head = [self.take()]
        indent = len("route ")
        if isinstance(node, ast.RouteBy):
            head = [spaced(*head, self.must_be("by"), self.expr(node.by))]
            indent = INDENT
        arms, after = self._arms(node)
        parts = [*head, nest(indent, *arms)]
        if tall and len(node.arms) > 1:
            parts.append(MUST_BREAK)
        if node.otherwise is not None:
            parts += [*after, LINE_OR_SPACE, *self.cursor.lines(), self.must_be("else")]
            parts.append(self._after_word(node.otherwise, tall=tall))
        return group(*parts)

    def _arms(self, node: ast.Route | ast.RouteBy) -> tuple[list[Doc], list[Doc]]:
        """The arms with what stands before each of them, and the comments round a comma behind the last."""
        cursor = self.cursor
        arms = []
        for arm in node.arms:
            lines = cursor.lines()
            condition = self.expr(arm.condition) if isinstance(arm, ast.Arm) else self.take()
            does = concat([self.take(), ONE_SPACE, self.strategy(arm.strategy)])
            arms.append((lines, condition, does, cursor.comma()))
        between = gaps([(condition, does) for _, condition, does, _ in arms], NEVER, CONDITION_MOST)
        parts: list[Doc] = []
        after: list[Doc] = []
        for (lines, condition, does, comments), (gap,) in zip(arms, between, strict=True):
            if parts:
                parts += [COMMA, *after, LINE_OR_SPACE]
            elif isinstance(node, ast.RouteBy):
                parts.append(LINE_OR_SPACE)
            else:
                parts.append(BREAK if lines else ONE_SPACE)
            parts += [*lines, condition, choice(spaces(gap), ONE_SPACE), does]
            after = comments
        if node.otherwise is None and after:
            # The comma is the route's last token: a comment on a line of its own mustn't stand behind the route.
            lines = [part for part in after if part.kind != TRAILING]
            comma = [*lines, BREAK, COMMA] if lines or arms[-1][2].ends else []
            parts += [*comma, *after[len(lines) :]]
        return parts, after

    def _after_word(self, node: ast.Strategy, outer: Waiting | None = None, *, tall: bool = False) -> Doc:
        """A strategy behind ``else`` or ``otherwise``: a route without parentheses stands below it if it is long."""
        if isinstance(node, ast.Route | ast.RouteBy) and not self.cursor.wraps(node):
            return group(nest(INDENT, LINE_OR_SPACE, *self.cursor.lines(), self.route(node, tall=tall)))
        return concat([ONE_SPACE, self.strategy(node, None, outer)])

    # ---- What follows a strategy

    def _with_tails(self, head: Doc, waiting: Waiting, outer: Waiting) -> Doc:
        """A strategy with its clauses and suffixes: all behind it, or each on a line."""
        parts: list[Doc] = []
        cursor = self.cursor
        while any(waiting.values()):
            word = cursor.word
            values = waiting.get(word) or outer.get(word)
            if not values:
                raise LostPlace
            lines = cursor.lines()
            parts += [LINE_OR_SPACE, *lines, self._tail(word, values.pop(0), waiting)]
        return concat([head, group(nest(INDENT, *parts))])

    def _tail(self, word: str, value: Any, waiting: Waiting) -> Doc:  # noqa: PLR0911 - one a word
        """One clause or suffix."""
        first = self.take()
        if word == "within":
            parts = [first, self.take()]
            while self.cursor.word == "and":
                parts += [self.take(), self.take()]
            return spaced(*parts)
        if word == "cached" and value.similar:
            return spaced(first, self.take(), self.must_be("similar"), self.take())
        if word in ("retry", "cached", "carry"):
            return spaced(first, self.take())
        if word == "with":
            return spaced(first, self.expr(value.fields))
        if word == "otherwise":
            if value.strategy is None:
                return spaced(first, self.take())
            return concat([first, self._after_word(value.strategy, waiting)])
        if word == "order":
            return spaced(first, self.must_be("by"), self.expr(value))
        return spaced(first, self.expr(value))


def _clauses(node: ast.Cascade) -> dict[str, Any]:
    """The clauses of a cascade by their first word."""
    values = {
        "until": node.until,
        "from": node.start,
        "order": node.order_by,
        "carry": node.carry,
        "otherwise": node.otherwise,
    }
    return {word: value for word, value in values.items() if value is not None}


def stands_alone(node: ast.Strategy) -> bool:
    """Whether a strategy is a word and brackets only, so that it may begin behind ``=`` and go on below."""
    if isinstance(node, ast.Cascade):
        return not _clauses(node)
    if isinstance(node, ast.Fallback):
        return not node.when
    return isinstance(node, ast.Vote | ast.Split) and node.by is None


__all__: Sequence[str] = ("StrategyLayout", "stands_alone")
