"""Lint over many files: from memory, here or in several processes, it prints the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cascadelang.lint.levels import Levels
from cascadelang.source.kept import read_kept_bytes
from cascadelang.workspace import lint_cache, lint_spread
from cascadelang.workspace.lint import lint
from cascadelang.workspace.lint_cache import LintCache, levels_data, levels_from
from cascadelang.workspace.lint_file import from_data, lint_file, to_data
from cascadelang.workspace.lint_output import lint_output
from cascadelang.workspace.mistake import Mistake

GOOD = 'use "std/anthropic"\ncheck ok = not empty\npolicy main = cascade [haiku, opus] until ok\n'
BAD = 'use "std/anthropic"\nuse "shared.cl"\npolicy main = cascade [haiku, sonet] until fine\n# größer 漢\n'
WARNS = 'use "std/anthropic"\nroute words > 100 -> opus else haiku\n'
ALLOWS = "# cl: allow(length-only-gate) because it is enough here\n" + WARNS
SHARED = "check fine = not empty and not hedgs\n"
SCHEMA = 'use "std/anthropic"\ncheck ok = schema("s.json")\npolicy main = cascade [haiku, opus] until ok\n'
FORMS = ("json", "sarif", "github", "junit")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "tree"
    for number in range(9):
        (folder / f"d{number % 3}").mkdir(parents=True, exist_ok=True)
        for name, text in (("shared.cl", SHARED), ("s.json", "{}")):
            (folder / f"d{number % 3}" / name).write_text(text, encoding="utf-8")
        text = (GOOD, BAD, WARNS, ALLOWS, SCHEMA)[number % 5]
        (folder / f"d{number % 3}" / f"p{number}.cl").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def printed(**how) -> list[str]:
    report = lint([], **how)
    from cascadelang.workspace.lint import render

    return [render(report.diagnostics, report.sources), *(lint_output(report, form) for form in FORMS)]


def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are really linted from now on."""
    looked: list[str] = []
    monkeypatch.setattr(
        lint_spread, "lint_file", lambda path, *args, **how: looked.append(path) or lint_file(path, *args, **how)
    )
    return looked


def test_the_same_bytes_from_memory_and_from_other_processes(tree: Path, monkeypatch: pytest.MonkeyPatch):
    once = printed()
    assert "did you mean" in once[0]
    assert printed(jobs=3) == once
    assert printed(jobs=2, cached=True) == once
    looked = calls(monkeypatch)
    assert printed(cached=True) == once
    assert looked == []


def change_text(tree: Path) -> str:
    (tree / "d0/p0.cl").write_text(GOOD + "# more\n")
    return "d0/p0.cl"


def change_what_is_used(tree: Path) -> str:
    (tree / "d1/shared.cl").write_text("check fine = not empty\n")
    return "d1/p1.cl"


def change_a_schema(tree: Path) -> str:
    (tree / "d1/s.json").write_text('{"type": 7}')
    return "d1/p4.cl"


def take_a_file_away(tree: Path) -> str:
    (tree / "d1/s.json").unlink()
    return "d1/p4.cl"


def change_the_settings(tree: Path) -> str:
    (tree / "d2/cascadelang.toml").write_text('[rules]\nlength-only-gate = "error"\n')
    return "d2/p2.cl"


@pytest.mark.parametrize(
    "change", [change_text, change_what_is_used, change_a_schema, take_a_file_away, change_the_settings]
)
def test_what_changed_is_linted_again(tree: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], str]):
    printed(cached=True)
    changed = change(tree)
    looked = calls(monkeypatch)
    assert printed(cached=True) == printed()
    assert changed in looked


def test_a_file_that_was_looked_for_and_comes_is_seen(tree: Path, monkeypatch: pytest.MonkeyPatch):
    (tree / "d0/p0.cl").write_text('use "late.cl"\npolicy main = haiku\n')
    before = printed(cached=True)
    (tree / "d0/late.cl").write_text('model haiku = anthropic("claude-haiku-4-5")\n')
    after = printed(cached=True)
    assert after != before
    assert after == printed()


def test_a_neighbour_that_may_have_been_meant_is_seen(tree: Path):
    (tree / "d0/p0.cl").write_text('use "shaerd_models.cl"\npolicy main = haiku\n')
    assert "shared_models" not in printed(cached=True)[0]
    (tree / "d0/shared_models.cl").write_text("")
    assert "did you mean `shared_models.cl`?" in printed(cached=True)[0]


@pytest.mark.parametrize("key", ["_tool", "_today"])
def test_another_version_and_another_day_are_other_questions(tree: Path, monkeypatch: pytest.MonkeyPatch, key: str):
    findings, needs = lint_file("d0/p0.cl", None, locked=False)
    assert needs is not None
    dated = type(needs)(needs.files, needs.folders, lint_cache._today())
    LintCache(locked=False).store("d0/p0.cl", None, findings, dated)
    assert LintCache(locked=False).find("d0/p0.cl", None) == findings
    assert LintCache(locked=True).find("d0/p0.cl", None) is None
    assert LintCache(locked=False).find("d0/p0.cl", Levels(select=frozenset())) is None
    monkeypatch.setattr(lint_cache, key, lambda: "another")
    assert LintCache(locked=False).find("d0/p0.cl", None) is None


def test_a_rule_that_asks_for_the_day_is_asked_again_the_next(tree: Path, monkeypatch: pytest.MonkeyPatch):
    _, needs = lint_file("d0/p0.cl", None, locked=False)
    assert needs is not None
    assert needs.day in ("", lint_cache._today())
    monkeypatch.setattr("cascadelang.lint.engine.table", dict)
    _, needs = lint_file("d0/p0.cl", None, locked=False)
    assert needs is not None
    assert needs.day == ""


def entries(tree: Path) -> list[Path]:
    return sorted((tree.parent / "cache" / "lint").glob("*.json"))


def forged(data: bytes) -> bytes:
    """The entry with other findings and the checksum that goes with them."""
    entry = json.loads(data.partition(b"\n")[2])
    return lint_cache._sealed({**entry, "key": "0" * 40, "found": [[], [], {}]})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-20],
        lambda data: data.replace(b"sonnet", b"opus!!"),
        lambda data: b"0" * 64 + b"\n{}",
        lambda data: lint_cache._sealed({}),
        lambda data: lint_cache._sealed([]),  # type: ignore[arg-type]
        lambda data: lint_cache._sealed({**json.loads(data.partition(b"\n")[2]), "found": [[["x"]], [], {}]}),
        lambda data: b"[" * 100_000,
        forged,
    ],
)
def test_damaged_entries_count_as_none(tree: Path, spoil: Callable[[bytes], bytes]):
    once = printed(cached=True)
    assert len(entries(tree)) == 12
    for entry in entries(tree):
        entry.write_bytes(spoil(entry.read_bytes()))
        entry.chmod(0o600)
    assert printed(cached=True) == once
    assert printed(cached=True) == once


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there are no such rights here")
def test_what_others_can_write_is_not_read(tree: Path, monkeypatch: pytest.MonkeyPatch):
    printed(cached=True)
    for entry in entries(tree):
        assert entry.stat().st_mode & 0o077 == 0
        entry.chmod(0o666)
    looked = calls(monkeypatch)
    printed(cached=True)
    assert len(looked) == 12
    (tree.parent / "cache" / "lint").chmod(0o777)
    printed(cached=True)
    assert len(looked) == 24
    assert read_kept_bytes(tree.parent / "cache" / "lint") is None


def test_a_cache_that_cannot_be_written_is_no_error(tree: Path, monkeypatch: pytest.MonkeyPatch):
    blocked = tree.parent / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("CASCADELANG_CACHE", str(blocked))
    assert printed(cached=True) == printed()


def test_old_entries_go(tree: Path, monkeypatch: pytest.MonkeyPatch):
    printed(cached=True)
    old, young = entries(tree)[:2]
    folder = old.parent
    os.utime(old, (time.time() - lint_cache.KEEP_S - 9,) * 2)
    lint_cache._prune(folder)
    assert old.exists()  # looked at once a day
    os.utime(folder / "pruned", (time.time() - 2 * 24 * 3600,) * 2)
    lint_cache._prune(folder)
    assert not old.exists()
    assert young.exists()
    monkeypatch.setattr(lint_cache, "MOST", 3)
    os.utime(folder / "pruned", (time.time() - 2 * 24 * 3600,) * 2)
    lint_cache._prune(folder)
    assert len(entries(tree)) == 3


def test_many_writers_at_once(tree: Path):
    command = [sys.executable, "-m", "cascadelang", "lint", "--output", "json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    outs = {process.communicate()[0] for process in running}
    assert outs == {(lint_output(lint([]), "json") + "\n").encode()}
    assert not list((tree.parent / "cache" / "lint").glob(".kept-*"))


def test_what_other_packages_say_is_not_kept(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cascadelang.workspace.catalog._OTHERS", {"theirs"})
    assert lint_file("d0/p0.cl", None, locked=False)[1] is None


@pytest.mark.parametrize(
    "levels", [None, Levels(), Levels({"b": "off", "a": "error"}, frozenset("yx"), frozenset("z"))]
)
def test_levels_as_data(levels: Levels | None):
    assert levels_from(json.loads(json.dumps(levels_data(levels)))) == levels


def test_findings_as_data(tree: Path):
    for path in ("d1/p1.cl", "d0/p3.cl", "d0/p0.cl", "no.cl"):
        findings, _ = lint_file(path, None, locked=False)
        assert from_data(json.loads(json.dumps(to_data(findings)))) == findings


# ---- Processes


def test_how_many_processes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lint_spread, "_cores", lambda: 4)
    assert [lint_spread.processes(files, None) for files in (1, 79, 80, 160, 9999)] == [1, 1, 2, 4, 4]
    assert [lint_spread.processes(files, 8) for files in (1, 3, 80)] == [1, 3, 8]


def test_a_worker_that_fails_costs_only_time(tree: Path, monkeypatch: pytest.MonkeyPatch):
    once = printed()
    monkeypatch.setattr(lint_spread, "_WORKER", "raise SystemExit(3)")
    assert printed(jobs=3) == once
    monkeypatch.setattr(lint_spread, "_WORKER", 'print("[1"); print("{}")')
    assert printed(jobs=3) == once
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert printed(jobs=3) == once


def test_where_no_file_can_be_made_one_process_lints(tree: Path, monkeypatch: pytest.MonkeyPatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found")

    here = printed(jobs=1)
    monkeypatch.setattr("tempfile.TemporaryFile", nowhere)
    assert printed(jobs=3) == here


def test_what_comes_back_is_in_the_order_of_the_files(tree: Path, monkeypatch: pytest.MonkeyPatch):
    (tree / "small.cl").write_text("")
    monkeypatch.setattr(lint_spread, "_WORKER", 'print("[\\"mistake\\", \\"there\\", \\"help\\", false]")')

    def here(path, *_args, **_how):
        raise Mistake(f"here {path}")

    monkeypatch.setattr(lint_spread, "lint_file", here)
    done = lint_spread.spread([("small.cl", None), ("d0/p0.cl", None)], 2, None, locked=False)
    assert [str(mistake) for mistake in done] == ["there\n  = help: help", "here d0/p0.cl"]
    with pytest.raises(Mistake, match="here"):
        lint(["d0/p0.cl", "small.cl"], jobs=2)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs to see when the workers have started")
def test_ctrl_c_leaves_no_process(tree: Path, until):
    for number in range(150):
        (tree / f"q{number}.cl").write_text(GOOD + BAD.replace("use", f"# {number}\nuse", 1) * 20)
    command = [sys.executable, "-m", "cascadelang", "lint", "--no-cache", "--jobs", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(children.read_text().split()) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert out == b""
    if process.returncode != -signal.SIGINT:  # Python itself may be hit, before it hands the interrupt to us
        assert (process.returncode, err.strip()) == (130, b"error: cancelled")

    def is_gone() -> bool:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    until(is_gone)  # one that was being started ends when there is nothing to read
