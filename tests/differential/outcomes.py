"""What the naive evaluator hands about: limits, failures, answers, what holds at one place, what a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cascadelang.contracts.messages import Message, Reply, Request
from cascadelang.semantics.checked import BoundCall, ModelInfo

MOVES_ON = (
    "rate_limit",
    "timeout",
    "connection",
    "server",
    "context_length",
    "content_filter",
    "over_budget",
    "unmet",
)


@dataclass(eq=False)
class Limit:
    """A ``within`` that is being run, and how often it refused or cut something."""

    usd: float | None
    until_s: float | None
    taken_usd: float = 0.0
    met: int = 0


class Failing(Exception):  # noqa: N818 - it names what happens
    """No answer. ``limit`` is the ``within`` that let no call through, as long as it is around."""

    def __init__(self, kind: str, limit: Limit | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.limit = limit
        if limit is not None:
            limit.met += 1


def moves_on(error: BaseException | None) -> bool:
    """Whether somebody else may answer instead."""
    return isinstance(error, Failing) and error.kind in MOVES_ON


@dataclass(frozen=True)
class Asked:
    """The call that gave an answer."""

    model: ModelInfo
    request: Request
    retry: int


@dataclass
class Answer:
    """An answer and its verdict; ``made_s``: when it was made, if it was there before or made for others, too."""

    reply: Reply
    asked: Asked
    outcome: str = "unchecked"
    score: float | None = None
    unknown: bool = False
    made_s: float | None = None


@dataclass(frozen=True)
class Around:
    """What holds at one place of the strategy.

    ``limits`` are outermost first. ``gates`` are the paid checks that an answer has yet to pass, each with what is
    around it. ``streams``: nothing takes an answer back. ``logprobs``: what a check around needs of the answer, for
    each token its own log probability (0) and those of so many others.
    """

    path: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    retry: int | None = None
    limits: tuple[Limit, ...] = ()
    carried: tuple[Message, ...] = ()
    gates: tuple[tuple[BoundCall, Around], ...] = ()
    streams: bool = False
    logprobs: int | None = None

    def soonest(self) -> Limit | None:
        """The limit whose time is over first, the outermost of equals."""
        timed = [limit for limit in self.limits if limit.until_s is not None]
        return min(timed, key=lambda limit: limit.until_s or 0.0) if timed else None


@dataclass
class Told:
    """What a run came to, and what was in it that tests count (``seen``)."""

    status: str = ""
    kind: str = ""
    answer: str = ""
    model: str = ""
    verdict: tuple[str, float | None, bool] = ("unchecked", None, False)
    path: list[str] = field(default_factory=list)
    arms: list[Any] = field(default_factory=list)
    cost_usd: float | None = 0.0
    tokens: list[int] = field(default_factory=lambda: [0, 0, 0])
    at_s: float = 0.0
    cached: bool = False
