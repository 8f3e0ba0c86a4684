"""Statistics of one policy over a window, as frozen values.

Every count is by weight: of how many runs a kept one stands for (1 without sampling). A share of nothing is ``None``,
as is every cost of which a part isn't known: never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

VERSION: Final = 1
"""Of the JSON form. In it keys may be added; none is renamed or dropped."""


def share(part: float, whole: float) -> float | None:
    """``part / whole``; ``None`` of nothing."""
    return part / whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of a ``route``, ``split`` or ``from``: how many took it, and their share of those that came there."""

    node: str
    arm: str
    to: str
    queries: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of a cascade, or a member of a ``fallback`` or ``hedge``.

    Attributes:
        node: of the cascade.
        name: the model, or the node where it is a whole strategy.
        entered: how many queries came to it.
        left: how many of them went on from it.
        rate: left / entered: its escalation rate.
        because: how many went on for what: ``unmet``, or a kind of failure.
    """

    node: str
    name: str
    entered: float
    left: float
    rate: float | None
    because: dict[str, float]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that verdicts gave. Untrusted: a model may have written it."""

    outcome: str
    reason: str
    times: float


@dataclass(frozen=True, slots=True)
class Check:
    """The verdicts of a gate, and the reasons most given."""

    check: str
    passed: float
    failed: float
    unknown: float
    rate: float | None
    """passed / all."""
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Model:
    """What one model did.

    Attributes:
        answered: queries whose answer it gave in the end.
        share: of all queries.
        calls: by purpose.
        failed: calls that failed, by kind.
        retries: calls that were made again.
        rejected: verdicts on its answers that weren't ``passed``.
        judged: verdicts on its answers.
    """

    model: str
    answered: float
    share: float | None
    calls: dict[str, float]
    failed: dict[str, float]
    retries: float
    rejected: float
    judged: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars. Where all is known, the parts add up to the whole; else they hold what is known of others, too.

    Attributes:
        known_usd: what the runs cost whose cost is known.
        unknown: how many queries' cost isn't.
        total_usd: of all; ``None`` where a price isn't known.
        per_query_usd: of those whose cost is known.
        parts_usd: ``answers``, ``judges``, ``classifiers``, ``retries``, ``rejected``.
    """

    known_usd: float
    unknown: float
    total_usd: float | None
    per_query_usd: float | None
    parts_usd: dict[str, float]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds; quantiles are right to 2 %."""

    mean_s: float | None
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class Savings:
    """What was saved against sending every query to the top rung.

    Attributes:
        model: the top rung: of the models that the policy can ask for an answer, the dearest for these tokens.
        top_usd: what that would have cost: the tokens of the answers that were given, at its price.
        spent_usd: what was spent in all: judges, classifiers, retries and rejected answers too.
        saved_usd: top_usd - spent_usd; below zero where the cascade cost more.
        share: saved_usd / top_usd.
        how: in words.
        unknown: why it isn't known, else empty.
    """

    model: str = ""
    top_usd: float | None = None
    spent_usd: float | None = None
    saved_usd: float | None = None
    share: float | None = None
    how: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that routes looked at: how often it wasn't known, and what it most often was (as JSON)."""

    name: str
    looked: float
    unknown: float
    rate: float | None
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Slot:
    """One part of the window."""

    since_wall_s: float
    queries: float
    escalated: float
    unmet: float
    failed: float
    cost_usd: float
    priced: float
    latency_mean_s: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a distribution has moved from a baseline; see `cascadelang.stats.drift`.

    Attributes:
        of: what: a signal's name, ``arms`` or ``models``.
        psi: the population stability index.
        test: ``chi-square`` or ``Kolmogorov-Smirnov``.
        statistic: of the test.
        p: how likely so large a statistic is where nothing has moved.
        now, before: how many runs each side has.
        moved: the values whose share moved most: value, share before, share now.
    """

    of: str
    psi: float
    test: str
    statistic: float
    p: float
    now: float
    before: float
    moved: list[tuple[str, float, float]]


@dataclass(frozen=True, slots=True)
class Stats:
    """What one policy did in a window.

    Attributes:
        policy, path: its name and its file.
        graphs: how many different versions of it ran.
        since_wall_s, until_wall_s: the window, in seconds since 1970.
        runs: how many runs are kept; `queries` of how many they are.
        statuses: how many ended how.
        failures: of those that failed, how many of which kind.
        escalated, escalation_rate: queries that went on to another rung at least once.
        escalated_to: queries that went on to a rung, by its name: a model, or a node.
        cached: queries answered from what was kept.
    """

    policy: str
    path: str
    graphs: int
    since_wall_s: float
    until_wall_s: float
    runs: int
    queries: float
    statuses: dict[str, float]
    failures: dict[str, float]
    arms: list[Arm]
    escalated: float
    escalation_rate: float | None
    escalated_to: dict[str, float]
    rungs: list[Rung]
    checks: list[Check]
    models: list[Model]
    cost: Cost
    latency: Latency
    input_tokens: float
    output_tokens: float
    answer_input_tokens: float
    answer_output_tokens: float
    signals: list[Signal]
    cached: float
    cached_rate: float | None
    slot_s: float
    over_time: list[Slot]
    savings: Savings = field(default_factory=Savings)
    drift: list[Drift] | None = None
