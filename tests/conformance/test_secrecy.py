"""No key reaches a message, whatever a server sends back."""

from __future__ import annotations

import pickle
import traceback

import pytest
from adapters import KEY, drive, every_adapter, every_transport, request, sent
from servers import Plan

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.provider import Secret

HEADER_SECRET = "gateway-password-99"
ECHOES = [
    f"Incorrect API key provided: {KEY}",
    f"bad header Authorization: Bearer {KEY}",
    f"bad header x-api-key: '{KEY}', try again",
    f"Incorrect API key provided: {KEY[:8]}********{KEY[-4:]}",
    f"unknown gateway password {HEADER_SECRET}",
    "bad header authorization: Bearer some-other-token-1234",
    f"two lines\r\nx-api-key: {KEY}\x1b[31m",
    "long " * 100 + KEY,
]


def bodies(words: str) -> list[object]:
    return [
        {"error": {"message": words, "type": "invalid_request_error", "code": words}},
        {"type": "error", "error": {"type": "invalid_request_error", "message": words}},
        {"error": {"code": 401, "message": words, "status": words}},
        {"error": words},
        {"message": words},
        {"detail": words},
        words,
    ]


@every_adapter
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_echoed_keys_are_taken_out(wire, streamed, status):
    async def use(provider, server):
        for words in ECHOES:
            for body in bodies(words):
                server.plan = Plan("error", status=status, error=body)
                with pytest.raises(CallFailed) as caught:
                    await call(provider, streamed=streamed)
                holds_no_secret(caught.value)
        return len(server.requests)

    asked = drive(wire, "httpx", Plan(), use, headers={"X_Gateway": HEADER_SECRET})
    assert asked == len(ECHOES) * len(bodies(""))


async def call(provider, *, streamed):
    if not streamed:
        return await provider.send(request())
    return [part async for part in provider.stream(request())]


def holds_no_secret(failure):
    for text in [str(failure), repr(failure), failure.message, *traceback.format_exception(failure)]:
        assert KEY not in text
        assert KEY[-8:] not in text
        assert "some-other-token" not in text
        assert "\x1b" not in text
    assert HEADER_SECRET not in failure.message
    assert len(failure.message) < 400


@every_adapter
@every_transport
def test_key_goes_where_it_belongs_and_nowhere_else(wire, transport):
    for streamed in (False, True):
        captured = sent(wire, transport, request(), streamed=streamed)
        holding = {name for name, value in captured.headers.items() if KEY in value}
        assert holding == {{"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}[wire]}
        assert KEY not in captured.path
        assert KEY not in str(captured.body)


@every_adapter
def test_further_headers_are_sent(wire):
    captured = sent(wire, "httpx", request(), headers={"X_Title": "routing", "X_Token": Secret(HEADER_SECRET)})
    assert captured.headers["x-title"] == "routing"
    assert captured.headers["x-token"] == HEADER_SECRET


def test_a_secret_shows_itself_to_nobody():
    secret = Secret(KEY)
    assert {str(secret), repr(secret), f"{secret}", f"{secret!r:>3}"} == {"***"}
    assert pickle.loads(pickle.dumps(secret)).reveal() == "***"  # noqa: S301 - our own bytes
