"""A machine of one's own, and servers that are closed afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from misbehaving import KEY, Answer, Machine, Server


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    keep = {k: v for k, v in os.environ.items() if k in {"PATH", "SYSTEMROOT", "LANG", "VIRTUAL_ENV", "PYTHONPATH"}}
    env = {
        **keep,
        "HOME": str(tmp_path),
        "PYTHONUTF8": "1",
        "PYTHONWARNINGS": "error",
        "CASCADELANG_DATA": str(tmp_path / "data"),
        "CASCADELANG_CACHE": str(tmp_path / "cache"),
        "ACME_KEY": KEY,
        "NO_PROXY": "127.0.0.1",
    }
    return Machine(tmp_path, env)


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
