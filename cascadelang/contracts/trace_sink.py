"""What a run tells: events, and where they go. Recording never blocks and never fails a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, NamedTuple, Protocol

from cascadelang.source.frozen import dataclass

EVENTS_VERSION = 1

EventKind = Literal[
    "route",  # data: arm, because {signal: value}, unknown [..]
    "call",  # data: model, purpose, attempt, reply fields, cost_usd, latency_s
    "call_failed",  # data: model, purpose, attempt, kind, message, latency_s
    "retry",  # data: model, wait_s, because
    "check",  # data: check, outcome, reason, score, unknown
    "escalate",  # data: from, to, because
    "skip",  # data: model, because ("over_budget"), needed_usd / left_usd / needed_s / left_s
    "vote",  # data: model, votes, of, members, groups, scores
    "cached",  # data: model, age_s, of, similarity, waited_s, kind
    "shadow",  # data: to, share; at the start of the shadow's own run: of
    "stream",  # data: model (the first bytes went to the caller)
    "end",  # data: status, kind, message
]


class Event(NamedTuple):
    """One step of a run: what, at which graph node, how many seconds after the run began, and its facts."""

    kind: EventKind
    node: str
    at_s: float
    data: Mapping[str, Any]


def new_trace_id(wall_s: float) -> str:
    """An id for a run that begins then, in seconds since 1970: 8 hexadecimal digits of the second, 12 of chance.

    Ids that begin with the time stand beside each other in a store's index, so that a batch of runs changes a few of
    its pages; ids of chance alone change one page each.
    """
    return f"{int(wall_s) & 0xFFFFFFFF:08x}{os.urandom(6).hex()}"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything one run is remembered by. ``status`` is as in `cascadelang run --output json`, or ``cancelled``."""

    trace_id: str
    policy: str
    policy_path: str
    graph_sha256: str
    started_wall_s: float
    latency_s: float
    status: str
    failure: str
    model: str
    path: tuple[str, ...]
    cost_usd: float | None
    input_tokens: int
    output_tokens: int
    query: str
    answer: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()


class TraceSink(Protocol):
    """Where finished runs go."""

    def record(self, run: RunRecord) -> None:
        """Take the run, at once and without waiting. Never raises."""
        ...

    def close(self) -> None:
        """Write what is left. May be called twice."""
        ...


class NoTrace:
    """Forgets everything."""

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""

    def close(self) -> None:
        """See `TraceSink.close`."""
