"""A tune whose value was found too long ago."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.semantics.locked import declared_tunes

DAYS_MAX: Final = 30
_POLICY: Final = """\
model small = openai("small") { price: $1 / $4 }
model large = openai("large") { price: $4 / $16 }
tune long = 200 in 50 .. 800
policy main = route tokens > long -> large else small
"""


class OldCalibration(Rule):
    """See its code."""

    code = Code(
        "old-calibration",
        "warning",
        "a `tune` whose value was calibrated more than 30 days ago",
        "The lock says when the value of the `tune` was found. Since then queries may have become others, and "
        "services change the models behind their names.",
        "A threshold keeps what it promises for the data it was found on; nothing says that it still does.",
        "# policy.lock.yaml says that `long` was calibrated on 2026-01-07\n" + _POLICY,
        "# policy.lock.yaml says that `long` was calibrated yesterday\n" + _POLICY,
    )
    words = ("tune", "calibrated")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a tune, where it is declared."""
        lock = subject.lock
        if lock is None:
            return
        for name, decl in declared_tunes(subject.checked).items():
            held = lock.tunes.get(name)
            if held is None or held.calibrated is None:
                continue
            if (subject.today - held.calibrated).days > DAYS_MAX:
                yield self.found(
                    f"the value of `{name}` was calibrated on {held.calibrated}, more than {DAYS_MAX} days ago",
                    decl.name_span,
                    help="calibrate it on newer records, and put the value and the day into the lock",
                    related=(Label(held.name_span, "the value that is used"),),
                )


RULE = OldCalibration()
