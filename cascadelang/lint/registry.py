"""Every diagnostic there is: those of the language, those of lint itself, and its rules'.

Takes: the registry of `cascadelang.diagnostics.codes` and the rules. Gives: every `Code` by its name. Guarantees:
names are unique; rules are imported only when their words are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cascadelang.diagnostics import codes
from cascadelang.diagnostics.codes import Code
from cascadelang.lint.table import rule, table

OWN = ("unknown-allow", "unreasoned-allow", "unused-allow")
"""What is told about comments that allow something; `cascadelang.lint.suppress` tells it."""


@cache
def all_codes() -> Mapping[str, Code]:
    """Every diagnostic by its name: those of the language, then the rules.

    Raises:
        ValueError: if two have one name.
    """
    found = dict(codes.all_codes())
    for entry in table().values():
        if entry.name in found:
            raise ValueError(f"two diagnostics are named {entry.name}")
        found[entry.name] = rule(entry).code
    return found


def code(name: str) -> Code | None:
    """The diagnostic of that name, if there is one."""
    return codes.code(name) or (rule(table()[name]).code if name in table() else None)


def own_codes() -> Mapping[str, Code]:
    """What lint says about its own comments: as configurable as a rule."""
    return {name: codes.all_codes()[name] for name in OWN}


def is_rule(name: str) -> bool:
    """Whether a diagnostic can be configured and allowed."""
    return name in OWN or name in table()
