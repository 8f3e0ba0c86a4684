"""The models that a file declares, with what the catalogue knows of them.

Takes: a `Subject`. Gives: each declaration, what it says with everything written out, and what is known; ``None`` for
a model that the catalogue doesn't know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast

if TYPE_CHECKING:
    from cascadelang.catalog.models import KnownModel
    from cascadelang.semantics.checked import ModelInfo


HOMES: Final = {
    "openai": "//api.openai.com/",
    "anthropic": "//api.anthropic.com/",
    "gemini": "//generativelanguage.googleapis.com/",
}
"""Kinds of providers that the catalogue knows, and what their own address holds."""


def catalogued(subject: Subject) -> Iterator[tuple[ast.ModelDecl, ModelInfo, KnownModel | None]]:
    """The models of the file that was asked for."""
    for decl in subject.declarations(ast.ModelDecl):
        info = subject.checked.models.get(id(decl))
        if info is not None:
            yield decl, info, subject.known_models(info.provider.kind, address(info), info.id)


def address(info: ModelInfo) -> str:
    """The address its provider has; empty for one without."""
    return str(info.provider.settings.get("base_url") or "")


def at_home(info: ModelInfo) -> bool:
    """Whether a model is asked for at the own address of a vendor whose models the catalogue lists."""
    home = HOMES.get(info.provider.kind)
    return home is not None and home in f"{address(info)}/"
