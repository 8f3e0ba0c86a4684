"""What is told to a user who asked for something that can't be done.

Takes: words. Gives: exceptions whose ``str()`` is fit to be shown as it is: lower case, no full stop, no traceback,
no key, no name of a class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic
    from cascadelang.source import SourceFile


class Mistake(Exception):  # noqa: N818 - it names what happened
    """Something the user can put right.

    Attributes:
        message: what is wrong.
        help: what to do about it; may be empty.
        usage: the mistake is in how it was asked, or in what it was asked of (exit code 2), not in a file (exit
            code 1).
    """

    def __init__(self, message: str, help: str = "", *, usage: bool = False) -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.help = help
        self.usage = usage

    def __str__(self) -> str:
        return f"{self.message}\n  = help: {self.help}" if self.help else self.message


class StoreMistake(Mistake):
    """The trace store can't be read or written: nothing was found out (exit code 2), which is no finding (1)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, usage=True)


class PolicyError(Mistake):
    """A policy file has errors.

    ``str()`` renders them as `cascadelang lint` does, without colour.

    Attributes:
        path: the file.
        diagnostics: everything found in it and in the files it uses, warnings included.
        sources: the text of each file that takes part, by path.
    """

    def __init__(
        self, path: str, diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceFile] | None = None
    ) -> None:
        self.path = path
        self.diagnostics = tuple(diagnostics)
        self.sources = dict(sources or {})
        count = sum(d.severity == "error" for d in self.diagnostics)
        super().__init__(f"`{path}` has {count} error{'' if count == 1 else 's'}")

    def __str__(self) -> str:
        from cascadelang.workspace.lint import render

        return render(self.diagnostics, self.sources) or self.message

    def __reduce__(self) -> tuple[type[PolicyError], tuple[object, ...]]:
        return (type(self), (self.path, self.diagnostics, self.sources))


def nearest(word: str, words: Sequence[str]) -> str:
    """The word that was probably meant, or an empty string."""
    from cascadelang.diagnostics.suggest import did_you_mean

    return did_you_mean(word, words) or ""
