"""Linting texts with the rules, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cascadelang.workspace.lint import LintReport, lint

Linted = Callable[..., LintReport]


@pytest.fixture
def linted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Linted:
    """Lints a text as ``policy.cl``; ``std/anthropic`` is used in it already."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, **options) -> LintReport:
        (tmp_path / "policy.cl").write_text(f'use "std/anthropic"\n{text}', encoding="utf-8")
        return lint(["policy.cl"], **options)

    return run
