"""Every file of ``tests/corpus/check`` says on its lines what is wrong with them: ``# error: [unknown-name]``."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascadelang.catalog.models import find
from cascadelang.diagnostics.render_text import render_all
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.source import DiskFiles
from cascadelang.workspace.catalog import InstalledCatalog

FOLDER = Path(__file__).parents[2] / "corpus" / "check"
EXPECTED = re.compile(r"# (error|warning):((?: \[[a-z-]+\])+)")


def checked(name: str, monkeypatch: pytest.MonkeyPatch) -> CheckedPolicy:
    monkeypatch.chdir(FOLDER)
    return check(name, DiskFiles(), InstalledCatalog(), find)


def expected(policy: CheckedPolicy) -> Counter[tuple[str, int, str, str]]:
    wanted: Counter[tuple[str, int, str, str]] = Counter()
    for path, module in policy.modules.items():
        for number, line in enumerate(module.source.text.split("\n"), 1):
            for severity, names in EXPECTED.findall(line):
                wanted.update((path, number, severity, name) for name in re.findall(r"\[([a-z-]+)\]", names))
    return wanted


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDER.glob("*.cl")))
def test_says_what_is_wrong_where_it_is_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
):
    policy = checked(name, monkeypatch)
    sources = {path: module.source for path, module in policy.modules.items()}
    found = Counter(
        (d.span.path, sources[d.span.path].position(d.span.start).line, d.severity, d.name)
        for d in policy.diagnostics
    )
    assert found == expected(policy)
    assert render_all(policy.diagnostics, sources) == snapshot


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDER.glob("*.cl")))
def test_messages_keep_the_house_style(name: str, monkeypatch: pytest.MonkeyPatch):
    for diagnostic in checked(name, monkeypatch).diagnostics:
        related = [label.message for label in diagnostic.related]
        told = [diagnostic.message, diagnostic.help, diagnostic.label, *related]
        for text in filter(None, told):
            assert not text.endswith("."), text
            assert text.count("`") % 2 == 0, text
            assert text[0].islower() or text[0] in '`"', text
        assert diagnostic.help, diagnostic
