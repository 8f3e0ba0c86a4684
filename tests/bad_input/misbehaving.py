"""Loopback servers that misbehave, and the real command line against them."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KEY = "sk-test-0123456789abcdef-not-a-real-key"
LIMIT_LINES = 24
"""One screen."""


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    def clear(self, code: int) -> Done:
        """The documented exit code, one screen, no traceback, no key."""
        assert self.code == code, (self.code, self.out, self.err)
        assert "Traceback" not in self.out + self.err
        assert KEY not in self.out + self.err
        assert len(self.err.splitlines()) <= LIMIT_LINES, self.err
        return self


@dataclass
class Machine:
    """A folder of its own, with an environment of its own."""

    folder: Path
    env: dict[str, str]

    @property
    def store(self) -> Path:
        return self.folder / "data" / "traces.sqlite"

    def write(self, name: str, text: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cascadelang", *args],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def cl(self, *args: str, timeout_s: float = 300) -> Done:
        process = self.start(*args)
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"still running after {timeout_s} s: {out} {err}") from None
        return Done(process.returncode, out, err)

    def policy(self, url: str, *, fields: str = "timeout: 60s", strategy: str = "m") -> str:
        return self.write(
            "policy.cl",
            f'provider p = openai {{ base_url: "{url}/v1", key: env("ACME_KEY") }}\n'
            f'model m = p("model-x") {{ price: $1 / $2, {fields} }}\n'
            f"policy main = {strategy}\n",
        )


Answer = Callable[[socket.socket, bytes], None]


class Server:
    """Answers each connection by hand, so that it can misbehave; counts the requests it read."""

    def __init__(self, answer: Answer) -> None:
        self.requests = 0
        self.asked = threading.Event()
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            request = read_request(connection)
            if request:
                self.requests += 1
                self.asked.set()
                self._answer(connection, request)
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def close(self) -> None:
        self._closing = True
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.close()


def read_request(connection: socket.socket) -> bytes:
    """One whole request."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(status: str, body: bytes | str, kind: str = "application/json", headers: str = "") -> bytes:
    """A whole response."""
    data = body.encode() if isinstance(body, str) else body
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{headers}Connection: close\r\n"
    )
    return head.encode() + b"\r\n" + data


def says(response: bytes) -> Answer:
    """Sends the same bytes to every request."""
    return lambda connection, _: connection.sendall(response)


def reply(text: str) -> bytes:
    """A good answer of the chat completions API."""
    message = {"role": "assistant", "content": text}
    body = {
        "id": "1",
        "object": "chat.completion",
        "model": "model-x",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3},
    }
    return http("200 OK", json.dumps(body))


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to be so."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to be so"
        time.sleep(0.02)
