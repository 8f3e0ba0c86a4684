"""Known models: prices, contexts and capabilities with their source, and the weights that are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascadelang.workspace.mistake import Mistake, nearest

if TYPE_CHECKING:
    from cascadelang.contracts.provider import Progress


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that can run on this machine; ``path`` is empty while its weights aren't here."""

    name: str
    size_bytes: int
    licence: str
    path: str

    def as_json(self) -> dict[str, Any]:
        """As `models --output json` prints it."""
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "licence": self.licence,
            "installed": bool(self.path),
            "path": self.path or None,
        }


def local_models(provider: str | None = None) -> list[LocalModel]:
    """The models whose weights can be pulled, smallest first."""
    if provider not in {None, "local"}:
        return []
    from cascadelang.providers.weights import known, path_of

    return [LocalModel(m.name, m.size_bytes, m.licence, str(path_of(m.name) or "")) for m in known()]


def pull_model(name: str, tell: Progress | None = None) -> Path:
    """Fetch a local model's weights, unless they are here.

    Raises:
        Mistake: when there is no such model, or it can't be had.
    """
    from cascadelang.providers.weights import PullFailed, known, pull

    names = [model.name for model in known()]
    if name not in names:
        meant = nearest(name, names)
        help_ = f"did you mean `{meant}`?" if meant else "there are " + ", ".join(f"`{n}`" for n in names)
        raise Mistake(f"no local model is named `{name}`", help_, usage=True)
    try:
        return pull(name, tell)
    except PullFailed as error:
        raise Mistake(str(error)) from None


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of a service. Prices are US dollars per million tokens; ``None`` is unknown, never free."""

    id: str
    provider: str
    input_usd: float | None
    output_usd: float | None
    context: int | None
    can: tuple[str, ...] | None
    deprecated: bool

    def as_json(self) -> dict[str, Any]:
        """As `models --output json` prints it."""
        return {
            "id": self.id,
            "provider": self.provider,
            "input_usd_per_million": self.input_usd,
            "output_usd_per_million": self.output_usd,
            "context": self.context,
            "can": None if self.can is None else list(self.can),
            "deprecated": self.deprecated,
        }


SERVICES = ("anthropic", "openai", "gemini")
"""Kinds of providers whose models are listed."""


def known_models(provider: str | None = None) -> list[ListedModel]:
    """The models of services, by provider and id.

    Raises:
        Mistake: when there is no such provider.
    """
    if provider is not None and provider not in (*SERVICES, "local"):
        meant = nearest(provider, (*SERVICES, "local"))
        help_ = (
            f"did you mean `{meant}`?" if meant else "there are " + ", ".join(f"`{p}`" for p in (*SERVICES, "local"))
        )
        raise Mistake(f"no models of a provider `{provider}` are listed", help_, usage=True)
    from cascadelang.catalog.models import listed

    rows = []
    for kind in SERVICES if provider is None else (provider,):
        for model in listed(kind):
            if kind == "gemini" and not model.id.startswith("gem"):
                continue  # the price list has what Google serves by other interfaces, too
            price = model.price
            rows.append(
                ListedModel(
                    id=model.id,
                    provider=kind,
                    input_usd=None if price is None else float(price.input),
                    output_usd=None if price is None else float(price.output),
                    context=model.context,
                    can=None if model.can is None else tuple(sorted(model.can)),
                    deprecated=model.deprecated,
                )
            )
    return rows


def price_source() -> tuple[str, str]:
    """Where prices come from, and the day (ISO) for which they were taken."""
    from cascadelang.catalog.models import data_source

    return data_source()
