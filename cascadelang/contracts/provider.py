"""What the interpreter and a provider adapter promise each other, and the transport below HTTP adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import field
from typing import Any, ClassVar, Protocol

from cascadelang.contracts.messages import Delta, Reply, Request
from cascadelang.contracts.spec import Capability, Spec
from cascadelang.source.frozen import dataclass

Progress = Callable[[int, int, str], None]
"""Is told how many bytes are done, of how many, and of what. What it raises ends the fetching."""


class Secret:
    """A key. It shows itself to nobody: ``str``, ``repr``, formatting and pickling all give ``***``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the header it goes into and nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, ("***",))


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """What an adapter is made from.

    Attributes:
        name: what the policy calls this provider.
        settings: its fields by name (``base_url`` and whatever its spec declares), defaults written out.
        key: the key, when it has one.
        folder: the folder that relative paths in ``settings`` are relative to.
        progress: is told when something large is fetched, perhaps in another thread.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    key: Secret | None = None
    folder: str = ""
    progress: Progress | None = field(default=None, repr=False, compare=False)


class Provider(Protocol):
    """An adapter to one service. One instance serves a whole process; it may be called concurrently.

    A module in `cascadelang.providers` exports one class that follows this protocol, as ``PROVIDER``.
    """

    spec: ClassVar[Spec]
    capabilities: ClassVar[frozenset[Capability]]
    """What its wire format can carry; a model may still lack it."""

    async def send(self, request: Request) -> Reply:
        """One call, buffered.

        Raises:
            CallFailed: whatever goes wrong, mapped to one kind. Nothing else is raised, but cancellation.
        """
        ...

    def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """One call, streamed: deltas as they come, then exactly one `Reply` that holds the whole answer.

        Raises:
            CallFailed: as `send`, also half way through.
        """
        ...

    async def count_tokens(self, request: Request) -> int | None:
        """Exactly how many input tokens the request has, where that is known without a call, else ``None``.

        Awaited where a ``within`` limits dollars or the prompt may be longer than the model's declared context,
        before the call. Like all coroutines of a provider it doesn't hold up the event loop; it sets nothing up, so
        it gives ``None`` for a model that isn't ready.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and threads. May be called twice."""
        ...


class Preparing(Protocol):
    """What a `Provider` may have as well, when its models need setting up: weights to fetch and load, say."""

    async def prepare(self, model: str) -> None:
        """Set up what a call of the model needs; at once when it is there.

        Awaited before every call, outside of its ``timeout_s`` and of every ``within``; cancellable.

        Raises:
            CallFailed: when it can't be set up.
        """
        ...


class Stopping(Protocol):
    """What a `Provider` may have as well, when closing a `stream` before its end ends the generation."""

    def can_stop(self, request: Request) -> bool:
        """Whether closing this request's stream ends its generation, and its text is the same as that of `send`.

        False, too, where logprobs are asked for and may not come with the pieces of a stream, and where the answer
        may have more tokens than ``max_tokens``.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpStream(Protocol):
    """An open response whose body arrives piece by piece."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces as they come.

        Raises:
            CallFailed: ``connection`` when the other side went away, ``timeout`` when it went quiet.
        """
        ...

    async def read(self) -> bytes:
        """All that is left of the body."""
        ...

    async def close(self) -> None:
        """Give the connection back, or close it when the body wasn't read to its end."""
        ...


class Transport(Protocol):
    """HTTP, as far as the adapters need it: POST a JSON body, read the response whole or in pieces.

    One lazy client per event loop, one TLS context for all; redirects are not followed; proxies of the
    environment are honoured. `docs/architecture.md` says how to add one.
    """

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpResponse:
        """POST and read the whole response.

        Raises:
            CallFailed: ``connection`` or ``timeout``.
        """
        ...

    async def stream(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpStream:
        """POST and return once the headers are here.

        Raises:
            CallFailed: ``connection`` or ``timeout``.
        """
        ...

    async def close(self) -> None:
        """Close the clients of all loops that are still open. May be called twice."""
        ...
