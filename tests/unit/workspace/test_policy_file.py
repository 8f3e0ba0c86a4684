"""Which file a recorded run's policy is of: one file is one policy, two files are two, however they are named."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from cascadelang import Mistake, Policy
from cascadelang.cli.main import main
from cascadelang.trace.query import list_runs
from cascadelang.trace.store import TraceStore
from cascadelang.workspace.config import read
from cascadelang.workspace.policy_file import RecordedFiles, absolute, path_from_here, recorded_path, shown_path
from cascadelang.workspace.report import findings
from cascadelang.workspace.stats import read_stats

POLICY = """
provider fake = scripted { replies: { small: "Paris" } }
model small = fake("small") { price: $1 / $5 }
policy main = small
alert "all" when unmet > 50% over 1 queries
"""


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two projects, `a` and `b`, each with a policy file of the same name, and one store."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "support.cl").write_text(POLICY, encoding="utf-8")
    go_to(monkeypatch, tmp_path)
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(tmp_path / "t.sqlite"))
    return tmp_path


def go_to(monkeypatch, folder: Path) -> None:
    """As a shell goes there."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PWD", str(folder))


def ask(file: str | Path, **how) -> None:
    with Policy.load(file, warn=pytest.fail, **how) as policy:
        policy.run("where?")


def recorded(folder: Path) -> list[str]:
    """The paths of all runs, the newest first."""
    return [run.policy_path for run in list_runs(folder / "t.sqlite")]


def cl(*words: str) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def counted(*words: str) -> dict[str, int]:
    """The runs of each policy file, as `stats` counts them."""
    return {one["path"]: one["runs"] for one in json.loads(cl("stats", *words, "--output", "json"))["policies"]}


def test_a_file_is_one_policy_however_it_is_named_and_two_files_are_two(two, monkeypatch):
    go_to(monkeypatch, two / "a")
    for name in ("support.cl", "./support.cl", "../a/support.cl", str(two / "a" / "support.cl")):
        ask(name)
    go_to(monkeypatch, two / "b")
    ask("support.cl")
    go_to(monkeypatch, two)
    ask("a/support.cl")
    assert counted() == {str(two / "a" / "support.cl"): 5, str(two / "b" / "support.cl"): 1}
    assert counted("b/support.cl") == {str(two / "b" / "support.cl"): 1}
    assert findings("a/support.cl").stats.queries == 5
    for file, runs in (("a/support.cl", 5), ("b/../b/support.cl", 1)):
        assert json.loads(cl("cost", file, "--from-traces", "--output", "json"))["recorded_runs"] == runs
        assert len(json.loads(cl("traces", "list", "--policy", file, "--output", "json"))["runs"]) == runs
        assert len(cl("traces", "export", "--policy", file).splitlines()) == runs
        assert json.loads(cl("watch", file, "--once", "--output", "json"))["alerts"][0]["queries"] == 1


def test_the_folder_may_change_between_loading_and_asking(two, monkeypatch):
    go_to(monkeypatch, two / "a")
    with Policy.load("support.cl") as policy:
        go_to(monkeypatch, two / "b")
        policy.run("where?")
    assert recorded(two) == [str(two / "a" / "support.cl")]


def test_a_path_over_a_link_stays_as_it_is_and_is_the_same_file(two, monkeypatch):
    current = two / "current"
    current.symlink_to(two / "a")
    go_to(monkeypatch, current)
    ask("support.cl")
    ask(current / "support.cl")
    assert set(recorded(two)) == {str(current / "support.cl")}
    go_to(monkeypatch, two / "a")
    ask("support.cl")
    assert counted() == {str(current / "support.cl"): 3}  # now; the link may lead elsewhere tomorrow
    assert counted("support.cl") == {str(two / "a" / "support.cl"): 3}
    current.unlink()
    current.symlink_to(two / "b")
    assert counted() == {str(current / "support.cl"): 2, str(two / "a" / "support.cl"): 1}


def test_what_is_above_a_link_is_what_the_system_finds_there(two, monkeypatch):
    (two / "deep").mkdir()
    (two / "deep" / "link").symlink_to(two / "a")
    (two / "deep" / "support.cl").write_text(POLICY)
    (two / "support.cl").write_text(POLICY)
    go_to(monkeypatch, two / "deep" / "link")
    assert absolute("../support.cl") == str(two / "support.cl")
    assert absolute(str(two / "deep" / "link" / ".." / "support.cl")) == str(two / "support.cl")
    monkeypatch.setenv("PWD", str(two / "b"))  # of another process
    assert absolute("support.cl") == str(two / "a" / "support.cl")
    monkeypatch.delenv("PWD")
    assert absolute("nowhere.cl") == str(two / "a" / "nowhere.cl")


PARTS = st.lists(st.sampled_from(["a", "b", "link", "..", "."]), max_size=6)


@given(here=PARTS, way=PARTS)
def test_however_it_is_named_the_path_is_whole_and_leads_there(here, way):
    with tempfile.TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        top = Path(made).resolve() / "top"
        (top / "a" / "b").mkdir(parents=True)
        (top / "b" / "a").mkdir(parents=True)
        (top / "a" / "link").symlink_to(top / "b", target_is_directory=True)
        (top / "b" / "link").symlink_to(top / "a" / "b", target_is_directory=True)
        (top / "link").symlink_to(top / "a", target_is_directory=True)
        folder = top.joinpath(*here)
        assume(folder.is_dir() and folder.resolve().is_relative_to(top))
        go_to(patch, folder)
        file = os.path.join(*way, "p.cl")  # noqa: PTH118 - which would take `.` away
        assume(Path(*way).is_dir() and Path(*way).resolve().is_relative_to(top))
        Path(file).touch()
        whole = absolute(file)
        assert Path(whole).samefile(file)
        assert os.path.isabs(whole)  # noqa: PTH117 - as above
        assert ".." not in Path(whole).parts
        assert absolute(whole) == whole


def test_a_project_is_one_wherever_it_lies(two, monkeypatch):
    for name in ("a", "b"):
        (two / name / "cascadelang.toml").write_text('trace_project = "acme"')
        (two / name / "deep").mkdir()
        (two / name / "deep" / "other.cl").write_text(POLICY)
        ask(two / name / "support.cl")
        go_to(monkeypatch, two / name / "deep")
        ask("other.cl")
    assert counted() == {"acme:support.cl": 2, "acme:deep/other.cl": 2}
    go_to(monkeypatch, two / "a")
    assert counted("support.cl") == {"acme:support.cl": 2}
    (savings,) = (stats.savings for stats in read_stats("main", since="1d") if stats.path == "acme:deep/other.cl")
    assert savings.model == "small"  # its file was found here


def test_a_caller_names_the_project(two, monkeypatch):
    ask("a/support.cl", project="acme")
    monkeypatch.setenv("CASCADELANG_TRACE_PROJECT", "acme")
    ask("b/support.cl")
    assert recorded(two) == ["acme:support.cl"] * 2
    (two / "b" / ".git").mkdir()
    (two / "b" / "deep").mkdir()
    (two / "b" / "deep" / "p.cl").write_text(POLICY)
    ask("b/deep/p.cl")
    assert recorded(two)[0] == "acme:deep/p.cl"
    with pytest.raises(Mistake, match="no name for a project"):
        Policy.load("a/support.cl", project="a/b")


@pytest.mark.parametrize("name", ["c", "-x", "a b", "a:b", "ä1"])
def test_a_project_that_could_be_a_drive_or_a_folder_is_refused(two, name):
    (two / "a" / "cascadelang.toml").write_text(f'trace_project = "{name}"', encoding="utf-8")
    with pytest.raises(Mistake, match="no name for a project"):
        read(two / "a" / "support.cl")


def test_runs_from_before_the_project_was_named_count_with_those_after(two):
    ask("a/support.cl")
    (two / "a" / "cascadelang.toml").write_text('trace_project = "acme"')
    ask("a/support.cl")
    assert counted("a/support.cl") == {"acme:support.cl": 2}
    assert counted() == {"acme:support.cl": 1, str(two / "a" / "support.cl"): 1}


@pytest.mark.parametrize("keep", ["hashes", "numbers"])
def test_a_folder_isn_t_told_where_no_texts_are(two, monkeypatch, keep):
    monkeypatch.setenv("CASCADELANG_TRACE_KEEP", keep)
    ask("a/support.cl")
    ask("b/support.cl")
    ask("b/../a/support.cl")
    paths = recorded(two)
    assert paths[0] == paths[2] != paths[1]
    assert all(path.endswith("/support.cl") and str(two) not in path for path in paths)
    assert list(counted("a/support.cl").values()) == [2]
    assert [stats.savings.model for stats in read_stats("a/support.cl", since="1d")] == ["small"]
    monkeypatch.setenv("CASCADELANG_TRACE_KEY", "k")
    ask("a/support.cl")
    assert recorded(two)[0] not in paths


@pytest.mark.parametrize("now", ["text", "hashes", "numbers"])
def test_runs_are_found_whatever_was_kept_when_they_were_recorded(two, monkeypatch, now):
    monkeypatch.setenv("CASCADELANG_DATA", str(two / "data"))
    for keep in ("text", "hashes", "numbers"):
        monkeypatch.setenv("CASCADELANG_TRACE_KEEP", keep)
        ask("a/support.cl")
        ask("b/support.cl")
    monkeypatch.setenv("CASCADELANG_TRACE_KEEP", now)
    assert list(counted("a/support.cl").values()) == [3]
    monkeypatch.setenv("CASCADELANG_TRACE_KEY", "another key than then")
    assert list(counted("a/support.cl").values()) == [3]


def test_who_looks_makes_no_key_of_hashes(two, monkeypatch):
    monkeypatch.setenv("CASCADELANG_DATA", str(two / "data"))
    ask("a/support.cl")
    monkeypatch.setenv("CASCADELANG_TRACE_KEEP", "hashes")
    assert counted("a/support.cl") == {str(two / "a" / "support.cl"): 1}
    assert not (two / "data").exists()


def test_what_is_redacted_is_redacted_in_paths(two, monkeypatch):
    monkeypatch.setenv("CASCADELANG_TRACE_REDACT", "/b/")
    ask("b/support.cl")
    assert recorded(two) == [f"{two}[redacted]support.cl"]
    assert list(counted("b/support.cl").values()) == [1]


def test_a_graph_counts_as_the_file_it_was_compiled_from(two, monkeypatch):
    (two / "a" / "build").mkdir()
    go_to(monkeypatch, two / "a")
    Path("build/graph.json").write_text(cl("compile", "support.cl"))
    assert json.loads(Path("build/graph.json").read_text())["path"] == "support.cl"
    ask("support.cl")
    go_to(monkeypatch, two / "b")  # which has a `support.cl`, too
    ask("../a/build/graph.json")
    assert recorded(two) == [str(two / "a" / "support.cl")] * 2
    assert counted("../a/build/graph.json") == {str(two / "a" / "support.cl"): 2}
    (two / "a" / "support.cl").unlink()
    ask("../a/build/graph.json")
    assert recorded(two)[0] == str(two / "a" / "build" / "graph.json")


def test_paths_as_they_were_typed_are_taken_for_the_file_they_lead_to(two, make_run, monkeypatch):
    store = TraceStore(two / "t.sqlite", warn=pytest.fail)
    typed = ["support.cl", "./support.cl", "a/support.cl", "elsewhere.cl"]
    for at, path in enumerate(typed):
        store.record(replace(make_run(at), policy="main", policy_path=path))
    store.close()
    ask("a/support.cl")
    go_to(monkeypatch, two / "a")
    own = str(two / "a" / "support.cl")
    assert counted("--since", "all") == {own: 3, "a/support.cl": 1, "elsewhere.cl": 1}
    assert counted("support.cl", "--since", "all") == {own: 4}
    go_to(monkeypatch, two / "b")
    assert counted("../a/support.cl", "--since", "all") == {own: 2}  # `support.cl` is another file here


def test_how_paths_are_shown(two, monkeypatch):
    a, b = (str(two / name / "support.cl") for name in "ab")
    assert (shown_path(a), shown_path("acme:support.cl"), shown_path("support.cl")) == (
        str(Path("a", "support.cl")),
        "acme:support.cl",
        "support.cl",
    )
    go_to(monkeypatch, two / "a")
    assert (shown_path(a), shown_path(b), path_from_here(b)) == ("support.cl", f"…{os.sep}b{os.sep}support.cl", b)
    far = [f"/srv/{name}/policies/support.cl" for name in ("one", "two")]
    assert [shown_path(path, far) for path in far] == ["…/one/policies/support.cl", "…/two/policies/support.cl"]
    assert shown_path("/support.cl") == "/support.cl"
    assert shown_path("/x/y/z.cl", ["/a/x/y/z.cl"]) == "/x/y/z.cl"


def test_stats_show_the_path_from_here(two, monkeypatch):
    ask("a/support.cl")
    ask("b/support.cl")
    go_to(monkeypatch, two / "a")
    heads = [line for line in cl("stats").splitlines() if line.startswith("main ")]
    assert sorted(line.split()[1] for line in heads) == ["support.cl", f"…{os.sep}b{os.sep}support.cl"]
    assert str(two) not in cl("stats")
    assert "policy  support.cl" in cl("traces", "show", recorded_id(two, a=True))


def recorded_id(folder: Path, *, a: bool) -> str:
    (found,) = [run for run in list_runs(folder / "t.sqlite") if (f"{os.sep}a{os.sep}" in run.policy_path) is a]
    return found.trace_id


def test_words_that_no_file_could_have(two):
    files = RecordedFiles(file="a/support.cl")
    for path in ("", "\udcff", "x" * 10_000, "a\0b", ":", "acme:", "C:\\x\\support.cl"):
        assert not files.is_file(path)
        assert files.counted_as(path) == path
        assert shown_path(path, [path]) == path
    assert recorded_path("\udcff.cl", read()).endswith("?.cl")
