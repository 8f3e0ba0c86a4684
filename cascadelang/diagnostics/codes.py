"""Every diagnostic but those of lint's rules, by name: what it means, why it is bad, and an example each way.

Takes: nothing but the modules ``codes_<area>.py`` beside this one; each has ``CODES``, a tuple of `Code`.
Gives: `all_codes` and `code`. Guarantees: names are unique and never reused; the modules are read only when a code is
asked for, so that a file without mistakes pays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cache
from importlib import import_module

from cascadelang.diagnostics.model import Severity
from cascadelang.source.frozen import dataclass

AREAS = ("syntax", "names", "types", "graph", "lint", "files", "lock")
"""One module ``codes_<area>`` for each."""


@dataclass(frozen=True, slots=True)
class Code:
    """One diagnostic.

    Attributes:
        name: its name, which is its code.
        severity: ``error`` or ``warning``.
        summary: one line: what is wrong.
        meaning: what it says, in a sentence or two.
        why: what would happen if it were let pass.
        bad: policy text that gives it.
        good: the same, put right.
        more_bad: further texts that give it, each a test.
        more_good: further texts that must not give it, each a test.
        files: further files that the examples name: text by path.
        along: names of what the bad examples must be told beside it.
    """

    name: str
    severity: Severity
    summary: str
    meaning: str
    why: str
    bad: str
    good: str
    more_bad: tuple[str, ...] = ()
    more_good: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    along: tuple[str, ...] = ()


@cache
def all_codes() -> dict[str, Code]:
    """Every code by its name, in order of areas.

    Raises:
        ValueError: if two codes have one name.
    """
    codes: dict[str, Code] = {}
    for area in AREAS:
        for entry in import_module(f"cascadelang.diagnostics.codes_{area}").CODES:
            if entry.name in codes:
                raise ValueError(f"two diagnostics are named {entry.name}")
            codes[entry.name] = entry
    return codes


def code(name: str) -> Code | None:
    """The code of that name, if there is one."""
    return all_codes().get(name)


def docs_path(name: str) -> str:
    """Where a diagnostic's page is in the documentation, from the repository's root."""
    return f"docs/rules/{name}.md"
