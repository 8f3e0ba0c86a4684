from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from cascadelang.providers.weights import PullFailed
from cascadelang.providers.weights.fetch import pull_model
from cascadelang.providers.weights.table import KnownModel

from .conftest import WEIGHTS, Hub


def test_fetches_verifies_and_says_how_far_it_is(hub: Hub, models: Path, model: KnownModel) -> None:
    told: list[tuple[int, int, str]] = []
    path = pull_model(model, lambda *state: told.append(state), ("hub",))
    assert path == models / "tiny.gguf"
    assert path.read_bytes() == WEIGHTS
    assert hub.paths == ["/someone/tiny/resolve/main/tiny.gguf"]
    assert told[-1] == (len(WEIGHTS), len(WEIGHTS), "checking")
    assert {what for _, _, what in told} == {"fetching tiny", "checking"}
    assert sorted(entry.name for entry in models.iterdir()) == ["tiny.gguf", "tiny.gguf.lock"]


def test_what_is_here_is_not_fetched_again(hub: Hub, models: Path, model: KnownModel) -> None:
    pull_model(model, sources=("hub",))
    pull_model(model, sources=("hub",))
    assert len(hub.paths) == 1


def test_a_broken_connection_is_resumed_where_it_broke(hub: Hub, models: Path, model: KnownModel) -> None:
    hub.break_after, hub.broken = 100_000, 2
    assert pull_model(model, sources=("hub",)).read_bytes() == WEIGHTS
    assert hub.ranges == ["", "bytes=100000-", "bytes=200000-"]


def test_an_interrupted_pull_is_resumed_by_the_next(hub: Hub, models: Path, model: KnownModel) -> None:
    hub.break_after, hub.broken = 50_000, 3
    with pytest.raises(PullFailed, match="broke off") as failed:
        pull_model(model, sources=("hub",))
    assert failed.value.kind == "connection"
    assert (models / "tiny.gguf.part").stat().st_size == 150_000
    assert not (models / "tiny.gguf").exists()
    assert pull_model(model, sources=("hub",)).read_bytes() == WEIGHTS
    assert hub.ranges[-1] == "bytes=150000-"


def test_who_is_told_can_end_the_pull(hub: Hub, models: Path, model: KnownModel) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull_model(model, interrupt, ("hub",))
    assert not (models / "tiny.gguf").exists()
    assert pull_model(model, sources=("hub",)).read_bytes() == WEIGHTS  # and the lock was given back


def test_a_hub_that_can_not_resume_starts_over(hub: Hub, models: Path, model: KnownModel) -> None:
    models.mkdir(parents=True)
    (models / "tiny.gguf.part").write_bytes(b"x" * 1000)
    hub.ignore_range = True
    assert pull_model(model, sources=("hub",)).read_bytes() == WEIGHTS


def test_a_wrong_file_is_refused_and_deleted(hub: Hub, models: Path, model: KnownModel) -> None:
    hub.body = bytes(len(WEIGHTS))
    with pytest.raises(PullFailed, match="does not have the expected SHA-256"):
        pull_model(model, sources=("hub",))
    assert [entry.name for entry in models.iterdir()] == ["tiny.gguf.lock"]


def test_a_file_that_is_too_large_is_refused(hub: Hub, models: Path, model: KnownModel) -> None:
    hub.body = WEIGHTS * 2
    with pytest.raises(PullFailed, match="larger than it should be"):
        pull_model(model, sources=("hub",))


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_refusal_is_told(hub: Hub, models: Path, model: KnownModel, status: int) -> None:
    hub.status = status
    with pytest.raises(PullFailed, match=f"hub: it answered with status {status}"):
        pull_model(model, sources=("hub",))


@pytest.mark.usefixtures("no_hub")
def test_a_hub_that_is_down_is_told(models: Path, model: KnownModel) -> None:
    with pytest.raises(PullFailed, match=r"`tiny` can't be fetched \(hub: it can't be reached\): check the network"):
        pull_model(model, sources=("hub",))


@pytest.mark.usefixtures("hub", "models")
def test_without_the_extra_it_says_what_to_install(model: KnownModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(PullFailed, match=r'pip install "cascadelang\[local\]"'):
        pull_model(model, sources=("hub",))


_PULL = """
import json, sys
from cascadelang.providers.weights.fetch import pull_model
from cascadelang.providers.weights.table import KnownModel
fields = json.loads(sys.argv[1])
told = []
def tell(done, total, what):
    if what not in told:
        told.append(what)
        print(what, flush=True)
pull_model(KnownModel(**fields | {"packages": tuple(fields["packages"])}), tell, ("hub",))
print("done", flush=True)
"""


def test_of_two_processes_one_fetches_and_the_other_waits(hub: Hub, models: Path, model: KnownModel) -> None:
    hub.gate = threading.Event()
    command = [sys.executable, "-c", _PULL, json.dumps(asdict(model))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "fetching tiny\n"
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "waiting for another process that fetches tiny\n"
            hub.gate.set()
            assert second.communicate(timeout=120)[0] == "done\n"
        assert first.communicate(timeout=120)[0] == "checking\ndone\n"
    assert (first.returncode, second.returncode) == (0, 0)
    assert (models / "tiny.gguf").read_bytes() == WEIGHTS
    assert len(hub.paths) == 1
