"""Compares a lock with the policy as it is today.

Takes: the lock that was read, and the one that would be written now. Gives: a diagnostic for each fact that differs,
at the lock's line that holds it. Guarantees: the days on which locks are written and catalogues were made are no
difference, nor are tunes: only prices, models and files are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.contracts.price import Price, PriceStep
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lock.model import Lock, lock_path
from cascadelang.source import Span

_HELP: Final = "look at what changed, then `cascadelang lock` writes the lock anew"


def differences(held: Lock, now: Lock) -> Iterator[Diagnostic]:
    """Everything in which ``held`` is out of date."""
    yield from _models(held, now)
    yield from _files(held, now)


def missing(policy: str) -> Diagnostic:
    """That a policy file has no lock."""
    path = lock_path(policy)
    return Diagnostic(
        "missing-lock",
        "error",
        f"`{policy}` has no lock file",
        Span(policy, 0, 0),
        label=f"looked for at {path}",
        help=f"`cascadelang lock {policy}` writes it",
    )


def _models(held: Lock, now: Lock) -> Iterator[Diagnostic]:
    for name, then in held.models.items():
        today = now.models.get(name)
        if today is None:
            yield _told(f"the lock has the model `{name}`, which the policy doesn't reach", then.span)
        elif (then.provider, then.id) != (today.provider, today.id):
            words = f"the lock has `{name}` as `{then.id}` of {then.provider}, and it is `{today.id}`"
            words += f" of {today.provider}" if today.provider != then.provider else ""
            yield _told(words, then.span, f"`{name}` was another model")
        elif then.price != today.price:
            was, is_ = price_words(then.price, today.price), price_words(today.price, then.price)
            words = f"the price of `{name}` changed: {was} when it was locked, on {held.locked}, and {is_} today"
            yield _told(words, then.span)
    for name in now.models:
        if name not in held.models:
            yield _told(f"the policy reaches the model `{name}`, which the lock doesn't have", held.models_span)


def _files(held: Lock, now: Lock) -> Iterator[Diagnostic]:
    for path, then in held.files.items():
        today = now.files.get(path)
        if today is None:
            yield _told(f"the lock has the file `{path}`, which the policy doesn't read", then.span)
        elif then.sha256 != today.sha256:
            yield _told(f"`{path}` changed since it was locked, on {held.locked}", then.span)
    for path in now.files:
        if path not in held.files:
            yield _told(f"the policy reads `{path}`, which the lock doesn't have", held.files_span)


def _told(message: str, span: Span, label: str = "") -> Diagnostic:
    return Diagnostic("outdated-lock", "error", message, span, label=label, help=_HELP)


def price_words(price: Price | None, other: Price | None = None) -> str:
    """``$1 / $5``; with ``other``, also what else tells the two apart."""
    if price is None:
        return "unknown"
    words = _amounts(price)
    told_apart = other is None or _amounts(other) != words
    if not told_apart and other is not None and price.cached != other.cached:
        words += f" (cached ${price.cached:f})" if price.cached is not None else " (cached as input)"
    elif not told_apart:
        words += "".join(f", {_amounts(step)} above {step.above:,}" for step in price.steps) or ", whatever the input"
    return words


def _amounts(price: Price | PriceStep) -> str:
    return f"${_plain(price.input)} / ${_plain(price.output)}"


def _plain(value: object) -> str:
    words = f"{value:f}"
    return words.rstrip("0").rstrip(".") if "." in words else words
