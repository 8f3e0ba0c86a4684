"""The steps of a way through a graph as numbered lines, whose amounts add up to the last line's.

Takes: steps and what they come to. Gives: lines. Guarantees: the amounts that are shown add up, exactly and as they
are written, to the amount of the whole: each is what the sum so far, rounded up, grows by. What isn't written out,
because a way is longer than anyone reads, is one line with the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal, localcontext
from itertools import islice
from typing import Final

from cascadelang.graph.steps import Step, What
from cascadelang.graph.wording import count, exact_dollars, seconds

MOST_STEPS: Final = 12
"""Steps that are written out."""

_FIGURES: Final = 3
"""Figures that the smallest amount of money has at least."""

_MOST_PLACES: Final = 9
_PLACES_HELD: Final = 400  # more than a float has


def said_steps(what: What, steps: Iterator[Step], total: float) -> list[str]:
    """The lines.

    Args:
        what: the steps' amounts are of.
        steps: as `cascadelang.graph.steps.worst_way` gives them.
        total: what they come to, those that aren't written out included.
    """
    with localcontext(prec=_PLACES_HELD):
        return _lines(what, steps, total)


def _lines(what: What, steps: Iterator[Step], total: float) -> list[str]:
    shown = list(islice(steps, MOST_STEPS))
    if total == float("inf"):
        said = iter([step.unknown for step in shown if step.amount is not None])
    else:
        amounts = [_exact(what, step.amount) for step in shown if step.amount is not None]
        if next(steps, None) is not None:
            amounts.append(max(Decimal(0), _exact(what, total) - sum(amounts)))
            shown.append(Step("… and so on", float(amounts[-1])))
        said = iter(_adding_up(what, amounts))
    lines = []
    for number, step in enumerate(shown, 1):
        words = step.words if step.words.startswith("…") else f"{number}. {step.words}"
        lines.append(words if step.amount is None else f"{words}: {next(said)}{step.more}")
    whole = next(said, "")
    return [*lines, f"together {whole}"] if whole else lines


def _adding_up(what: What, amounts: list[Decimal]) -> list[str]:
    """The amounts as they are written, and their sum, where there are several."""
    step = Decimal(1).scaleb(-_places(what, amounts))
    said, before, so_far = [], Decimal(0), Decimal(0)
    for amount in amounts:
        so_far += amount
        after = so_far.quantize(step, ROUND_CEILING)
        said.append(_amount(what, after - before))
        before = after
    return [*said, _amount(what, before)] if len(amounts) > 1 else said


def _places(what: What, amounts: list[Decimal]) -> int:
    """How many decimal places show something of every amount."""
    if what != "cost":
        return 0 if what == "calls" else _MOST_PLACES
    least = min((amount for amount in amounts if amount > 0), default=Decimal(1))
    return min(_MOST_PLACES, max(2, _FIGURES - 1 - least.adjusted()))


def _exact(what: What, value: float) -> Decimal:
    """The amount that is meant, without what rounding adds to sums of floats."""
    return Decimal(int(value)) if what == "calls" else Decimal(f"{value:.15g}")


def _amount(what: What, value: Decimal) -> str:
    if what == "calls":
        return count(int(value), "call")
    return f"at most {exact_dollars(value) if what == 'cost' else seconds(float(value))}"
