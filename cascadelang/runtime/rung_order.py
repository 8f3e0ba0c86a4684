"""Which rung of a cascade is asked next, by its predicted quality and its price (``order by learned(…)``).

Takes: a query, the rungs that are left, and how long what they are asked is. Gives: one of them. Guarantees: pure but
for the encoder, which works beside the event loop; where a quality or a price isn't known, it is the first that is
left as the policy has them, with the reason.

This is cascade routing as of Dekoninck, Baader and Vechev, "A Unified Approach to Routing and Cascading for LLMs"
(ICML 2025, arXiv:2410.10347), where each next model is the one that gives the best trade of predicted quality against
cost, and the choice is made anew after each answer; there the trade is quality less cost times a factor, which is one
over ``worth_usd`` here. Whether to go on at all isn't left to the prediction but to the cascade's gate. Without
``worth_usd`` it is quality divided by cost: asked in that order, a cascade whose gates are right pays least, on
average, until one passes (the classic rule for testing in sequence: exchange two neighbours, and the sum grows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from math import isclose
from typing import TYPE_CHECKING

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Message, Query
from cascadelang.graph.limits import MESSAGE_TOKENS
from cascadelang.learned.numbers import query_numbers
from cascadelang.learned.read import read_learned
from cascadelang.learned.serve import Facts, Prediction, Predictor
from cascadelang.runtime.encoder import loaded_encoder

if TYPE_CHECKING:
    from cascadelang.graph import model as g
    from cascadelang.graph.curve import Curve
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run

FREE: float = float("inf")


class RungOrder:
    """The order of one cascade.

    Args:
        order: what the policy says of it.
        prices: for each rung, the most it can cost by the size of its input; ``None`` where that isn't known.
    """

    __slots__ = ("_names", "_predictor", "_prices", "_worth_usd")

    def __init__(self, order: g.GraphOrder, prices: Sequence[Curve | None]) -> None:
        self._predictor = Predictor(read_learned(order.quality))
        self._names = order.names
        self._prices = prices
        self._worth_usd = order.worth_usd

    async def predict(self, run: Run, budget: Budget | None) -> Prediction:
        """The quality of each rung's answer to a query, by name; empty, with the reason, where it isn't known.

        ``budget``: the limits around, which don't count the loading of an encoder.
        """
        query, predictor = run.query, self._predictor
        facts = Facts(query.text, numbers=query_numbers(query, predictor.wants))
        try:
            if not predictor.embeds:
                return predictor.predict(facts)
            from cascadelang.embedding.off_loop import off_loop

            await loaded_encoder(run, budget)
            held = getattr(run.around.clock, "held", nullcontext)
            with held():
                return await off_loop(lambda: predictor.predict(facts))
        except Exception:  # noqa: BLE001 - whatever an encoder raises, the policy has an order of its own
            return Prediction({}, "the encoder broke while reading the query")

    def best(
        self, left: Sequence[int], quality: Mapping[str, float], query: Query, extra: tuple[Message, ...]
    ) -> tuple[int, str]:
        """The rung that is asked next, by its index, and why it is only the first that is left, where it is."""
        if not quality:
            return left[0], ""
        tokens = _tokens(query, extra)
        worths: list[tuple[float, float]] = []
        for at in left:
            curve = self._prices[at]
            if curve is None:
                return left[0], f"the price of `{self._names[at]}` isn't known"
            cost_usd, good = curve.at(tokens), quality[self._names[at]]
            if self._worth_usd is not None:
                worths.append((good - cost_usd / self._worth_usd, 0.0))
            else:
                worths.append((good / cost_usd, 0.0) if cost_usd > 0 else (FREE, good))
        return left[first_of_the_best(worths)], ""


def first_of_the_best(worths: Sequence[tuple[float, float]]) -> int:
    """Where the first stands that is worth most; what only differs by how numbers are rounded is worth the same."""
    best = max(worths)
    return next(n for n, worth in enumerate(worths) if all(map(_same, worth, best)))


def _same(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _tokens(query: Query, extra: tuple[Message, ...]) -> int:
    """About how many tokens a call's input has."""
    messages = (*query.messages, *extra)
    return sum(MESSAGE_TOKENS + estimate_tokens(message.text) for message in messages)
