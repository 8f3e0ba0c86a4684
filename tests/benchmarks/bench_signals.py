"""What reading a query costs: all signals that call no model and need no embedding, the embedding, a learned router.

Prints, on one core: how many queries of 1 KB a second all shape and word signals together read (the limit is 2,000),
and what each takes; the milliseconds that a query's embedding takes, warm (the limit is 10); the milliseconds of
learned routers, without and with an embedding; what ten thousand examples add. Medians of several rounds, with the
time of a fixed piece of Python beside them, so that a slow machine can be told from slow code.

    python tests/benchmarks/bench_signals.py
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cascadelang.contracts.messages import Query
from cascadelang.embedding.built_in import BuiltIn, read_part
from cascadelang.workspace.makers import make_signal

ROOT = Path(__file__).parents[2]
QUERIES = 400
ROUNDS = 5
FREE = {
    "chars": {},
    "words": {},
    "lines": {},
    "tokens": {},
    "turns": {},
    "has_code": {},
    "has_math": {},
    "has_url": {},
    "has_image": {},
    "has_tools": {},
    "wants_json": {},
    "contains": {"texts": ["invoice", "stack trace", "refund"]},
    "matches": {"pattern": {"pattern": r"\border #\d+", "flags": "i"}},
    "language": {},
}


def texts() -> list[str]:
    """Different texts of 1 KB each, cut from our own pages."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))
    step = (len(pages) - 1024) // QUERIES
    return [pages[at * step : at * step + 1024] for at in range(QUERIES)]


def median_ms(work: Callable[[int], object], number: int) -> float:
    """Milliseconds of one piece of work: the median of rounds."""
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for at in range(number):
            work(at)
        found.append((time.process_time() - begun) / number * 1e3)
    return statistics.median(found)


def main() -> None:
    """Measure and print."""
    os.environ["CASCADELANG_CACHE"] = tempfile.mkdtemp()
    print(f"a fixed piece of Python: {median_ms(lambda _: sum(range(10_000)), 200):.3f} ms")
    queries = [Query.of(text) for text in texts()]
    signals = {name: make_signal(name, {"scope": "query", **args}) for name, args in FREE.items()}
    for signal in signals.values():
        signal.read(queries[0])
    each = {
        name: median_ms(lambda at, signal=signal: signal.read(queries[at]), QUERIES)
        for name, signal in signals.items()
    }
    total = sum(each.values())
    print(f"all {len(each)} signals that need no model: {1000 / total:,.0f} queries of 1 KB a second (limit 2,000)")
    for name, ms in sorted(each.items(), key=lambda one: -one[1]):
        print(f"  {name:<12} {ms * 1000:8.1f} µs")

    embedder = BuiltIn()
    embedder.load()
    for size in (60, 200, 1024):
        cut = [query.text[:size] for query in queries]
        ms = median_ms(lambda at, cut=cut: embedder._encoded([read_part(cut[at])]), 40)
        print(f"embedding of {size} characters, warm: {ms:.1f} ms (limit 10)")
    router = {
        "cascadelang": "learned 1",
        "gives": "label",
        "outputs": ["a", "b", "c", "d", "e"],
        "bias": [0.0] * 5,
        "features": [
            {"kind": "words", "n": [1, 2], "bits": 14, "at": list(range(2**14)), "weights": [[0.01] * 2**14] * 5},
            {"kind": "chars", "n": [3, 4], "bits": 14, "at": list(range(2**14)), "weights": [[0.01] * 2**14] * 5},
        ],
        "made": {"on": "2026-11-24", "records": {}},
    }
    hashed = make_signal("learned", {"scope": "query", "router": {"file": "r", "learned": router}, "least": None})
    ms = median_ms(lambda at: hashed.read(queries[at]), 100)
    print(f"learned, words and parts of words, five labels, a weight for every bucket: {ms:.2f} ms for 1 KB")
    shipped = json.loads((ROOT / "examples" / "support_router.json").read_text(encoding="utf-8"))
    dense = make_signal("learned", {"scope": "query", "router": {"file": "r", "learned": shipped}, "least": None})
    dense.read(queries[0])
    ms = median_ms(lambda at: dense.read(queries[at % QUERIES]), 40)
    print(f"learned with an embedding (remembered after the first round): {ms:.2f} ms")
    many = [f"example number {number} of {number % 97} kinds" for number in range(10_000)]
    similar = make_signal("similar", {"scope": "query", "examples": {"file": "e", "texts": many}})
    begun = time.perf_counter()
    similar.prepare()
    made_s = time.perf_counter() - begun
    again = make_signal("similar", {"scope": "query", "examples": {"file": "e", "texts": many}})
    begun = time.perf_counter()
    again.prepare()
    kept_s = time.perf_counter() - begun
    ms = median_ms(lambda at: again.read(queries[at % 40]), 200)
    print(f"10,000 examples: embedded in {made_s:.1f} s, then read from the disk in {kept_s * 1000:.0f} ms;")
    print(f"  they add {ms:.2f} ms to a query whose embedding is remembered")


if __name__ == "__main__":
    main()
