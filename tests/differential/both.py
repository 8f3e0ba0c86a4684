"""Has both runtimes run the same policy, and compares what they come to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from behaviours import Play, Player, Turn
from hypothesis import event
from keeping import Vectors, World
from naive import Naive
from outcomes import Told
from timeline import Strand

from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import RunResult
from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.model import Graph
from cascadelang.runtime.choices import key_text, place_of
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.syntax import ast
from cascadelang.workspace.makers import make_check, make_signal

SEED = 5
Plays = Mapping[str, Sequence[Turn]]
Begun = Sequence[tuple[float, Query]]
"""Queries, and after how many seconds each is asked."""


class Records:
    """The runs that were recorded."""

    def __init__(self) -> None:
        self.records: list[RunRecord] = []

    def record(self, record: RunRecord) -> None:
        self.records.append(record)

    def close(self) -> None:
        pass


def interpreted(
    graph: Graph, begun: Begun, policy: str, player: Callable[[VirtualClock], Player], *, streams: bool
) -> tuple[list[RunResult], list[RunRecord], Interpreter]:
    """The results of the runs, in order, and the records of all that went on beside them."""
    clock, sink = VirtualClock(), Records()
    interpreter = Interpreter(
        graph,
        providers={"x": player(clock)},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
        sink=sink,
    )

    async def run(after_s: float, query: Query) -> RunResult:
        await clock.sleep(after_s)
        if not streams:
            return await interpreter.run(query, policy, SEED)
        async for part in interpreter.stream(query, policy, SEED):
            if isinstance(part, RunResult):
                return part
        raise AssertionError("a stream ends with a result")

    async def all_of_them() -> list[RunResult]:
        results = await asyncio.gather(*(run(after_s, query) for after_s, query in begun))
        await interpreter.settle(1e6)
        assert len(asyncio.all_tasks()) == 1
        return results

    results = asyncio.run(all_of_them())
    own = {result.trace_id for result in results}
    return results, [record for record in sink.records if record.trace_id not in own], interpreter


def naively(  # noqa: PLR0917 - as the other
    checked: CheckedPolicy, begun: Begun, policy: str, play: Play, dealt: Any, vectors: Vectors, *, streams: bool
) -> tuple[list[Told], World]:
    """What the naive evaluator says of the same."""
    world = World(vectors=vectors)
    told: dict[int, Told] = {}

    def run(number: int, after_s: float, query: Query, strand: Strand) -> None:
        world.time.sleep(strand, after_s)
        naive = Naive(checked, query, play, SEED, dealt, world)
        naive.strand = strand
        told[number] = naive.run(policy, streams=streams)

    runs = [world.time.begin(partial(run, number, *each)) for number, each in enumerate(begun)]
    world.settle(world.time.main, runs)
    return [told[number] for number in range(len(begun))], world


def told_of(graph: Graph, result: RunResult) -> Told:
    """A result in the naive evaluator's terms."""
    ids = {name: model.id for name, model in graph.models.items()}
    usage, verdict = result.usage, result.verdict
    return Told(
        result.status,
        result.failure.kind if result.failure else "",
        result.answer,
        ids.get(result.model, ""),
        (verdict.outcome, verdict.score, verdict.unknown),
        [ids[name] for name in result.path],
        [e.data["arm"] for e in result.events if e.kind == "route"],
        result.cost_usd,
        [usage.input_tokens, usage.output_tokens, usage.cached_tokens],
        result.latency_s,
        result.cached,
    )


def recorded(graph: Graph, record: RunRecord) -> tuple[Any, ...]:
    """A record of a run beside others, as `told_record` has it."""
    ids = {name: model.id for name, model in graph.models.items()}
    kinds = re.findall(r"\((shadow|cached) [^)]*\)", record.policy)
    return (
        kinds[-1],
        record.status,
        record.failure,
        record.answer,
        ids.get(record.model, ""),
        [ids[name] for name in record.path],
        [e.data["arm"] for e in record.events if e.kind == "route"],
        None if record.cost_usd is None else round(record.cost_usd, 9),
        [record.input_tokens, record.output_tokens],
        round(record.latency_s, 6),
    )


def told_record(kind: str, told: Told) -> tuple[Any, ...]:
    cost_usd = None if told.cost_usd is None else round(told.cost_usd, 9)
    said = (told.status, told.kind, told.answer, told.model, told.path, told.arms, cost_usd)
    return (kind, *said, told.tokens[:2], round(told.at_s, 6))


def dealer(graph: Graph, path: str) -> Any:
    """Where the draw of a ``split`` or ``shadow`` falls, from 0 to 1, for a key: by the id it has in the graph."""
    kinds = ("split", "shadow")
    nodes = {(n.place.path, n.place.start): n for n in graph.nodes.values() if n.kind in kinds and n.place}

    def dealt(node: ast.Split | ast.Shadow, key: Any) -> float:
        id_ = nodes[node.span.path, node.span.start].id
        return place_of(id_, f"seed {SEED}" if key is None else key_text(key))

    return dealt


def near(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) < 1e-9


def compare(
    checked: CheckedPolicy,
    begun: Begun,
    turns: Plays,
    *,
    at_once: bool = False,
    vectors: Vectors | None = None,
    met: Callable[[list[Told], World], None] = lambda _told, _world: None,
) -> None:
    """Run every policy, streamed and not.

    ``at_once``: several models may be asked at the same moment. ``met`` is told of each run, for counting.
    """
    graph = compile_policy(checked)
    for policy in graph.policies:
        for streams in (False, True):
            theirs, ours = Play(turns, at_once=at_once), Play(turns, at_once=at_once)
            player = partial(Player, theirs)
            results, records, interpreter = interpreted(graph, begun, policy, player, streams=streams)
            dealt = dealer(graph, checked.path)
            told, world = naively(checked, begun, policy, ours, dealt, vectors or {}, streams=streams)
            met(told, world)
            assert ours.all_asked() == theirs.all_asked()
            for result, one in zip(results, told, strict=True):
                check_same(told_of(graph, result), one)
                event(f"{one.status} {one.kind}")
            theirs_beside = sorted((recorded(graph, record) for record in records), key=repr)
            assert theirs_beside == sorted((told_record(*one) for one in world.recorded), key=repr)
            for (_, query), result in zip(begun, results, strict=True):
                check_decided(interpreter, query, policy, result)


def check_same(said: Told, told: Told) -> None:
    assert near(said.cost_usd, told.cost_usd), (said.cost_usd, told.cost_usd)
    assert near(said.at_s, told.at_s)
    assert near(said.verdict[1], told.verdict[1])
    verdict = (said.verdict[0], told.verdict[1], said.verdict[2])
    assert replace(said, cost_usd=told.cost_usd, at_s=told.at_s, verdict=verdict) == told


def check_decided(interpreter: Interpreter, query: Query, policy: str, result: RunResult) -> None:
    """What would be chosen without a call is what was chosen."""
    decided = {decision.node: decision for decision in interpreter.decide(query, policy)}
    for told in result.events:
        decision = decided.get(told.node)
        if told.kind == "route" and decision is not None and decision.taken:  # none: it takes a call, or a draw
            assert decision.taken == told.data["arm"]
