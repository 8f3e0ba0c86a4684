"""A model that its provider asks to move on from."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.catalogued import catalogued
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class RetiredModel(Rule):
    """See its code."""

    code = Code(
        "retired-model",
        "warning",
        "a model that its provider has retired, or is about to",
        "The catalogue that ships with cascadelang has it as deprecated: the provider asks to move on, or has "
        "switched it off. `cascadelang models` lists the models and says of which day the catalogue is.",
        "One day every call of it fails, whatever the policy says.",
        'model old = gemini("gemini-2.0-flash")\npolicy main = old\n',
        'model new = gemini("gemini-2.5-flash")\npolicy main = new\n',
    )
    words = ("model",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a model."""
        for decl, _, known in catalogued(subject):
            if known is not None and known.deprecated:
                from cascadelang.catalog.models import data_source

                yield self.found(
                    f"`{decl.model.value}` is retired, or about to be",
                    decl.model.span,
                    label=f"as the catalogue of {data_source()[1]} says",
                    help="name a newer one; `cascadelang models` lists them",
                )


RULE = RetiredModel()
