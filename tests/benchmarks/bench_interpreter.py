"""What the interpreter costs: a route and a three-rung cascade, one `json` check a rung, on scripted replies.

Run as a script: ``python tests/benchmarks/bench_interpreter.py [RUNS]``. Every run is the longest there is: the route
takes its `else`, two answers are rejected, the third passes. CPU is the whole process's, the trace store's thread and
its last write included, in microseconds a run: the best of five rounds, for a busy machine only ever adds. The
providers' own time is measured by the same calls in a bare loop, the checks' by the same judgements in a bare loop.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from cascadelang.checks.json import CHECK as JSON_CHECK
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Request
from cascadelang.contracts.price import Price
from cascadelang.contracts.trace_sink import NoTrace, TraceSink
from cascadelang.graph.model import (
    CallNode,
    CascadeNode,
    CatalogUse,
    CheckValue,
    Graph,
    GraphArm,
    GraphRung,
    ModelSpec,
    NamedCheck,
    NamedSignal,
    ProviderSpec,
    RouteNode,
    SignalValue,
    UseValue,
    WithinNode,
)
from cascadelang.providers.scripted import Scripted
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.signals.has_code import SIGNAL as HAS_CODE
from cascadelang.trace.query import list_runs
from cascadelang.trace.store import TraceStore

ROUNDS = 5
TARGET_US = 150
QUERY = Query.of("Extract the invoice as JSON: 12 apples at $3, 4 pears at $2, delivered on Monday to the back door.")
REPLIES = {
    "small": ["Sure! Here is the invoice you asked for."],
    "middle": ['The total is {"total": 44'],
    "large": ['{"total": 44, "lines": [{"item": "apples", "n": 12}, {"item": "pears", "n": 4}]}'],
}
JSON_ARGS = {p.name: p.default for p in JSON_CHECK.spec.params}


def graph(*, within: bool = False) -> Graph:
    """The policy: ``route code -> large else cascade [small, middle, large] until ok``."""
    price = Price(Decimal(1), Decimal(5))
    gate = CheckValue("ok")
    root = "limit" if within else "main"
    return Graph(
        path="bench.cl",
        policies={"main": root},
        nodes={
            "limit": WithinNode("limit", "main", 0.5, 60.0),
            "main": RouteNode("main", [GraphArm(SignalValue("code"), "main.arm1")], "main.else"),
            "main.arm1": CallNode("main.arm1", "large"),
            "main.else": CascadeNode(
                "main.else", [GraphRung(f"main.else.{name}", gate) for name in REPLIES], otherwise="fail"
            ),
            **{f"main.else.{name}": CallNode(f"main.else.{name}", name) for name in REPLIES},
        },
        models={name: ModelSpec(name, "fake", name, 800, 10.0, 1, price) for name in REPLIES},
        providers={"fake": ProviderSpec("fake", "scripted")},
        signals={"code": NamedSignal("code", UseValue("s1"), "bool")},
        checks={"ok": NamedCheck("ok", UseValue("c1"))},
        uses={"s1": CatalogUse("s1", "has_code", "signal", {}), "c1": CatalogUse("c1", "json", "check", JSON_ARGS)},
    )


def interpreter(sink: TraceSink, *, within: bool = False) -> Interpreter:
    """The interpreter under measurement, its policy built."""
    made = Interpreter(
        graph(within=within),
        providers={"fake": Scripted(REPLIES)},
        make_check=lambda _, args: JSON_CHECK(args),
        make_signal=lambda _, args: HAS_CODE(args),
        sink=sink,
    )
    made.prepare()
    return made


def runs_us(runs: int, sink: TraceSink, *, within: bool = False) -> float:
    """CPU of a run, in microseconds."""
    made = interpreter(sink, within=within)

    async def work() -> None:
        for _ in range(runs):
            result = await made.run(QUERY)
            if result.path != ("small", "middle", "large") or result.status != "accepted":
                raise SystemExit(f"the run went another way: {result.path} {result.status}")

    return _cpu_us(runs, lambda: (asyncio.run(work()), sink.close()))


def providers_us(runs: int) -> float:
    """CPU of the three calls alone, in a bare loop."""
    provider = Scripted(REPLIES)
    requests = [Request(name, QUERY.messages, max_tokens=800) for name in REPLIES]

    async def work() -> None:
        for _ in range(runs):
            for request in requests:
                await provider.send(request)

    return _cpu_us(runs, lambda: asyncio.run(work()))


def checks_us(runs: int) -> float:
    """CPU of the three judgements and the one signal alone."""
    check, signal = JSON_CHECK(JSON_ARGS), HAS_CODE({"scope": "query"})
    provider = Scripted(REPLIES)
    answers = [Answer(QUERY, asyncio.run(provider.send(Request(name, QUERY.messages))), name) for name in REPLIES]

    def work() -> None:
        for _ in range(runs):
            signal.read(QUERY)
            for answer in answers:
                check.judge(answer)

    return _cpu_us(runs, work)


def _cpu_us(runs: int, work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / runs * 1e6


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    providers = min(providers_us(runs) for _ in range(ROUNDS))
    checks = min(checks_us(runs) for _ in range(ROUNDS))
    untraced = min(runs_us(runs, NoTrace()) for _ in range(ROUNDS))
    limited = min(runs_us(runs, NoTrace(), within=True) for _ in range(ROUNDS))
    stored = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            store = TraceStore(Path(folder) / f"{number}.sqlite", warn=print, most_waiting=1_000_000)
            stored.append(runs_us(runs, store))
            kept = len(list_runs(store.path, limit=None))
            if kept != runs:
                raise SystemExit(f"{kept} of {runs} runs were recorded")
    traced = min(stored)
    print(f"{runs} runs, best of {ROUNDS}, CPU in µs a run")
    print(f"  three provider calls alone   {providers:7.1f}")
    print(f"  three checks, one signal     {checks:7.1f}")
    print(f"  run, no trace                {untraced:7.1f}   beyond providers {untraced - providers:7.1f}")
    print(f"  run under `within`, no trace {limited:7.1f}   beyond providers {limited - providers:7.1f}")
    print(f"  run, traced into SQLite      {traced:7.1f}   beyond providers {traced - providers:7.1f}")
    print(f"  times the bare calls         {traced / providers:7.1f}")
    print(f"  target: {TARGET_US} beyond providers, traced: {'met' if traced - providers <= TARGET_US else 'MISSED'}")


if __name__ == "__main__":
    main()
