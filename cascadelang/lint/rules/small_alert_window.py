"""An alert over too few queries to tell anything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from cascadelang.contracts.recorded import RECORDED
from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CompareValue, Const, GraphAlert, GraphExpr, RecordedValue
from cascadelang.graph.walk import parts
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_QUANTILES: Final = {"latency.p95": 20, "latency.p99": 100}
"""Over fewer, it is the slowest of them."""
_DRIFT: Final = 100
"""Under it, the index of ten bins is above 0.1 by chance alone: it is about (bins - 1) · (1/now + 1/before)."""
_FLIPPED: Final = {"<": ">", "<=": ">="}


class SmallAlertWindow(Rule):
    """See its code."""

    code = Code(
        "small-alert-window",
        "warning",
        "an alert over too few queries",
        "A single query sets the alert off: one of 20 is 5 %, which is above 2 %. A 99th percentile of 50 is the "
        "slowest of them, and a drift over 50 is mostly chance.",
        "It goes off by chance, and nobody looks any more when it means something.",
        'use "std/anthropic"\npolicy main = haiku\nalert "failing" when failures > 2% over 20 queries\n',
        'use "std/anthropic"\npolicy main = haiku\nalert "failing" when failures > 2% over 500 queries\n',
        more_bad=(
            'use "std/anthropic"\npolicy main = haiku\nalert "slow" when latency.p99 > 20s over 50 queries\n',
            'use "std/anthropic"\npolicy main = haiku\nalert "others" when drift(words) > 0.25 over 50 queries\n',
        ),
        more_good=('use "std/anthropic"\npolicy main = haiku\nalert "any" when failures > 0 over 20 queries\n',),
    )
    words = ("alert",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding an alert."""
        for alert in subject.graph.alerts:
            found = next(_wanted(alert), None)
            if found is not None:
                why, least = found
                yield self.found(
                    f"over {alert.over:,} {'query' if alert.over == 1 else 'queries'} {why}",
                    subject.span(alert.place),
                    help=f"look at more: `over {least} queries`",
                )


def _wanted(alert: GraphAlert) -> Iterator[tuple[str, int]]:
    """Why the queries of an alert are too few, and how many would do."""
    waiting: list[GraphExpr] = [alert.condition]
    while waiting:
        part = waiting.pop(0)
        waiting += parts(part)
        if isinstance(part, RecordedValue):
            least = _DRIFT if part.name == "drift" else _QUANTILES.get(part.name, 0)
            if alert.over < least:
                why = "drift is mostly chance" if part.name == "drift" else f"`{part.name}` is the slowest of them"
                yield why, least
        threshold = _threshold(part)
        if threshold is not None and alert.over * threshold < 1:
            yield "a single one sets it off", math.ceil(5 / threshold)


def _threshold(part: GraphExpr) -> float | None:
    """The share that a comparison holds above; ``None`` where it is none, or is 0."""
    if not isinstance(part, CompareValue):
        return None
    sides = ((part.op, part.left, part.right), (_FLIPPED.get(part.op, ""), part.right, part.left))
    for op, rate, limit in sides:
        if op in (">", ">=") and isinstance(rate, RecordedValue) and isinstance(limit, Const):
            share = RECORDED[rate.name].gives == "share"
            if share and isinstance(limit.value, int | float) and limit.value > 0:
                return float(limit.value)
    return None


RULE = SmallAlertWindow()
