"""Everything that can go wrong over HTTP is one failure kind, with one line that a person can act on."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from time import time

import pytest
from adapters import KEY, drive, every_adapter, every_transport, provider_at, request, send, stream
from servers import WIRES, Plan, Server

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Usage

OPENAI_ERRORS = [
    (
        401,
        {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"},
        "auth",
    ),
    (403, {"message": "Country not supported", "type": "request_forbidden"}, "auth"),
    (404, {"message": "The model `x` does not exist", "code": "model_not_found"}, "bad_request"),
    (400, {"message": "Unsupported parameter", "code": "unsupported_parameter"}, "bad_request"),
    (400, {"message": "too long", "code": "context_length_exceeded"}, "context_length"),
    (400, {"message": "This model's maximum context length is 8192 tokens.", "code": 400}, "context_length"),  # vLLM
    (400, {"message": "too big", "type": "exceed_context_size_error", "code": 400}, "context_length"),  # llama.cpp
    (500, {"message": "Context size has been exceeded.", "type": "server_error"}, "context_length"),  # the same
    (400, {"message": "filtered", "code": "content_filter"}, "content_filter"),  # Azure
    (403, {"message": "flagged", "code": 403, "metadata": {"flagged_input": "…"}}, "content_filter"),  # OpenRouter
    (402, {"message": "Insufficient credits", "code": 402}, "rate_limit"),
    (429, {"message": "Rate limit reached", "code": "rate_limit_exceeded"}, "rate_limit"),
    (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, "rate_limit"),
    (500, {"message": "The server had an error", "type": "server_error"}, "server"),
    (503, {"message": "overloaded", "code": "server_is_overloaded"}, "server"),
    (408, {"message": "timed out"}, "timeout"),
]
ANTHROPIC_ERRORS = [
    (400, "invalid_request_error", "messages: at least one message is required", "bad_request"),
    (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_length"),
    (400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 3", "context_length"),
    (400, "invalid_request_error", "Output blocked by content filtering policy", "content_filter"),
    (400, "invalid_request_error", "Your credit balance is too low to access the API", "rate_limit"),
    (401, "authentication_error", "invalid x-api-key", "auth"),
    (402, "billing_error", "There's an issue with your billing", "rate_limit"),
    (403, "permission_error", "not allowed", "auth"),
    (404, "not_found_error", "model: claude-none", "bad_request"),
    (413, "request_too_large", "Request exceeds the maximum size", "context_length"),
    (429, "rate_limit_error", "Number of requests has exceeded your limit", "rate_limit"),
    (500, "api_error", "Internal server error", "server"),
    (504, "timeout_error", "Request timed out", "timeout"),
    (529, "overloaded_error", "Overloaded", "server"),
]
KEY_INVALID = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
GEMINI_ERRORS = [
    (400, "INVALID_ARGUMENT", "Invalid JSON payload received", None, "bad_request"),
    (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", KEY_INVALID, "auth"),
    (400, "FAILED_PRECONDITION", "User location is not supported", None, "auth"),
    (
        400,
        "INVALID_ARGUMENT",
        "The input token count (3475108) exceeds the maximum number of tokens allowed (1048576).",
        None,
        "context_length",
    ),
    (403, "PERMISSION_DENIED", "Your API key was reported as leaked", None, "auth"),
    (404, "NOT_FOUND", "models/none is not found", None, "bad_request"),
    (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", None, "rate_limit"),
    (500, "INTERNAL", "An internal error has occurred", None, "server"),
    (503, "UNAVAILABLE", "The model is overloaded", None, "server"),
    (504, "DEADLINE_EXCEEDED", "The service is unable to finish", None, "timeout"),
]
CASES = [
    *(("openai", status, {"error": error}, kind) for status, error, kind in OPENAI_ERRORS),
    *(
        (
            "anthropic",
            status,
            {"type": "error", "error": {"type": label, "message": message}, "request_id": "r"},
            kind,
        )
        for status, label, message, kind in ANTHROPIC_ERRORS
    ),
    *(
        ("gemini", code, {"error": {"code": code, "message": message, "status": status, "details": details}}, kind)
        for code, status, message, details, kind in GEMINI_ERRORS
    ),
]
BUSY = {
    "openai": {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}},
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "gemini": {"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}},
}
BUSY_KIND = {"openai": "rate_limit", "anthropic": "server", "gemini": "server"}
every_way = pytest.mark.parametrize("how", [send, stream])


def failure(how, wire, transport, plan, asked=None, **settings):
    with pytest.raises(CallFailed) as caught:
        how(wire, transport, plan, asked, **settings)
    said = caught.value.message
    assert said == str(caught.value)
    assert "\n" not in said
    assert not said.endswith(".")
    assert KEY not in said
    return caught.value


@pytest.mark.parametrize(("wire", "status", "body", "kind"), CASES)
@every_way
def test_documented_errors(wire, status, body, kind, how):
    caught = failure(how, wire, "httpx", Plan(mode="error", status=status, error=body))
    assert caught.kind == kind
    assert caught.status == status
    assert str(status) in caught.message
    assert body["error"]["message"].rstrip(".") in caught.message
    assert "acme" in caught.message


@every_adapter
@every_transport
@every_way
def test_error_over_both_transports(wire, transport, how):
    caught = failure(how, wire, transport, Plan(mode="error", status=503, error=BUSY[wire]))
    assert (caught.kind, caught.status) == (BUSY_KIND[wire], 503)


@every_adapter
@every_way
def test_error_inside_a_200(wire, how):
    caught = failure(how, wire, "httpx", Plan(mode="error", status=200, error=BUSY[wire]))
    assert caught.kind == BUSY_KIND[wire]
    assert caught.message.startswith("`acme` answered with an error: ")


@every_way
def test_openrouter_puts_the_status_into_a_200(how):
    error = {"error": {"code": 502, "message": "Provider returned error"}}
    assert failure(how, "openai", "httpx", Plan(mode="error", status=200, error=error)).kind == "server"
    error = {"error": {"code": 401, "message": "No auth credentials found"}}
    assert failure(how, "openai", "httpx", Plan(mode="error", status=200, error=error)).kind == "auth"


@every_adapter
@every_transport
@every_way
@pytest.mark.parametrize(
    ("status", "kind"), [(200, "server"), (502, "server"), (404, "bad_request"), (403, "auth"), (429, "rate_limit")]
)
def test_web_page(wire, transport, how, status, kind):
    caught = failure(how, wire, transport, Plan(mode="html", status=status))
    assert caught.kind == kind
    assert "a web page instead of JSON" in caught.message


@every_adapter
@every_transport
@every_way
def test_invalid_json(wire, transport, how):
    caught = failure(how, wire, transport, Plan(mode="invalid"))
    assert (caught.kind, caught.message) == ("server", "`acme` answered 200 with something that isn't JSON")


@every_adapter
@every_transport
@every_way
def test_empty_body(wire, transport, how):
    caught = failure(how, wire, transport, Plan(mode="empty"))
    assert (caught.kind, caught.message) == ("server", "`acme` answered 200 with an empty body")


@every_adapter
@every_way
@pytest.mark.parametrize("status", [301, 307, 308])
def test_redirects_are_not_followed(wire, how, status):
    plan = Plan(mode="empty", status=status, headers={"location": "http://127.0.0.1:9/"})
    assert failure(how, wire, "httpx", plan).kind == "bad_request"


@every_adapter
@every_way
@pytest.mark.parametrize(
    "body", [{}, [], 7, "text", {"choices": []}, {"choices": [{}]}, {"content": 3}, {"candidates": 1}]
)
def test_json_that_is_no_reply(wire, how, body):
    caught = failure(how, wire, "httpx", Plan(mode="error", status=200, error=body))
    assert (caught.kind, caught.message) == ("server", "`acme` answered with JSON that isn't a reply of its API")


@every_adapter
@every_transport
@every_way
def test_silence_is_a_timeout_of_the_whole_call(wire, transport, how):
    caught = failure(how, wire, transport, Plan(mode="hang"), request(timeout_s=0.2))
    assert caught.kind == "timeout"
    assert "within 0.2 s" in caught.message


@every_adapter
@every_transport
def test_stream_that_falls_silent(wire, transport):
    caught = failure(stream, wire, transport, Plan(mode="stall"), request(timeout_s=0.4))
    assert caught.kind == "timeout"


@every_adapter
@every_transport
@every_way
def test_connection_closed_without_an_answer(wire, transport, how):
    assert failure(how, wire, transport, Plan(mode="drop")).kind == "connection"


@every_adapter
@every_transport
@pytest.mark.parametrize("mode", ["break", "stop"])
def test_stream_that_stops_half_way(wire, transport, mode):
    caught = failure(stream, wire, transport, Plan(mode=mode))
    assert caught.kind == "connection"
    assert "before the answer was complete" in caught.message


@every_adapter
@every_transport
def test_error_half_way_through_a_stream(wire, transport):
    caught = failure(stream, wire, transport, Plan(mode="error_midway", error=BUSY[wire]))
    assert caught.kind == BUSY_KIND[wire]


@every_adapter
@every_transport
@every_way
def test_no_server(wire, transport, how):
    async def use(provider, server):
        server._server.close()
        await server._server.wait_closed()
        if how is send:
            await provider.send(request())
        else:
            async for _ in provider.stream(request()):
                pass

    with pytest.raises(CallFailed, match=r"can't connect to `127\.0\.0\.1:\d+`: connection refused") as caught:
        drive(wire, transport, Plan(), use)
    assert (caught.value.kind, caught.value.maybe_billed) == ("connection", False)


@every_adapter
@every_transport
@every_way
@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "127.0.0.1:80", "http://", "http://[::1", "nonsense"])
def test_unusable_base_url(wire, transport, how, url):
    caught = failure(how, wire, transport, Plan(), base_url=url)
    assert caught.kind == "bad_request"
    assert "isn't a usable http or https URL" in caught.message


@every_transport
def test_endless_answer_is_cut_off(transport):
    caught = failure(send, "openai", transport, Plan(mode="huge"), request(timeout_s=60.0))
    assert (caught.kind, "larger than 32 MB" in caught.message) == ("server", True)


@every_adapter
@every_transport
def test_retry_after(wire, transport):
    def wait_s(**headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return failure(
            send, wire, transport, Plan("error", status=429, error=BUSY[wire], headers=named)
        ).retry_after_s

    assert wait_s(retry_after="7") == 7.0
    assert wait_s(retry_after="1.5", retry_after_ms="250") == 0.25
    assert 25 < wait_s(retry_after=formatdate(time() + 30, usegmt=True)) <= 31
    assert wait_s(retry_after=formatdate(time() - 30, usegmt=True)) == 0.0
    assert wait_s(retry_after="soon") is None
    assert wait_s(retry_after="nan") is None
    assert wait_s() is None


def test_gemini_states_the_wait_in_the_body():
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s"}]
    error = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}}
    assert failure(send, "gemini", "httpx", Plan("error", status=429, error=error)).retry_after_s == 22.0


@every_way
def test_gemini_blocked_prompt(how):
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 3}}
    caught = failure(how, "gemini", "httpx", Plan(mode="error", status=200, error=blocked))
    assert (caught.kind, caught.usage) == ("content_filter", Usage(3, 0))
    assert "PROHIBITED_CONTENT" in caught.message


@every_adapter
def test_missing_key_at_the_providers_own_address(wire):
    async def run():
        async with Server(WIRES[wire], Plan()) as server:
            provider = provider_at(server, "httpx", key=None, base_url="")
            await provider.send(request())

    with pytest.raises(CallFailed) as caught:
        asyncio.run(run())
    assert caught.value.kind == "auth"
    assert (
        caught.value.message == f"no key for provider `acme`: set the environment variable `{wire.upper()}_API_KEY`"
    )


@every_adapter
@pytest.mark.parametrize("key", ["sk-with\nnewline-inside", "sk-naïve-key-1234", "two words are no key"])
def test_key_that_no_header_can_hold(wire, key):
    async def run():
        async with Server(WIRES[wire], Plan()) as server:
            await provider_at(server, "httpx", key=key).send(request())

    with pytest.raises(CallFailed) as caught:
        asyncio.run(run())
    assert caught.value.kind == "auth"
    assert key not in caught.value.message


WITHHELD = {
    "openai": {
        "choices": [{"message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 1000},
    },
    "anthropic": {"content": [], "stop_reason": "refusal", "usage": {"input_tokens": 10, "output_tokens": 1000}},
    "gemini": {
        "candidates": [{"content": {"parts": []}, "finishReason": "SAFETY"}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 900, "thoughtsTokenCount": 100},
    },
}
MISSHAPEN = {
    "openai": {"choices": [], "usage": WITHHELD["openai"]["usage"]},
    "anthropic": {"content": 3, "usage": WITHHELD["anthropic"]["usage"]},
    "gemini": {"candidates": [], "usageMetadata": WITHHELD["gemini"]["usageMetadata"]},
}
BILLED = Usage(10, 1000)


@every_adapter
@every_way
def test_a_withheld_answer_says_what_is_billed(wire, how):
    plan = Plan(mode="error", status=200, error=WITHHELD[wire])
    assert failure(how, wire, "httpx", plan).usage == BILLED
    body = {name: value for name, value in WITHHELD[wire].items() if not name.startswith("usage")}
    silent = failure(how, wire, "httpx", Plan(mode="error", status=200, error=body))
    assert (silent.kind, silent.usage, silent.maybe_billed) == ("content_filter", None, True)


@every_adapter
def test_a_withheld_stream_says_what_is_billed(wire):
    caught = failure(stream, wire, "httpx", Plan(pieces=(), finish="content_filter"))
    assert (caught.kind, caught.usage) == ("content_filter", Usage(120, 30, 20))


@every_adapter
@every_way
def test_an_unreadable_answer_says_what_is_billed(wire, how):
    caught = failure(how, wire, "httpx", Plan(mode="error", status=200, error=MISSHAPEN[wire]))
    assert (caught.kind, caught.usage) == ("server", BILLED)


@every_adapter
@every_transport
@every_way
@pytest.mark.parametrize(
    ("plan", "maybe_billed"),
    [
        (Plan(mode="error", status=503, error=BUSY["openai"]), False),
        (Plan(mode="error", status=200, error=BUSY["openai"]), True),
        (Plan(mode="invalid"), True),
        (Plan(mode="html", status=404), False),
        (Plan(mode="empty", status=504), True),
        (Plan(mode="drop"), True),
    ],
)
def test_what_may_have_been_billed(wire, transport, how, plan, maybe_billed):
    caught = failure(how, wire, transport, plan)
    assert (caught.usage, caught.maybe_billed) == (None, maybe_billed)


@every_adapter
@every_transport
@pytest.mark.parametrize("mode", ["break", "stop", "error_midway"])
def test_a_stream_that_broke_may_have_been_billed(wire, transport, mode):
    caught = failure(stream, wire, transport, Plan(mode=mode, error=BUSY[wire]))
    assert (caught.usage, caught.maybe_billed) == (None, True)
