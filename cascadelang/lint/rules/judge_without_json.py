"""A judge that can't be made to answer in JSON."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.calls import judges
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class JudgeWithoutJson(Rule):
    """See its code."""

    code = Code(
        "judge-without-json",
        "error",
        "a judge that can't be made to answer in JSON",
        "A judge is asked for its verdict as JSON of a fixed form, and this model's `can:`, or the catalogue, says "
        "that it can't be held to one.",
        "Its provider refuses the request, or the verdict comes as prose: it is unknown then, and the answer fails.",
        'use "std/anthropic"\nmodel plain = openai("acme-1") { price: $1 / $4, can: [logprobs] }\n'
        'policy main = cascade [haiku, opus] until judge(plain, "Is it correct?") >= 0.8\n',
        'use "std/anthropic"\nmodel plain = openai("acme-1") { price: $1 / $4, can: [json, logprobs] }\n'
        'policy main = cascade [haiku, opus] until judge(plain, "Is it correct?") >= 0.8\n',
        more_good=(
            (
                'use "std/anthropic"\nmodel odd = openai("unheard-of") { price: $1 / $4 }\n'
                'policy main = cascade [haiku, opus] until judge(odd, "Is it correct?") >= 0.8\n'
            ),
        ),
    )
    words = ("judge|ask",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a judge, where it is first asked."""
        graph = subject.graph
        for name in judges(subject):
            can = graph.models[name].can
            if can is None or "json" in can:
                continue
            asked = [use for use in graph.uses.values() if any(use.args[arg] == name for arg in use.model_args)]
            if asked and asked[0].place is not None:
                yield self.found(
                    f"`{name}` can't be made to answer in JSON, and that is how its verdict is asked for",
                    subject.span(asked[0].place),
                    help=f"name another model, or say `can: [json]` on `{name}` if it can",
                )


RULE = JudgeWithoutJson()
