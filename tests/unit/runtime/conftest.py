"""What tests of the runtime are made of: a clock that doesn't wait, graphs by hand, checks and signals by rule."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Message, Query, Request
from cascadelang.contracts.price import Price
from cascadelang.contracts.result import RunResult
from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.graph import model as g
from cascadelang.providers.scripted import Scripted, ScriptedReply
from cascadelang.runtime.interpreter import Interpreter


class FakeClock:
    """Time that passes only when somebody waits for it."""

    def __init__(self) -> None:
        self.time_s = 1000.0
        self.waits: list[float] = []

    def now_s(self) -> float:
        return self.time_s

    def wall_s(self) -> float:
        return 1_700_000_000.0 + self.time_s

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)
        self.time_s += seconds


class Memory:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.runs: list[RunRecord] = []

    def record(self, run: RunRecord) -> None:
        self.runs.append(run)

    def close(self) -> None:
        pass


class Says:
    """Passes an answer that holds the word; `?` in an answer can't be judged; `boom` breaks the check."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        self.word = args["word"]

    def judge(self, answer):
        if "boom" in answer.text:
            raise RuntimeError("a check must not do this")
        if "?" in answer.text:
            return Finding(None, "it can't be read")
        found = self.word in answer.text
        return Finding(found, "" if found else f"it lacks `{self.word}`", {"word": self.word} if found else None)


class Rate:
    """The number an answer ends with."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        pass

    def judge(self, answer):
        try:
            return Finding(float(answer.text.split()[-1]))
        except (ValueError, IndexError):
            return Finding(None, "it ends with no number")


class Judge:
    """Asks a model for a score."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        self.model = args["model"]
        self.max_tokens = args.get("max_tokens", 64)

    def requests(self, answer):
        words = f"Judge: {answer.query.text} / {answer.text}"
        return {self.model: Request("", (Message("user", words),), max_tokens=self.max_tokens, purpose="judge")}

    async def judge_paid(self, answer, call):
        reply = await call(self.model, self.requests(answer)[self.model])
        try:
            verdict = json.loads(reply.text)
        except ValueError:
            return Finding(None, "the judge's verdict can't be read")
        return Finding(verdict["score"], verdict.get("reason", ""))


class Slow:
    """Passes an answer that holds the word, after so many real seconds; without a word it breaks."""

    begun: ClassVar[list[str]] = []
    ended: ClassVar[list[str]] = []

    def __init__(self, args: Mapping[str, Any]) -> None:
        self.word = args["word"]
        self.takes_s = args["takes_s"]

    async def judge_timed(self, answer):
        how = "cancelled"
        Slow.begun.append(answer.text)
        try:
            await asyncio.sleep(self.takes_s)
            how = "done"
        finally:
            Slow.ended.append(how)
        if self.word == "":
            raise TimeoutError("a check must not do this")
        return Finding(self.word in answer.text, "" if self.word in answer.text else f"it lacks `{self.word}`")


class Fact:
    """A signal: a field of `meta`, unknown when it isn't there; counts how often it is read."""

    reads = 0

    def __init__(self, args: Mapping[str, Any]) -> None:
        self.name = args["name"]
        self.scope = args["scope"]

    def read(self, query):
        Fact.reads += 1
        value = query.meta.get(self.name)
        if value == "boom":
            raise RuntimeError("a signal must not do this")
        return Finding(value, "" if value is not None else f"no `{self.name}` is given")


CHECKS = {"says": Says, "rate": Rate, "judge": Judge, "slow": Slow}
PRICE = Price(Decimal(1), Decimal(10))


def reply(text: str = "", **fields: Any) -> ScriptedReply:
    """A scripted reply of 10 input and 10 output tokens."""
    return ScriptedReply(text, **{"input_tokens": 10, "output_tokens": 10, **fields})


class Kit:
    """Builds a graph, runs it, and keeps what happened."""

    judge = Judge

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sink = Memory()
        self.nodes: dict[str, Any] = {}
        self.models: dict[str, g.ModelSpec] = {}
        self.checks: dict[str, g.NamedCheck] = {}
        self.signals: dict[str, g.NamedSignal] = {}
        self.uses: dict[str, g.CatalogUse] = {}
        self.replies: dict[str, Sequence[Any]] = {}
        self.providers: dict[str, Any] | None = None
        self.seed: int | None = 1
        self.interpreter: Interpreter | None = None
        self.scripted: Scripted | None = None
        self.requests: list[Request] = []

    # nodes, each by its id

    def add(self, make: type, *args: Any, **fields: Any) -> str:
        id_ = f"n{len(self.nodes) + 1}"
        self.nodes[id_] = make(id_, *args, **fields)
        return id_

    def model(self, name: str, *replies: Any, **fields: Any) -> str:
        known = {"max_tokens": 100, "timeout_s": 10.0, "price": PRICE, **fields}
        self.models[name] = g.ModelSpec(name, "fake", name, **known)
        self.replies[name] = [reply(r) if isinstance(r, str) else r for r in replies]
        return self.add(g.CallNode, name)

    def call(self, name: str) -> str:
        return self.add(g.CallNode, name)

    def cascade(self, rungs: Sequence[tuple[str, Any]], **fields: Any) -> str:
        made = [g.GraphRung(node, gate, paid=self.is_paid(gate)) for node, gate in rungs]
        return self.add(g.CascadeNode, made, **fields)

    def is_paid(self, gate: Any) -> bool:
        return any(use.entry == "judge" for use in self.uses.values()) and "judge" in repr(gate)

    # expressions

    def use(self, entry: str, kind: str = "check", **args: Any) -> g.UseValue:
        id_ = f"{entry}{len(self.uses) + 1}"
        models = ["model"] if "model" in args else []
        self.uses[id_] = g.CatalogUse(id_, entry, kind, args, model_args=models, calls=len(models))
        return g.UseValue(id_)

    def says(self, word: str = "good") -> g.UseValue:
        return self.use("says", word=word)

    def judged(self, model: str, least: float = 0.5) -> g.CompareValue:
        return g.CompareValue(">=", self.use("judge", model=model), g.Const(least))

    def slow(self, word: str = "good", takes_s: float = 0.0, limit_s: float = 60.0) -> g.UseValue:
        made = self.use("slow", word=word, takes_s=takes_s)
        self.uses[made.use] = replace(self.uses[made.use], time_s=limit_s)
        return made

    def check(self, name: str, expr: Any, **fields: Any) -> g.CheckValue:
        self.checks[name] = g.NamedCheck(name, expr, **fields)
        return g.CheckValue(name)

    def signal(self, name: str, expr: Any = None, **fields: Any) -> g.SignalValue:
        expr = self.use("fact", "signal", name=name) if expr is None else expr
        self.signals[name] = g.NamedSignal(name, expr, fields.pop("type", "bool"), **fields)
        return g.SignalValue(name)

    # running

    def graph(self, root: str) -> g.Graph:
        provider = {"fake": g.ProviderSpec("fake", "scripted")}
        return g.Graph(
            "kit.cl", {"main": root}, self.nodes, self.models, provider, self.signals, self.checks, self.uses
        )

    def start(self, root: str, **fields: Any) -> Interpreter:
        kit = self

        class Watched(Scripted):
            async def send(self, request):
                kit.requests.append(request)
                return await super().send(request)

        self.scripted = Watched(self.replies, clock=self.clock)
        self.interpreter = Interpreter(
            self.graph(root),
            providers={"fake": self.scripted} if self.providers is None else self.providers,
            make_check=lambda entry, args: CHECKS[entry](args),
            make_signal=lambda entry, args: Fact(args),
            sink=self.sink,
            clock=self.clock,
            **fields,
        )
        return self.interpreter

    def run(self, root: str, query: Query | str = "hello", meta: Mapping[str, Any] | None = None) -> RunResult:
        asked = Query.of(query, meta) if isinstance(query, str) else query
        return asyncio.run(self.start(root).run(asked, seed=self.seed))

    def stream(self, root: str, query: str = "hello") -> list[Any]:
        interpreter = self.start(root)

        async def collect() -> list[Any]:
            return [part async for part in interpreter.stream(Query.of(query))]

        return asyncio.run(collect())


def told(result: RunResult, kind: str) -> list[Any]:
    """The data of all events of a kind."""
    return [event.data for event in result.events if event.kind == kind]


@pytest.fixture
def kit() -> Kit:
    Fact.reads = 0
    Slow.begun.clear()
    Slow.ended.clear()
    return Kit()


@pytest.fixture
def tell():
    return told


@pytest.fixture
def answer_of():
    return reply


@pytest.fixture
def slow_begins():
    """The answers that slow checks began to judge, in order."""
    return Slow.begun


@pytest.fixture
def slow_ends():
    """How each slow check ended, in order."""
    return Slow.ended


@pytest.fixture
def fact_reads():
    return lambda: Fact.reads
