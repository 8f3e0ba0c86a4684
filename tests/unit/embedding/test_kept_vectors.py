"""Vectors on disk: computed once, never trusted, never in the way."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.embedding.kept_vectors import prune, vectors_of


class Counting:
    """An embedder that is quick to compute and counts what it is asked."""

    def __init__(self, name: str = "counting 1", size: int = 8) -> None:
        self.name = name
        self.size = size
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]):
        self.asked += texts
        rows = np.array([[float(len(text) + at + 1) for at in range(self.size)] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.vectors")
    return path


def test_a_list_is_embedded_once(tmp_path: Path):
    embedder = Counting()
    first = vectors_of(embedder, ["a", "bb", "a"], tmp_path)
    again = vectors_of(Counting(), ["a", "bb", "a"], tmp_path)
    assert embedder.asked == ["a", "bb"]
    assert (first == again).all()
    unasked = Counting()
    vectors_of(unasked, ["a", "bb", "a"], tmp_path)
    assert unasked.asked == []


def test_of_a_changed_list_only_what_is_new_is_embedded(tmp_path: Path):
    vectors_of(Counting(), ["a", "bb", "ccc"], tmp_path)
    embedder = Counting()
    rows = vectors_of(embedder, ["ccc", "dddd", "a"], tmp_path)
    assert embedder.asked == ["dddd"]
    assert np.allclose(rows, Counting().embed(["ccc", "dddd", "a"]))


def test_another_embedder_shares_nothing(tmp_path: Path):
    vectors_of(Counting(), ["a"], tmp_path)
    other = Counting("counting 2")
    vectors_of(other, ["a"], tmp_path)
    wider = Counting("counting 1", 9)
    assert vectors_of(wider, ["a"], tmp_path).shape == (1, 9)
    assert other.asked == wider.asked == ["a"]


@given(data=st.data())
def test_a_damaged_file_is_as_if_it_were_not_there(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("vectors")
    texts = ["a", "bb", "ccc"]
    right = vectors_of(Counting(), texts, folder)
    path = the_file(folder)
    whole = path.read_bytes()
    how = data.draw(st.sampled_from(["cut", "flip", "more", "junk"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = {
        "cut": whole[:at],
        "flip": whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :],
        "more": whole + b"x",
        "junk": data.draw(st.binary(max_size=200)),
    }[how]
    path.write_bytes(damaged)
    embedder = Counting()
    assert (vectors_of(embedder, texts, folder) == right).all()
    assert embedder.asked == texts
    assert path.read_bytes() == whole


def test_a_file_that_others_may_change_is_not_read(tmp_path: Path):
    vectors_of(Counting(), ["a"], tmp_path)
    the_file(tmp_path).chmod(0o666)
    embedder = Counting()
    vectors_of(embedder, ["a"], tmp_path)
    assert embedder.asked == ["a"]


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    assert vectors_of(Counting(), ["a", "b"], tmp_path / "taken" / "vectors").shape == (2, 8)


def test_no_texts(tmp_path: Path):
    assert vectors_of(Counting(), [], tmp_path).shape == (0, 8)
    assert vectors_of(Counting(), [], tmp_path).shape == (0, 8)


def test_pruning_keeps_what_was_used_last(tmp_path: Path):
    for number in range(5):
        path = tmp_path / f"{number}.vectors"
        path.write_bytes(b"x" * 100)
        os.utime(path, (time.time() - 100 + number,) * 2)
    left_behind = tmp_path / ".kept-1-abc"
    left_behind.write_bytes(b"")
    os.utime(left_behind, (1.0, 1.0))
    (tmp_path / "other").write_text("not ours")
    prune(tmp_path, most_files=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.vectors", "3.vectors", "4.vectors", "other"]
    prune(tmp_path, most_bytes=150)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["4.vectors", "other"]
    prune(tmp_path / "nowhere")


def test_what_is_used_is_noted_for_pruning(tmp_path: Path):
    vectors_of(Counting(), ["a"], tmp_path)
    os.utime(the_file(tmp_path), (1.0, 1.0))
    vectors_of(Counting(), ["a"], tmp_path)
    assert the_file(tmp_path).stat().st_mtime > time.time() - 60
