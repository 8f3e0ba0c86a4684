"""A number that calibration would move for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.mentions import is_program, mentioned
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast


class UnusedTune(Rule):
    """See its code."""

    code = Code(
        "unused-tune",
        "warning",
        "a `tune` that nothing compares with",
        "The file has a `main`, and no condition in it names the number. Of a file without `main` nothing is said: "
        "files that `use` it may name what it declares.",
        "Whoever moves it, by hand or by calibration, waits for an effect that can't come: the threshold that counts "
        "is written somewhere else.",
        (
            'use "std/anthropic"\ntune least = 0.8 in 0.5 .. 0.99\n'
            'policy main = cascade [sonnet, opus] until judge(haiku, "Is it right?") >= 0.8\n'
        ),
        (
            'use "std/anthropic"\ntune least = 0.8 in 0.5 .. 0.99\n'
            'policy main = cascade [sonnet, opus] until judge(haiku, "Is it right?") >= least\n'
        ),
        more_good=('use "std/anthropic"\ntune least = 0.8 in 0.5 .. 0.99\n',),
    )
    words = ("tune",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a tune."""
        if not is_program(subject):
            return
        said = mentioned(subject)
        for decl in subject.declarations(ast.TuneDecl):
            if decl.name not in said:
                yield self.found(
                    f"nothing names the tune `{decl.name}`",
                    decl.name_span,
                    help=f"write it where the number counts: `judge(…) >= {decl.name}`",
                )


RULE = UnusedTune()
