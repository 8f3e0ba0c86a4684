"""What a sandbox adds to Python's own start: both side by side, turn by turn, in one run.

    python tests/benchmarks/bench_sandbox.py [TURNS]

Prints medians in milliseconds, and what `python_tests` takes beyond a bare start of the same Python.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median

from cascadelang.checks.python_tests import PythonTests
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply
from cascadelang.sandbox.choose import chosen
from cascadelang.sandbox.limits import Limits
from cascadelang.sandbox.process import run

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
BASE = getattr(sys, "_base_executable", sys.executable)
ANSWER = Answer(Query.of("Add!"), Reply("```python\ndef add(a, b):\n    return a + b\n```"))
ASSERTS = "def test_add():\n    assert add(1, 2) == 3\n"
UNITTEST = (
    "import unittest\nclass T(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
)


async def bare(code: str) -> None:
    await run([BASE, "-I", "-S", "-B", "-X", "utf8", "-c", code], b"", 30, 1000, {})


async def contained(code: str) -> None:
    sandbox = chosen().sandbox
    if sandbox is None:
        raise SystemExit(chosen().why)
    await sandbox.python(code, b"", Limits())


def judged(tests: str) -> Callable[[], Awaitable[None]]:
    check = PythonTests({"tests": tests, "timeout": 30.0, "memory": 512})

    async def judge() -> None:
        finding = await check.judge_timed(ANSWER)
        if finding.value is not True:
            raise SystemExit(finding.reason)

    return judge


async def main() -> None:
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "python, nothing": lambda: bare("pass"),
        "python, import unittest": lambda: bare("import unittest.case"),
        "sandbox, nothing": lambda: contained("pass"),
        "python_tests, plain": judged(ASSERTS),
        "python_tests, unittest": judged(UNITTEST),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        await way()
    for _ in range(TURNS):
        for name, way in ways.items():
            began_s = time.perf_counter()
            await way()
            took[name].append((time.perf_counter() - began_s) * 1000)
    sandbox = chosen().sandbox
    print(f"{sandbox.name if sandbox else 'no sandbox'}, {TURNS} turns, medians")
    for name, times in took.items():
        print(f"  {name:<26} {median(times):7.1f} ms")
    for name, base in (
        ("sandbox, nothing", "python, nothing"),
        ("python_tests, plain", "python, nothing"),
        ("python_tests, unittest", "python, import unittest"),
    ):
        more = median(one - other for one, other in zip(took[name], took[base], strict=True))
        print(f"  {name} beyond {base}: {more:.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
