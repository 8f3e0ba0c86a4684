"""What a call cost, and the most a call can cost: the one arithmetic that bounds, budgets and bills share.

Takes: a model's price, token counts. Gives: US dollars as floats. Guarantees: `most_call_cost` is at least what
`cost_of` gives for any call of at most that input whose output is at most ``max_tokens``.
"""

from __future__ import annotations

from functools import lru_cache

from cascadelang.contracts.messages import Usage
from cascadelang.contracts.price import Price


def cost_of(price: Price, usage: Usage) -> float:
    """What a call cost, in US dollars, from the tokens it used."""
    tokens = usage.input_tokens
    rates = _rates(price)[0]
    for step in _rates(price)[1:]:
        if tokens > step[0]:
            rates = step
    cached = min(usage.cached_tokens, tokens)
    return ((tokens - cached) * rates[1] + cached * rates[3] + usage.output_tokens * rates[2]) / 1_000_000


def most_call_cost(price: Price, input_tokens: int, max_tokens: int) -> float:
    """The most a call can cost, in US dollars.

    Args:
        price: of the model.
        input_tokens: the most input tokens it can have.
        max_tokens: the most output tokens it can have.
    """
    most = 0.0
    for above, rate_in, rate_out, rate_cached in _rates(price):
        if input_tokens > above:
            most = max(most, input_tokens * max(rate_in, rate_cached) + max_tokens * rate_out)
    return most / 1_000_000


@lru_cache(maxsize=256)
def _rates(price: Price) -> tuple[tuple[int, float, float, float], ...]:
    """Each step of a price as floats: above how many tokens, then input, output and cached dollars per million."""
    steps = [(-1, price.input, price.output, price.cached)]
    steps += [(s.above, s.input, s.output, s.cached) for s in price.steps]
    return tuple((a, float(i), float(o), float(i if c is None else c)) for a, i, o, c in steps)
