"""Reductions to nodes: one method for each rule of the grammar that leaves a trace, named as in the grammar.

Takes: what a rule kept: nodes, token indexes, ``None`` for optional parts that are missing. Gives: the node.
Guarantees: never raises; what the grammar lets through but the language doesn't (``and`` mixed with ``or``, a bare
``route`` in a list, a clause without its ``cascade``) is a diagnostic here, and the node is what was likely meant.

Expressions are in `build_expressions`, strategies in `build_strategies`; declarations are here.
"""

from __future__ import annotations

from typing import Any

from cascadelang.source import Span
from cascadelang.syntax import ast
from cascadelang.syntax.build_strategies import StrategyBuilder

Kids = list[Any]


class Builder(StrategyBuilder):
    """Builds the nodes of one file."""

    def use(self, kids: Kids, span: Span) -> ast.Use:
        """``use "file.cl" as m``."""
        path, alias = kids
        if alias is None:
            return ast.Use(path, "", span, span)
        return ast.Use(path, self.texts[alias], self.token_span(alias), span)

    def provider(self, kids: Kids, span: Span) -> ast.ProviderDecl:
        """``provider acme = openai { … }``."""
        name, kind, fields = kids
        return ast.ProviderDecl(self.texts[name], kind, fields or self.no_fields(span), self.token_span(name), span)

    def model(self, kids: Kids, span: Span) -> ast.ModelDecl:
        """``model haiku = anthropic("…") { … }``."""
        name, provider, model, fields = kids
        return ast.ModelDecl(
            self.texts[name], provider, model, fields or self.no_fields(span), self.token_span(name), span
        )

    def no_fields(self, span: Span) -> ast.Record:
        """The braces that aren't there: an empty record at the end of the declaration."""
        return ast.Record((), Span(span.path, span.end, span.end))

    def tier(self, kids: Kids, span: Span) -> ast.TierDecl:
        """``tier cheap = strategy``."""
        name, strategy = kids
        return ast.TierDecl(self.texts[name], self.settled(strategy), self.token_span(name), span)

    def signal(self, kids: Kids, span: Span) -> ast.SignalDecl:
        """``signal topic: {a, b} = expr else value``."""
        name, labels, expr, default = kids
        return ast.SignalDecl(self.texts[name], expr, labels, default, self.token_span(name), span)

    def labels(self, kids: Kids, _span: Span) -> tuple[ast.Name, ...]:
        """``: {a, b}``."""
        return tuple(kids)

    def check(self, kids: Kids, span: Span) -> ast.CheckDecl:
        """``check name = expr else pass``."""
        name, expr, otherwise = kids
        return ast.CheckDecl(self.texts[name], expr, otherwise is not None, self.token_span(name), span)

    def tune(self, kids: Kids, span: Span) -> ast.TuneDecl:
        """``tune name = 0.8 in 0.5 .. 0.99``."""
        name, value, low, high = kids
        return ast.TuneDecl(self.texts[name], value, low, high, self.token_span(name), span)

    def policy(self, kids: Kids, span: Span) -> ast.PolicyDecl:
        """``policy name = strategy``."""
        name, strategy = kids
        return ast.PolicyDecl(self.texts[name], self.settled(strategy), False, self.token_span(name), span)  # noqa: FBT003

    def bare(self, kids: Kids, span: Span) -> ast.PolicyDecl:
        """A strategy on its own: the policy ``main``; its name stands where its first word does."""
        return ast.PolicyDecl("main", self.settled(kids[0]), True, self.token_span(self.token_at(span.start)), span)  # noqa: FBT003

    def require(self, kids: Kids, span: Span) -> ast.RequireDecl:
        """``require main for input <= 4k { … }``."""
        policy, limit, *bounds = kids
        return ast.RequireDecl(policy, tuple(bounds), limit, span)

    def bound(self, kids: Kids, span: Span) -> ast.Bound:
        """``cost <= $0.30``."""
        what, op, limit = kids
        return ast.Bound(self.texts[what], self.texts[op], limit, self.token_span(what), span)  # type: ignore[arg-type]

    def alert(self, kids: Kids, span: Span) -> ast.AlertDecl:
        """``alert "words" when expr over 500 queries``."""
        words, condition, over = kids
        return ast.AlertDecl(words, condition, over, span)

    # ---- Tests

    def case(self, kids: Kids, span: Span) -> ast.CaseDecl:
        """``test "words" { … }``."""
        words, each, *clauses = kids
        return ast.CaseDecl(words, tuple(clauses), each, span)

    def case_query(self, kids: Kids, span: Span) -> ast.CaseQuery:
        """``query "…"``."""
        return ast.CaseQuery(kids[0], span)

    def case_meta(self, kids: Kids, span: Span) -> ast.CaseMeta:
        """``meta { … }``."""
        return ast.CaseMeta(kids[0], span)

    def case_reply(self, kids: Kids, span: Span) -> ast.CaseReply:
        """``reply haiku "…" { … }``."""
        model, text, details = kids
        return ast.CaseReply(model, text, "", details, span, span)

    def case_error(self, kids: Kids, span: Span) -> ast.CaseReply:
        """``reply haiku error rate_limit``."""
        model, kind = kids
        return ast.CaseReply(model, None, self.texts[kind], None, self.token_span(kind), span)

    def case_judge(self, kids: Kids, span: Span) -> ast.CaseJudge:
        """``judge sonnet 0.9 "reason"``."""
        model, score, reason = kids
        return ast.CaseJudge(model, score, reason, "", span, span)

    def case_judge_error(self, kids: Kids, span: Span) -> ast.CaseJudge:
        """``judge sonnet error timeout``."""
        model, kind = kids
        return ast.CaseJudge(model, None, None, self.texts[kind], self.token_span(kind), span)

    def case_ask(self, kids: Kids, span: Span) -> ast.CaseAsk:
        """``ask mini billing { … }``."""
        model, label, details = kids
        return ast.CaseAsk(model, label, "", details, span, span)

    def case_ask_error(self, kids: Kids, span: Span) -> ast.CaseAsk:
        """``ask mini error timeout``."""
        model, kind = kids
        return ast.CaseAsk(model, None, self.texts[kind], None, self.token_span(kind), span)

    def case_policy(self, kids: Kids, span: Span) -> ast.CasePolicy:
        """``policy NAME``."""
        return ast.CasePolicy(kids[0], span)

    def case_expect(self, kids: Kids, span: Span) -> ast.CaseExpect:
        """``expect path == [haiku]``."""
        return ast.CaseExpect(kids[0], span)
