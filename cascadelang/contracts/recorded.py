"""What an alert can ask of recorded runs, by name: one table for the language and for what evaluates it.

Pure data; nothing here reads a store.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from cascadelang.contracts.spec import ValueType

Of = Literal["model", "arm", "failure", "signal"]
"""What may stand in the parentheses."""

OVER: Final = 1_000
"""How many of the newest queries an alert looks at, unless it says."""

DISTRIBUTIONS: Final = ("arms", "models")
"""What `drift` can be asked of besides signals: the arms that were taken, the models that answered."""


class Rate(NamedTuple):
    """One name.

    Attributes:
        gives: its type.
        says: what it is, in a few words.
        of: what it can be asked of; ``None`` when it takes no parentheses.
        alone: it can be asked without them.
    """

    gives: ValueType
    says: str
    of: Of | None = None
    alone: bool = True


RECORDED: Final[dict[str, Rate]] = {
    "queries": Rate("count", "how many queries were looked at"),
    "escalation": Rate("share", "the share that went on to another rung; of a model: to it", "model"),
    "share": Rate(
        "share", "the share that took an arm, by its label or by the model it leads to", "arm", alone=False
    ),
    "answered": Rate("share", "the share that a model answered", "model", alone=False),
    "rejected": Rate(
        "share", "the share of the verdicts on a model's answers that weren't passed", "model", alone=False
    ),
    "failures": Rate("share", "the share that failed; of a kind of failure: for it", "failure"),
    "unmet": Rate("share", "the share whose check wasn't met"),
    "unchecked": Rate("share", "the share whose answer nothing checked"),
    "cached": Rate("share", "the share that was answered from what was kept"),
    "unknown": Rate("share", "the share of the looks at a signal that didn't know it", "signal", alone=False),
    "drift": Rate(
        "number", "the population stability index of a signal, of `arms` or of `models`", "signal", alone=False
    ),
    "cost.mean": Rate("money", "what a query cost"),
    "cost.total": Rate("money", "what all of them cost"),
    "cost.answers": Rate("money", "what the answers cost that weren't rejected"),
    "cost.judges": Rate("money", "what judges cost"),
    "cost.classifiers": Rate("money", "what `ask` cost"),
    "cost.retries": Rate("money", "what attempts that failed cost"),
    "cost.rejected": Rate("money", "what rejected answers cost"),
    "latency.mean": Rate("duration", "how long a query took"),
    "latency.p50": Rate("duration", "how long half of them took at most"),
    "latency.p95": Rate("duration", "how long 95 of 100 took at most"),
    "latency.p99": Rate("duration", "how long 99 of 100 took at most"),
}
"""Every name, in the order in which pages list them."""
