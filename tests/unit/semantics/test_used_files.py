"""Which files `use` takes, and what is shown of those it doesn't."""

from __future__ import annotations

from cascadelang.catalog.models import find
from cascadelang.diagnostics.render_text import render_all
from cascadelang.semantics.check import check
from cascadelang.semantics.load import MOST_USES
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog


def test_nothing_is_shown_of_a_used_file_that_is_no_policy():
    texts = {"p.cl": 'use ".env"\npolicy main = haiku\n', ".env": "API_KEY=very-secret\n"}
    policy = check("p.cl", MemoryFiles(texts), InstalledCatalog(), find)
    assert ("missing-file", "`.env` is not a policy file") in [(d.name, d.message) for d in policy.diagnostics]
    sources = {path: module.source for path, module in policy.modules.items()}
    assert "secret" not in repr(policy.diagnostics) + render_all(policy.diagnostics, sources)


def test_files_that_use_each_other_without_end_are_an_error():
    deepest = MOST_USES + 50
    texts = {f"f{n}.cl": f'use "f{n + 1}.cl"\nsignal s{n} = has_code\n' for n in range(deepest)}
    texts[f"f{deepest}.cl"] = 'use "std/anthropic"\n'
    policy = check("f0.cl", MemoryFiles(texts), InstalledCatalog(), find)
    assert [d.name for d in policy.diagnostics] == ["too-deep"]
