"""What calls cost, in US dollars: the most and the least before a call, and what it came to after.

Takes: prices, token counts. Gives: dollars, or ``None`` where a price isn't known: never zero.
Guarantees: `cost_of` a call is at most `most_call_cost` as long as its input and output stay within the counts given,
and at least `least_rate` for its input. Bounds and the interpreter count with the same functions.
"""

from __future__ import annotations

from typing import overload

from cascadelang.contracts.messages import Usage
from cascadelang.contracts.price import Price, PriceStep
from cascadelang.graph.limits import QUOTING

PER_MILLION = 1e-6


def cost_of(price: Price, usage: Usage) -> float:
    """What a call of that usage costs."""
    held: Price | PriceStep = price
    for step in price.steps:
        if usage.input_tokens > step.above:
            held = step
    cached = min(usage.cached_tokens, usage.input_tokens)
    dollars = float(held.input) * (usage.input_tokens - cached) + float(held.output) * usage.output_tokens
    if cached:
        dollars += float(held.input if held.cached is None else held.cached) * cached
    return dollars * PER_MILLION


@overload
def most_call_cost(price: Price, input_tokens: int, max_tokens: int, attempts: int = 1) -> float: ...
@overload
def most_call_cost(price: Price | None, input_tokens: int, max_tokens: int, attempts: int = 1) -> float | None: ...
def most_call_cost(price: Price | None, input_tokens: int, max_tokens: int, attempts: int = 1) -> float | None:
    """The most one call can cost with all its attempts: each may be billed in full, even one that fails.

    Args:
        price: of the model; ``None`` when it isn't known.
        input_tokens: the most tokens the whole request has, system prompt included.
        max_tokens: the most tokens the answer may have.
        attempts: how often the call may be tried: 1 + retries.

    Returns:
        Dollars; ``None`` when the price isn't known.
    """
    if price is None:
        return None
    rate_in, rate_out = 0.0, 0.0
    for above, step_in, step_out in most_rates(price):
        if input_tokens > above:
            rate_in, rate_out = step_in, step_out
    return (rate_in * input_tokens + rate_out * max_tokens) * attempts * PER_MILLION


def most_rates(price: Price) -> list[tuple[int, float, float]]:
    """``(above, input, output)``: the highest rates per million tokens for an input of more than ``above`` tokens.

    The first entry's ``above`` is -1. Rates never fall from one entry to the next, for an input of *at most* so many
    tokens may also be a shorter one.
    """
    found: list[tuple[int, float, float]] = []
    highest_in = highest_out = 0.0
    steps: list[tuple[int, Price | PriceStep]] = [(-1, price), *((step.above, step) for step in price.steps)]
    for above, step in steps:
        cached = step.input if step.cached is None else step.cached
        highest_in = max(highest_in, float(step.input), float(cached))
        highest_out = max(highest_out, float(step.output))
        found.append((above, highest_in, highest_out))
    return found


def most_judged_tokens(beside_tokens: int, answer_tokens: int) -> int:
    """The most input tokens of a request that judges an answer, quoted as JSON.

    Bounds, the check before the answer is asked for and the one before it is judged all count with this, so that
    what fits before still fits after.

    Args:
        beside_tokens: the most tokens of everything but the answer.
        answer_tokens: the most tokens the answer has: what its writer may generate.
    """
    return beside_tokens + QUOTING * answer_tokens


def is_free(price: Price) -> bool:
    """Whether no call at that price costs anything."""
    _, rate_in, rate_out = most_rates(price)[-1]
    return not (rate_in or rate_out)


def least_rate(price: Price) -> float:
    """The lowest price of a million input tokens, cached ones included."""
    steps: list[Price | PriceStep] = [price, *price.steps]
    rates = [step.input for step in steps] + [step.cached for step in steps if step.cached is not None]
    return float(min(rates))
