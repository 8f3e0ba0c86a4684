"""Servers that misbehave: each is one kind of failure, said in one screen, with exit code 4 and no key in sight."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from misbehaving import KEY, Answer, Machine, Server, http, reply, says

Serve = Callable[[Answer], Server]


def ask(machine: Machine, url: str, *args: str, **policy: str):
    machine.policy(url, **policy)
    return machine.cl("run", "policy.cl", "--query", "hi", *args)


def test_a_good_answer(machine: Machine, serve: Serve):
    done = ask(machine, serve(says(reply("Hello"))).url, "--trace").clear(0)
    assert done.out == "Hello\n"
    assert "unchecked: m answered" in done.err


def test_a_missing_key(machine: Machine, serve: Serve):
    server = serve(says(reply("Hello")))
    del machine.env["ACME_KEY"]
    done = ask(machine, server.url).clear(4)
    assert "set the environment variable `ACME_KEY`" in done.err
    assert server.requests == 0


def test_a_missing_key_of_the_usual_variable(machine: Machine):
    machine.write("policy.cl", 'use "std/anthropic"\npolicy main = haiku\n')
    assert "set the environment variable `ANTHROPIC_API_KEY`" in machine.cl(
        "run", "policy.cl", "--query", "hi"
    ).clear(4).err  # fmt: skip


def test_a_wrong_key(machine: Machine, serve: Serve):
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}})
    done = ask(machine, serve(says(http("401 Unauthorized", body))).url, "--trace", "--output", "json").clear(4)
    result = json.loads(done.out)
    assert result["failure"]["kind"] == "auth"
    assert result["answer"] is None


def test_a_server_that_hangs(machine: Machine, serve: Serve):
    done = ask(machine, serve(lambda *_: time.sleep(300)).url, fields="timeout: 300ms").clear(4)
    assert "(timeout)" in done.err


def test_a_server_that_is_not_there(machine: Machine):
    assert "(connection)" in ask(machine, "http://127.0.0.1:1").clear(4).err


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (http("200 OK", "<!doctype html><html><body>Please sign in</body></html>", "text/html"), "server"),
        (http("502 Bad Gateway", "<html>\x1b[31mnginx</html>", "text/html"), "server"),
        (http("200 OK", '{"choices": [{"message"'), "server"),
        (http("200 OK", ""), "server"),
        (http("200 OK", "[]"), "server"),
        (http("200 OK", json.dumps({"error": {"message": "overloaded", "code": 503}})), "server"),
        (http("429 Too Many Requests", "{}", headers="Retry-After: 1\r\n"), "rate_limit"),
        (http("400 Bad Request", json.dumps({"error": {"message": "bad", "type": "invalid"}})), "bad_request"),
    ],
    ids=["html", "html with 502", "invalid JSON", "nothing", "a list", "an error in a 200", "429", "400"],
)
def test_answers_that_are_none(machine: Machine, serve: Serve, response: bytes, kind: str):
    done = ask(machine, serve(says(response)).url).clear(4)
    assert f"({kind})" in done.err
    assert "\x1b" not in done.err
    assert done.out == ""


def test_a_prompt_over_the_context(machine: Machine, serve: Serve):
    message = "This model's maximum context length is 8192 tokens"
    body = json.dumps({"error": {"message": message, "code": "context_length_exceeded"}})
    assert "(context_length)" in ask(machine, serve(says(http("400 Bad Request", body))).url).clear(4).err


def test_an_empty_answer(machine: Machine, serve: Serve):
    url = serve(says(reply(""))).url
    assert ask(machine, url).clear(0).out == "\n"
    machine.policy(url)
    with (machine.folder / "policy.cl").open("a") as file:
        file.write("check ok = not empty\npolicy strict = cascade [m] until ok otherwise fail\n")
    done = machine.cl("run", "policy.cl", "--query", "hi", "--policy", "strict").clear(4)
    assert "(unmet)" in done.err


def chunk(text: str) -> bytes:
    delta = {"id": "1", "model": "model-x", "choices": [{"index": 0, "delta": {"content": text}}]}
    return f"data: {json.dumps(delta)}\n\n".encode()


def test_a_good_stream(machine: Machine, serve: Serve):
    def whole(connection, _):
        body = b"".join([chunk("Once "), chunk("upon "), chunk("a time"), b"data: [DONE]\n\n"])
        connection.sendall(http("200 OK", body, "text/event-stream"))

    done = ask(machine, serve(whole).url, "--stream", "--trace").clear(0)
    assert done.out == "Once upon a time\n"


def test_a_stream_that_closes_half_way(machine: Machine, serve: Serve):
    def half(connection, _):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        piece = chunk("Once upon ")
        connection.sendall(head + f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    done = ask(machine, serve(half).url, "--stream").clear(4)
    assert done.out.startswith("Once upon ")
    assert "no answer" in done.err
    assert "(connection)" in done.err or "(server)" in done.err


def test_the_next_rung_answers_when_one_is_down(machine: Machine, serve: Serve):
    bad, good = serve(says(http("500 Oops", "{}"))), serve(says(reply("Hello")))
    machine.write(
        "policy.cl",
        f'provider a = openai {{ base_url: "{bad.url}/v1" }}\nprovider b = openai {{ base_url: "{good.url}/v1" }}\n'
        'model x = a("m")\nmodel y = b("m")\nfallback [x, y]\n',
    )
    done = machine.cl("run", "policy.cl", "--query", "hi", "--trace").clear(0)
    assert done.out == "Hello\n"
    assert (bad.requests, good.requests) == (1, 1)


def test_an_answer_that_would_drive_the_terminal_reaches_a_pipe_as_it_is(machine: Machine, serve: Serve):
    done = ask(machine, serve(says(reply("\x1b]0;title\x07hi"))).url, "--trace").clear(0)
    assert done.out == "\x1b]0;title\x07hi\n"
    assert "\x1b" not in done.err
