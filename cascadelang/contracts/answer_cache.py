"""Where answers are kept for ``cached``: what the runtime asks of it, whatever it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from cascadelang.contracts.embedder import Vectors


class Kept(NamedTuple):
    """An answer that was kept.

    Attributes:
        key: of the request that it answers, 64 hexadecimal digits; nothing can be read from it.
        made_wall_s: when it was made, in seconds since 1970.
        trace_id: of the run that had it made.
        text: the answer, as the runtime writes it.
    """

    key: str
    made_wall_s: float
    trace_id: str
    text: str


class Alike(NamedTuple):
    """What an answer to a request that means the same is found by.

    Attributes:
        group: of all that has to be the same, 64 hexadecimal digits.
        vector: of the text that may differ, of the length 1, as a row.
    """

    group: str
    vector: Vectors


class AnswerCache(Protocol):
    """Keeps answers. Whatever goes wrong with it costs an answer that has to be made anew, never a run."""

    def get(self, key: str, since_wall_s: float) -> Kept | None:
        """The answer to a request that was made then or later, if there is one at hand, at once. Never raises."""
        ...

    async def find(self, key: str, since_wall_s: float) -> Kept | None:
        """As `get`, of what isn't at hand as well, which may take a while. Never raises, but when cancelled."""
        ...

    async def nearest(self, alike: Alike, since_wall_s: float) -> tuple[str, float] | None:
        """The key of the answer that was made then or later whose text is nearest, and the cosine. Never raises."""
        ...

    def put(self, kept: Kept, keep_s: float, alike: Alike | None = None) -> None:
        """Keep an answer for so many seconds, at once and without waiting. Never raises."""
        ...

    def close(self) -> None:
        """Write what is left. May be called twice."""
        ...
