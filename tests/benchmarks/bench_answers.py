"""What it buys that look-ups of `cached` answers in PostgreSQL share a pool: many at once, against one after another.

Run as a script: ``python tests/benchmarks/bench_answers.py [LOOKS] [DELAY_MS]``; 32 look-ups at once, 2 ms unless
said. It starts a PostgreSQL server of its own, and puts between, for a second row, a proxy that holds what is sent
for half of the delay in each direction, as a network does. Each row is the median of 15 rounds, in milliseconds until
the last of the look-ups has its answer; one connection, then the pool, in turns.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cascadelang.contracts.answer_cache import Kept
from cascadelang.trace import answers
from cascadelang.trace.postgres import MOST_CONNECTIONS
from cascadelang.trace.sql import looks_at_once

ROUNDS = 15
NOW_S = 1_790_000_000.0


def answer(number: int) -> Kept:
    return Kept(f"key{number}", NOW_S, f"trace{number}", '{"answer": "' + "yes " * 100 + '"}')


async def fill(url: str, looks: int) -> None:
    store = answers.AnswerStore(url)
    for number in range(looks):
        store.put(answer(number), 86_400.0)
    store.close()


async def round_s(store: answers.AnswerStore, looks: int) -> float:
    """How long until all have their answers, with none in memory."""
    store._memory = answers.AnswerMemory()
    begun_s = time.perf_counter()
    found = await asyncio.gather(*(store.find(f"key{number}", 0.0) for number in range(looks)))
    took_s = time.perf_counter() - begun_s
    assert all(kept == answer(number) for number, kept in enumerate(found))
    return took_s


async def compare(url: str, looks: int) -> dict[int, float]:
    """The median of each number of threads, in turns."""
    stores = {}
    for threads in (1, MOST_CONNECTIONS, 2 * MOST_CONNECTIONS):
        os.environ["CASCADELANG_TRACE_CONNECTIONS"] = str(threads)
        assert threads == 1 or looks_at_once(url) == threads
        stores[threads] = answers.AnswerStore(url)
        stores[threads]._reader = answers._Hand("looks", lambda threads=threads: threads)
        for _ in range(3):
            await round_s(stores[threads], looks)
    times: dict[int, list[float]] = {threads: [] for threads in stores}
    for _ in range(ROUNDS):
        for threads, store in stores.items():
            times[threads].append(await round_s(store, looks))
    for store in stores.values():
        store.close()
    return {threads: statistics.median(some) for threads, some in times.items()}


async def proxy(to: int, delay_s: float) -> None:
    """Hold what is sent for a while, in both directions; prints its port."""
    loop = asyncio.get_running_loop()

    async def one_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            loop.call_later(delay_s, writer.write, data)
        loop.call_later(delay_s, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(one_way(reader, there[1]), one_way(there[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Measure, and print."""
    from postgres_server import Server

    looks = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    delay_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
    server = Server()
    between = subprocess.Popen(
        [sys.executable, __file__, "proxy", str(server.port), str(delay_ms / 2_000)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert between.stdout is not None
        far = server.url.replace(str(server.port), between.stdout.readline().strip())
        asyncio.run(fill(server.url, looks))
        for words, url in (("this machine", server.url), (f"{delay_ms:g} ms away", far)):
            found = asyncio.run(compare(url, looks))
            row = ", ".join(
                f"{n} at once {took_s * 1e3:.1f} ms ({found[1] / took_s:.1f}×)" for n, took_s in found.items()
            )
            print(f"{looks} look-ups, {words}: {row}")
    finally:
        between.terminate()
        between.wait()
        server.remove()


if __name__ == "__main__":
    if sys.argv[1:2] == ["proxy"]:
        asyncio.run(proxy(int(sys.argv[2]), float(sys.argv[3])))
    else:
        main()
