"""What the OpenAI adapter costs beside a bare HTTP call: ``python tests/benchmarks/bench_adapter.py``.

A server in another process answers at once; everything is measured in one run, in turns, so that ratios count:

1. one call after the other on httpx: the adapter against ``client.post(...)`` and ``.json()`` (at most 1.3 times);
2. CPU time of this process for each call with 64 at once, on both transports (on aiohttp at most 300 µs);
3. a failover, the first provider answering 503 and the second well, against one good call (at most one call more).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Message, Request
from cascadelang.contracts.provider import ProviderConfig, Secret
from cascadelang.providers.openai import OpenAI

REQUEST = Request(model="m", system="Be brief.", messages=(Message("user", "What is the capital of France?"),))
AT_ONCE = 64


class _Answering(asyncio.Protocol):
    """The cheapest server there is: a fixed answer to whatever arrives as one request."""

    good = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m-2026",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "The capital of France is Paris."},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 21, "completion_tokens": 8, "total_tokens": 29},
        }
    ).encode()
    bad = b'{"error": {"message": "overloaded", "type": "server_error"}}'

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while True:
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.held[:end].lower()
            start = head.index(b"content-length:") + 15
            size = int(head[start:].split(b"\r\n")[0])
            if len(self.held) < end + 4 + size:
                return
            self.held = self.held[end + 4 + size :]
            status, body = (b"503 Busy", self.bad) if b"/down/" in head[:40] else (b"200 OK", self.good)
            answer = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            self.transport.write(answer % (status, len(body), body))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def _provider(port: int, transport: str, path: str = "v1") -> OpenAI:
    settings = {"base_url": f"http://127.0.0.1:{port}/{path}", "transport": transport}
    return OpenAI(ProviderConfig("bench", settings, Secret("sk-bench-0123456789")))


async def _in_turns(calls: dict[str, Callable[[], Awaitable[object]]], rounds: int) -> dict[str, float]:
    """Median seconds of wall time of each, one call of each kind per turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 20):
        for name, call in calls.items():
            start = time.perf_counter()
            await call()
            if turn >= 20:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


async def _cpu_s(call: Callable[[], Awaitable[object]], calls: int) -> float:
    """CPU seconds of this process for each call, `AT_ONCE` at once; the best of five."""

    async def worker(count: int) -> None:
        for _ in range(count):
            await call()

    async def burst(count: int) -> float:
        start = time.process_time()
        await asyncio.gather(*(worker(count) for _ in range(AT_ONCE)))
        return (time.process_time() - start) / (count * AT_ONCE)

    await burst(4)
    return min([await burst(max(1, calls // AT_ONCE)) for _ in range(5)])


async def _measure(port: int, rounds: int) -> list[tuple[str, float, str, bool]]:
    import aiohttp
    import httpx

    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {"Authorization": "Bearer sk-bench-0123456789"}
    on_httpx, on_aiohttp = _provider(port, "httpx"), _provider(port, "aiohttp")
    down = _provider(port, "httpx", "down/v1")
    payload = on_httpx.payload(REQUEST)

    async def failover() -> object:
        try:
            return await down.send(REQUEST)
        except CallFailed:
            return await on_httpx.send(REQUEST)

    async with httpx.AsyncClient() as bare, aiohttp.ClientSession() as session:

        async def bare_httpx() -> object:
            return (await bare.post(url, json=payload, headers=headers)).json()

        async def bare_aiohttp() -> object:
            async with session.post(url, json=payload, headers=headers) as response:
                return await response.json()

        one = await _in_turns(
            {
                "bare httpx": bare_httpx,
                "adapter on httpx": lambda: on_httpx.send(REQUEST),
                "failover": failover,
                "bare aiohttp": bare_aiohttp,
                "adapter on aiohttp": lambda: on_aiohttp.send(REQUEST),
            },
            rounds,
        )
        cpu = {
            "bare aiohttp": await _cpu_s(bare_aiohttp, rounds * 4),
            "adapter on aiohttp": await _cpu_s(lambda: on_aiohttp.send(REQUEST), rounds * 4),
            "bare httpx": await _cpu_s(bare_httpx, rounds),
            "adapter on httpx": await _cpu_s(lambda: on_httpx.send(REQUEST), rounds),
        }
    for provider in (on_httpx, on_aiohttp, down):
        await provider.close()
    ratio = one["adapter on httpx"] / one["bare httpx"]
    further = (one["failover"] - one["adapter on httpx"]) / one["adapter on httpx"]
    rows = [(f"one at a time, {name} (µs)", value * 1e6, "", True) for name, value in one.items()]
    rows.append(("adapter / bare call, httpx", ratio, "<= 1.3", ratio <= 1.3))
    rows.append(("failover: further calls' worth", further, "<= 1.1", further <= 1.1))
    rows += [(f"{AT_ONCE} at once, CPU a call, {name} (µs)", value * 1e6, "", True) for name, value in cpu.items()]
    fast = cpu["adapter on aiohttp"] * 1e6
    rows.append((f"{AT_ONCE} at once, adapter on aiohttp (µs)", fast, "<= 300", fast <= 300))
    return rows


def main() -> int:
    """Measure, print a table, and say with the exit code whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=600)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(_serve())
        return 0
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            rows = asyncio.run(_measure(int(server.stdout.readline()), args.rounds))
        finally:
            server.terminate()
    for name, value, target, met in rows:
        sys.stdout.write(f"{name:<58} {value:>9.2f}  {target:<7} {'' if met else 'MISSED'}\n")
    return 0 if all(met for *_, met in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
