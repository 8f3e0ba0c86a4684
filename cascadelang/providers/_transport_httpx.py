"""HTTP through httpx: the transport of the core install.

Takes: URLs, headers and bodies as `cascadelang.contracts.provider.Transport` says. Gives: responses, whole or in
pieces. Guarantees: one client per event loop, one TLS context for the process, a deadline over the whole call, no
answer above the cap, and no exception but `CallFailed` and cancellation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.provider import HttpResponse
from cascadelang.providers._bodies import CappedBody
from cascadelang.providers._failures import (
    MAX_BODY_BYTES,
    bad_url,
    broken_off,
    no_connection,
    reason_of,
    timed_out,
    too_large,
)
from cascadelang.providers._lifetimes import PerLoop
from cascadelang.providers._tls import tls_context

_NO_TIMEOUT = httpx.Timeout(None)
"""The deadline is ours and covers the whole call; httpx's own timeouts restart with every read."""


def _client() -> httpx.AsyncClient:
    # How many calls run at once is the interpreter's business, not the pool's.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)
    try:
        return httpx.AsyncClient(verify=tls_context(), timeout=_NO_TIMEOUT, limits=limits, follow_redirects=False)
    except ImportError:
        # httpx takes the environment's proxies, and a SOCKS one needs a package of its own.
        raise CallFailed("policy", "the environment names a SOCKS proxy, which needs `pip install socksio`") from None


class HttpxTransport:
    """See `cascadelang.contracts.provider.Transport`."""

    def __init__(self) -> None:
        self._clients: PerLoop[httpx.AsyncClient] = PerLoop(_client, httpx.AsyncClient.aclose)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpResponse:
        """See `Transport.send`."""
        try:
            client = await self._clients.get()
            async with asyncio.timeout(timeout_s):
                request = client.build_request("POST", url, content=body, headers=dict(headers))
                response = await client.send(request, stream=True)
                try:
                    data = await _read(response, url)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise timed_out(url, timeout_s) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, RuntimeError) as error:
            raise _mapped(error, url, timeout_s) from None
        return HttpResponse(response.status_code, dict(response.headers), data)

    async def stream(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpxStream:
        """See `Transport.stream`."""
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        try:
            client = await self._clients.get()
            async with asyncio.timeout_at(deadline_s):
                request = client.build_request("POST", url, content=body, headers=dict(headers))
                response = await client.send(request, stream=True)
        except TimeoutError:
            raise timed_out(url, timeout_s) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
            raise _mapped(error, url, timeout_s) from None
        return HttpxStream(response, url, timeout_s, deadline_s)

    async def close(self) -> None:
        """See `Transport.close`."""
        await self._clients.close()


class HttpxStream(CappedBody):
    """See `cascadelang.contracts.provider.HttpStream`."""

    def __init__(self, response: httpx.Response, url: str, timeout_s: float, deadline_s: float) -> None:
        super().__init__(url)
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self._response = response
        self._pieces = response.aiter_bytes()
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s

    async def next_piece(self) -> bytes | None:
        """See `CappedBody.next_piece`."""
        try:
            # The deadline stands around each wait and never around the yield: the consumer's time is its own.
            async with asyncio.timeout_at(self._deadline_s):
                return await anext(self._pieces, None)
        except TimeoutError:
            raise timed_out(self._url, self._timeout_s) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, RuntimeError) as error:
            raise _mapped(error, self._url, self._timeout_s) from None

    async def close(self) -> None:
        """See `HttpStream.close`."""
        await self._response.aclose()


async def _read(response: httpx.Response, url: str) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise too_large(url)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _mapped(error: Exception, url: str, timeout_s: float) -> CallFailed:
    if isinstance(error, httpx.TimeoutException):
        return timed_out(url, timeout_s)
    if isinstance(error, httpx.ProxyError):
        return no_connection(url, "the proxy refused")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return no_connection(url, reason_of(error))
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError | ValueError):
        return bad_url(url)
    if isinstance(error, httpx.DecodingError):
        return CallFailed("server", "the answer's compression can't be undone")
    return broken_off(url)
