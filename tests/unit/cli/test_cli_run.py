"""`cascadelang run`: exit codes, what stands on stdout and what on stderr, every way to give a query."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from cascadelang.cli.options import print_json
from cascadelang.contracts.clock import SystemClock

LONG = "What is the capital of France?"


@pytest.mark.parametrize(
    ("policy", "code", "out"),
    [("main", 0, '{"city": "Paris"}\n'), ("loose", 3, "I'm not sure\n"), ("strict", 4, "")],
)
def test_exit_codes(cl, policy: str, code: int, out: str):
    ran = cl("run", "p.cl", "--query", LONG, "--policy", policy)
    assert (ran.code, ran.out) == (code, out)


def test_unmet_and_failed_say_why(cl):
    assert cl("run", "p.cl", "-q", LONG, "--policy", "loose").err == (
        "warning: the check wasn't met: there is no JSON in the answer\n"
    )
    failed = cl("run", "p.cl", "-q", LONG, "--policy", "strict")
    assert failed.err.startswith("error: no answer: no answer passed")
    assert failed.err.endswith("(unmet)\n")


def timeless(text: str) -> str:
    return re.sub(r"\d[\d.]* m?s\b", "TIME", text)


@pytest.mark.parametrize("policy", ["main", "loose", "strict"])
def test_the_trace(cl, snapshot, policy: str):
    ran = cl("run", "p.cl", "--query", LONG, "--trace", "--policy", policy)
    assert timeless(re.sub(r" +TIME", " TIME", timeless(ran.err))) == snapshot


def test_json(cl):
    ran = cl("run", "p.cl", "--query", LONG, "--output", "json")
    result = json.loads(ran.out)
    assert {k: result[k] for k in ("version", "answer", "status", "model", "policy", "path")} == {
        "version": 1,
        "answer": '{"city": "Paris"}',
        "status": "accepted",
        "model": "large",
        "policy": "main",
        "path": ["small", "large"],
    }
    assert result["verdict"]["data"] == {"ok": {"city": "Paris"}}
    assert result["events"][-1]["kind"] == "end"
    assert ran.err == ""


def test_streaming_prints_the_answer_once(cl):
    assert cl("run", "p.cl", "--query", "hi", "--stream").out == "I'm not sure\n"
    assert cl("run", "p.cl", "--query", LONG, "--stream").out == '{"city": "Paris"}\n'


def test_ways_to_give_a_query(cl):
    Path("q.txt").write_text("\ufeff" + LONG, encoding="utf-8")
    Path("m.json").write_text(json.dumps([{"role": "user", "content": [{"type": "text", "text": LONG}]}]))
    Path("whole.json").write_text(
        json.dumps({"messages": [{"role": "developer", "content": "Be brief"}, {"role": "user", "content": LONG}]})
    )
    for args, stdin in (
        (["--query", LONG], None),
        (["--query", "-"], LONG),
        (["--query", "-"], f"{LONG}\n"),
        (["--query", "@q.txt"], None),
        (["--messages", "m.json"], None),
        (["--messages", "whole.json"], None),
        (["--messages", "m.json", "--query", "And of all of Germany?"], None),
    ):
        ran = cl("run", "p.cl", *args, stdin=stdin)
        assert (ran.code, ran.out) == (0, '{"city": "Paris"}\n'), args


@pytest.mark.parametrize(("given", "asked"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("\n", "")])
def test_one_line_end_of_stdin_is_not_part_of_the_query(cl, given: str, asked: str):
    cl("run", "p.cl", "-q", "-", stdin=given)
    assert json.loads(cl("traces", "show", "last", "--output", "json").out)["query"] == asked


def test_an_empty_answer_is_told_on_stderr(cl):
    Path("q.cl").write_text(
        'provider fake = scripted { replies: { q: " ", r: "x" } }\nmodel q = fake("q")\nmodel r = fake("r")\n'
        "policy main = q\npolicy full = r\n"
    )
    ran = cl("run", "q.cl", "-q", "hi")
    assert (ran.code, ran.err) == (0, "warning: the answer of `q` is empty\n")
    assert "is empty" not in cl("run", "q.cl", "-q", "hi", "--policy", "full").err


def test_numbers_that_json_can_not_write_are_null(capsys):
    print_json({"meta": [float("inf"), 1.5, "a"]})
    assert json.loads(capsys.readouterr().out) == {"meta": [None, 1.5, "a"]}


def test_a_fact_too_large_for_a_number_is_a_text(cl):
    assert cl("run", "p.cl", "-q", "hi", "--meta", "a=1e999").code == 0
    assert json.loads(cl("traces", "show", "last", "--output", "json").out)["meta"] == {"a": "1e999"}


def test_dry_runs_call_nothing_and_record_nothing(cl):
    ran = cl("run", "p.cl", "--query", LONG, "--dry")
    assert ran.code == 0
    assert "main takes arm 1, `long`" in ran.out
    assert json.loads(cl("run", "p.cl", "--query", LONG, "--dry", "--output", "json").out)["decisions"]
    assert "nothing is recorded" in cl("traces", "list").err


def test_a_compiled_graph_runs(cl):
    Path("graph.json").write_text(cl("compile", "p.cl").out, encoding="utf-8")
    assert cl("run", "graph.json", "--query", LONG).out == '{"city": "Paris"}\n'
    assert cl("graph", "graph.json").out == cl("graph", "p.cl").out


def test_a_seed_is_taken(cl):
    assert cl("run", "p.cl", "--query", LONG, "--seed", "7").code == 0


def test_runs_are_recorded(cl):
    cl("run", "p.cl", "--query", LONG)
    cl("run", "p.cl", "--query", LONG, "--policy", "strict")
    rows = json.loads(cl("traces", "list", "--output", "json").out)["runs"]
    assert [row["status"] for row in rows] == ["failed", "accepted"]
    assert len(cl("traces", "list", "--status", "failed").out.splitlines()) == 1
    shown = cl("traces", "show", rows[1]["trace_id"][:14])
    assert "accepted: large answered" in shown.out
    assert '{"city": "Paris"}' in shown.out
    whole = json.loads(cl("traces", "show", "last", "--output", "json").out)
    assert whole["failure"] == "unmet"
    assert cl("traces", "show", "zzz").code == 2


def test_the_list_is_narrowed_by_model_and_age(cl, monkeypatch):
    now_s = time.time()
    with monkeypatch.context() as then:
        then.setattr(SystemClock, "wall_s", staticmethod(lambda: now_s - 8 * 86_400))
        cl("run", "p.cl", "--query", LONG)
    cl("run", "p.cl", "--query", LONG, "--policy", "strict")

    def policies(*options: str) -> list[str]:
        return [row["policy"] for row in json.loads(cl("traces", "list", "--output", "json", *options).out)["runs"]]

    day = time.strftime("%Y-%m-%d", time.localtime(now_s - 2 * 86_400))
    assert policies() == ["strict", "main"]
    assert policies("--model", "large") == ["main"]
    assert policies("--model", "large", "--since", "9d") == ["main"]
    assert policies("--since", "1w") == ["strict"]
    assert policies("--since", "2w") == ["strict", "main"]
    assert policies("--since", day) == ["strict"]
    assert policies("--model", "none") == []
    assert "no run matches" in cl("traces", "list", "--model", "none").err
    assert cl("traces", "list", "--policy", "none").err == "no run matches\n"
    for odd in ("", "7", "d", "-1d", "1.5d", "٣d", "yesterday", "2026-13-01", "9" * 40 + "w"):
        refused = cl("traces", "list", "--since", odd)
        assert refused.code == 2
        assert "is no time" in refused.err
        assert "`7d`" in refused.err


def test_the_list_is_searched_and_paged(cl):
    cl("run", "p.cl", "--query", LONG, "--meta", "plan=gold", "--meta", "n=2")
    cl("run", "p.cl", "--query", "Short, 100% so", "--policy", "strict")

    def found(*options: str) -> list[str]:
        return [row["policy"] for row in json.loads(cl("traces", "list", "--output", "json", *options).out)["runs"]]

    assert found("--text", "100%") == ["strict"]
    assert found("--text", "PARIS") == ["main"]
    assert found("--meta", "plan=gold", "--meta", "n=2") == ["main"]
    assert found("--meta", "plan=free") == []
    assert found("--failure", "unmet") == ["strict"]
    assert found("--verdict", "failed", "--status", "failed") == ["strict"]
    assert found("--cost", ">=0", "--cost", "<=$1") == ["strict", "main"]
    assert found("--cost", "unknown") == []
    assert found("--latency", ">10m") == []
    assert found("--latency", "<10m", "--until", "1h") == []
    first = json.loads(cl("traces", "list", "--limit", "1", "--output", "json").out)
    assert first["next"] == first["runs"][0]["trace_id"]
    rest = json.loads(cl("traces", "list", "--after", first["next"], "--output", "json").out)
    assert [row["policy"] for row in rest["runs"]] == ["main"]
    assert rest["next"] is None
    assert f"--after {first['next']}" in cl("traces", "list", "--limit", "1").err
    for option, odd in (
        ("--cost", "cheap"),
        ("--cost", ">5s"),
        ("--cost", ">1e99999"),
        ("--latency", ">$5"),
        ("--latency", ""),
        ("--meta", "gold"),
        ("--until", "soon"),
        ("--after", "zzz"),
    ):
        refused = cl("traces", "list", option, odd)
        assert refused.code == 2, (option, odd)
        assert "error: " in refused.err


def test_known_texts_are_found_by_their_hashes(cl, monkeypatch):
    monkeypatch.setenv("CASCADELANG_TRACE_KEEP", "hashes")
    cl("run", "p.cl", "--query", LONG)
    assert len(cl("traces", "list", "--text", LONG).out.splitlines()) == 1
    assert "no run matches" in cl("traces", "list", "--text", LONG[:20]).err


def test_settings_switch_texts_and_recording_off(cl):
    Path("cascadelang.toml").write_text('keep_text = false\noutput = "json"\n')
    assert json.loads(cl("run", "p.cl", "--query", LONG).out)["status"] == "accepted"
    assert json.loads(cl("traces", "list").out)["runs"][0]["query"] == ""
    Path("cascadelang.toml").write_text('trace_store = "off"\n')
    assert cl("run", "p.cl", "--query", LONG).code == 0
    assert "`off`" in cl("traces", "list").err


DRIVING = """\
provider fake = scripted { replies: { small: "a \\u009b31m \\u202e b" } }
model small = fake("small")
check odd = contains(["\\u001b[2J"])
policy main = cascade [small, small] until odd or contains("\\u001b[31m")
"""


def test_nothing_shown_drives_a_terminal(cl):
    Path("q.cl").write_text(DRIVING, encoding="utf-8")
    printed = cl("run", "q.cl", "--query", "hi", "--trace", "--output", "json")
    stored = cl("traces", "show", "last", "--output", "json")
    for text in (printed.out, printed.err, stored.out):
        assert not set(text) & set("\x1b\x9b\u202e")
    assert json.loads(printed.out)["answer"] == "a \x9b31m \u202e b"
