"""Which names a policy file says, and whether it is one that others only take names from.

Takes: a `Subject`. Gives: the names said anywhere in the file but where they are declared and in its tests.
Guarantees: a name that may mean a declaration counts, also where it means something else: what isn't said is surely
not used.
"""

from __future__ import annotations

from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast


def is_program(subject: Subject) -> bool:
    """Whether the file is asked itself: it declares `main`. Of any other, files that use it may use all of it."""
    return any(decl.name == "main" for decl in subject.declarations(ast.PolicyDecl))


def mentioned(subject: Subject, *, tests: bool = False) -> frozenset[str]:
    """Every part of every name that the file says; ``tests``: those said in tests as well."""
    declarations, cases = subject.said
    return declarations | cases if tests else declarations
