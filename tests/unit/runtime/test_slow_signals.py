"""Signals that compute: beside the event loop, once a run, and only when something needs them."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from cascadelang.contracts.check import Finding
from cascadelang.contracts.clock import SystemClock, VirtualClock
from cascadelang.contracts.messages import Query
from cascadelang.graph import model as g
from cascadelang.runtime.interpreter import Interpreter


class Slow:
    slow = True

    def __init__(self, value="chat", error=None):
        self.value, self.error = value, error
        self.ready = False
        self.reads: list[str] = []
        self.preparing = lambda: None

    def prepare(self) -> None:
        self.preparing()
        self.ready = True

    def read(self, query: Query) -> Finding:
        self.reads.append(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        return Finding(self.value, "it says so")


@pytest.fixture
def slow(monkeypatch, kit):
    made = Slow()
    init = Interpreter.__init__

    def with_slow(self, graph, *, make_signal, **fields):
        init(
            self,
            graph,
            make_signal=lambda entry, args: made if entry == "slow" else make_signal(entry, args),
            **fields,
        )

    monkeypatch.setattr(Interpreter, "__init__", with_slow)
    kit.uses["query.slow"] = g.CatalogUse("query.slow", "slow", "signal", {}, gives="label")
    made.label = kit.signal("topic", g.UseValue("query.slow"), type="label", labels=["billing", "chat"])
    return made


def routed(kit, slow):
    return kit.add(g.RouteByNode, slow.label, {"billing": kit.model("a", "1"), "chat": kit.model("b", "2")}, None)


def test_it_is_read_in_a_thread_and_once_a_run(kit, slow, tell):
    a = kit.add(g.RouteByNode, slow.label, {"billing": kit.model("a", "1"), "chat": kit.model("b", "2")}, None)
    result = kit.run(kit.add(g.RouteByNode, slow.label, {"billing": kit.call("a"), "chat": a}, None))
    assert result.path == ("b",)
    assert len(slow.reads) == 1
    assert slow.reads[0].startswith("cascadelang-embedding")
    assert slow.ready
    assert tell(result, "route")[0]["because"] == {"topic": "chat"}


def test_one_that_breaks_is_unknown_with_its_reason(kit, slow, tell):
    slow.error = ImportError("no such package")
    z = kit.model("z", "3")
    result = kit.run(kit.add(g.RouteByNode, slow.label, {"billing": kit.model("a", "1"), "chat": z}, z))
    assert result.path == ("z",)
    assert any("it broke" in words for words in tell(result, "route")[0]["unknown"])


def test_a_choice_without_calls_reads_it(kit, slow):
    root = routed(kit, slow)
    assert kit.start(root).decide(Query.of("hello"))[0].taken == "chat"
    slow.error = RuntimeError("boom")
    decision = kit.start(root).decide(Query.of("hello"))[0]
    assert "it broke" in decision.reason


def test_where_time_is_made_up_it_is_read_in_place(kit, slow):
    kit.clock = VirtualClock()
    assert kit.run(routed(kit, slow)).path == ("b",)
    assert slow.reads == [threading.current_thread().name]


def test_preparing_is_nobodys_time_and_the_loop_goes_on(kit, slow, until):
    kit.clock = SystemClock()
    limit_s, ticks = 1.0, 0

    def prepare():
        """Ends only when the loop went on, and later than the run may."""
        began, began_s = ticks, time.monotonic()
        until(lambda: ticks > began + 10 and time.monotonic() > began_s + limit_s + 0.2)

    slow.preparing = prepare

    async def go():
        nonlocal ticks

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        result = await kit.start(kit.add(g.WithinNode, routed(kit, slow), None, limit_s)).run(Query.of("hello"))
        ticking.cancel()
        return result

    result = asyncio.run(go())
    assert result.path == ("b",)
    assert ticks > 10
