"""From what went wrong over HTTP to the one failure kind it is, in words that are safe to show.

Takes: statuses, headers, error bodies. Gives: `CallFailed` with one line of text. Guarantees: no key and no value of
a configured header is in that line, even when the server echoes it, whole or in part; no control characters either.

The statuses are those the providers document: OpenAI (developers.openai.com/api/docs/guides/error-codes), Anthropic
(platform.claude.com/docs/en/api/errors), Gemini (ai.google.dev/gemini-api/docs/troubleshooting), OpenRouter
(openrouter.ai/docs/api/reference/errors-and-debugging).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cascadelang.contracts.failure import CallFailed, FailureKind

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
"""Larger answers are refused: an answer of a model is text, and memory is the caller's."""

_BY_STATUS: Final[Mapping[int, FailureKind]] = {
    401: "auth",
    # The account has no credit left: this provider refuses until someone pays, another may still answer.
    402: "rate_limit",
    403: "auth",
    407: "connection",  # the proxy on the way wants a password
    408: "timeout",
    409: "server",  # a conflict inside the service; the official SDKs try again
    413: "context_length",
    425: "rate_limit",
    429: "rate_limit",
}


def kind_of_status(status: int) -> FailureKind:
    """The kind of failure an HTTP status means when the body says nothing more exact."""
    kind = _BY_STATUS.get(status)
    if kind is not None:
        return kind
    return "server" if status >= 500 or status < 300 else "bad_request"


def find_error(body: Any) -> Mapping[str, Any] | None:
    """The error object in a decoded body, or ``None`` when it holds none.

    Known shapes: ``{"error": {…}}`` (OpenAI, Anthropic, Gemini), ``{"error": "…"}`` (Ollama), ``{"object": "error",
    "message": …}`` (vLLM), and any of them in a list of one (Gemini).
    """
    if isinstance(body, list):
        return find_error(body[0]) if body else None
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict) and error:
        return error
    if isinstance(error, str) and error:
        return {"message": error}
    if body.get("object") == "error" or body.get("type") == "error":
        return body
    return None


def error_words(body: Any) -> str:
    """What a decoded error body says, or nothing."""
    error = find_error(body)
    if error is None:
        if not isinstance(body, dict):
            return ""
        error = {"message": body.get("message") or body.get("detail") or body.get("msg")}
    message = error.get("message")
    if isinstance(message, str) and message.strip():
        return message
    label = error.get("code") or error.get("type") or error.get("status")
    return label if isinstance(label, str) else ""


def retry_after_s(headers: Mapping[str, str], now_wall_s: float) -> float | None:
    """Seconds the server asks to wait: ``retry-after-ms``, or ``retry-after`` in seconds or as an HTTP date.

    RFC 9110, 10.2.3; ``retry-after-ms`` is what the OpenAI and Anthropic SDKs look at first.
    """
    for header, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(header)
        if not text:
            continue
        try:
            wait_s = float(text) * unit_s
        except ValueError:
            continue
        if math.isfinite(wait_s):
            return max(0.0, wait_s)
    text = headers.get("retry-after")
    if not text:
        return None
    from email.utils import mktime_tz, parsedate_tz

    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    try:
        return max(0.0, mktime_tz(parsed) - now_wall_s)
    except (OverflowError, ValueError):
        return None


def host_of(url: str) -> str:
    """The host and port of a URL, without any user name or password in it."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the server"
    return f"{parts.hostname or 'the server'}{port}"


def timed_out(url: str, timeout_s: float) -> CallFailed:
    """No whole answer within the call's time."""
    return CallFailed("timeout", f"no complete answer from `{host_of(url)}` within {timeout_s:g} s")


def no_connection(url: str, reason: str) -> CallFailed:
    """No connection could be made."""
    what = f"can't connect to `{host_of(url)}`{': ' + reason if reason else ''}"
    return CallFailed("connection", what, maybe_billed=False)


def broken_off(url: str) -> CallFailed:
    """The other side went away before the answer was complete."""
    return CallFailed("connection", f"`{host_of(url)}` closed the connection before the answer was complete")


def bad_url(url: str) -> CallFailed:
    """A URL no request can be made of."""
    return CallFailed("bad_request", f"the address of `{host_of(url)}` isn't a usable http or https URL")


def too_large(url: str) -> CallFailed:
    """A body over the cap."""
    return CallFailed("server", f"the answer of `{host_of(url)}` is larger than {MAX_BODY_BYTES // 1024 // 1024} MB")


def reason_of(error: BaseException) -> str:
    """Why no connection came about, in a few words; empty when nobody says."""
    import ssl

    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate isn't trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection ({(cause.reason or 'unknown').replace('_', ' ').lower()})"
        if isinstance(cause, OSError) and cause.strerror:
            words = cause.strerror
            # asyncio puts the address into its own words: "Connect call failed ('127.0.0.1', 9)".
            return "connection refused" if words.startswith("Connect call failed") else words.lower()
        cause = cause.__cause__ or cause.__context__
    return ""
