"""The examples of every signal and check say something: they resolve, bind and type."""

from __future__ import annotations

import json
import re
from pathlib import Path

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

ROUTER = {
    "cascadelang": "learned 1",
    "gives": "label",
    "outputs": ["easy", "hard"],
    "bias": [0, 0],
    "features": [],
    "made": {"on": "2026-11-24", "records": {"easy": 100, "hard": 100}},
}
HOLDS = {
    "py": "assert True",
    "txt": "where is my invoice\n",
    "yaml": "billing: [where is my invoice]\n",
}
"""What the files hold that examples name; others an empty object."""

ROOT = Path(__file__).parents[3]
NAMED = {
    "router.json": json.dumps(ROUTER),
    "scorer.json": (ROOT / "examples" / "data" / "scorer.json").read_text(encoding="utf-8"),
}
"""The same for files of these names."""


@pytest.mark.parametrize(("kind", "name", "example"), EXAMPLES, ids=lambda value: str(value)[:40])
def test_an_example_means_something(kind: str, name: str, example: str):
    paths = re.findall(r'"([\w./-]+\.\w+)"', example)
    named = {path: NAMED.get(path) or HOLDS.get(path.rpartition(".")[2], "{}") for path in paths}
    text = f'use "std/anthropic"\nmodel mini = openai("gpt-4.1-mini")\n{kind} x = {example}\npolicy main = haiku\n'
    policy = check("p.cl", MemoryFiles({"p.cl": text, **named}), CATALOG, find)
    wanted = {"not-supported-yet"} if CATALOG.spec(kind, name).supported else set()
    assert {d.name for d in policy.diagnostics} == wanted, [d.message for d in policy.diagnostics]


def test_everything_supported_has_an_example():
    shown = {(kind, name) for kind, name, _ in EXAMPLES}
    for kind in ("signal", "check"):
        for name in CATALOG.names(kind):
            assert (kind, name) in shown, name
