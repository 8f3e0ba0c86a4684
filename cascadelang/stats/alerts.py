"""Whether an alert holds of what was recorded.

Takes: an alert of a graph, the statistics of the newest runs, and what has drifted. Gives: an `AlertState`.
Guarantees: pure; an alert that hangs on what isn't known (a cost without a price) neither holds nor doesn't, and says
so; one whose queries haven't all come yet waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from cascadelang.contracts.recorded import RECORDED
from cascadelang.contracts.spec import ValueType
from cascadelang.graph import model as g
from cascadelang.graph.arithmetic import calculate, compare, in_items
from cascadelang.graph.walk import parts
from cascadelang.stats.model import Drift, Stats, share

State = Literal["holds", "quiet", "waiting", "unknown"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures that an alert looked at: ``escalation(opus)`` is 0.43."""

    name: str
    value: float | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class AlertState:
    """What became of an alert.

    Attributes:
        words: what it says.
        condition: as it was written.
        state: it ``holds``, is ``quiet``, is ``waiting`` for more queries, or is ``unknown``: a figure is.
        over: how many queries it looks at.
        queries: how many there are.
        figures: what it looked at.
    """

    words: str
    condition: str
    state: State
    over: int
    queries: float
    figures: list[Figure]


def asks_drift(alert: g.GraphAlert) -> bool:
    """Whether an alert needs a baseline."""
    return any(value.name == "drift" for value in _recorded(alert.condition))


def evaluate(alert: g.GraphAlert, stats: Stats | None, drifts: Sequence[Drift] | None = None) -> AlertState:
    """The state of an alert.

    Args:
        alert: the alert.
        stats: of its newest queries; ``None`` where there is none.
        drifts: against the baseline; ``None`` where there is none.
    """
    queries = 0.0 if stats is None else stats.queries
    moved = {drift.of: drift.psi for drift in drifts or ()}
    values = {} if stats is None else {value: figure(value, stats, moved) for value in _recorded(alert.condition)}
    figures = [Figure(_said(value), found, RECORDED[value.name].gives) for value, found in values.items()]
    state: State
    if stats is None or queries < alert.over or (asks_drift(alert) and not drifts):
        state = "waiting"
    else:
        held = _value(alert.condition, values)
        state = "holds" if held is True else "quiet" if held is False else "unknown"
    return AlertState(alert.words, alert.said, state, alert.over, queries, figures)


def figure(value: g.RecordedValue, stats: Stats, moved: Mapping[str, float]) -> float | None:
    """The figure of a name; ``None`` where it isn't known."""
    if value.name == "drift":
        return moved.get(value.of)
    if value.name.startswith(("cost.", "latency.")):
        return _amount(value.name, stats)
    return _FIGURES[value.name](value.of, stats)


def _recorded(expr: g.GraphExpr) -> list[g.RecordedValue]:
    return list(dict.fromkeys(_all_recorded(expr)))


def _all_recorded(expr: g.GraphExpr) -> Iterator[g.RecordedValue]:
    waiting = [expr]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, g.RecordedValue):
            yield part
        waiting[:0] = parts(part)


def _said(value: g.RecordedValue) -> str:
    return f"{value.name}({value.of.removeprefix('tier.')})" if value.of else value.name


# ---- Figures ----------------------------------------------------------------------------------------------------


def _amount(name: str, stats: Stats) -> float | None:
    area, _, part = name.partition(".")
    if area == "latency":
        return {
            "mean": stats.latency.mean_s,
            "p50": stats.latency.p50_s,
            "p95": stats.latency.p95_s,
            "p99": stats.latency.p99_s,
        }[part]
    if stats.cost.total_usd is None:  # a part of the runs whose cost is known would be too little
        return None
    if part == "mean":
        return stats.cost.per_query_usd
    return stats.cost.total_usd if part == "total" else stats.cost.parts_usd[part]


def _escalation(of: str, stats: Stats) -> float | None:
    if not of:
        return stats.escalation_rate
    return share(stats.escalated_to.get(of, 0.0), stats.queries)


def _share(of: str, stats: Stats) -> float | None:
    return share(sum(arm.queries for arm in stats.arms if of in {arm.arm, arm.to}), stats.queries)


def _answered(of: str, stats: Stats) -> float | None:
    return share(sum(model.answered for model in stats.models if model.model == of), stats.queries)


def _rejected(of: str, stats: Stats) -> float | None:
    found = [model for model in stats.models if model.model == of]
    return share(sum(model.rejected for model in found), sum(model.judged for model in found))


def _failures(of: str, stats: Stats) -> float | None:
    failed = stats.failures.get(of, 0.0) if of else stats.statuses.get("failed", 0.0)
    return share(failed, stats.queries)


def _unknown(of: str, stats: Stats) -> float | None:
    found = [signal for signal in stats.signals if signal.name == of]
    return share(sum(signal.unknown for signal in found), sum(signal.looked for signal in found))


_FIGURES: Final[Mapping[str, Callable[[str, Stats], float | None]]] = {
    "queries": lambda _, stats: stats.queries,
    "escalation": _escalation,
    "share": _share,
    "answered": _answered,
    "rejected": _rejected,
    "failures": _failures,
    "unmet": lambda _, stats: share(stats.statuses.get("unmet", 0.0), stats.queries),
    "unchecked": lambda _, stats: share(stats.statuses.get("unchecked", 0.0), stats.queries),
    "cached": lambda _, stats: stats.cached_rate,
    "unknown": _unknown,
}


# ---- Conditions -------------------------------------------------------------------------------------------------


def _value(expr: g.GraphExpr, values: Mapping[g.RecordedValue, float | None]) -> Any:  # noqa: PLR0911 - one a kind
    """The value of an expression; ``None`` is unknown."""
    match expr:
        case g.RecordedValue():
            return values[expr]
        case g.Const(value=constant) | g.TuneValue(value=constant):
            return constant
        case g.NotValue(value=inner):
            found = _value(inner, values)
            return None if found is None else not found
        case g.LogicValue(op=op, values=sides):
            found_all = [_value(side, values) for side in sides]
            decides = op == "or"
            return decides if decides in found_all else None if None in found_all else not decides
        case g.CompareValue(op=op, left=left, right=right):
            return compare(op, _value(left, values), _value(right, values))
        case g.ArithValue(op=op, left=left, right=right):
            return calculate(op, _value(left, values), _value(right, values))
        case g.InValue(value=inner, items=items, negated=negated):
            found = _value(inner, values)
            return None if found is None else in_items(found, items) != negated
        case _:
            raise AssertionError("`check_integrity` lets nothing else stand in an alert")
