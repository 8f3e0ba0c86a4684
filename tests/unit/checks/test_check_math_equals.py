"""Answers compared as mathematics, in processes that can be killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from cascadelang.checks import _worker
from cascadelang.checks.math_equals import CHECK
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import Query, Reply

pytest.importorskip("math_verify")

NEVER_DONE = r"$\int_0^1 e^{x^{x^{x}}} dx$"


@pytest.fixture(autouse=True)
def _ended(until):
    yield
    # a thread tells what it found and ends then
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "cascadelang-work"])
    _worker.end_idle()
    assert not _worker._busy


def asked(text: str, **meta: object) -> Answer:
    return Answer(Query.of("q", meta=meta), Reply(text))


def judged(expected: object, text: str, timeout: float = 60.0, **meta: object) -> Finding:
    return asyncio.run(CHECK({"expected": expected, "timeout": timeout}).judge_timed(asked(text, **meta)))


EQUAL = [
    ("1/2", r"so it is $\frac{1}{2}$."),
    ("1/2", "The answer is 0.5"),
    (r"\frac{\sqrt{3}}{2}", r"Therefore \boxed{\frac{\sqrt 3}{2}}"),
    ("sqrt(2)/2", "1/sqrt(2)"),
    ("x^2+2x+1", "$(x+1)^2$"),
    ("(0, 1)", r"\boxed{(0,1)}"),
    ("{1,2}", r"\boxed{\{2,1\}}"),
    ("72", "48 + 24 = 72\nThe answer is 72 clips."),
    ("pi/4", r"\[ \boxed{\frac{\pi}{4}} \]"),
    ("3", "x = 3"),
    ("1,000", r"\boxed{1000}"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"$\begin{pmatrix}1&2\\3&4\end{pmatrix}$"),
    ("1e-3", "0.001"),
    ("sqrt(2)/2", "√2/2"),
    (r"\frac{\sqrt{x+1}}{2}", "The answer is √(x + 1) / 2"),
    ("x^2+2x+1", "x² + 2x + 1"),
    ("2π", "$2\\pi$"),
    (r"-\frac{\pi}{4}", "−π/4"),
    ("x^{12}", "x¹²"),
    ("B", "The answer is (B)."),
]

UNEQUAL = [
    ("x^2-1", "$(x+1)^2$"),
    ("x + 1", "x - 1"),
    ("sqrt(2)/2", "√3/2"),
    ("x^2", "x³"),
    ("1/2", "The answer is 0.25"),
    ("B", "The answer is (C)."),
    ("2", "hello"),
    ("2", ""),
    ("2", " \n\t"),
]


@pytest.mark.parametrize(("expected", "text"), EQUAL)
def test_equal(expected, text):
    found = judged(expected, text)
    assert found.value is True, found.reason


@pytest.mark.parametrize(("expected", "text"), UNEQUAL)
def test_unequal(expected, text):
    found = judged(expected, text)
    assert found.value is False, found.reason
    assert found.reason


def test_the_reason_shows_both():
    assert judged("x^2-1", "$(x+1)^2$").reason == "`(x+1)^2` does not equal `x^2-1`"
    assert judged("72", "The answer is 70.").reason == "`70` does not equal `72`"
    assert judged("B", "C").reason == "the final answer is `C`, not `B`"


def test_a_reference_of_the_caller():
    wanted = {"meta": "answer"}
    assert judged(wanted, "$0.5$", answer="1/2").value is True
    assert judged(wanted, "7", answer=7).value is True
    assert judged(wanted, "7") == Finding(None, "the caller gave no `meta.answer` to compare with")
    assert judged(wanted, "7", answer=True).value is None
    assert judged(wanted, "7", answer=" ") == Finding(None, "`meta.answer` is no reference that can be compared with")


def test_a_reference_that_is_no_mathematics_is_unknown():
    assert judged("the capital", "$7$") == Finding(None, "the reference can't be read as mathematics")


def test_what_arguments_are_refused():
    assert CHECK.problems({"expected": " ", "timeout": 5.0}) == ["the reference is empty"]
    assert CHECK.problems({"expected": "1" * 3000, "timeout": 5.0})
    assert CHECK.problems({"expected": "1", "timeout": 0.0}) == ["`timeout` must be more than 0s"]
    assert CHECK.problems({"expected": {"meta": "x"}, "timeout": 1.0}) == []


@pytest.mark.parametrize(
    "text",
    [
        NEVER_DONE,
        "$9^{9^{9^{9}}}$",
        "$100000000!$",
        r"$\sum_{n=1}^{10^{12}} n^{n}$",
        "$" + "(" * 3000 + "x" + ")" * 3000 + "$",
        r"\boxed{" * 500,
        '$__import__("os").system("touch /tmp/never")$',
        "\ud800 $x$ \0",
    ],
    ids=range(8),
)
def test_a_hostile_answer_costs_its_limit_at_most(text):
    begun = time.monotonic()
    found = judged("x^2+2x+1", text, timeout=1.0)
    assert found.value is not True
    assert found.reason
    assert time.monotonic() - begun < 15  # it would take hours
    assert judged("x^2+2x+1", "$(x+1)^2$").value is True  # the next one gets another process


def test_what_takes_too_long_is_unknown():
    assert judged("x", NEVER_DONE, timeout=0.5) == Finding(None, "it took longer than 0.5s")


def test_cancelled_work_leaves_nothing_running(until_beside):
    async def cancel() -> None:
        task = asyncio.create_task(CHECK({"expected": "x", "timeout": 600.0}).judge_timed(asked(NEVER_DONE)))
        (process,) = await until_beside(lambda: list(_worker._busy))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until_beside(lambda: process.poll() is not None)

    asyncio.run(cancel())


def test_many_at_once_in_several_loops():
    found: list[Finding] = []

    async def many() -> None:
        check = CHECK({"expected": "x^2+2x+1", "timeout": 60.0})
        found.extend(await asyncio.gather(*(check.judge_timed(asked("$(x+1)^2$")) for _ in range(5))))

    threads = [threading.Thread(target=asyncio.run, args=(many(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.value for each in found] == [True] * 15
    assert len(_worker._idle) <= _worker.MOST_IDLE


def test_a_process_that_ended_is_replaced():
    assert judged("1/x", "$x^{-1}$").value is True
    (process,) = _worker._idle
    process.kill()
    process.wait()
    assert judged("1/x", "$x^{-1}$").value is True


def test_a_process_has_nothing_of_the_environment_and_no_more_memory_than_it_may(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    assert judged("1/x", "$x^{-1}$").value is True
    (process,) = _worker._idle
    try:
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="utf-8")
    except OSError:
        pytest.skip("the system has no /proc")
    assert b"secret" not in environment
    assert str(1536 * 1024 * 1024) in limits


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_after_a_fork_and_at_the_end_of_a_program():
    code = """
        import asyncio, os, sys, time, warnings
        warnings.simplefilter("ignore")
        from cascadelang.checks import _worker
        from cascadelang.checks.math_equals import CHECK
        from cascadelang.contracts.check import Answer
        from cascadelang.contracts.messages import Query, Reply

        def equal():
            check = CHECK({"expected": "1/x", "timeout": 60.0})
            return asyncio.run(check.judge_timed(Answer(Query.of("q"), Reply("$x^{-1}$")))).value

        assert equal() is True
        child = os.fork()
        if not child:
            assert not _worker._idle
            os._exit(0 if equal() is True else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert equal() is True
        print(_worker._idle[0].pid)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
