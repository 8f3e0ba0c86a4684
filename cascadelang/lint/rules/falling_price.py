"""A rung that costs less than the one below it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.model import ModelSpec
from cascadelang.graph.wording import price_wording
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class FallingPrice(Rule):
    """See its code."""

    code = Code(
        "falling-price",
        "warning",
        "a rung that costs less than the one below it",
        "The models of a rung cost less, for input and output, than those of the rung before it. Only the prices are "
        "compared, and only where all are known; rungs of the same price are fine.",
        "A cascade saves money by asking the cheap one first. In this order every query pays for the dear one, and "
        "the cheap one gets what the dear one couldn't answer.",
        'use "std/anthropic"\npolicy main = cascade [opus, haiku] until json\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json\n',
        more_bad=('use "std/anthropic"\nuse "std/local"\npolicy main = cascade [haiku, smollm, opus] until json\n',),
        more_good=(
            'use "std/anthropic"\nuse "std/openai"\npolicy main = fallback [opus, luna]\n',
            (
                'use "std/anthropic"\npolicy main = cascade [haiku with { effort: low }, haiku] until json '
                "carry reasons\n"
            ),
            (
                'use "std/anthropic"\nuse "std/openai"\ntier any = fallback [sonnet, luna]\n'
                "policy main = cascade [any, haiku, opus] until json within $1\n"
            ),
        ),
    )
    words = ("cascade",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a rung."""
        graph = subject.graph
        for node, source in cascades(subject):
            if node.start is not None or node.order is not None:
                continue  # a label or a file says who is asked first, and the order as written says little
            names = [subject.answering[rung.node] for rung in node.rungs]
            models = {some: [graph.models[name] for name in some] for some in dict.fromkeys(names)}
            rates = {some: _rates(asked) for some, asked in models.items()}
            for number, (before, here) in enumerate(pairwise(names), 1):
                cheapest, dearest = rates[before], rates[here]
                if before == here or cheapest is None or dearest is None:
                    continue
                least, most = cheapest[0], dearest[1]
                if most[0] <= least[0] and most[1] <= least[1] and most != least:
                    said = f"{_said(models[here])} after {_said(models[before])}"
                    yield self.found(
                        f"this rung costs less than the one below it: {said}",
                        source.rungs[number].span,
                        related=(Label(source.rungs[number - 1].span, "asked first, and dearer"),),
                        help="put the cheaper one first",
                    )


def _rates(models: list[ModelSpec]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The lowest and the highest prices of a million tokens in and out; ``None`` when one isn't known."""
    prices = [model.price for model in models]
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices):
        return None
    into, out = [float(p.input) for p in known], [float(p.output) for p in known]
    return (min(into), min(out)), (max(into), max(out))


def _said(models: list[ModelSpec]) -> str:
    return ", ".join(dict.fromkeys(f"`{model.name}` at {price_wording(model.price)}" for model in models))


RULE = FallingPrice()
