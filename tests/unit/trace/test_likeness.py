"""The nearest of the vectors that are kept, in memory and in the store."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from cascadelang.contracts.answer_cache import Alike, Kept
from cascadelang.trace import likeness
from cascadelang.trace.answers import AnswerMemory, AnswerStore
from cascadelang.trace.likeness import Nearest, from_text, to_text

DAY_S = 86_400.0


def vector(*numbers):
    row = np.zeros(8, dtype=np.float32)
    row[: len(numbers)] = numbers
    return row / np.linalg.norm(row)


def test_the_nearest_that_is_young_enough():
    near = Nearest()
    near.add("g", "a", 100.0, vector(1, 0))
    near.add("g", "b", 200.0, vector(1, 1))
    near.add("other", "c", 300.0, vector(1, 0.1))
    assert near.nearest(Alike("g", vector(1, 0.1)), 0.0) == ("a", pytest.approx(0.995, abs=1e-3))
    assert near.nearest(Alike("g", vector(1, 0.1)), 150.0)[0] == "b"
    assert near.nearest(Alike("g", vector(1, 0.1)), 201.0) is None
    assert near.nearest(Alike("none", vector(1)), 0.0) is None


def test_of_equals_the_newest():
    near = Nearest()
    for key, made_wall_s in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        near.add("g", key, made_wall_s, vector(1, 2))
    assert near.nearest(Alike("g", vector(1, 2)), 0.0)[0] == "b"
    near.add("g", "b", 3.0, vector(-1, 2))  # in place of the one it had
    assert near.nearest(Alike("g", vector(1, 2)), 0.0)[0] == "c"


def test_it_grows_and_then_lets_the_oldest_go(monkeypatch):
    monkeypatch.setattr(likeness, "MOST_VECTORS", 40)
    near = Nearest()
    rows = np.eye(60, dtype=np.float32)
    for at, row in enumerate(rows):
        near.add("g", str(at), float(at), row)
    found = [near.nearest(Alike("g", row), 0.0) for row in rows]
    assert [key for key, cosine in found if cosine > 0.9] == [str(at) for at in range(20, 60)]


def test_vectors_as_text():
    row = vector(1, 2, 3)
    assert np.array_equal(from_text(to_text(row)), row)
    for broken in ("", None, 5, "AAAA", "no base64!", to_text(2 * row), to_text(np.full(8, np.nan, np.float32))):
        assert from_text(broken) is None


def test_another_embedders_size_is_left_alone():
    near = Nearest()
    near.add("g", "a", 1.0, vector(1))
    near.add("g", "b", 2.0, np.ones(3, dtype=np.float32))
    assert near.nearest(Alike("g", vector(1)), 0.0)[0] == "a"
    assert near.nearest(Alike("g", np.ones(3, dtype=np.float32)), 0.0) is None


def test_it_outlives_the_process(anywhere):
    store = AnswerStore(anywhere)
    store.put(Kept("a", 1000.0, "t", "one"), DAY_S, Alike("g", vector(1, 0)))
    store.put(Kept("b", 1001.0, "t", "two"), DAY_S, Alike("g", vector(0, 1)))
    store.put(Kept("c", 1002.0, "t", "three"), DAY_S)
    store.close()
    again = AnswerStore(anywhere)
    other = AnswerStore(anywhere)

    async def looks():
        assert await again.nearest(Alike("g", vector(0.1, 1)), 0.0) == ("b", pytest.approx(0.995, abs=1e-3))
        other.put(Kept("d", 1003.0, "t", "four"), DAY_S, Alike("g", vector(0.1, 1)))
        await asyncio.to_thread(other.close)
        assert (await again.nearest(Alike("g", vector(0.1, 1)), 0.0))[0] == "d"  # another process's, made meanwhile
        assert (await again.find("d", 0.0)).text == "four"

    asyncio.run(looks())
    again.close()


def test_memory_alone():
    memory = AnswerMemory()
    memory.put(Kept("a", 1000.0, "t", "one"), DAY_S, Alike("g", vector(1, 0)))
    assert asyncio.run(memory.nearest(Alike("g", vector(1, 0)), 0.0))[0] == "a"


def nearest_in(store, group, since_wall_s):
    return asyncio.run(store.nearest(Alike(group, vector(1)), since_wall_s))


def test_a_group_that_memory_let_go_is_read_again(anywhere, monkeypatch):
    monkeypatch.setattr(likeness, "MOST_GROUPS", 2)
    store = AnswerStore(anywhere)
    for group in ("g1", "g2", "g3"):
        store.put(Kept(f"key {group}", 1_000.0, "run", "text"), DAY_S, Alike(group, vector(1)))
        store.put(Kept(f"newer {group}", 9_000.0, "run", "text"), DAY_S, Alike(group, vector(0, 1)))
    store.close()
    again = AnswerStore(anywhere)
    for group in ("g1", "g2", "g3", "g1", "g2", "g3"):
        assert nearest_in(again, group, 0.0)[0] == f"key {group}"
    again.close()


def test_who_keeps_for_longer_finds_what_is_older(anywhere):
    store = AnswerStore(anywhere)
    store.put(Kept("old", 1_000.0, "run", "text"), DAY_S, Alike("g", vector(1)))
    store.put(Kept("new", 9_000.0, "run", "text"), DAY_S, Alike("g", vector(0, 1)))
    store.close()
    again = AnswerStore(anywhere)
    assert nearest_in(again, "g", 5_000.0)[0] == "new"
    assert nearest_in(again, "g", 0.0)[0] == "old"
    again.close()
