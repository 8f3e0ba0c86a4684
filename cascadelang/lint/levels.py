"""How much each rule counts: by the settings' ``[rules]``, then by ``--select`` and ``--ignore``.

Takes: levels by rule name, and the names chosen for one run. Gives: what a rule's findings are, or that it isn't
looked at. Guarantees: names are those of rules (`problem` says what is wrong with one that isn't).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from cascadelang.diagnostics.model import Severity
from cascadelang.source.frozen import dataclass

Level = Literal["off", "warning", "error"]

LEVELS: Final[tuple[Level, ...]] = ("off", "warning", "error")


@dataclass(frozen=True, slots=True)
class Levels:
    """What is asked of the rules.

    Attributes:
        named: levels from the settings.
        select: the only rules that are looked at, whatever the settings say of them; ``None`` is all.
        ignore: rules that are not looked at.
    """

    named: Mapping[str, Level] = field(default_factory=dict)
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()

    def of(self, name: str, own: Severity) -> Severity | None:
        """What the findings of a rule are, by its own severity; ``None`` when it isn't looked at."""
        if name in self.ignore or (self.select is not None and name not in self.select):
            return None
        level = self.named.get(name, own)
        if level == "off":
            return own if self.select is not None else None
        return level


EVERYTHING: Final = Levels()
"""Every rule as it is."""


def problem(name: str) -> tuple[str, str] | None:
    """What is wrong with a name that should be a rule's, and what to do about it; ``None`` when it is one."""
    from cascadelang.diagnostics.codes import code
    from cascadelang.diagnostics.suggest import did_you_mean
    from cascadelang.lint.registry import OWN, own_codes
    from cascadelang.lint.table import table

    names = [*table(), *OWN]
    if name in table() or name in own_codes():
        return None
    if code(name) is not None:
        return (
            f"`{name}` is an error of the language, not a rule: it can't be silenced or lowered",
            "put right what it says",
        )
    meant = did_you_mean(name, names)
    return f"no rule is named `{name}`", f"did you mean `{meant}`?" if meant else "the rules are in docs/rules"
