"""A name that is declared and never said."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.mentions import is_program, mentioned
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast

_NAMED = (ast.ProviderDecl, ast.ModelDecl, ast.TierDecl, ast.SignalDecl, ast.CheckDecl)


class UnusedDeclaration(Rule):
    """See its code."""

    code = Code(
        "unused-declaration",
        "warning",
        "a provider, model, tier, signal or check that nothing names",
        "The file has a `main`, so it is asked itself, and none of its policies and other declarations names this. "
        "Of a file without `main` nothing is said: files that `use` it may name what it declares. Policies are for "
        "callers to ask, and `tune` has a rule of its own.",
        "It reads as if it took part. More often than not it was to be named somewhere, and isn't: a check that no "
        "cascade asks checks nothing.",
        'use "std/anthropic"\ncheck polite = not refuses\npolicy main = cascade [haiku, sonnet] until json\n',
        (
            'use "std/anthropic"\ncheck polite = not refuses\n'
            "policy main = cascade [haiku, sonnet] until json and polite\n"
        ),
        more_bad=(
            'use "std/anthropic"\nmodel spare = openai("gpt-4.1")\ntier big = opus\npolicy main = haiku within 30s\n',
            (
                'provider mine = openai { base_url: "https://llm.example.org/v1" }\n'
                'model a = openai("gpt-4.1")\npolicy main = a with { temperature: 0 }\n'
            ),
        ),
        more_good=(
            'use "std/anthropic"\nsignal code = has_code\ncheck polite = not refuses\n',
            (
                'use "std/anthropic"\nsignal long = words > 50\nsignal hard = score(long: 0.5, has_code: 0.5) > 0.6\n'
                "policy main = route hard -> opus else haiku\n"
            ),
        ),
    )
    words = ("provider|model|tier|signal|check",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a declaration."""
        if not is_program(subject):
            return
        said = mentioned(subject)
        for decl in subject.module.file.decls:
            if isinstance(decl, _NAMED) and decl.name not in said:
                word = type(decl).__name__.removesuffix("Decl").lower()
                yield self.found(
                    f"nothing names the {word} `{decl.name}`",
                    decl.name_span,
                    help="name it where it was meant to be, or take it out",
                )


RULE = UnusedDeclaration()
