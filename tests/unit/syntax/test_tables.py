from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cascadelang.syntax import tables

CHECK = """
import sys
from cascadelang.source import SourceFile
from cascadelang.syntax.parse import parse
assert len(parse(SourceFile("x", "tier a = b")).file.decls) == 1
print(sorted({"lark", "httpx", "pydantic", "asyncio", "rich", "yaml", "re2", "numpy"} & set(sys.modules)))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "cache"))
    tables.load_tables.cache_clear()
    yield tmp_path / "cache"
    tables.load_tables.cache_clear()


def loaded_anew():
    tables.load_tables.cache_clear()
    return tables.load_tables()


def cached(folder):
    (path,) = folder.glob("grammar-*.json")
    return path


def test_the_cache_gives_the_same_tables(folder):
    made = tables.load_tables()
    assert cached(folder).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert loaded_anew() == made


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"format": 1}', "null", "\x80", '{"format":1,"actions":[{"A":9}]}']
)
def test_a_damaged_cache_is_made_anew(folder, damage):
    made = tables.load_tables()
    path = cached(folder)
    path.write_text(damage, encoding="latin-1")
    assert loaded_anew() == made
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == tables.FORMAT


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs owners and modes")
def test_a_cache_that_others_can_write_is_not_trusted(folder):
    tables.load_tables()
    path = cached(folder)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["words"]["evil"] = "ROUTE"
    path.write_text(json.dumps(data), encoding="utf-8")
    path.chmod(0o666)
    assert "evil" not in loaded_anew().words


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("CASCADELANG_CACHE", str(blocked / "deeper"))
    assert tables.load_tables().actions


def test_parsing_with_a_cache_imports_nothing_heavy(folder):
    tables.load_tables()
    out = subprocess.run(
        [sys.executable, "-c", CHECK], capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout
    assert out.strip() == "[]"


def test_the_grammar_is_found():
    assert tables.grammar_path().name == "cascade.lark"
