"""A test that expects a model to be asked for which it has no reply."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast


class MissingReply(Rule):
    """See its code."""

    code = Code(
        "missing-reply",
        "warning",
        "a test that expects a model for which it has no reply",
        "An `expect` names a model on the path, and no `reply` of the test says what it answers. A test never calls "
        "a model, so it fails when it gets there.",
        "The test can't pass.",
        (
            'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json\n'
            'test "prose climbs" {\n  query  "Three colours as JSON"\n  reply  haiku "red, green"\n'
            "  expect path == [haiku, opus]\n}\n"
        ),
        (
            'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json\n'
            'test "prose climbs" {\n  query  "Three colours as JSON"\n  reply  haiku "red, green"\n'
            '  reply  opus "[]"\n  expect path == [haiku, opus]\n}\n'
        ),
        more_bad=(
            (
                'use "std/anthropic"\npolicy main = route has_code -> opus else haiku\n'
                'test "prose" {\n  query "hello"\n  reply opus "hi"\n  expect passed and model == haiku\n}\n'
            ),
        ),
        more_good=(
            (
                'use "std/anthropic"\npolicy main = route has_code -> opus else haiku\n'
                'test "prose" {\n  query "hello"\n  reply haiku "hi"\n  expect model != opus\n}\n'
            ),
            (
                'use "std/anthropic"\npolicy main = route has_code -> opus else haiku\n'
                'test "prose" {\n  query "hello"\n  reply haiku "hi"\n  expect model == haiku or model == opus\n}\n'
            ),
        ),
    )
    words = ("test", "expect")
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a test and model."""
        for case in subject.declarations(ast.CaseDecl):
            if case.for_each is not None:
                continue  # its rows may bring replies
            replied = {_model(clause.model, subject) for clause in case.clauses if isinstance(clause, ast.CaseReply)}
            told: set[object] = set()
            for clause in case.clauses:
                if not isinstance(clause, ast.CaseExpect):
                    continue
                for name in _expected(clause.expr):
                    model = _model(name, subject)
                    if model is not None and model not in replied | told:
                        told.add(model)
                        yield self.found(
                            f"the test has no reply for `{name}`",
                            name.span,
                            label="expected to be asked",
                            help=f'add what it says: `reply {name} "…"`',
                        )


def _model(name: ast.Name, subject: Subject) -> object:
    """The declaration of the model that a name means; ``None`` for anything else."""
    symbol = subject.checked.resolve(name, subject.path)
    return symbol.decl if symbol is not None and isinstance(symbol.decl, ast.ModelDecl) else None


def _expected(expr: ast.Expr) -> Iterator[ast.Name]:
    """The models that ``path == [a, b]`` and ``model == a`` name, where they have to hold."""
    waiting = [expr]
    while waiting:
        here = waiting.pop()
        if isinstance(here, ast.Logic) and here.op == "and":
            waiting += reversed(here.values)
        elif isinstance(here, ast.Compare) and here.op == "==" and isinstance(here.left, ast.Ref):
            if str(here.left.name) == "path" and isinstance(here.right, ast.ListExpr):
                yield from (item.name for item in here.right.items if isinstance(item, ast.Ref))
            elif str(here.left.name) == "model" and isinstance(here.right, ast.Ref):
                yield here.right.name


RULE = MissingReply()
