"""What the adapters over HTTP share: one JSON call, whole or as server-sent events, and how each can fail.

Takes: a provider's configuration, a transport, and the adapter's own reading of its error bodies. Gives: decoded
JSON objects. Guarantees: everything that goes wrong (statuses, HTML, invalid or empty JSON, an error inside a 200,
a stream that stops half way, silence) is a `CallFailed` of one kind whose message holds no secret.

Server-sent events are decoded by httpx-sse, whichever transport the bytes came through.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from cascadelang.contracts.failure import CallFailed, FailureKind
from cascadelang.contracts.messages import Delta, Reply, Request, Usage
from cascadelang.contracts.provider import HttpStream, ProviderConfig, Secret, Transport
from cascadelang.contracts.spec import Param
from cascadelang.providers._failures import error_words, find_error, kind_of_status, retry_after_s

Explain = Callable[[int, Mapping[str, Any]], FailureKind | None]
"""An adapter's reading of an error: status and error object in, the kind out; ``None`` leaves it to the status."""

RetryDelay = Callable[[Mapping[str, Any]], float | None]
"""Seconds to wait that an error object states, where a provider puts them there."""

TRANSPORT_PARAM: Final = Param(
    "transport",
    "choice",
    "Which HTTP client carries the calls: `httpx` comes with every install, `aiohttp` needs the extra `server` and "
    "spends a fraction of the CPU time when many calls run at once.",
    default="httpx",
    choices=("httpx", "aiohttp"),
)
HEADERS_PARAM: Final = Param(
    "headers",
    "record",
    "Further HTTP headers by name, with `_` for `-`, sent with every call; their values are kept out of messages.",
)

SETTLE_S: Final = 0.05
"""How long a complete stream may take to end before its connection is given up."""

DONE: Final = "[DONE]"
"""The data of the event that ends an OpenAI stream."""


def choose_transport(config: ProviderConfig) -> Transport:
    """The transport that the provider's settings name.

    Raises:
        CallFailed: ``policy`` when its library isn't installed.
    """
    if config.settings.get("transport", "httpx") == "aiohttp":
        try:
            from cascadelang.providers._transport_aiohttp import AiohttpTransport
        except ImportError:
            raise CallFailed(
                "policy", f"provider `{config.name}` asks for aiohttp, which isn't installed: add the extra `server`"
            ) from None
        return AiohttpTransport()
    from cascadelang.providers._transport_httpx import HttpxTransport

    return HttpxTransport()


def base_url(config: ProviderConfig, default: str) -> str:
    """The configured base URL without a slash at its end."""
    return str(config.settings.get("base_url") or default).rstrip("/")


def extra_headers(config: ProviderConfig) -> dict[str, str]:
    """The configured headers; names are written with ``_`` for ``-`` in a policy."""
    given = config.settings.get("headers") or {}
    return {
        str(name).replace("_", "-"): value.reveal() if isinstance(value, Secret) else str(value)
        for name, value in given.items()
    }


class HttpCalls:
    """Makes one provider's calls."""

    def __init__(
        self,
        config: ProviderConfig,
        transport: Transport | None,
        explain: Explain,
        retry_delay: RetryDelay | None = None,
    ) -> None:
        from cascadelang.providers._redact import Redactor  # lint, which reads what settings there are, calls nobody

        self._config = config
        self._name = config.name
        # made here, not with the first call: two threads may make their first calls at once
        self._transport = transport or choose_transport(config)
        self._explain = explain
        self._retry_delay = retry_delay
        secrets = list(extra_headers(config).values())
        if config.key is not None:
            secrets.append(config.key.reveal().strip())
        self._redactor = Redactor(secrets)

    def key(self, *, required: bool, variable: str) -> str:
        """The key, ready to be put into a header; empty when there is none and none is required.

        Raises:
            CallFailed: ``auth`` when it is missing, or holds what no header may hold.
        """
        key = "" if self._config.key is None else self._config.key.reveal().strip()
        if not key and required:
            raise CallFailed("auth", f"no key for provider `{self._name}`: set the environment variable `{variable}`")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise CallFailed("auth", f"the key of provider `{self._name}` holds characters that no key has")
        return key

    async def fetch(
        self, url: str, headers: Mapping[str, str], payload: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """POST the payload, read one JSON object.

        Raises:
            CallFailed: of every kind that an answer can mean.
        """
        response = await self._transport.send(url, headers, encode(payload), timeout_s)
        return self.decode(response.status, response.headers, response.body)

    async def open(
        self, url: str, headers: Mapping[str, str], payload: Mapping[str, Any], timeout_s: float
    ) -> EventStream:
        """POST the payload, read server-sent events; the caller closes what it gets.

        Raises:
            CallFailed: as `fetch`, for what is known once the headers are here.
        """
        stream = await self._transport.stream(url, headers, encode(payload), timeout_s)
        try:
            whole: dict[str, Any] | None = None
            if stream.status != 200 or "text/event-stream" not in stream.headers.get("content-type", ""):
                # An error, or a server that doesn't stream and sends the whole answer at once.
                whole = self.decode(stream.status, stream.headers, await stream.read())
        except BaseException:
            await stream.close()
            raise
        return EventStream(self, stream, whole)

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()

    def decode(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The JSON object in a whole response.

        Raises:
            CallFailed: when the status or the body says that the call failed, or the body isn't a JSON object.
        """
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            raise self._not_json(status, headers, body) from None
        if status == 200 and isinstance(value, dict) and not value.get("error") and value.get("type") != "error":
            return value
        raise self.failed(status, headers, value)

    def failed(self, status: int, headers: Mapping[str, str], body: Any) -> CallFailed:
        """The failure that a decoded body stands for. ``status`` is 200 for errors inside a good response."""
        error = find_error(body)
        if error is None and status < 300:
            return self.misshapen()
        code = (error or {}).get("code")
        real = code if status < 300 and isinstance(code, int) and 400 <= code < 600 else status
        kind = (self._explain(real, error) if error is not None else None) or kind_of_status(real)
        wait_s = retry_after_s(headers, time.time())
        if wait_s is None and error is not None and self._retry_delay is not None:
            wait_s = self._retry_delay(error)
        return CallFailed(kind, self._said(status, error_words(body)), retry_after_s=wait_s, status=status)

    def misshapen(self, usage: Usage | None = None) -> CallFailed:
        """The answer is JSON, but not of the documented form; ``usage`` is what it bills for it, where it says so."""
        what = f"`{self._name}` answered with JSON that isn't a reply of its API"
        return CallFailed("server", what, status=200, usage=usage)

    def unfinished(self) -> CallFailed:
        """A stream that ended before it said that it was complete."""
        return CallFailed("connection", f"the stream of `{self._name}` stopped before the answer was complete")

    def withheld(self, why: str, usage: Usage | None = None) -> CallFailed:
        """The provider's content filter kept the whole answer back; ``usage`` is what it bills all the same."""
        words = self._redactor.line(why)
        what = f"`{self._name}` withheld the answer{': ' + words if words else ''}"
        return CallFailed("content_filter", what, usage=usage)

    def _not_json(self, status: int, headers: Mapping[str, str], body: bytes) -> CallFailed:
        wait_s = retry_after_s(headers, time.time())
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        start = body[:64].lstrip()[:1]
        if not body.strip():
            what = "an empty body"
        elif media_type == "text/html" or start == b"<":
            what = "a web page instead of JSON; is its `base_url` right?"
        elif 300 <= status < 400:
            what = "a redirect; is its `base_url` right?"
        else:
            what = "something that isn't JSON"
            if status >= 400:
                what = self._redactor.line(body[:4096].decode("utf-8", "replace")) or what
        kind = kind_of_status(status)
        return CallFailed(kind, f"`{self._name}` answered {status} with {what}", retry_after_s=wait_s, status=status)

    def _said(self, status: int, words: str) -> str:
        words = self._redactor.line(words)
        if 200 <= status < 300:
            return f"`{self._name}` answered with an error{': ' + words if words else ''}"
        return f"`{self._name}` answered {status}{': ' + words if words else ''}"


class EventStream:
    """An answer that arrives as server-sent events; ``whole`` is set when it came in one piece instead."""

    def __init__(self, calls: HttpCalls, stream: HttpStream, whole: dict[str, Any] | None) -> None:
        self.whole = whole
        self._calls = calls
        self._stream = stream
        self._pieces = stream.chunks()

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """The JSON objects of the events, up to the end of the stream or `DONE`, which comes as ``{"done": True}``.

        Raises:
            CallFailed: when an event isn't JSON or carries an error, or the stream breaks.
        """
        import httpx
        from httpx_sse import EventSource

        # httpx-sse reads httpx responses; one made of the transport's own pieces works for every transport.
        response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=self._pieces)
        events = EventSource(response).aiter_sse()
        try:
            async for event in events:
                if event.data == DONE:
                    yield {"done": True}
                    return
                if not event.data:
                    continue
                try:
                    value = json.loads(event.data)
                except (ValueError, RecursionError):
                    raise self._calls.misshapen() from None
                if not isinstance(value, dict) or value.get("error") or value.get("type") == "error":
                    raise self._calls.failed(200, {}, value)
                yield value
        finally:
            await events.aclose()

    async def settle(self) -> None:
        """Read past the end mark, where the body's own end should be, so that the connection can be used again."""
        import asyncio

        with contextlib.suppress(TimeoutError, CallFailed):
            async with asyncio.timeout(SETTLE_S):
                async for _ in self._pieces:
                    pass

    async def close(self) -> None:
        """Give the connection back, or close it when the body wasn't read to its end."""
        if isinstance(self._pieces, AsyncGenerator):
            await self._pieces.aclose()
        await self._stream.close()


class Gathering(Protocol):
    """A streamed answer, put together event by event."""

    complete: bool
    """Whether it has come to its end."""

    def delta(self, text: str, /) -> Delta:
        """A piece of text with what came with it."""
        ...

    def add(self, event: Mapping[str, Any], /) -> str:
        """Take one event; give its piece of text.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: when the event isn't of the documented form.
        """
        ...


async def streamed(
    calls: HttpCalls,
    opening: Callable[[], Awaitable[EventStream]],
    gathered: Gathering,
    *,
    whole: Callable[[Mapping[str, Any]], Reply],
    reply: Callable[[], Reply],
    ends: bool = False,
) -> AsyncIterator[Delta | Reply]:
    """One streamed call, as `Provider.stream` gives it.

    Args:
        calls: the provider's.
        opening: makes the call.
        gathered: puts the answer together.
        whole: reads an answer that came in one piece all the same.
        reply: the answer that was gathered, once it is complete.
        ends: whether nothing follows on what makes it complete (a usage, say).

    Raises:
        CallFailed: as `Provider.stream`.
    """
    opened = await opening()
    try:
        if opened.whole is not None:
            answer = whole(opened.whole)
            if answer.text:
                yield Delta(answer.text, answer.logprobs or (), answer.usage)
            yield answer
            return
        async for event in opened.events():
            try:
                text = gathered.add(event)
            except (AttributeError, KeyError, TypeError, ValueError):
                raise calls.misshapen() from None
            if text:
                yield gathered.delta(text)
            if ends and gathered.complete:
                break
        if not gathered.complete:
            raise calls.unfinished()
        await opened.settle()
        yield reply()
    finally:
        await opened.close()


def encode(payload: Mapping[str, Any]) -> bytes:
    """The payload as JSON in UTF-8; half a surrogate pair, which UTF-8 can't hold, is escaped."""
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    """Read-only mappings, which the encoder doesn't know, as dictionaries."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def count(value: Any) -> int:
    """A token count out of a body: anything but a positive integer is 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def estimated_usage(request: Request, text: str) -> Usage:
    """Usage for a server that reports none: counted by us, and labelled so."""
    from cascadelang.contracts.estimate import estimate_tokens

    asked = estimate_tokens(request.system) + sum(estimate_tokens(message.text) for message in request.messages)
    return Usage(input_tokens=asked, output_tokens=estimate_tokens(text), estimated=True)


def stated_usage(read: Callable[[Any], Usage | None], body: Any) -> Usage | None:
    """The usage in a body whose other parts can't be read; ``None`` where that can't be read either."""
    try:
        usage = read(body) if body else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return None if usage is None else known_usage(usage)


def known_usage(usage: Usage) -> Usage | None:
    """A usage that the provider stated; ``None`` for one that we estimated, or that says nothing."""
    return None if usage.estimated or not (usage.input_tokens or usage.output_tokens) else usage


def split_data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 data of a ``data:`` URL; ``None`` for any other URL."""
    if not url.startswith("data:"):
        return None
    head, _, data = url[5:].partition(",")
    media_type, _, encoding = head.partition(";")
    if encoding.rpartition(";")[2] != "base64":
        return None
    return media_type or "image/png", data
