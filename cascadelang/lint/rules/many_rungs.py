"""A ladder with more rungs than pay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

MOST: Final = 3


class ManyRungs(Rule):
    """See its code."""

    code = Code(
        "many-rungs",
        "warning",
        "a cascade of more than three rungs",
        "A query that needs the last rung pays and waits for all the rungs below it. A fourth one seldom catches "
        "enough queries of its own to pay for what it adds to all the others.",
        "Hard queries become the dearest and slowest ones by far, for little saved on the easy ones.",
        (
            'use "std/anthropic"\nuse "std/openai"\n'
            "policy main = cascade [luna, haiku, sonnet, opus] until json within 90s\n"
        ),
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet, opus] until json\n',
        more_good=(
            (
                'use "std/anthropic"\nuse "std/openai"\ntier cheap = fallback [haiku, luna]\n'
                "policy main = cascade [cheap, sonnet, opus] until json within 90s\n"
            ),
            (
                # a label starts a query where it belongs
                'use "std/anthropic"\nuse "std/openai"\n'
                "signal start: {luna, haiku, sonnet, opus} = "
                "band(words, luna: 20, haiku: 100, sonnet: 400, opus)\n"
                "policy main = cascade [luna, haiku, sonnet, opus] until json from start within 90s\n"
            ),
        ),
    )
    words = ("cascade",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a cascade, at its first rung too many."""
        for node, source in cascades(subject):
            if len(node.rungs) > MOST and node.start is None:
                yield self.found(
                    f"the cascade has {len(node.rungs)} rungs",
                    source.rungs[MOST].span,
                    label=f"a query that gets here has paid for {MOST} answers",
                    help="take out the rung that answers least; `route` can send what is surely hard straight up",
                )


RULE = ManyRungs()
