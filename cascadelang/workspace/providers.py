"""Makes providers out of what a graph says, when they are first called.

Takes: a graph's providers, and the environment. Gives: a mapping from provider names to adapters. Guarantees: an
adapter's module is imported, and its key read, only when its first call comes; a key that is missing is a failure of
kind ``auth`` of that call, which names the variable; no key is kept anywhere but in a `Secret`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar, cast

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request
from cascadelang.contracts.provider import Progress, Provider, ProviderConfig, Secret
from cascadelang.contracts.spec import Capability, Spec
from cascadelang.graph.model import ProviderSpec
from cascadelang.graph.wording import provider_wording


class Unusable:
    """Stands where a provider can't be made: every call fails with the reason. See `Provider`."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    spec: ClassVar[Spec] = Spec(name="unusable", kind="provider", summary="a provider that can't be made")

    def __init__(self, failure: CallFailed) -> None:
        self._failure = failure

    def _fail(self) -> CallFailed:
        return CallFailed(self._failure.kind, self._failure.message)

    async def send(self, request: Request) -> Reply:  # noqa: ARG002 - the contract's parameter
        """See `Provider.send`."""
        raise self._fail()

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:  # noqa: ARG002
        """See `Provider.stream`."""
        raise self._fail()
        yield Delta("")  # makes this a generator; never reached

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002
        """See `Provider.count_tokens`."""
        return None

    async def close(self) -> None:
        """See `Provider.close`."""


class Providers(Mapping[str, Provider]):
    """The providers of a graph, by name, each made when it is first asked for and kept."""

    def __init__(
        self,
        specs: Mapping[str, ProviderSpec],
        environ: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._specs = specs
        self._progress = progress
        self._environ = os.environ if environ is None else environ
        self._made: dict[str, Provider] = {}
        self._making = threading.Lock()

    def __getitem__(self, name: str) -> Provider:
        provider = self._made.get(name)
        if provider is None:
            # INVARIANT: one of a name is made, whichever threads ask at once, so that none is left unclosed.
            with self._making:
                provider = self._made.get(name)
                if provider is None:
                    provider = self._made[name] = _make(self._specs[name], self._environ, self._progress)
        return provider

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    async def close(self) -> None:
        """Close every provider that was made. May be called twice."""
        with self._making:
            made = list(self._made.values())
            self._made.clear()
        for provider in made:
            await provider.close()


def _make(spec: ProviderSpec, environ: Mapping[str, str], progress: Progress | None = None) -> Provider:
    """The adapter that a graph's provider names, or an `Unusable` one."""
    from cascadelang.workspace.catalog import InstalledCatalog

    entry: Any = InstalledCatalog().entry("provider", spec.kind)
    if entry is None:
        return Unusable(CallFailed("policy", f"no provider of the kind `{spec.kind}` is installed"))
    name = provider_wording(spec.name)
    key = environ.get(spec.key_env, "").strip() if spec.key_env else ""
    if spec.key_env and not key and spec.key_env != getattr(entry, "key_env", ""):
        # The adapters know of their usual variable only; one that the policy names is missed here.
        what = f"no key for provider `{name}`: set the environment variable `{spec.key_env}`"
        return Unusable(CallFailed("auth", what))
    settings = _moved(spec.settings, entry, environ)
    try:
        made = entry(ProviderConfig(name, settings, Secret(key) if key else None, spec.folder, progress))
    except CallFailed as failure:
        return Unusable(failure)
    except ImportError as error:
        missing = f": `{error.name}` is missing" if error.name else ""
        return Unusable(CallFailed("policy", f"the provider `{name}` can't be used here{missing}"))
    return cast("Provider", made)


def _moved(settings: Mapping[str, Any], entry: Any, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The settings with the address of the environment (``OPENAI_BASE_URL``…) where the policy names none."""
    address = environ.get(getattr(entry, "base_url_env", ""), "").strip()
    usual = next((param.default for param in entry.spec.params if param.name == "base_url"), None)
    if not address or settings.get("base_url", usual) != usual:
        return settings
    return {**settings, "base_url": address}
