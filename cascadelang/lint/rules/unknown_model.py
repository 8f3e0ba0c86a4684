"""A model that the catalogue doesn't know, or without a price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.lint.catalogued import at_home, catalogued
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_MOST_SUGGESTIONS: Final = 200
"""Models that are looked for among the known ones; a file with more unknown ones isn't helped by more."""


class UnknownModel(Rule):
    """See its code."""

    code = Code(
        "unknown-model",
        "warning",
        "a model of a known provider that the catalogue doesn't know",
        "It is asked for at the provider's own address, and the catalogue that ships with cascadelang has no model "
        "of that id. A declaration that says a `price`, as for a model newer than the catalogue, isn't told.",
        "A slip in the id is a failure of every call. And what isn't known has no price: bounds on the cost of the "
        "policies that call it are unknown.",
        'model fast = openai("gpt-4.1-mni")\npolicy main = fast\n',
        'model fast = openai("gpt-4.1-mini")\npolicy main = fast\n',
        more_good=(
            'model fast = openai("gpt-9-nova") { price: $1 / $4 }\npolicy main = fast\n',
            (
                'provider mine = openai { base_url: "https://llm.example.org/v1" }\n'
                'model fast = mine("our-own") { price: $0 / $0 }\npolicy main = fast\n'
            ),
        ),
    )
    words = ("model",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a model."""
        names: dict[str, list[str]] = {}
        told = 0
        for decl, info, known in catalogued(subject):
            if known is not None or info.price is not None or not at_home(info):
                continue
            from cascadelang.catalog.models import data_source, listed

            kind = info.provider.kind
            if kind not in names:
                names[kind] = [model.id for model in listed(kind)]
            told += 1
            near = did_you_mean(info.id, names[kind]) if told <= _MOST_SUGGESTIONS else None
            yield self.found(
                f"no model of {info.provider.kind} is known as `{info.id}`",
                decl.model.span,
                label=f"the catalogue is of {data_source()[1]}",
                help=f"did you mean `{near}`?" if near else "if it is newer, say what it costs: `{ price: $1 / $4 }`",
            )


RULE = UnknownModel()
