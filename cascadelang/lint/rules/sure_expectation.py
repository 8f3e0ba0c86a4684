"""An expectation that every run meets."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast
from cascadelang.syntax.visit import walk

_COUNTED: Final = frozenset({"cost", "calls", "latency"})
"""Results that are never below zero."""


class SureExpectation(Rule):
    """See its code."""

    code = Code(
        "sure-expectation",
        "warning",
        "an `expect` that holds whatever the policy does",
        "It looks at nothing of the run, compares a thing with itself, or asks that an amount isn't below zero.",
        "The test passes when the policy is wrong.",
        (
            'use "std/anthropic"\npolicy main = haiku\n'
            'test "t" {\n  query "hi"\n  reply haiku "x"\n  expect cost >= $0\n}\n'
        ),
        (
            'use "std/anthropic"\npolicy main = haiku\n'
            'test "t" {\n  query "hi"\n  reply haiku "x"\n  expect cost < $0.01\n}\n'
        ),
        more_bad=(
            (
                'use "std/anthropic"\npolicy main = haiku\ntest "t" {\n  query "hi"\n  reply haiku "x"\n'
                "  expect calls <= calls\n  expect 1 < 2\n}\n"
            ),
            (
                'use "std/anthropic"\npolicy main = haiku\ntest "t" {\n  query "hi"\n  reply haiku "x"\n'
                "  expect passed or not passed or unchecked\n}\n"
            ),
        ),
        more_good=(
            (
                'use "std/anthropic"\npolicy main = haiku\ntest "t" {\n  query "hi"\n  reply haiku "x"\n'
                "  expect passed or unchecked\n  expect calls >= 1\n}\n"
            ),
        ),
    )
    words = ("test", "expect")
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding an expectation."""
        for case in subject.declarations(ast.CaseDecl):
            for clause in case.clauses:
                if isinstance(clause, ast.CaseExpect) and (_sure(clause.expr) or not _looks(clause.expr)):
                    yield self.found(
                        "this holds whatever the policy does",
                        clause.expr.span,
                        help="say what is special about the query: `expect path == […]`, `expect answer == …`",
                    )


def _looks(expr: ast.Expr) -> bool:
    """Whether an expression looks at anything of the run or of the case."""
    return any(isinstance(node, ast.Ref) for node in walk(expr))


def _sure(expr: ast.Expr) -> bool:
    """Whether an expression surely holds."""
    match expr:
        case ast.Logic(op="and", values=values):
            return all(_sure(value) for value in values)
        case ast.Logic(values=values):
            plain = [value for value in values if not isinstance(value, ast.Not)]
            return any(_sure(value) for value in values) or any(
                value.value in plain for value in values if isinstance(value, ast.Not)
            )
        case ast.Compare(op=op, left=left, right=right):
            if left == right:
                return op in {"==", "<=", ">="}
            return (op == ">=" and _amount(left) and _zero(right)) or (op == "<=" and _amount(right) and _zero(left))
    return False


def _amount(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Ref) and str(expr.name) in _COUNTED


def _zero(expr: ast.Expr) -> bool:
    value: Decimal | int | None = None
    if isinstance(expr, ast.Number | ast.Money | ast.Count):
        value = expr.value
    elif isinstance(expr, ast.Duration):
        value = expr.value_s
    return value is not None and value <= 0


RULE = SureExpectation()
