"""Tests keep their traces and caches to themselves, and no key of the machine reaches them."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("busy machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

T = TypeVar("T")
PATIENCE_S = 60.0
"""What a slow and busy machine is given for something that takes no time on an idle one."""
LOOK_S = 0.01

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # started in the background: what tests start must hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def _cache_of_the_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what can be made again, of all tests of this process: what the user has there changes nothing."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_folders(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    _cache_of_the_process: Path,
) -> None:
    monkeypatch.setenv("CASCADELANG_DATA", str(tmp_path_factory.mktemp("data")))
    if request.node.get_closest_marker("live") is None:  # which fetches weights, once for all
        monkeypatch.setenv("CASCADELANG_CACHE", str(_cache_of_the_process))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


@pytest.fixture
def until() -> Callable[[Callable[[], T]], T]:
    """Waits for something to be so and gives it; that it never comes to be so fails the test."""

    def wait(so: Callable[[], T]) -> T:
        until_s = time.monotonic() + PATIENCE_S
        while not (found := so()):
            assert time.monotonic() < until_s, "it never came to be so"
            time.sleep(LOOK_S)
        return found

    return wait


@pytest.fixture
def until_beside():
    """Like `until`, for what other tasks of the event loop bring about."""

    async def wait(so: Callable[[], T]) -> T:
        until_s = time.monotonic() + PATIENCE_S
        while not (found := so()):
            assert time.monotonic() < until_s, "it never came to be so"
            await asyncio.sleep(LOOK_S)
        return found

    return wait


@pytest.fixture(scope="session")
def _postgres() -> Iterator[object]:
    """A PostgreSQL server for all tests of this process."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        from postgres_server import Server
    finally:
        del sys.path[0]
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def postgres(_postgres):
    """A running PostgreSQL server with nothing stored in it; `url` is where."""
    from cascadelang.trace.pool import close_pools

    close_pools()
    _postgres.empty()
    yield _postgres
    close_pools()


@pytest.fixture(params=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """A place for a trace store: a file, then a database."""
    return tmp_path / "t.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres").url
