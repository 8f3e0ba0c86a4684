"""The other commands, through click."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cascadelang.cli.main import COMMANDS
from cascadelang.workspace.declaration_pages import DECLARATIONS

FAILING = """
test "this one is wrong" {
  query "hi"
  reply small "Bonjour"
  expect path == [large] and cost < $0.01
  expect answer == "Hello" or failed
}
test "nobody answers" {
  query "What is the capital of France?"
  reply small "Paris"
  expect passed
}
"""


def test_no_command_shows_help(cl):
    ran = cl()
    assert ran.code == 2
    assert all(name in ran.err for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(cl, name: str):
    ran = cl(name, "--help")
    assert ran.code == 0
    assert "Usage: " in ran.out
    if name != "traces":
        assert f"    cascadelang {name}" in ran.out


def test_lint(cl):
    assert cl("lint", "p.cl").code == 0
    Path("bad.cl").write_text('use "std/anthropic"\npolicy main = sonet\n')
    ran = cl("lint", "bad.cl")
    assert (ran.code, ran.err) == (1, "1 file: 1 error\n")
    assert "did you mean `sonnet`?" in ran.out
    report = json.loads(cl("lint", ".", "--output", "json").out)
    assert [(f["path"], len(f["diagnostics"])) for f in report["files"]] == [("bad.cl", 1), ("p.cl", 0)]
    assert report["files"][0]["diagnostics"][0]["range"]["start"] == {"line": 2, "column": 15}


def test_lint_fixes(cl):
    Path("bad.cl").write_text('use "std/anthropic"\npolicy main = sonet\n')
    ran = cl("lint", "bad.cl", "--fix")
    assert ran.code in {0, 1}
    assert ("policy main = sonnet" in Path("bad.cl").read_text()) == (ran.code == 0)


def test_lint_says_what_it_would_fix(cl):
    wrong = 'use "std/anthropic"\npolicy main = sonet\n'
    Path("bad.cl").write_text(wrong)
    ran = cl("lint", "bad.cl", "--fix", "--diff")
    assert (ran.code, ran.err) == (1, "1 file would change: 1 repair\n")
    assert ran.out.endswith("-policy main = sonet\n+policy main = sonnet\n")
    assert Path("bad.cl").read_text() == wrong
    assert cl("lint", "bad.cl", "--diff").code == 2


def test_folders_are_searched(cl):
    for folder in ("a", ".hidden", "node_modules/x", "venv/lib"):
        Path(folder).mkdir(parents=True)
        (Path(folder) / "x.cl").write_text('use "std/anthropic"\npolicy main = haiku\n')
    (Path("venv") / "pyvenv.cfg").write_text("")
    report = json.loads(cl("lint", "--output", "json").out)
    assert [f["path"] for f in report["files"]] == ["p.cl", "a/x.cl"]


def test_lint_json_has_the_keys_of_the_docs_in_their_order(cl):
    Path("bad.cl").write_text('use "std/anthropic"\npolicy main = sonet\n')
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    (example,) = (
        json.loads(block.split("```")[0])
        for block in page.split("```json\n")[1:]
        if '"diagnostics"' in block.split("```")[0]
    )
    found = json.loads(cl("lint", "bad.cl", "--output", "json").out)
    assert json.dumps(found) == json.dumps(example)


def test_test(cl):
    ran = cl("test", "p.cl", "--coverage")
    assert ran.code == 0
    assert "✓ long questions climb" in ran.out
    assert "    main: else\n" in ran.out
    Path("none.cl").write_text('use "std/anthropic"\npolicy main = haiku\n')
    assert cl("test", "none.cl").code == 5


def test_failing_tests_say_why(cl, snapshot):
    with Path("p.cl").open("a") as file:
        file.write(FAILING)
    ran = cl("test", "p.cl")
    assert ran.code == 1
    assert ran.out == snapshot
    report = json.loads(cl("test", "p.cl", "--output", "json").out)
    assert (report["passed"], report["failed"]) == (1, 2)
    assert report["files"][0]["tests"][1]["unmet"][0]["values"] == {"path": "[small]", "cost": "0.000011"}
    suite = ET.fromstring(cl("test", "p.cl", "--output", "junit").out)[0]  # noqa: S314 - our own text
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert (suite.findtext("testcase/failure") or "").splitlines() == [
        "line 23: expect path == [large] and cost < $0.01: path is [small], cost is 0.000011",
        'line 24: expect answer == "Hello" or failed: answer is Bonjour, failed is false',
        "path: small (unchecked)",
    ]


def test_init_writes_what_lints_and_tests(cl):
    Path(".gitignore").write_text("*.pyc")
    ran = cl("init")
    assert ran.code == 0
    assert Path(".gitignore").read_text() == "*.pyc\n.cascadelang/\n"
    assert cl("lint", "policy.cl", "--strict").code == 0
    assert cl("test", "policy.cl").code == 0
    before = {p.name: p.read_bytes() for p in Path().iterdir() if p.is_file()}
    assert "wrote" not in cl("init").out
    assert before == {p.name: p.read_bytes() for p in Path().iterdir() if p.is_file()}


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg", "json"])
def test_graphs(cl, form: str):
    ran = cl("graph", "p.cl", "--format", form)
    assert ran.code == 0
    assert "small" in ran.out


def test_explain(cl):
    assert "calls     1..2" in cl("explain", "p.cl").out
    assert "Check: " in cl("explain", "words").out
    assert "Signal: " in cl("explain", "words").out
    assert "The rungs in order" in cl("explain", "until").out
    assert "Error: " in cl("explain", "unknown-name").out
    assert "did you mean `cascade`?" in cl("explain", "casade").err


@pytest.mark.parametrize("name", ["require", "tune", "meta", "test", "provider", "model", "alert"])
def test_declarations_have_pages_whose_policies_lint(cl, name: str):
    assert cl("explain", name).out.splitlines()[0].strip("# ") == name
    policy = DECLARATIONS[name].split("```")[1]
    parts = [policy if "model haiku" in policy else f'use "std/anthropic"\n{policy}']
    if name in {"require", "test", "tune"}:
        gates = {"tune": "sound", "require": "json", "test": 'json and judge(opus, "Is it right?") >= 0.5'}
        parts.append(f"policy main = cascade [haiku, sonnet] until {gates[name]}")
    elif name != "meta":
        parts.append("policy main = haiku")
    Path("page.cl").write_text("\n".join(parts))
    ran = cl("lint", "page.cl")
    assert ran.code == 0, ran.out
    assert name != "test" or cl("test", "page.cl").code == 0


def test_a_dry_run_says_once_why_nothing_is_known(cl):
    with Path("p.cl").open("a") as file:
        file.write('policy by_plan = route meta.plan == "gold" -> large else small\n')
    ran = cl("run", "p.cl", "-q", "hi", "--policy", "by_plan", "--dry")
    assert ran.out.count("the caller gave no `meta.plan`") == 1


def test_models(cl):
    listed = json.loads(cl("models", "--provider", "anthropic", "--output", "json").out)
    assert {model["provider"] for model in listed["models"]} == {"anthropic"}
    assert listed["prices"]["as_of"]
    local = json.loads(cl("models", "list", "--provider", "local", "--output", "json").out)["local"]
    assert [model["name"] for model in local][:1] == ["smollm2-135m"]
    assert "did you mean `smollm2-135m`?" in cl("models", "pull", "smolm2-135m").err


def test_doctor_names_keys_and_shows_none(cl, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    ran = cl("doctor")
    assert "OPENAI_API_KEY     set" in ran.out
    assert "sk-secret" not in ran.out + ran.err
    states = {i["name"]: i["state"] for i in json.loads(cl("doctor", "--output", "json").out)["items"]}
    assert states["ANTHROPIC_API_KEY"] == "missing"
    assert states["store"] == "ok"
    assert states["lang"] in {"ok", "missing"}


def test_doctor_looks_into_the_store(cl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def store() -> tuple[str, str]:
        items = json.loads(cl("doctor", "--output", "json").out)["items"]
        return next((item["state"], item["detail"]) for item in items if item["name"] == "store")

    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(tmp_path / "t.sqlite"))
    assert store() == ("ok", f"{tmp_path / 't.sqlite'}, where nothing is recorded yet")
    (tmp_path / "t.sqlite").write_bytes(b"something else" * 99)
    state, detail = store()
    assert state == "problem"
    assert "it is damaged, or not a trace store" in detail
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", "mysql://u:s3cret@h/d")
    state, detail = store()
    assert state == "problem"
    assert "a URL that begins with `postgresql://`" in detail
    assert "s3cret" not in detail


def test_colour_only_when_asked(cl, monkeypatch: pytest.MonkeyPatch):
    assert "\x1b" not in cl("doctor").out
    assert "\x1b" in cl("doctor", "--color", "always").out
    assert "\x1b" not in cl("doctor", "--color", "never").out


def test_bugs_are_one_line(cl, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(importlib.import_module("cascadelang.workspace.doctor"), "examine", broken)
    ran = cl("doctor")
    assert ran.code == 70
    assert len(ran.err.splitlines()) == 2
    assert "secret detail" not in ran.err
    monkeypatch.setenv("CASCADELANG_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cl("doctor")


def test_a_console_that_knows_no_symbols(tmp_path: Path):
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "cascadelang", "doctor"], env=env, cwd=tmp_path, capture_output=True, check=True
    )
    assert b"ok cascadelang" in done.stdout


@pytest.mark.parametrize("form", ["json", "sarif", "github", "junit"])
def test_lint_in_a_form_for_machines(cl, form: str):
    Path("bad.cl").write_text('use "std/anthropic"\npolicy main = sonet\n')
    ran = cl("lint", "bad.cl", "p.cl", "--output", form)
    assert (ran.code, ran.err) == (1, "")
    if form == "sarif":
        (result,) = json.loads(ran.out)["runs"][0]["results"]
        assert (result["ruleId"], result["fixes"][0]["description"]["text"]) == ("unknown-name", "change to `sonnet`")
    elif form == "github":
        assert ran.out.startswith("::error file=bad.cl,line=2,endLine=2,col=15,endColumn=20,title=unknown-name::")
        assert ran.out.count("\n") == 1
    elif form == "junit":
        cases = ET.fromstring(ran.out).findall(".//testcase")  # noqa: S314 - our own document
        assert [(case.attrib["name"], len(case)) for case in cases] == [("bad.cl", 1), ("p.cl", 0)]
    Path("cascadelang.toml").write_text(f'output = "{form}"\n')
    assert cl("lint", "bad.cl", "p.cl").out == ran.out


def test_an_output_without_findings(cl):
    assert cl("lint", "p.cl", "--output", "github").out == ""
    assert json.loads(cl("lint", "p.cl", "--output", "sarif").out)["runs"][0]["results"] == []


def test_explain_shows_the_plan_of_a_policy_that_is_not_proved(cl):
    with Path("p.cl").open("a", encoding="utf-8") as file:
        file.write("\nrequire main { calls <= 1 }\n")
    for args in (("explain", "p.cl"), ("run", "p.cl", "--dry", "--query", "hi")):
        ran = cl(*args)
        assert ran.code == 1
        assert "calls     1..2" in ran.out
        assert "error[unproved-requirement]" in ran.err
    assert cl("compile", "p.cl").out == ""


def test_explain_shows_costs_for_an_input(cl):
    at = {size: cl("explain", "p.cl", "--input", size).out for size in ("4k", "4,000", "0", "1.5k", "2M")}
    assert at["4k"] == at["4,000"]
    assert "for an input of 1,500 tokens" in at["1.5k"]
    assert "for an input of 2,000,000 tokens" in at["2M"]
    assert "cost at 0" in at["0"]
    assert json.loads(cl("explain", "p.cl", "--input", "2M", "--output", "json").out)["input_tokens"] == 2_000_000
    for wrong in ("lots", "-3", "1.5", "4kk", ""):
        ran = cl("explain", "p.cl", "--input", wrong)
        assert (ran.code, ran.out) == (2, "")
        assert "is no number of tokens" in ran.err


def test_explain_takes_facts_and_messages(cl):
    Path("facts.cl").write_text(
        'use "std/anthropic"\nroute meta.plan == "gold" -> opus, turns > 2 -> sonnet else haiku\n', encoding="utf-8"
    )
    assert "takes arm 1" in cl("explain", "facts.cl", "-q", "hi", "--meta", "plan=gold").out
    said = [{"role": role, "content": "hi"} for role in ("user", "assistant", "user", "assistant", "user")]
    Path("m.json").write_text(json.dumps(said), encoding="utf-8")
    out = cl("explain", "facts.cl", "--messages", "m.json").out
    assert "takes arm 2, `turns > 2`" in out
    assert "meta.plan is unknown: the caller gave no `meta.plan`" in out


def test_explain_says_what_needs_a_call(cl):
    Path("asks.cl").write_text(
        'use "std/anthropic"\nsignal kind = ask(haiku, "Which kind?", [billing, technical])\n'
        "route has_code -> opus, kind == billing and words > 3 -> sonnet else haiku\n",
        encoding="utf-8",
    )
    out = cl("explain", "asks.cl", "-q", "one two three four").out
    assert out.endswith(
        "for this query:\n"
        "  main can't be decided without a run\n"
        "    has_code is false\n"
        "    words is 4\n"
        "    kind isn't evaluated: it needs a call, or what comes before it does\n"
        '    ask(haiku, "Which kind?", ["billing", "technical"]): it needs a call, and nothing is called here\n'
    )
    assert "  main, arm 2: (words > 3) and (kind == billing)\n    written: (kind == billing) and (words > 3)" in out
    assert "takes else" in cl("explain", "asks.cl", "-q", "one two").out
    decision = json.loads(cl("explain", "asks.cl", "-q", "a b c d", "--output", "json").out)["decisions"][0]
    assert (decision["taken"], decision["not_evaluated"]) == (None, ["kind"])
    assert [signal["name"] for signal in decision["signals"]] == ["has_code", "words"]


def test_a_file_that_is_named_in_several_ways_is_looked_at_once(cl):
    for command in ("lint", "fmt"):
        ran = cl(command, ".", "./p.cl", "p.cl", str(Path("p.cl").absolute()))
        assert ran.err.splitlines()[-1].startswith("1 file: ")


def test_facts_of_no_query_are_not_passed_over(cl):
    ran = cl("explain", "p.cl", "--meta", "plan=gold")
    assert ran.code == 2
    assert "`--meta` goes with `--query` or `--messages`" in ran.err
    assert cl("explain", "p.cl", "--query", "hello", "--meta", "plan=gold").code == 0
