"""Code and SQL in answers: what is looked at, and what is said of it."""

from __future__ import annotations

import asyncio
import time

import pytest

from cascadelang.checks import _worker
from cascadelang.checks._code_languages import LANGUAGES
from cascadelang.checks.code_parses import CHECK as CODE
from cascadelang.checks.sql_parses import CHECK as SQL
from cascadelang.checks.sql_parses import DIALECTS
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import Query, Reply


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    _worker.end_idle()


def judged(check: type, text: str, **args: object) -> Finding:
    made = check({"language": None, "dialect": None, "timeout": 60.0, **args})
    return asyncio.run(made.judge_timed(Answer(Query.of("q"), Reply(text))))


def fenced(label: str, code: str) -> str:
    return f"Here it is:\n\n```{label}\n{code}\n```\n\nThat's all."


GOOD = {
    "python": "def f(x):\n    return x + 1",
    "json": '{"a": [1, 2]}',
    "javascript": "const f = (x) => ({ ...x, a: 1 });",
    "typescript": "function f<T>(x: T): T { return x; }",
    "tsx": "const A = (p: { a: string }) => <b>{p.a}</b>;",
    "java": "class A { int f() { return 1; } }",
    "go": "package main\n\nfunc main() {}",
    "rust": "fn main() -> Result<(), ()> { Ok(()) }",
    "c": "int main(void) { return 0; }",
    "cpp": "template <class T> T f(T x) { return x; }",
    "csharp": "class A { int F() => 1; }",
    "ruby": "def f(x)\n  x + 1\nend",
    "php": "<?php function f($x) { return $x; }",
    "bash": 'for f in *; do echo "$f"; done',
    "html": "<p>hello <b>you</b></p>",
    "css": "a:hover { color: red; }",
}

BAD = {
    "python": ("def f(x):\n    return x +", "line 2: invalid syntax"),
    "json": ('{"a": [1, 2}', "line 1: expecting ',' delimiter"),
    "javascript": ("let a = ;\n", "line 1: "),
    "typescript": ("function f(x: ): void {}", "line 1: "),
    "tsx": ("const A = <b>{</b>;", "line 1: "),
    "java": ("class A {\n  int f( { return 1; }\n}", "line 2: "),
    "go": ("package main\n\nfunc main() {", "line 3: "),
    "rust": ("fn main( { }", "line 1: "),
    "c": ("int main(void) {\n  return 0\n}", "line 2: `;` is missing"),
    "cpp": ("class A { int x ", "line 1: "),
    "csharp": ("class A { int F( }", "line 1: "),
    "ruby": ("def f(x\n  x + 1\nend", "line "),
    "php": ("<?php function f($x { return $x; }", "line 1: "),
    "bash": ("if true; then echo", "line 1: "),
    "css": ("a { color: red", "line 1: "),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_good_code(language):
    pytest.importorskip("tree_sitter")
    text = fenced(language, GOOD[language])
    assert judged(CODE, text) == Finding(value=True, reason=f"the {language} parses")
    assert judged(CODE, text, language=language).value is True


@pytest.mark.parametrize("language", BAD)
def test_bad_code_says_where(language):
    pytest.importorskip("tree_sitter")
    code, reason = BAD[language]
    found = judged(CODE, fenced(language, code))
    assert found.value is False
    assert found.reason.startswith(reason), found.reason


def test_labels():
    assert judged(CODE, fenced("py", "x = 1")).value is True
    assert judged(CODE, fenced("Python", "x =")).value is False
    assert judged(CODE, fenced("text", "x =")) == Finding(
        None, "no fenced block of the answer names a language that can be parsed"
    )
    assert judged(CODE, "just words") == Finding(None, "the answer has no fenced block that names its language")


def test_which_blocks_count():
    two = fenced("python", "x = 1") + fenced("json", "[1,")
    assert judged(CODE, two) == Finding(value=False, reason="block 2 (json), line 1: expecting value")
    assert judged(CODE, two, language="python").value is True
    assert judged(CODE, fenced("", "x = 1"), language="python").value is True
    assert judged(CODE, "x = 1", language="python").value is True
    assert judged(CODE, "I can't do that", language="python").value is False
    assert judged(CODE, fenced("json", "[]"), language="python") == Finding(
        value=False, reason="no fenced block of the answer is python"
    )


def test_what_is_no_code():
    assert judged(CODE, " \n") == Finding(value=False, reason="the answer is empty")
    assert judged(CODE, "```python\nx = 1") == Finding(
        value=False, reason="the answer is cut off inside its fenced block"
    )
    assert judged(CODE, "```python\n\n```") == Finding(value=False, reason="there is no code in the block")
    assert judged(CODE, "x" * 1_000_001, language="python").value is None
    assert judged(CODE, fenced("python", "x = '\0'")).value is False
    assert judged(CODE, fenced("python", "x = '\ud800'")).value is True
    assert judged(CODE, "````md\n```python\nx =\n```\n````", language="python").value is False


@pytest.mark.parametrize(
    "code",
    [
        "(" * 100_000,
        "-" * 300_000 + "1",
        "x = " + "[" * 90 + "]" * 90,
        "a" + ".b" * 200_000,
        "f(" * 50 + ")" * 50 + "\n" + "if x:\n" * 1000,
        "not " * 200_000 + "x",
        "lambda: " * 50_000 + "1",
        "x = 1\n" * 100_000,
        "1" * 500_000,
    ],
    ids=range(9),
)
@pytest.mark.parametrize("language", ["python", "javascript", "json"])
def test_hostile_code_costs_its_limit_at_most(language, code):
    begun = time.monotonic()
    found = judged(CODE, code, language=language, timeout=3.0)
    assert found.reason
    assert time.monotonic() - begun < 30


def test_what_has_to_be_installed_hangs_on_the_language(monkeypatch):
    monkeypatch.setattr("cascadelang.checks.code_parses.find_spec", lambda _: None)
    assert CODE.missing_for({"language": "python"}) == CODE.missing_for({"language": None}) == ""
    assert CODE.missing_for({"language": "go"}) == (
        "tree-sitter-go is not installed; run: pip install 'cascadelang[code]'"
    )


def test_sql():
    pytest.importorskip("sqlglot")
    assert judged(SQL, fenced("sql", "SELECT a FROM t WHERE b = 1")) == Finding(
        value=True, reason="the statement parses"
    )
    assert judged(SQL, "SELECT 1; INSERT INTO t VALUES (1);").reason == "all 2 statements parse"
    assert judged(SQL, fenced("postgresql", "SELECT a::int FROM t"), dialect="postgres").value is True
    wrong = judged(SQL, fenced("sql", "SELECT a\nFROM t WHERE"))
    assert wrong.value is False
    assert wrong.reason == "line 2: something is missing at `WHERE`"
    ended = judged(SQL, fenced("sql", "SELECT a FROM"))
    assert ended.reason == "line 1: expected table name but nothing follows at `FROM`"
    assert judged(SQL, fenced("sql", "SELECT a FROM [t]")).reason == "line 1: expected table name but got `[` at `[`"
    assert judged(SQL, "the table has two rows").value is False
    assert judged(SQL, "hello").reason == "`hello` is no statement"
    assert judged(SQL, "-- nothing").value is False
    assert judged(SQL, "SELECT 'a").value is False
    assert judged(SQL, "```sql\nSELECT 1").reason == "the answer is cut off inside its fenced block"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 50_000 + "1" + ")" * 50_000,
        "SELECT " + "1 + " * 100_000 + "1",
        "SELECT * FROM (" * 20_000,
        "SELECT " + "CASE WHEN " * 20_000,
        "WITH " + ", ".join(f"a{n} AS (SELECT 1)" for n in range(20_000)) + " SELECT 1",
    ],
    ids=range(5),
)
def test_hostile_sql_costs_its_limit_at_most(text):
    pytest.importorskip("sqlglot")
    begun = time.monotonic()
    assert judged(SQL, text, timeout=3.0).reason
    assert time.monotonic() - begun < 30


def test_dialects_are_those_that_sqlglot_has():
    dialect = pytest.importorskip("sqlglot.dialects.dialect")
    assert set(DIALECTS) <= set(dialect.Dialect.classes)
