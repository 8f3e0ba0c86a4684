"""A value in the lock for a tune that isn't declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.semantics.locked import declared_tunes

_POLICY: Final = """\
model small = openai("small") { price: $1 / $4 }
model large = openai("large") { price: $4 / $16 }
tune long = 200 in 50 .. 800
policy main = route tokens > long -> large else small
"""


class UndeclaredLockedTune(Rule):
    """See its code."""

    code = Code(
        "undeclared-locked-tune",
        "warning",
        "a value in the lock for a `tune` that isn't declared",
        "No `tune` of the policy, or of the files it uses, has that name: it was renamed or taken out, or the name "
        "in the lock is misspelt.",
        "The value is without effect; the tune it was meant for keeps the one in the policy.",
        "# policy.lock.yaml has a value for `lnog`\n" + _POLICY,
        "# policy.lock.yaml has a value for `long`\n" + _POLICY,
    )
    words = ("tune:",)  # which stands in locks only

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a name, where it stands in the lock."""
        lock = subject.lock
        if lock is None or not lock.tunes:
            return
        declared = declared_tunes(subject.checked)
        for name, held in lock.tunes.items():
            if name not in declared:
                near = did_you_mean(name, list(declared))
                yield self.found(
                    f"the lock has a value for `{name}`, and no tune of that name is declared",
                    held.name_span,
                    help=f"did you mean `{near}`?" if near else "take it out; `cascadelang lock` does",
                )


RULE = UndeclaredLockedTune()
