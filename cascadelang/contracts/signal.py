"""What a signal promises: something known about a query before anything is generated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from cascadelang.contracts.check import Caller, Finding
from cascadelang.contracts.messages import Query, Request
from cascadelang.contracts.spec import Spec


class Signal(Protocol):
    """A signal, built once per use in a policy with its arguments.

    A module in `cascadelang.signals` exports one class that follows this protocol, as ``SIGNAL``. Its constructor
    takes ``args`` (each parameter of its spec by name, defaults written out) and, as ``args["scope"]``, ``"query"``
    for the last user message or ``"conversation"`` for all messages.
    """

    spec: ClassVar[Spec]

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    def read(self, query: Query) -> Finding:
        """The signal's value. Never raises: what can't be known is unknown, with the reason."""
        ...


class SlowSignal(Protocol):
    """A signal that computes for milliseconds: the same, but read beside the event loop, once something needs it.

    Attributes:
        slow: true, which is how it is told from others.
        ready: nothing has to be prepared before it can be read.
    """

    spec: ClassVar[Spec]
    slow: bool
    ready: bool

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    def prepare(self) -> None:
        """Load what reading needs, which may take seconds: in another thread, outside of every ``within``."""
        ...

    def read(self, query: Query) -> Finding:
        """The signal's value, as `Signal.read`; in another thread, prepared or not."""
        ...


class PaidSignal(Protocol):
    """A signal that asks a model: the same, but asynchronous and given a way to call.

    Its spec's ``calls`` isn't 0.
    """

    spec: ClassVar[Spec]

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    def requests(self, query: Query) -> Mapping[str, Request]:
        """What reading it would ask, by declared model name: for counting before calling."""
        ...

    async def read_paid(self, query: Query, call: Caller) -> Finding:
        """The signal's value; what the calls raise may be raised on, and leaves it unknown or ends the run."""
        ...
