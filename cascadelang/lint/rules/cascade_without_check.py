"""A rung whose answer nobody judges, with rungs behind it."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class CascadeWithoutCheck(Rule):
    """See its code."""

    code = Code(
        "cascade-without-check",
        "warning",
        "a cascade of which a rung's answers are never judged",
        "A rung that is not the last has no `until`, so any answer of it passes, and the rungs behind it are asked "
        "only when the call itself fails. That is what `fallback` says.",
        "The better models are there and are never asked: every poor answer of the first one goes to the caller.",
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet]\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until not hedges and not empty\n',
        more_bad=(
            'use "std/anthropic"\npolicy main = cascade [haiku, sonnet until json, opus]\n',
            'use "std/anthropic"\npolicy main = cascade [haiku until json, sonnet, opus]\n',
        ),
        more_good=(
            'use "std/anthropic"\nuse "std/openai"\npolicy main = fallback [haiku, terra]\n',
            'use "std/anthropic"\npolicy main = cascade [haiku until json, opus]\n',
        ),
    )
    words = ("cascade",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a cascade, at its first rung without a gate."""
        for node, source in cascades(subject):
            for rung, written in zip(node.rungs[:-1], source.rungs[:-1], strict=True):
                if rung.until is None:
                    some = any(r.until is not None for r in node.rungs)
                    yield self.found(
                        "any answer of this rung passes, so the next one is asked only when the call fails",
                        written.span,
                        label="no `until`",
                        help="give the rung a check: `NAME until CHECK`"
                        if some
                        else "say what a good answer is: `cascade […] until CHECK`; or `fallback […]` if failures "
                        "are all that matters",
                    )
                    break


RULE = CascadeWithoutCheck()
