"""Checking policies from texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cascadelang.catalog.models import find
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

CheckTexts = Callable[..., CheckedPolicy]


@pytest.fixture
def checked() -> CheckTexts:
    """Checks ``policy.cl``; other files by keyword, a dot in a name written as two underscores."""

    def run(text: str, **others: str | bytes) -> CheckedPolicy:
        files = {name.replace("__", "."): content for name, content in others.items()}
        return check("policy.cl", MemoryFiles({"policy.cl": text, **files}), InstalledCatalog(), find)

    return run


@pytest.fixture
def names(checked: CheckTexts) -> Callable[..., list[str]]:
    """The names of what is wrong, in order."""
    return lambda text, **others: [d.name for d in checked(text, **others).diagnostics]
