"""A response's body in pieces, with the cap on its size: what the streams of all transports share.

Takes: the next piece, from a transport. Gives: the pieces, or all of them in one. Guarantees: no more than
`MAX_BODY_BYTES` and one piece are ever taken in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from cascadelang.providers._failures import MAX_BODY_BYTES, too_large


class CappedBody(ABC):
    """The pieces of one body. A transport's stream derives from it and gives `next_piece`."""

    def __init__(self, url: str) -> None:
        self._url = url

    @abstractmethod
    async def next_piece(self) -> bytes | None:
        """The next piece as it comes; ``None`` after the last.

        Raises:
            CallFailed: ``connection`` or ``timeout``.
        """

    async def chunks(self) -> AsyncIterator[bytes]:
        """See `HttpStream.chunks`."""
        size = 0
        while (piece := await self.next_piece()) is not None:
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise too_large(self._url)
            yield piece

    async def read(self) -> bytes:
        """See `HttpStream.read`."""
        return b"".join([piece async for piece in self.chunks()])
