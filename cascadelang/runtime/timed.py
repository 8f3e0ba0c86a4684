"""Checks that take time without calling a model, made within their limits.

Takes: such a check, an answer, the limits around. Gives: what it found. Guarantees: it ends, or is cancelled, half a
second after its own limit at the latest, and when the time of a ``within`` is over; a check that is late, broken or
gives nothing usable is unknown, with the reason; what is cancelled has ended before anything else goes on. On the
clock of a test it takes no time.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, NamedTuple

from cascadelang.contracts.check import Answer, Finding, TimedCheck
from cascadelang.graph.wording import seconds
from cascadelang.runtime.guard import GRACE_S
from cascadelang.runtime.outcome import Failed

if TYPE_CHECKING:
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run

BROKE: Final = "it broke while judging the answer, which is a mistake in the check"
"""Why a check that breaks its promise is unknown, whatever it did."""


class Timed(NamedTuple):
    """A check that takes time: what the catalogue calls it, the check, and its limit in seconds."""

    name: str
    check: TimedCheck
    limit_s: float


async def judge_in_time(run: Run, timed: Timed, answer: Answer, budget: Budget | None) -> Finding | Failed:
    """What the check finds; a failure of kind ``over_budget`` when a ``within`` has no time left for it."""
    limit_s = timed.limit_s + GRACE_S
    soonest = None if budget is None else budget.soonest()
    cut: Budget | None = None
    if soonest is not None and soonest.deadline_s is not None:
        left_s = soonest.deadline_s - run.now_s()
        if left_s <= 0:
            return Failed(
                "over_budget", f"`{soonest.text}` was over before `{timed.name}` could be made", "", soonest
            )
        if left_s < limit_s:
            cut, limit_s = soonest, left_s
    task = asyncio.current_task()
    held = getattr(run.around.clock, "held", nullcontext)
    timer = asyncio.timeout(limit_s)
    try:
        with held():
            async with timer:
                finding = await timed.check.judge_timed(answer)
    except asyncio.CancelledError:
        if task is None or task.cancelling():
            raise
        return Finding(None, BROKE)
    except Exception:  # noqa: BLE001 - a check that breaks its promise is unknown, whatever it raised
        if not timer.expired():
            return Finding(None, BROKE)
        if cut is not None:
            return Failed("over_budget", f"`{cut.text}` ended while `{timed.name}` was being made", "", cut)
        return Finding(None, f"it took longer than {seconds(timed.limit_s)}")
    return finding if isinstance(finding, Finding) else Finding(None, BROKE)
