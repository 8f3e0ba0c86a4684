"""Known models: what their tokens cost, how much they take in, and what they can give.

Takes: a provider kind, the address it was given and a model id. Gives: what is known of that model. Guarantees: what
isn't known is ``None``; an unknown model is never free. The data is read when the first model is looked up.

Sources. Prices, contexts, deprecations and the rules by which an id (dated, an alias) finds its model are those of
genai-prices (Pydantic, MIT licence; the version and the day its prices were taken for: `data_source`), turned into
JSON by `cascadelang.catalog.refresh`: a file for each vendor under ``known/``, of which only those are read whose
models are looked up. A step in price holds for the whole call once its
input is longer, as genai-prices documents. Where a price depends on the time of day, the highest is taken.

What models can give and which settings they refuse is stated by family in ``families.json``, with the day it was
looked up and the sources of each: only what a provider's own words or repeated reports settle. Where it depends on
the reasoning effort (log probabilities and sampling of gpt-5.1 and later), or where reports differ (log
probabilities of Gemini 2.0), nothing is stated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Final

from cascadelang.contracts.price import Price, PriceStep
from cascadelang.contracts.spec import Capability
from cascadelang.source.frozen import dataclass

_KINDS: Final = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
"""Provider kinds of the language, by their name in the data, at their own address."""

_COMPACT_DATE: Final = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
"""``gpt-5.2-20251211``, as some gateways write ``gpt-5.2-2025-12-11``."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """What is known about a model.

    Attributes:
        id: the id it is listed under.
        price: what its tokens cost; ``None`` when that isn't known.
        context: the most tokens it takes in.
        can: what it can give; ``None`` when that isn't known.
        deprecated: its provider asks to move on, though it may still answer.
        only_default: settings that it refuses at any value but 1, their default: ``temperature``, ``top_p``.
        one_of: settings of which it takes only one at a time.
        temperature_max: the highest ``temperature`` it takes, where that is less than the language's 2.
        efforts: the values of ``effort`` it takes, none for a model without; ``None`` when that isn't known.
    """

    id: str
    price: Price | None = None
    context: int | None = None
    can: frozenset[Capability] | None = None
    deprecated: bool = False
    only_default: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    efforts: tuple[str, ...] | None = None
    temperature_max: float | None = None


@lru_cache(maxsize=1000)
def find(provider: str, base_url: str, model: str) -> KnownModel | None:
    """What is known about a model, or ``None``.

    Args:
        provider: the kind of provider: ``openai``, ``anthropic``, ``gemini``.
        base_url: the address it was given; empty for the kind's own.
        model: the model's id, dated or an alias.
    """
    vendor = _vendor(provider, base_url)
    if vendor is None:
        return None
    wanted = model.lower().removeprefix("models/")
    rows = _models(vendor)
    for ref in dict.fromkeys((wanted, _COMPACT_DATE.sub(r"-\1-\2-\3", wanted))):
        for row in rows:
            if _matches(row["match"], ref):
                return _known(vendor, row, ref) if "price" in row else None
    return None


def listed(provider: str) -> list[KnownModel]:
    """All known models of a kind of provider at its own address that answer with text, by id."""
    vendor = _vendor(provider, "")
    if vendor is None:
        return []
    return [_known(vendor, row, row["id"]) for row in _models(vendor) if "price" in row]


def data_source() -> tuple[str, str]:
    """Where the prices come from, and the day (ISO) for which they were taken."""
    about = _about()
    return about["source"], about["as_of"]


def families_date() -> str:
    """The day (ISO) on which it was looked up what families of models can give and which settings they refuse."""
    return str(_families()["as_of"])


def _vendor(provider: str, base_url: str) -> str | None:
    """The data's name of whoever serves the model."""
    if not base_url:
        return _KINDS.get(provider)
    for name, pattern in _about()["api"].items():
        if re.match(pattern, base_url):
            return str(name)
    return None


def _known(vendor: str, row: dict[str, Any], wanted: str) -> KnownModel:
    families = (f for f in _families()["families"] if f["vendor"] == vendor and re.match(f["match"], wanted))
    family: dict[str, Any] = next(families, {})
    return KnownModel(
        id=row["id"],
        price=_price(row),
        context=row.get("context"),
        can=frozenset(family["can"]) if "can" in family else None,
        deprecated=bool(row.get("deprecated")),
        only_default=tuple(family.get("only_default", ())),
        one_of=tuple(family.get("one_of", ())),
        efforts=tuple(family["efforts"]) if "efforts" in family else None,
        temperature_max=family.get("temperature_max"),
    )


def _price(row: dict[str, Any]) -> Price:
    steps = tuple(PriceStep(above, *_amounts(amounts)) for above, amounts in row.get("steps", ()))
    return Price(*_amounts(row["price"]), steps)


def _amounts(amounts: list[str | None]) -> tuple[Decimal, Decimal, Decimal | None]:
    """Input, output and cached input, in dollars per million tokens."""
    into, out, *cached = amounts
    return Decimal(str(into)), Decimal(str(out)), Decimal(str(cached[0])) if cached and cached[0] else None


_MATCHERS: Final[dict[str, Callable[[Any, str], bool]]] = {
    "equals": lambda rule, wanted: wanted == rule,
    "starts": lambda rule, wanted: wanted.startswith(rule),
    "ends": lambda rule, wanted: wanted.endswith(rule),
    "contains": lambda rule, wanted: rule in wanted,
    "regex": lambda rule, wanted: _may_begin(rule, wanted) and re.search(rule, wanted) is not None,
    "any": lambda rules, wanted: any(_matches(rule, wanted) for rule in rules),
    "all": lambda rules, wanted: all(_matches(rule, wanted) for rule in rules),
}


def _matches(rule: list[Any], wanted: str) -> bool:
    return _MATCHERS[rule[0]](rule[1], wanted)


def _may_begin(pattern: str, wanted: str) -> bool:
    """Whether an id begins with the plain characters that a pattern does, where it is clear that it has to.

    Most patterns fail here already, and compiling one takes as long as reading a row.
    """
    if not pattern.startswith("^") or "|" in pattern:
        return True
    end = next((at for at, char in enumerate(pattern) if at and not char.isalnum() and char != "-"), len(pattern))
    if pattern[end : end + 1] in {"?", "*", "{"}:
        end -= 1
    return wanted.startswith(pattern[1:end])


@cache
def _about() -> dict[str, Any]:
    """Where the data comes from, and the addresses of each vendor's API."""
    found: dict[str, Any] = _read("known/about.json")
    return found


@cache
def _models(vendor: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _read(f"known/{vendor}.json")
    return found


@cache
def _families() -> dict[str, Any]:
    found: dict[str, Any] = _read("families.json")
    return found


def _read(name: str) -> Any:
    import json
    from pathlib import Path

    return json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
