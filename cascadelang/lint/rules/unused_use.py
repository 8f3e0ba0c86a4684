"""A file that is used for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.mentions import is_program, mentioned
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.source.files import beside
from cascadelang.syntax import ast


class UnusedUse(Rule):
    """See its code."""

    code = Code(
        "unused-use",
        "warning",
        "a `use` of a file of which nothing is named",
        "The file has a `main`, and neither its declarations nor its tests name anything that the used file brings "
        "in. Of a file without `main` nothing is said, for it may hand on what it uses; nor of a used file that "
        "declares policies, which callers may ask for.",
        "A reader looks for what comes from there, and an edit of the other file seems to matter here.",
        'use "std/anthropic"\nuse "std/openai"\npolicy main = haiku within 30s\n',
        'use "std/anthropic"\npolicy main = haiku within 30s\n',
        more_bad=('use "std/anthropic"\nuse "std/openai" as oa\npolicy main = haiku within 30s\n',),
        more_good=(
            'use "std/anthropic"\nuse "std/openai" as oa\n',
            'use "std/anthropic"\nuse "std/openai" as oa\npolicy main = fallback [haiku, oa.luna] within 90s\n',
        ),
    )
    words = ("use",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a `use`."""
        if not is_program(subject):
            return
        said = mentioned(subject, tests=True)
        for decl in subject.declarations(ast.Use):
            path = beside(subject.path, decl.path.value)
            if path.startswith("std/"):
                path = f"{path.removesuffix('.cl')}.cl"
            module = subject.checked.modules.get(path)
            if module is None:
                continue
            names = {decl.alias} if decl.alias else set(module.names)
            if not names & said and not any(symbol.kind == "policy" for symbol in module.names.values()):
                yield self.found(
                    f'nothing names what "{decl.path.value}" brings in',
                    decl.path.span,
                    help="take it out",
                )


RULE = UnusedUse()
