"""What a rule is: a file of `cascadelang.lint.rules`, or of another package, that exports ``RULE``.

A rule says by its `Code` what it is called, how grave it is, what it means, why that is bad and what is better, with
examples that are its tests and its page. It looks at a `Subject`: a policy without errors, its graph and what is
known about both. Guarantees asked of a rule: it is pure, it changes nothing, it raises nothing for any policy, and it
says the same of the same policy on the same day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Fix, Label

if TYPE_CHECKING:
    from cascadelang.lint.subject import Subject
    from cascadelang.source import Span


class Rule:
    """One rule. Its file is called as it is, with underscores: ``cascade_without_check.py``.

    Attributes:
        code: its name, severity, words and examples.
        words: what must stand in the text of the policy's files for the rule to have anything to say: each of these,
            or one of several joined by ``|``. Names of keywords and catalogue entries; a rule whose words aren't
            there isn't even imported.
        needs_graph: whether it looks at the graph. One that doesn't is also asked of a policy whose only errors are
            forms that this version can't run.
    """

    code: ClassVar[Code]
    words: ClassVar[tuple[str, ...]] = ()
    needs_graph: ClassVar[bool] = True

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """Everything the rule finds, in any order."""
        raise NotImplementedError

    def found(
        self,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",  # noqa: A002 - the diagnostic's own word
        notes: tuple[str, ...] = (),
        related: tuple[Label, ...] = (),
        fix: Fix | None = None,
    ) -> Diagnostic:
        """A finding of this rule."""
        return Diagnostic(self.code.name, self.code.severity, message, span, label, help, notes, related, fix)
