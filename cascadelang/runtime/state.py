"""What one run knows and has done so far, and what of it holds for one part of the strategy.

Takes: a query and the interpreter's surroundings. Gives: `Run`, shared by all of one run, and `Scope`, handed down
from strategy to strategy. Guarantees: nothing in here is shared between two runs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.check import Finding
from cascadelang.contracts.clock import Clock
from cascadelang.contracts.messages import Message, Query
from cascadelang.contracts.provider import Provider
from cascadelang.contracts.trace_sink import Event, EventKind

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.gates import Gate

Emit = Callable[[str], None]
"""Takes a piece of an answer's text on its way to the caller; never blocks."""


class Surroundings:
    """What an interpreter was given, for all its runs."""

    __slots__ = ("clock", "keep_text", "providers", "seed")

    def __init__(self, providers: Mapping[str, Provider], clock: Clock, seed: int | None, keep_text: bool) -> None:
        self.providers = providers
        self.clock = clock
        self.seed = seed
        self.keep_text = keep_text


class Scope:
    """What holds below one point of the strategy.

    Attributes:
        budget: the innermost `within`, which knows those around it.
        extra: messages added behind the query's own: drafts and reasons carried on.
        emit: takes the answer piece by piece, where it can't be taken back; `None` elsewhere.
        gates: the paid gates that the answer will have to pass, for counting what judging it can cost.
    """

    __slots__ = ("budget", "emit", "extra", "gates")

    def __init__(
        self,
        budget: Budget | None = None,
        extra: tuple[Message, ...] = (),
        emit: Emit | None = None,
        gates: tuple[Gate, ...] = (),
    ) -> None:
        self.budget = budget
        self.extra = extra
        self.emit = emit
        self.gates = gates


class Run:
    """One run.

    Attributes:
        around: what the interpreter was given.
        query, messages, system: the query; its user and assistant messages; the texts of its system messages.
        now_s: the clock, bound once.
        started_s: when the run began, on that clock.
        events: every step so far.
        path: the models asked for an answer so far.
        cost_usd, unpriced: dollars spent where prices are known, and whether some call's price isn't.
        input_tokens, output_tokens, cached_tokens, estimated: of all calls.
        signals: what was found out about the query, by declared signal or use.
        streamed: bytes of an answer went to the caller.
    """

    __slots__ = (
        "_rng",
        "around",
        "cached_tokens",
        "cost_usd",
        "estimated",
        "events",
        "input_tokens",
        "messages",
        "now_s",
        "output_tokens",
        "path",
        "query",
        "signals",
        "started_s",
        "streamed",
        "system",
        "unpriced",
    )

    def __init__(self, around: Surroundings, query: Query) -> None:
        self.around = around
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

    def tell(self, kind: EventKind, node: str, data: Mapping[str, Any]) -> None:
        """Add an event, now."""
        self.events.append(Event(kind, node, self.now_s() - self.started_s, data))

    @property
    def rng(self) -> random.Random:
        """The run's own randomness, from its seed."""
        if self._rng is None:
            self._rng = random.Random(self.around.seed)  # noqa: S311 - jitter, not a secret
        return self._rng
