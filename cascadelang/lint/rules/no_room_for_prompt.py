"""A `with` whose `max_tokens` leaves a model no room for a prompt."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lint.calls import call_sites, setting_span
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class NoRoomForPrompt(Rule):
    """See its code."""

    code = Code(
        "no-room-for-prompt",
        "error",
        "a `with` that lets the answer fill all that a model can hold",
        "The `max_tokens` of a `with` is as much as the model can hold in prompt and answer together, or more. In a "
        "model's own declaration that is [`out-of-range`](out-of-range.md).",
        "The provider refuses every such call.",
        'model tiny = local("smollm2-135m")\npolicy main = tiny with { max_tokens: 8192 }\n',
        'model tiny = local("smollm2-135m")\npolicy main = tiny with { max_tokens: 512 }\n',
        more_bad=(
            (
                'model small = openai("small") { price: $1 / $2, context: 4k }\n'
                'model large = openai("large") { price: $2 / $8, context: 128k }\n'
                "policy main = (cascade [small, large] until json) with { max_tokens: 8k }\n"
            ),
        ),
        more_good=(
            'model odd = openai("unheard-of") { price: $1 / $4 }\npolicy main = odd with { max_tokens: 1M }\n',
        ),
    )
    words = ("with", "max_tokens")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a `with` and model."""
        told: set[tuple[str, str]] = set()
        for site in call_sites(subject):
            context, origin = site.model.context, site.origins.get("max_tokens", "")
            span = setting_span(site, "max_tokens", subject) if origin else None
            if context is None or span is None or site.node is None or site.values["max_tokens"] < context:
                continue
            if (origin, site.model.name) in told:
                continue
            told.add((origin, site.model.name))
            yield self.found(
                f"`{site.model.name}` holds {context:,} tokens of prompt and answer together, and this lets the "
                f"answer have {site.values['max_tokens']:,}",
                span,
                help=f"give it a `max_tokens` well under {context:,}, so that there is room for a prompt",
                related=(Label(subject.span(site.node.place), "asked with it here"),),
            )


RULE = NoRoomForPrompt()
