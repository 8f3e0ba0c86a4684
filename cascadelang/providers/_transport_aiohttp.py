"""HTTP through aiohttp: the fast transport, for servers and batches (``pip install 'cascadelang[server]'``).

Takes, gives and guarantees what `cascadelang.providers._transport_httpx` does; the conformance suite runs over both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp

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

_FAULTS = (aiohttp.ClientError, OSError, ValueError, RuntimeError)


def _session() -> aiohttp.ClientSession:
    # How many calls run at once is the interpreter's business, not the pool's: `limit=0` is no limit.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    )


async def _close(session: aiohttp.ClientSession) -> None:
    await session.close()
    await asyncio.sleep(0)  # asyncio closes a socket one turn of the loop after it was asked to


@lru_cache(maxsize=64)
def _proxy_of(scheme: str, host: str) -> str | None:
    """The environment's proxy for a host; aiohttp's own look-up reads the environment again for every request."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    return None if proxy is None or proxy_bypass(host) else proxy


class AiohttpTransport:
    """See `cascadelang.contracts.provider.Transport`."""

    def __init__(self) -> None:
        self._sessions: PerLoop[aiohttp.ClientSession] = PerLoop(_session, _close)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpResponse:
        """See `Transport.send`."""
        try:
            response = await self._post(url, headers, body, timeout_s)
            try:
                data = await _read(response, url)
            finally:
                response.release()
        except TimeoutError:
            raise timed_out(url, timeout_s) from None
        except _FAULTS as error:
            raise _mapped(error, url) from None
        return HttpResponse(response.status, _lower(response), data)

    async def stream(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> AiohttpStream:
        """See `Transport.stream`."""
        try:
            response = await self._post(url, headers, body, timeout_s)
        except TimeoutError:
            raise timed_out(url, timeout_s) from None
        except _FAULTS as error:
            raise _mapped(error, url) from None
        return AiohttpStream(response, url, timeout_s)

    async def close(self) -> None:
        """See `Transport.close`."""
        await self._sessions.close()

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> aiohttp.ClientResponse:
        if timeout_s <= 0:  # to aiohttp that would mean: no limit
            raise timed_out(url, timeout_s)
        session = await self._sessions.get()
        parts = urlsplit(url)
        return await session.post(
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            proxy=_proxy_of(parts.scheme, parts.netloc),
            ssl=tls_context() if parts.scheme == "https" else True,
        )


class AiohttpStream(CappedBody):
    """See `cascadelang.contracts.provider.HttpStream`; aiohttp's total timeout goes on over the body's pieces."""

    def __init__(self, response: aiohttp.ClientResponse, url: str, timeout_s: float) -> None:
        super().__init__(url)
        self.status = response.status
        self.headers: Mapping[str, str] = _lower(response)
        self._response = response
        self._timeout_s = timeout_s

    async def next_piece(self) -> bytes | None:
        """See `CappedBody.next_piece`."""
        try:
            return await self._response.content.readany() or None
        except TimeoutError:
            raise timed_out(self._url, self._timeout_s) from None
        except _FAULTS as error:
            raise _mapped(error, self._url) from None

    async def close(self) -> None:
        """See `HttpStream.close`."""
        self._response.release()


def _lower(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _read(response: aiohttp.ClientResponse, url: str) -> bytes:
    size = response.content_length
    if size is not None and size > MAX_BODY_BYTES:
        response.close()
        raise too_large(url)
    if size is not None and "Content-Encoding" not in response.headers:
        return await response.read()
    pieces: list[bytes] = []
    size = 0
    while piece := await response.content.readany():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            response.close()
            raise too_large(url)
        pieces.append(piece)
    return b"".join(pieces)


def _mapped(error: Exception, url: str) -> CallFailed:
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return no_connection(url, "the proxy refused")
    if isinstance(error, aiohttp.ClientConnectorError):
        return no_connection(url, reason_of(error.os_error))
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError | ValueError):
        return bad_url(url)
    return broken_off(url)
