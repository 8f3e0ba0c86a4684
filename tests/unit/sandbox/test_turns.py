"""Contained programs take turns; waiting counts as taking time."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from cascadelang.checks.command import Command
from cascadelang.checks.python_tests import PythonTests
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import Query, Reply
from cascadelang.sandbox import choose, turns
from cascadelang.sandbox.limits import Ended
from cascadelang.sandbox.turns import Turns, cores, in_turn
from cascadelang.workspace.config import read
from cascadelang.workspace.mistake import Mistake


@pytest.fixture(autouse=True)
def _own_turns(monkeypatch):
    monkeypatch.setattr(turns, "TURNS", Turns(2))
    monkeypatch.setattr(turns, "time", SimpleNamespace(monotonic=lambda: asyncio.get_running_loop().time()))


class Scripted(asyncio.SelectorEventLoop):
    """A loop on which time passes only while nothing else is to be done, and then at once: a busy machine changes
    nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._passed_s = 0.0
        select = self._selector.select

        def at_once(timeout_s: float | None) -> list:
            found = select(None if timeout_s is None else 0)
            if not found and timeout_s is not None:
                self._passed_s += timeout_s
            return found

        self._selector.select = at_once

    def time(self) -> float:
        return self._passed_s


def run(work):
    with asyncio.Runner(loop_factory=Scripted) as runner:
        return runner.run(work)


class Counted:
    """A sandbox that counts how many things run in it at once, each as long as it is told."""

    name = "counted"

    def __init__(self, takes_s: float) -> None:
        self.takes_s = takes_s
        self.now = self.most = 0
        self.order: list[bytes] = []

    async def python(self, source, given, limits) -> Ended:
        async def start(time_s: float) -> Ended:
            self.now += 1
            self.most = max(self.most, self.now)
            self.order.append(given)
            try:
                async with asyncio.timeout(time_s):
                    await asyncio.sleep(self.takes_s)
                return Ended("itself", 0, b"", "")
            except TimeoutError:
                return Ended("time", 0, b"ready\n", "")
            finally:
                self.now -= 1

        return await in_turn(limits.time_s, start)

    program = python


async def many(sandbox: Counted, number: int, time_s: float = 5.0) -> list[Ended]:
    limits = type("L", (), {"time_s": time_s})
    return await asyncio.gather(*(sandbox.python("", b"%d" % n, limits) for n in range(number)))


def test_no_more_at_once_than_are_allowed_in_the_order_they_came():
    sandbox = Counted(0.02)
    ended = run(many(sandbox, 7))
    assert sandbox.most == 2
    assert sandbox.order == [b"%d" % n for n in range(7)]
    assert [each.why for each in ended] == ["itself"] * 7
    assert [bool(each.waited_s) for each in ended] == [False] * 2 + [True] * 5


def test_across_threads_with_loops_of_their_own():
    sandbox = Counted(0.02)
    threads = [threading.Thread(target=lambda: asyncio.run(many(sandbox, 3, time_s=60.0))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(sandbox.order) == 9
    assert sandbox.most == 2


def test_whose_time_is_over_while_waiting_isnt_run():
    sandbox = Counted(0.3)
    ended = run(many(sandbox, 4, time_s=0.35))
    assert [each.why for each in ended] == ["itself", "itself", "time", "time"]
    sandbox = Counted(1.0)
    ended = run(many(sandbox, 3, time_s=0.1))
    assert [each.why for each in ended] == ["time", "time", "turn"]
    assert len(sandbox.order) == 2
    assert all(0.09 < each.waited_s < 1 for each in ended[2:])


def test_who_is_cancelled_while_waiting_holds_nobody_up():
    sandbox = Counted(0.05)

    async def work() -> None:
        limits = type("L", (), {"time_s": 5.0})
        tasks = [asyncio.create_task(sandbox.python("", b"%d" % n, limits)) for n in range(5)]
        await asyncio.sleep(0.01)
        tasks[2].cancel()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(work())
    assert sandbox.order == [b"0", b"1", b"3", b"4"]
    run(many(sandbox, 2))
    assert turns.TURNS._running == 0


def test_a_turn_that_comes_as_its_taker_is_cancelled_goes_on():
    one = Turns(1)

    async def work() -> None:
        await one.take()
        second = asyncio.create_task(one.take())
        await asyncio.sleep(0)
        one.give_back()  # lets the second in, which doesn't know of it yet
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await asyncio.wait_for(one.take(), 60)

    asyncio.run(work())


def test_more_may_be_allowed_while_some_wait():
    one = Turns(1)

    async def work() -> None:
        await one.take()
        second = asyncio.create_task(one.take())
        await asyncio.sleep(0)
        one.allow(2)
        await asyncio.wait_for(second, 60)

    asyncio.run(work())


def test_who_waited_in_a_loop_that_is_gone_is_passed_over():
    one = Turns(1)

    async def begin() -> None:
        await one.take()

    asyncio.run(begin())
    loop = asyncio.new_event_loop()
    one._waiting.append(loop.create_future())
    loop.close()

    async def work() -> None:
        waiting = asyncio.create_task(one.take())
        await asyncio.sleep(0)
        one.give_back()
        await asyncio.wait_for(waiting, 60)

    asyncio.run(work())


def answer(text: str) -> Answer:
    return Answer(Query.of("?"), Reply(text, "m"), "m")


def both(check) -> list[Finding]:
    async def work():
        return await asyncio.gather(*(check.judge_timed(answer("```python\nx = 1\n```")) for _ in range(2)))

    return run(work())


@pytest.mark.parametrize(("takes_s", "waited"), [(0.18, True), (9.0, False)])
def test_waiting_never_fails_an_answer(monkeypatch, tmp_path, takes_s, waited):
    monkeypatch.setattr(turns, "TURNS", Turns(1))
    monkeypatch.setattr(choose, "_CHOSEN", [choose.Choice(Counted(takes_s))])
    tests = PythonTests({"tests": "assert x", "timeout": 0.2, "memory": 64})
    program = tmp_path / "check.sh"
    program.write_text("#!/bin/sh\n")
    command = Command({"program": str(program), "timeout": 0.2, "sandboxed": True})
    for check in (tests, command):
        _, second = both(check)
        assert second.value is None
        assert ("it waited for its turn" if waited else "may run at once were busy for 200ms") in second.reason


def test_that_run_at_once_is_a_setting(tmp_path, monkeypatch):
    assert read(tmp_path, {}).sandboxes == 0
    assert cores() >= 1
    (tmp_path / "cascadelang.toml").write_text("sandboxes = 3\n")
    assert read(tmp_path, {}).sandboxes == 3
    assert read(tmp_path, {"CASCADELANG_SANDBOXES": "5"}).sandboxes == 5
    for wrong in ("0", "-1", "2.5", "many", "9" * 30):
        with pytest.raises(Mistake, match="`CASCADELANG_SANDBOXES` must be a whole number from 1 to 10,000"):
            read(tmp_path, {"CASCADELANG_SANDBOXES": wrong})
    (tmp_path / "cascadelang.toml").write_text("sandboxes = true\n")
    with pytest.raises(Mistake, match="must be a whole number"):
        read(tmp_path, {})


def test_the_setting_counts_for_a_policy_that_is_loaded(tmp_path, monkeypatch):
    from cascadelang import Policy

    (tmp_path / "cascadelang.toml").write_text('sandboxes = 3\ntrace_store = "off"\n')
    path = tmp_path / "p.cl"
    path.write_text('model m = openai("m") { price: $1 / $1 }\npolicy main = m\n')
    Policy.load(str(path))
    assert turns.TURNS._most == 3
