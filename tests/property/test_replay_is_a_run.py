"""What a replay says of a record is what a run comes to whose models answer as it says; else it says what lacks.

Random policies, run twice: by the interpreter, with a provider that gives each model's one answer, and over a record
that holds these answers. ``REPLAY_EXAMPLES`` sets how many are tried.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from random_policies import MODELS, agreeing, files_of, policies, queries

from cascadelang.catalog.models import find
from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Query, Reply, Request, TokenLogprob, Usage
from cascadelang.contracts.result import RunResult
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.model import Graph
from cascadelang.learning.replay import Replayed, Replayer
from cascadelang.records.read import Record
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.makers import make_check, make_signal

EXAMPLES = int(os.environ.get("REPLAY_EXAMPLES", "150"))
IDS = [name.removeprefix("lib.") for name in MODELS]
SCORES = dict(zip(IDS, (0.1, 0.9, 0.5, 0.7, 0.3, 0.8), strict=True))
"""What each model says of every answer that it is asked to judge."""

Answers = dict[str, dict[str, Any]]

ANSWERS = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {
                "text": st.sampled_from(
                    ("yes", "", "I'm not sure", "word " * 60, '{"score": 0.5}', "The answer is 8.", "8", "a")
                ),
                "quality": st.floats(0, 1),
                "input_tokens": st.integers(1, 50),
                "output_tokens": st.integers(1, 20),
                "latency_s": st.sampled_from((0.0, 0.25, 1.5, 4.5, 100.0)),
                "logprobs": st.lists(st.sampled_from((-0.01, -0.5, -3.0)), min_size=1, max_size=3),
            }
        )
        for name in IDS
    }
)


class Constant:
    """A provider whose models have one answer each; a further one, or a choice, is an end of the run."""

    capabilities = frozenset({"logprobs", "top_logprobs", "json", "tools", "vision"})

    def __init__(self, answers: Answers, clock: VirtualClock) -> None:
        self.answers = answers
        self.clock = clock

    async def send(self, request: Request) -> Reply:
        if request.purpose == "judge":
            return Reply(f'{{"score": {SCORES[request.model]}, "reason": "so"}}', request.model, Usage(5, 2))
        if request.purpose == "ask":
            raise CallFailed("policy", "it makes no choice")
        said = self.answers[request.model]
        late = said["latency_s"] > request.timeout_s
        await self.clock.sleep(min(said["latency_s"], request.timeout_s))
        if late:
            raise CallFailed("timeout", "it took too long")
        logprobs = None
        if request.logprobs is not None:
            logprobs = tuple(TokenLogprob("", value) for value in said["logprobs"])
        return Reply(
            said["text"], request.model, Usage(said["input_tokens"], said["output_tokens"]), "unknown", logprobs
        )

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        yield await self.send(request)

    async def count_tokens(self, request: Request) -> int | None:
        return None

    async def close(self) -> None: ...


def ran(graph: Graph, query: Query, answers: Answers, seed: int) -> RunResult:
    clock = VirtualClock()
    made = Interpreter(
        graph,
        providers={"x": Constant(answers, clock)},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
        stop_early=False,
    )
    return asyncio.run(made.run(query, "main", seed, cache=False))


def replayed(graph: Graph, query: Query, answers: Answers, ids: Mapping[str, str]) -> Replayed:
    judgements = {
        name: {"score": score, "reason": "so", "input_tokens": 5, "output_tokens": 2, "latency_s": 0}
        for name, score in SCORES.items()
    }
    said = {name: {**answer, "judgements": judgements} for name, answer in answers.items()}
    record = Record({"id": "r", "query": "", "answers": said}, 1)
    record.query = query
    made = Replayer(graph, "main", named=ids, make_check=make_check, make_signal=make_signal)
    return asyncio.run(made.replay(record))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(policies(at_once=("hedge", "vote", "shadow")), st.booleans(), queries(), ANSWERS)
def test_a_replay_is_a_run(text: str, again: bool, query: Query, answers: Answers):
    checked = check("policy.cl", files_of(agreeing(text) if again else text), InstalledCatalog(), find)
    if not checked.ok:  # a limit in dollars over a model without a price
        event("refused")
        return
    graph = compile_policy(checked)
    ids = {name: spec.id for name, spec in graph.models.items()}
    found = replayed(graph, query, answers, ids)
    if found.missing:
        event(f"lacks {found.missing.split(' of ')[0].split(' by ')[0]}")
        return
    event("replayed")
    seed = zlib.crc32(b"r", zlib.crc32(b"0\n"))
    result = ran(graph, query, answers, seed)
    assert (found.status, found.model, found.path) == (result.status, result.model, result.path)
    assert found.quality == (answers[ids[result.model]]["quality"] if result.model else 0.0)
    if result.cost_usd is None or found.cost_usd is None:
        assert result.cost_usd == found.cost_usd
    else:
        assert abs(found.cost_usd - result.cost_usd) <= 1e-9
    assert found.latency_s is not None
    assert abs(found.latency_s - result.latency_s) <= 1e-6
