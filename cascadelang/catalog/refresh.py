"""Writes the files under ``known/`` from the installed genai-prices: ``python -m cascadelang.catalog.refresh``.

For developers of cascadelang; it needs genai-prices, which cascadelang itself doesn't. Prices are those that hold on
the day given (today, unless a date follows on the command line). Of prices that depend on the time of day the highest
is kept, so that a limit in money can't be overrun at the wrong hour. A price that is known to rise later is kept as
it is on that day: the date in the file says how old it is.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

VENDORS = ("anthropic", "deepseek", "google", "groq", "mistral", "openai", "openrouter", "together")
"""Whose models are kept, by genai-prices' names."""

_RULES = {
    "equals": "equals",
    "starts_with": "starts",
    "ends_with": "ends",
    "contains": "contains",
    "regex": "regex",
    "or_": "any",
    "and_": "all",
}


def main() -> None:
    """Write the files and say how large each became."""
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC).date()
    folder = Path(__file__).parent / "known"
    for name, text in render(collect(day)).items():
        (folder / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{folder / name}: {len(text) / 1000:.0f} kB\n")


def collect(day: date) -> dict[str, Any]:
    """Everything that goes into the files, for prices that hold on ``day``."""
    from genai_prices.data import providers

    by_id = {provider.id: provider for provider in providers}
    return {
        "source": f"genai-prices {version('genai-prices')} (MIT)",
        "as_of": day.isoformat(),
        "providers": {
            name: {
                "api": by_id[name].api_pattern,
                "models": [_row(model, day) for model in by_id[name].models if _served(name, model.id)],
            }
            for name in VENDORS
        },
    }


def render(data: dict[str, Any]) -> dict[str, str]:
    """The files' texts by name: one model a line, so that a difference can be read."""
    vendors = data["providers"]
    about = {"source": data["source"], "as_of": data["as_of"], "api": {name: v["api"] for name, v in vendors.items()}}
    texts = {"about.json": json.dumps(about, indent=1) + "\n"}
    for name, vendor in vendors.items():
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in vendor["models"])
        texts[f"{name}.json"] = f"[\n{rows}\n]\n"
    return texts


def _served(vendor: str, model: str) -> bool:
    """Whether a vendor's own API serves a model: Google's list has guests that only Vertex AI serves."""
    return vendor != "google" or not model.startswith("claude")


def _row(model: Any, day: date) -> dict[str, Any]:
    """One model.

    Those that answer with no text (embeddings, speech) have no price: they keep their place, so that their ids find
    no other model.
    """
    steps = _prices(model, day)
    row: dict[str, Any] = {"id": model.id, "match": _rule(model.match)}
    if not steps:
        return row
    row["price"] = steps[0][1]
    if len(steps) > 1:
        row["steps"] = steps[1:]
    if model.context_window:
        row["context"] = model.context_window
    if model.deprecated:
        row["deprecated"] = True
    return row


def _rule(clause: Any) -> list[Any]:
    for field, name in _RULES.items():
        value = getattr(clause, field, None)
        if value is not None:
            if isinstance(value, list):
                return [name, [_rule(inner) for inner in value]]
            return [name, value if name == "regex" else value.lower()]
    raise ValueError(f"unknown rule: {clause!r}")


def _prices(model: Any, day: date) -> list[list[Any]]:
    """``[above, [input, output, cached]]`` for the base (above 0) and each step; empty when there is no price."""
    hours = [datetime.combine(day, time(hour), UTC) for hour in range(24)]
    found = [model.get_prices(hour) for hour in hours]
    if any(one.input_mtok is None or one.output_mtok is None for one in found):
        return []
    starts = sorted({0} | {tier.start for one in found for amount in _tiered(one) for tier in amount.tiers})
    return [[start, _at(found, start)] for start in starts]


def _tiered(prices: Any) -> list[Any]:
    amounts = (prices.input_mtok, prices.output_mtok, prices.cache_read_mtok)
    return [amount for amount in amounts if hasattr(amount, "tiers")]


def _at(found: list[Any], tokens: int) -> list[str | None]:
    """The highest of each amount over the hours, for a call with more than ``tokens`` of input."""
    amounts: list[str | None] = []
    for field in ("input_mtok", "output_mtok", "cache_read_mtok"):
        values = [_amount(getattr(one, field), tokens) for one in found]
        known = [value for value in values if value is not None]
        amounts.append(f"{max(known).normalize():f}" if len(known) == len(values) else None)
    return amounts if amounts[2] is not None else amounts[:2]


def _amount(amount: Any, tokens: int) -> Decimal | None:
    if amount is None or not hasattr(amount, "tiers"):
        return amount if amount is None else Decimal(amount)
    price = Decimal(amount.base)
    for tier in amount.tiers:
        if tokens >= tier.start > 0:
            price = Decimal(tier.price)
    return price


if __name__ == "__main__":
    main()
