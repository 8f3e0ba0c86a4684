"""Lint's rules as settings and arguments name them.

Takes: names. Gives: nothing, or a `Mistake` that says which name is no rule and what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable

from cascadelang.workspace.mistake import Mistake


def check_names(names: Iterable[str], where: str = "", *, usage: bool = False) -> None:
    """See that each name is a rule's.

    Args:
        names: what should be names of rules.
        where: where they stand, for the message.
        usage: they were given on the command line.

    Raises:
        Mistake: for the first that isn't.
    """
    from cascadelang.lint.levels import problem
    from cascadelang.lint.table import RuleFaultError

    for name in names:
        try:
            wrong = problem(name)
        except RuleFaultError as error:
            raise Mistake(str(error), "take the package out, or put it right") from None
        if wrong is not None:
            message, help_ = wrong
            raise Mistake(f"{message} ({where})" if where else message, help_, usage=usage)
