"""What one run knows and has done so far.

Takes: a query and the interpreter's surroundings. Gives: `Run`, shared by all of one run. Guarantees: nothing in here
but the surroundings is shared between two runs.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.clock import Clock
from cascadelang.contracts.messages import Query
from cascadelang.contracts.provider import Provider
from cascadelang.contracts.trace_sink import Event, EventKind
from cascadelang.runtime.choices import place_of
from cascadelang.runtime.guard import Guard

if TYPE_CHECKING:
    from cascadelang.contracts.answer_cache import AnswerCache
    from cascadelang.runtime.at_once import Shadowed
    from cascadelang.runtime.outcome import Outcome

Adopt = Callable[["Run", str, "asyncio.Task[Outcome]"], None]
"""Takes a part of a run that was cancelled while others wait for it, its node, and the task that it goes on in."""

CANCELLED: Final = "the run was cancelled"
"""Why a call was cancelled, where no part of the run is to blame."""

_new_event = tuple.__new__
_at_s = attrgetter("at_s")


class Surroundings:
    """What an interpreter was given, for all its runs."""

    __slots__ = ("adopt", "answers", "clock", "keep_text", "providers")

    def __init__(
        self,
        providers: Mapping[str, Provider],
        clock: Clock,
        keep_text: bool,
        answers: AnswerCache,
        adopt: Adopt,
    ) -> None:
        self.providers = providers
        self.clock = clock
        self.keep_text = keep_text
        self.answers = answers
        self.adopt = adopt


class Run:
    """One run.

    Attributes:
        around: what the interpreter was given.
        policy, trace_id: what is run, and what the trace store will know it by.
        caching: whether answers are taken from the cache and kept in it.
        seed: of its randomness, and of models that have none of their own; ``None`` for none.
        query, messages, system: the query; its user and assistant messages; the texts of its system messages.
        now_s: the clock, bound once.
        started_s: when the run began, on that clock.
        events: every step so far.
        path: the models asked for an answer so far.
        cost_usd, unpriced: dollars spent where prices are known, and whether some call's price isn't.
        input_tokens, output_tokens, cached_tokens, estimated: of all calls.
        signals: what was found out about the query, by declared signal or use.
        streamed: bytes of an answer went to the caller.
        shadows: what is to run beside it, once it has ended.
        parent: the run it is a part of, where several parts go on at once.
        dropped: why this part was cancelled, while the run as a whole wasn't.
    """

    __slots__ = (
        "_forks",
        "_guard",
        "_part",
        "_rng",
        "_salt",
        "around",
        "cached_tokens",
        "caching",
        "cost_usd",
        "dropped",
        "estimated",
        "events",
        "input_tokens",
        "messages",
        "now_s",
        "output_tokens",
        "parent",
        "path",
        "policy",
        "query",
        "seed",
        "shadows",
        "signals",
        "started_s",
        "streamed",
        "system",
        "trace_id",
        "unpriced",
    )

    def __init__(  # noqa: PLR0917 - on the hot path
        self,
        around: Surroundings,
        query: Query,
        seed: int | None = None,
        policy: str = "",
        trace_id: str = "",
        caching: bool = True,
    ) -> None:
        self.around = around
        self.policy = policy
        self.trace_id = trace_id
        self.caching = caching
        self.seed = seed
        self.query = query
        self.messages = query.messages
        self.system = ""
        for message in query.messages:
            if message.role == "system":
                self.messages = tuple(m for m in query.messages if m.role != "system")
                self.system = "\n\n".join(m.text for m in query.messages if m.role == "system")
                break
        self.now_s = around.clock.now_s
        self.started_s = self.now_s()
        self.events: list[Event] = []
        self.path: list[str] = []
        self.cost_usd = 0.0
        self.unpriced = False
        self.input_tokens = 0
        self.output_tokens = 0
        self.cached_tokens = 0
        self.estimated = False
        self.signals: dict[str, Finding] = {}
        self.streamed = False
        self._rng: random.Random | None = None
        self._salt = ""
        self._part = ""
        self._forks = 0
        self.parent: Run | None = None
        self.dropped = ""
        self.shadows: list[Shadowed] = []
        self._guard: Guard | None = None

    def tell(self, kind: EventKind, node: str, data: Mapping[str, Any]) -> None:
        """Add an event, now."""
        # what `Event(…)` does, without its Python frame: ten times a run
        self.events.append(_new_event(Event, (kind, node, self.now_s() - self.started_s, data)))

    def guard(self) -> Guard:
        """The guard of the task that asks, which is the run's own unless a strategy started another."""
        task = asyncio.current_task()
        guard = self._guard
        if guard is None or guard.task is not task:
            if task is None:
                raise RuntimeError("a run needs a task to run in")
            guard = Guard(task)
            self._guard = self._guard or guard
        return guard

    def close(self) -> None:
        """Let go of what the run holds on the event loop."""
        if self._guard is not None:
            self._guard.close()

    def draw(self, node: str) -> float:
        """A number from 0 to 1 that the run's seed gives this node: the same one whenever it is asked for."""
        return place_of(node, self._seeded())

    def _seeded(self) -> str:
        if not self._salt:
            self._salt = f"seed {os.urandom(8).hex() if self.seed is None else self.seed}"
        return self._salt

    def fork(self) -> Run:
        """A part of this run that goes on beside others: what it tells and counts is its own until it is joined."""
        self._forks += 1
        part = Run(self.around, self.query, self.seed, self.policy, self.trace_id, self.caching)
        part.started_s = self.started_s
        part.signals = dict(self.signals)
        part._salt = self._seeded()
        part._part = f"{self._part}.{self._forks}"
        part._rng = random.Random(f"{part._salt}{part._part}")  # noqa: S311 - jitter, not a secret
        part.parent = self
        return part

    def join(self, parts: Sequence[Run], mark: int) -> None:
        """Take in what parts told and counted; ``mark`` is how many events the run had when they began."""
        told = self.events[mark:]
        for part in parts:
            part.close()
            told += part.events
            self.path += part.path
            self.shadows += part.shadows
            self.cost_usd += part.cost_usd
            self.unpriced = self.unpriced or part.unpriced
            self.input_tokens += part.input_tokens
            self.output_tokens += part.output_tokens
            self.cached_tokens += part.cached_tokens
            self.estimated = self.estimated or part.estimated
            for key, finding in part.signals.items():
                self.signals.setdefault(key, finding)
        self.events[mark:] = sorted(told, key=_at_s)

    def why_cancelled(self) -> str:
        """Why a call on the wire was cancelled, in words."""
        return self.why_dropped() or CANCELLED

    def why_dropped(self) -> str:
        """Why this part of a run, or one that it is in, no longer matters, in words; empty where it does."""
        part: Run | None = self
        while part is not None:
            if part.dropped:
                return part.dropped
            part = part.parent
        return ""

    @property
    def rng(self) -> random.Random:
        """The run's own randomness, from its seed."""
        if self._rng is None:
            self._rng = random.Random(self.seed)  # noqa: S311 - jitter, not a secret
        return self._rng
