"""What is kept of runs, as settings say: from the file and from the environment, through to the store."""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang import Mistake, Policy
from cascadelang.cli.main import main
from cascadelang.source.folders import data_folder
from cascadelang.trace.query import show_run
from cascadelang.trace.store import TraceStore
from cascadelang.workspace.config import read

POLICY = """
provider fake = scripted { replies: { small: "the card is 4111 1111 1111 1111" } }
model small = fake("small")
policy main = small
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.cl").write_text(POLICY)
    return tmp_path


def settings(folder: Path, text: str) -> None:
    (folder / "cascadelang.toml").write_text(f'trace_store = "t.sqlite"\n{text}')


def ask(folder: Path):
    with Policy.load(folder / "p.cl") as policy:
        result = policy.run("who is Ada?", meta={"plan": "gold"})
    return result, show_run(folder / "t.sqlite", "last")


def test_settings_from_a_file(folder):
    settings(folder, "trace_keep = 'hashes'\ntrace_redact = ['a+', 'b']\ntrace_sample = 0.5\ntrace_retain = '30d'\n")
    config = read(folder)
    assert (config.trace_keep, config.trace_redact) == ("hashes", ("a+", "b"))
    assert (config.trace_sample, config.trace_retain) == (0.5, "30d")


def test_settings_from_the_environment(folder):
    environ = {
        "CASCADELANG_TRACE_KEEP": "numbers",
        "CASCADELANG_TRACE_REDACT": "a+\nb",
        "CASCADELANG_TRACE_SAMPLE": "0.25",
        "CASCADELANG_TRACE_RETAIN": "12h",
        "CASCADELANG_TRACE_STORE": "postgresql://u:secret@h/d",
    }
    config = read(folder, environ)
    assert (config.trace_keep, config.trace_redact) == ("numbers", ("a+", "b"))
    assert (config.trace_sample, config.trace_retain) == (0.25, "12h")
    assert config.trace_where() == "postgresql://u:secret@h/d"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trace_keep = 'some'", "is `some`"),
        ("trace_redact = 'a'", "must be a list of texts"),
        ("trace_redact = ['(']", "has `(`, which is no pattern"),
        ("trace_redact = ['a(?=b)']", "look-ahead"),
        ("trace_sample = 0", "must be a number above 0, up to 1"),
        ("trace_sample = true", "must be a number above 0, up to 1"),
        ("trace_sample = 'half'", "must be a number above 0, up to 1"),
        ("trace_retain = 'long'", "is `long`, which is no age"),
        ("trace_retain = 30", "must be a text in quotes"),
    ],
)
def test_what_is_no_setting_is_told(folder, text, words):
    settings(folder, text)
    with pytest.raises(Mistake) as told:
        read(folder)
    assert words in str(told.value)


def test_patterns_reach_the_store_and_not_the_result(folder):
    settings(folder, "trace_redact = ['[0-9](?: ?[0-9]){12,18}']\n")
    result, run = ask(folder)
    assert result.answer == "the card is 4111 1111 1111 1111"
    assert run.answer == "the card is [redacted]"


def test_numbers_alone(folder):
    settings(folder, "trace_keep = 'numbers'\n")
    result, run = ask(folder)
    assert result.answer
    assert (run.query, run.answer, run.meta) == ("", "", {})
    assert run.output_tokens > 0


def test_the_key_of_the_hashes_is_made_once_and_is_the_users_alone(folder):
    settings(folder, "trace_keep = 'hashes'\n")
    _, one = ask(folder)
    _, two = ask(folder)
    assert one.query == two.query
    assert one.query.startswith("hmac:")
    key = data_folder() / "traces.key"
    assert len(key.read_text()) == 64
    if os.name == "posix":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    _, other = ask(folder)
    assert other.query != one.query


def test_a_key_that_is_given_is_used(folder, monkeypatch):
    settings(folder, "trace_keep = 'hashes'\n")
    monkeypatch.setenv("CASCADELANG_TRACE_KEY", "of several instances")
    _, one = ask(folder)
    assert not (data_folder() / "traces.key").exists()
    monkeypatch.setenv("CASCADELANG_TRACE_KEY", "of others")
    _, other = ask(folder)
    assert one.query != other.query


def test_a_key_file_that_holds_none_is_told(folder):
    settings(folder, "trace_keep = 'hashes'\n")
    data_folder().mkdir(parents=True, exist_ok=True)
    (data_folder() / "traces.key").write_text("")
    with pytest.raises(Mistake, match="holds no key"):
        Policy.load(folder / "p.cl")


def test_pruning(folder):
    settings(folder, "")
    ask(folder)
    last = show_run(folder / "t.sqlite", "last")
    store = TraceStore(folder / "t.sqlite")
    for number in range(3):
        store.record(replace(last, trace_id=f"{number:020x}", started_wall_s=time.time() - 40 * 86_400))
    store.close()
    run = CliRunner().invoke
    dry = run(main, ["traces", "prune", "--older", "30d", "--dry"])
    assert (dry.exit_code, dry.output) == (0, "3 runs would be deleted\n")
    done = run(main, ["traces", "prune", "--older", "30d"])
    assert (done.exit_code, done.output) == (0, "3 runs deleted\n")
    again = run(main, ["traces", "prune", "--older", "30d", "--output", "json"])
    assert json.loads(again.output) == {"version": 1, "runs": 0, "deleted": True}
    wrong = run(main, ["traces", "prune", "--older", "soon"])
    assert wrong.exit_code == 2
    assert show_run(folder / "t.sqlite", "last").trace_id == last.trace_id


def test_settings_of_telemetry(folder):
    settings(folder, "telemetry = 'otlp'\ntelemetry_content = true\n")
    config = read(folder)
    assert (config.telemetry, config.telemetry_content) == ("otlp", True)
    assert read(folder, {"CASCADELANG_TELEMETRY": "api"}).telemetry == "api"
    for odd in ("telemetry = 'yes'", "telemetry = true", "telemetry_content = 'maybe'"):
        settings(folder, odd + "\n")
        with pytest.raises(Mistake, match="telemetry"):
            read(folder)
