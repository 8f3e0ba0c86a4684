"""How long the nearest of 10,000 kept queries takes to find, against embedding one query.

python tests/benchmarks/bench_likeness.py
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import asyncio

import numpy as np

from cascadelang.contracts.answer_cache import Alike, Kept
from cascadelang.embedding.built_in import built_in
from cascadelang.trace.answers import AnswerMemory, AnswerStore
from cascadelang.trace.likeness import MOST_VECTORS


def median_ms(work, times=50):
    taken = []
    for _ in range(times):
        began_s = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began_s)
    return statistics.median(taken) * 1000


def main() -> None:
    rows = np.random.default_rng(1).standard_normal((MOST_VECTORS, 512)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    memory = AnswerMemory()
    for at, row in enumerate(rows):
        memory.put(Kept(f"{at:064x}", 1000.0 + at, "t", "{}"), 9e9, Alike("g", row))
    asked = Alike("g", rows[77])
    assert memory.vectors.nearest(asked, 0.0)[0] == f"{77:064x}"
    embedder = built_in()
    embedder.load()
    count = iter(range(10**6))
    embed_ms = median_ms(lambda: embedder.embed([f"How do I reset my password, please? {next(count)}"]))
    nearest_ms = median_ms(lambda: memory.vectors.nearest(asked, 0.0))
    print(f"embedding a query         {embed_ms:8.2f} ms")
    print(f"nearest of {MOST_VECTORS:,}          {nearest_ms:8.2f} ms  ({nearest_ms / embed_ms:.2f} of it)")
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "t.sqlite"
        store = AnswerStore(where)
        for start in range(0, MOST_VECTORS, 500):
            for at in range(start, start + 500):
                store.put(Kept(f"{at:064x}", 1000.0 + at, "t", "{}"), 9e9, Alike("g", rows[at]))
            while store.waiting:
                time.sleep(0.005)
        store.close()

        async def looks() -> None:
            fresh = AnswerStore(where)
            for words in ("first look in a process  ", "the next                 "):
                began_s = time.perf_counter()
                await fresh.nearest(asked, 0.0)
                print(f"{words} {(time.perf_counter() - began_s) * 1000:8.2f} ms")
            fresh.close()

        asyncio.run(looks())


if __name__ == "__main__":
    main()
