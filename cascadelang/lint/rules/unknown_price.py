"""A model at an address of its own whose price nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.catalogued import address, at_home, catalogued
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class UnknownPrice(Rule):
    """See its code."""

    code = Code(
        "unknown-price",
        "warning",
        "a model at an address of its own without a price",
        "The catalogue knows the prices of providers at their own addresses. What a model costs elsewhere, on a "
        "machine of yours say, is for the policy to say; an unknown price is never taken for nothing.",
        "The cost of every policy that calls it is unknown: nothing in money can be required or limited, and the "
        "recorded runs don't say what they cost.",
        (
            'provider lan = openai { base_url: "http://localhost:8000/v1" }\n'
            'model house = lan("house-model")\npolicy main = house\n'
        ),
        (
            'provider lan = openai { base_url: "http://localhost:8000/v1" }\n'
            'model house = lan("house-model") { price: $0 / $0 }\npolicy main = house\n'
        ),
    )
    words = ("base_url", "model")
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a model."""
        for decl, info, known in catalogued(subject):
            if info.price is None and known is None and address(info) and not at_home(info):
                yield self.found(
                    f"nobody knows what `{decl.name}` costs",
                    decl.model.span,
                    help="say it, in dollars per million tokens in and out: `{ price: $1 / $4 }`, "
                    "or `{ price: $0 / $0 }` for one of your own",
                )


RULE = UnknownPrice()
