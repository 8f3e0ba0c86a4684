"""What a model's tokens cost, in US dollars per million tokens."""

from __future__ import annotations

from decimal import Decimal

from cascadelang.source.frozen import dataclass


@dataclass(frozen=True, slots=True)
class PriceStep:
    """Prices of a call whose input has more than ``above`` tokens; they hold for all its tokens."""

    above: int
    input: Decimal
    output: Decimal
    cached: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Prices per million tokens: input, output, and input read from a cache (as input unless stated).

    ``steps`` are in growing order of ``above``; the last one that a call's input exceeds is the one that holds.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    steps: tuple[PriceStep, ...] = ()


FREE = Price(Decimal(0), Decimal(0))
