"""The examples of every signal and check say something: they resolve, bind and type."""

from __future__ import annotations

import re

import pytest

from cascadelang.catalog.models import find
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

CATALOG = InstalledCatalog()
EXAMPLES = [
    (kind, name, example)
    for kind in ("signal", "check")
    for name in CATALOG.names(kind)
    for example in CATALOG.spec(kind, name).examples
]

HOLDS = {"py": "assert True", "txt": "where is my invoice\n", "yaml": "billing: [where is my invoice]\n"}
"""What the files hold that examples name; others an empty object."""


@pytest.mark.parametrize(("kind", "name", "example"), EXAMPLES, ids=lambda value: str(value)[:40])
def test_an_example_means_something(kind: str, name: str, example: str):
    named = {path: HOLDS.get(path.rpartition(".")[2], "{}") for path in re.findall(r'"([\w./-]+\.\w+)"', example)}
    text = f'use "std/anthropic"\nmodel mini = openai("gpt-4.1-mini")\n{kind} x = {example}\npolicy main = haiku\n'
    policy = check("p.cl", MemoryFiles({"p.cl": text, **named}), CATALOG, find)
    wanted = {"not-supported-yet"} if CATALOG.spec(kind, name).supported else set()
    assert {d.name for d in policy.diagnostics} == wanted, [d.message for d in policy.diagnostics]


def test_everything_supported_has_an_example():
    shown = {(kind, name) for kind, name, _ in EXAMPLES}
    for kind in ("signal", "check"):
        for name in CATALOG.names(kind):
            assert (kind, name) in shown, name
