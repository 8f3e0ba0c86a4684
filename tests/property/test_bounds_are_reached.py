"""The bounds are no larger than they must be: an adversary reaches most of them.

The adversary is a provider that plans what happens at every node, and a query that takes whatever arm it likes; it
looks for its worst plan by changing one thing after the other. What keeps it from a bound is that checks contradict
each other (what one rejects another must reject, too), and, for costs, the room that bounds leave for words that
aren't known beforehand: a judge's instructions, what is carried on, and how long a text may be when it is quoted.

Run as a script, it prints how often bounds are reached: ``python test_bounds_are_reached.py 500``.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import HealthCheck, Phase, given, settings
from node_counters import count, counting, inside
from random_policies import Clock, files_of, most_input, policies, without_asking

from cascadelang.catalog.models import find
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Message, Query, Reply, Request, TokenLogprob, Usage
from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.limits import most_attempts
from cascadelang.graph.model import Graph
from cascadelang.runtime.choices import Arms, Choice, Labels, Shares
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.runtime.state import Run
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.makers import make_check, make_signal

QUERY = Query((Message("user", "please"),), {"words": 4, "flag": True})
ANSWERS = (
    "yes",
    "",
    "word " * 9,
    "yes " * 4000,
    "I'm not sure",
    '{"score": 0.5}',
    '{"score": 2}',
    "no thanks",
    "fail",
)
SCORES = (0.0, 1.0, None, "fail")
UNLIMITED = re.compile(r" within [$\w.]+( and \w+)?")
"""Limits are taken away: what they stop, the bounds don't know."""
TRIES = 4
"""Plans to begin with."""


class Lowest:
    """Dice that always show the least: waits are as short as they can be."""

    def random(self) -> float:
        return 0.0


class Adversary:
    """Does as planned: fails as often as it can, billed in full, then answers, or fails for good."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self.graph = graph
        self.clock = clock
        self.plan: dict[Any, Any] = {}
        self.options: dict[Any, tuple[Any, ...]] = {}
        self.dice = random.Random(1)  # noqa: S311 - a plan
        self._sent: Counter[Any] = Counter()

    def planned(self, key: Any, options: tuple[Any, ...]) -> Any:
        self.options[key] = options
        if key not in self.plan:
            self.plan[key] = self.dice.choice(options)
        return self.plan[key]

    async def send(self, request: Request) -> Reply:
        visit = inside()
        judging = request.purpose != "answer"
        spec = next(model for model in self.graph.models.values() if model.id == request.model)
        retry = spec.retry if visit.point[1].retry is None else visit.point[1].retry
        timeout_s = spec.timeout_s if judging or visit.point[1].timeout_s is None else visit.point[1].timeout_s
        calls, attempt = divmod(self._sent[id(visit), request.model], most_attempts(retry, timeout_s))
        self._sent[id(visit), request.model] += 1
        last = attempt + 1 == most_attempts(retry, timeout_s)
        key = (visit.point[0], request.model, request.purpose, calls)
        act = self.planned(key, SCORES if judging else ANSWERS)
        usage = Usage(most_input(request), request.max_tokens)
        if not last or act == "fail":
            raise CallFailed("server", "as planned", usage=usage)
        text = json.dumps({"reason": "", "score": act}) if judging else act
        cut = text.encode()[: request.max_tokens].decode()
        tokens = (TokenLogprob("x", -0.9),) if request.logprobs is not None else None
        return Reply(cut, request.model, usage, "stop" if cut == text else "length", tokens)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        yield await self.send(request)

    async def count_tokens(self, request: Request) -> int | None:
        return None

    async def close(self) -> None:
        pass


def worst(graph: Graph, policy: str) -> tuple[int, float, int]:
    """The most calls and the most dollars that the adversary brings about, and the tokens of the input."""
    clock = Clock()
    adversary = Adversary(graph, clock)
    interpreter = Interpreter(
        graph,
        providers={"x": adversary},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
    )
    visits = count(interpreter)

    def arm(arms: Arms, *_: Any) -> Choice:
        ways = len(arms._conditions) + 1
        index = adversary.planned(id(arms), tuple(range(ways)))
        return Choice(index, "else" if index == ways - 1 else str(index + 1), (), ())

    def label(labels: Labels, *_: Any) -> Choice:
        names = (*labels._index, "else")
        name = adversary.planned(id(labels), names)
        return Choice(names.index(name), name, (), ())

    def share(shares: Shares, *_: Any) -> Choice:
        index = adversary.planned(id(shares), tuple(range(len(shares._ends))))
        return Choice(index, str(index + 1), (), ())

    def run() -> tuple[int, float]:
        visits.clear()
        adversary._sent.clear()
        asyncio.run(interpreter.run(QUERY, policy, 1))
        return visits[0].calls, visits[0].cost_usd or 0.0

    best = [0.0, 0.0]
    with (
        counting(),
        patch.object(Arms, "choose", arm),
        patch.object(Labels, "choose", label),
        patch.object(Shares, "choose", share),
        patch.object(Run, "rng", Lowest()),
    ):
        for which in (0, 1):
            for start in range(TRIES):
                adversary.plan = {}
                adversary.dice = random.Random(start)  # noqa: S311 - a plan
                reached = run()[which]
                for key in [*adversary.plan] * 2:
                    for option in adversary.options[key]:
                        old = adversary.plan[key]
                        adversary.plan[key] = option
                        tried = run()[which]
                        if tried >= reached:
                            reached = tried
                        else:
                            adversary.plan[key] = old
                best[which] = max(best[which], reached)
    return int(best[0]), best[1], visits[0].input_tokens


def known(graph: Graph) -> bool:
    """Whether every price is known, no choice asks a model, and it isn't too large to look for the worst in it."""
    asks = any(use.kind == "signal" and use.calls != 0 for use in graph.uses.values())
    return not asks and all(m.price is not None for m in graph.models.values()) and len(graph.nodes) <= 25


def reached(examples: int) -> list[tuple[bool, bool, float]]:
    """For each policy: whether it has judges or carries, whether its calls are reached, and how much of its cost."""
    found: list[tuple[bool, bool, float]] = []

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(policies().map(without_asking))
    def look(text: str) -> None:
        checked = check("policy.cl", files_of(UNLIMITED.sub("", text)), InstalledCatalog(), find)
        graph = compile_policy(checked) if checked.ok else None
        if graph is None or not known(graph):
            return
        measure = Measure(graph)
        for policy, root in graph.policies.items():
            proved = measure.points[root, PLAIN]
            calls, usd, tokens = worst(graph, policy)
            most_usd = proved.cost_most.at(tokens)
            assert calls <= proved.calls_most
            assert usd <= most_usd + 1e-9
            worded = any(
                node.kind == "cascade" and (node.carry or any(r.paid for r in node.rungs))
                for node in graph.nodes.values()
            )
            found.append((worded, calls == proved.calls_most, usd / most_usd if most_usd else 1.0))

    look()
    return found


def test_most_bounds_are_reached():
    found = reached(50)
    assert len(found) > 10
    assert sum(calls for _, calls, _ in found) >= 0.5 * len(found)
    shares = sorted(share for _, calls, share in found if calls)
    assert shares[len(shares) // 2] > 0.9


if __name__ == "__main__":
    everything = reached(int(sys.argv[1]))
    shares = sorted(share for _, _, share in everything)
    print(f"{len(everything)} policies; calls reached by {sum(c for _, c, _ in everything)}")  # noqa: T201
    exact = [share > 1 - 1e-6 for worded, _, share in everything if not worded]
    print(f"cost reached by {sum(exact)} of {len(exact)} without judges and carrying")  # noqa: T201
    print("share of the cost reached, quartiles:", [round(shares[len(shares) * n // 4], 3) for n in (1, 2, 3)])  # noqa: T201
