"""What telemetry is tested with: a real collector, what it sends to, and a server of models; all on loopback.

The collector is Rotel, from the package of that name: a program that takes OTLP by HTTP and gRPC, batches it, and
sends it on. It speaks OTLP by code of its own, in another language, so what comes out behind it was understood.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PATIENCE_S = 60.0
"""How long a test waits for what has to come; it waits for nothing else."""

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "LD_LIBRARY_PATH": sysconfig.get_config_var("LIBDIR")
    or "",  # Rotel wants Python's library, and has no path to it
}


def wait_until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    """Wait for a condition; ``what`` says what is there instead."""
    until_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until_s, what()
        time.sleep(0.01)


class _Server(ThreadingHTTPServer):
    """A server in a thread of its own. Whoever goes away in the middle is no news."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.over = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def handle_error(self, *_: object) -> None:
        pass

    def stop(self) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def log_message(self, *_: object) -> None:
        pass

    def body(self) -> bytes:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Backend(_Server):
    """Takes OTLP over HTTP.

    Attributes:
        status: what it answers.
        lag: waits for this before it answers; ``None`` answers at once.
        pause_s: how long it takes for each.
        cuts: goes away in the middle of its answer.
        bodies: what it was sent.
    """

    def __init__(self) -> None:
        self.status = 200
        self.lag: threading.Event | None = None
        self.pause_s = 0.0
        self.cuts = False
        self.bodies: list[bytes] = []
        super().__init__(_Traces)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def resources(self) -> list:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        return [
            each for body in list(self.bodies) for each in ExportTraceServiceRequest.FromString(body).resource_spans
        ]

    @property
    def spans(self) -> list:
        return [span for each in self.resources for scope in each.scope_spans for span in scope.spans]

    def wait_for(self, number: int) -> list:
        """The spans, once there are so many."""
        wait_until(lambda: len(self.spans) >= number, lambda: sorted(span.name for span in self.spans))
        assert len(self.spans) == number, sorted(span.name for span in self.spans)
        return self.spans


class _Traces(_Handler):
    server: Backend

    def do_POST(self) -> None:
        backend, body = self.server, self.body()
        assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
        if backend.lag is not None:
            while not (backend.lag.wait(0.02) or backend.over.is_set()):
                pass
        time.sleep(backend.pause_s)
        if backend.cuts:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            self.close_connection = True
            return
        if backend.status == 200:
            backend.bodies.append(body)
        self.answer(backend.status, kind="application/x-protobuf")


@pytest.fixture
def backend() -> Iterator[Backend]:
    server = Backend()
    yield server
    server.stop()


class Collector:
    """A real collector that sends all that it gets to a `Backend`.

    Attributes:
        url: where it takes OTLP over HTTP.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self.backend = Backend()
        for _ in range(10):  # a port that was free may be taken a moment later
            ports = _free_ports()
            self.url = f"http://127.0.0.1:{ports[0]}"
            self._process = subprocess.Popen(
                [
                    *(
                        program,
                        "start",
                        "--exporter",
                        "otlp",
                        "--pid-file",
                        folder / "pid",
                        "--log-file",
                        folder / "log",
                    ),
                    *("--otlp-http-endpoint", f"127.0.0.1:{ports[0]}"),
                    *("--otlp-grpc-endpoint", f"127.0.0.1:{ports[1]}"),
                    *("--otlp-exporter-protocol", "http"),
                    *("--otlp-exporter-endpoint", self.backend.url),
                    *("--batch-timeout", "20ms"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
            )
            try:
                wait_until(lambda: self._process.poll() is not None or self._serves(), lambda: "it doesn't serve")
            except BaseException:
                self.stop()
                raise
            if self._process.poll() is None:
                return
        pytest.fail(f"the collector ends with {self._process.returncode}")

    def _serves(self) -> bool:
        """Whether it takes OTLP: no spans, for now."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        try:
            connection.request("POST", "/v1/traces", b"", {"Content-Type": "application/x-protobuf"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """Let it die as it is."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self.backend.stop()


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in (one, other)]


@pytest.fixture(scope="session")
def _program() -> Path:
    """The collector; skips the test where it can't be had, or fails it where it has to be there."""
    found = importlib.util.find_spec("rotel")
    missing = "there is no collector here: the package rotel isn't installed (it is for Linux on x86-64)"
    if found is not None and found.origin is not None:
        program = Path(found.origin).parent / "rotel-agent"
        try:
            done = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False, env=_ENVIRONMENT
            )
        except OSError as error:
            missing = f"the collector doesn't start here: {error}"
        else:
            if done.returncode == 0:
                return program
            missing = f"the collector doesn't start here: {done.stderr.strip()[:200]}"
    if os.environ.get("CASCADELANG_NEED_COLLECTOR"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def told_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has runs told to a collector, at once."""

    def tell(url: str) -> None:
        monkeypatch.setenv("CASCADELANG_TELEMETRY", "otlp")
        monkeypatch.setenv("CASCADELANG_TRACE_STORE", "off")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    return tell


@pytest.fixture
def collector(_program: Path, tmp_path: Path, told_to: Callable[[str], None]) -> Iterator[Collector]:
    """A running collector, to which runs are told."""
    one = Collector(_program, tmp_path)
    told_to(one.url)
    yield one
    one.stop()


class Models(_Server):
    """Speaks as OpenAI's API does: what a model answers hangs on its id.

    ``busy`` refuses the first call, ``down`` every one, ``slow`` answers when nobody waits any more, ``judge`` likes
    answers that say they are right, as all do but those of ``busy``; ``vectors`` gives vectors.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(_Chat)


class _Chat(_Handler):
    server: Models

    def do_POST(self) -> None:
        asked = json.loads(self.body())
        model = asked["model"]
        self.server.asked.append(model)
        if self.path == "/v1/embeddings":
            texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
            vectors = [
                {"index": n, "embedding": [1.0, 0.5 if "bill" in text else -0.5]} for n, text in enumerate(texts)
            ]
            usage = {"prompt_tokens": 3, "total_tokens": 3}
            self.answer(200, json.dumps({"model": "vectors-2026", "data": vectors, "usage": usage}).encode())
            return
        if model == "down":
            self.answer(500, b'{"error": {"message": "down, says PRIVATE"}}')
        elif model == "busy" and self.server.asked.count("busy") == 1:
            self.answer(429, b'{"error": {"message": "busy, says PRIVATE"}}', Retry_After="0")
        else:
            if model == "slow":
                self.server.over.wait(PATIENCE_S)
            text = f"PRIVATE {model}" if model == "busy" else f"PRIVATE {model} is right"
            if model == "judge":
                liked = "is right" in json.dumps(asked["messages"])
                text = json.dumps({"reason": "PRIVATE reason", "score": 0.9 if liked else 0.1})
            self._say(model, text, stream=bool(asked.get("stream")))

    def _say(self, model: str, text: str, *, stream: bool) -> None:
        usage = {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16}
        known = {"id": "x", "object": "chat.completion", "created": 1, "model": f"{model}-2026"}
        if not stream:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self.answer(200, json.dumps({**known, "choices": [choice], "usage": usage}).encode())
            return
        chunks = [
            {**known, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]},
            {**known, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**known, "choices": [], "usage": usage},
        ]
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        self.answer(200, "".join([*lines, "data: [DONE]\n\n"]).encode(), "text/event-stream")


@pytest.fixture
def models() -> Iterator[Models]:
    server = Models()
    yield server
    server.stop()
