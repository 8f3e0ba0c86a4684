"""llama.cpp in this process: one engine per model file and settings, shared by all that ask for the same.

Takes: a GGUF file and how it is to be run. Gives: `acquire` and `release`, and between them an `Engine` that runs one
chat completion at a time on a thread of its own. Guarantees: the event loop is never blocked by generation, the same
greedy request gives the same text (nothing is kept between requests, and requests never share a batch), and when the
last user let go, the model's memory and threads are gone.

Wire format: the OpenAI-compatible chat completions of llama.cpp's server (tools/server/README.md there), reached
through xllamacpp's `Server.handle_chat_completions`, without a socket. The only thing asked over the loopback server
that xllamacpp opens beside it is the token count (``/v1/chat/completions/input_tokens``), for which it has no method;
that server is given a random key.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from cascadelang.contracts.failure import CallFailed

BATCH_TOKENS: Final = 64
"""Prompt tokens per step. Generation can be stopped between steps only; larger ones gain about a tenth in speed."""

_SILENT: Final = -1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EngineKey:
    """What makes two users share an engine."""

    path: Path
    context: int
    threads: int


def default_threads() -> int:
    """Threads per model: one on machines of up to four cores, where rungs and callers compete, else up to four."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        cores = os.cpu_count() or 1
    return 1 if cores <= 4 else min(4, cores // 2)


class Engine:
    """One loaded model. Made and closed by `acquire` and `release` only."""

    def __init__(self, key: EngineKey) -> None:
        self._key = key
        self._token, self._server = _open_server(key)
        # INVARIANT: one worker, so that requests are answered one after another and in order.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cascadelang-local")

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Run ``work`` on the engine's thread, after what was submitted before."""
        return self._worker.submit(work)

    def complete(self, body: Mapping[str, Any], take: Callable[[Mapping[str, Any]], bool]) -> None:
        """Run one streamed chat completion; to be called on the engine's thread.

        Args:
            body: the request, in llama.cpp's form, with ``stream`` true.
            take: is given each chunk; when it returns true, generation ends.

        Raises:
            ValueError, RuntimeError: what llama.cpp refuses before it generates.
        """
        failures: list[BaseException] = []

        def guarded(chunk: Mapping[str, Any]) -> bool:
            try:
                return take(chunk)
            except BaseException as error:  # noqa: BLE001 - the C++ caller would swallow it; raised again below
                failures.append(error)
                return True

        self._server.handle_chat_completions(dict(body), guarded)
        if failures:
            raise failures[0]

    @staticmethod
    def grammar(schema: Mapping[str, Any]) -> str:
        """The grammar that holds a generation to a JSON Schema.

        Raises:
            ValueError: when it can't be made.
        """
        import xllamacpp

        return str(xllamacpp.json_schema_to_grammar(dict(schema)))

    def count_tokens(self, body: Mapping[str, Any]) -> int:
        """Exactly how many tokens the request's prompt has, the model's chat template applied.

        Raises:
            OSError, ValueError: when the loopback server doesn't say.
        """
        import http.client
        import json
        from urllib.parse import urlsplit

        address = urlsplit(self._server.listening_address)
        connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
            connection.request("POST", "/v1/chat/completions/input_tokens", json.dumps(body), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(str(answer.get("error", {}).get("message", "no count")))
        return int(answer["input_tokens"])

    def close(self) -> None:
        """Wait for what is running, then give back memory and threads."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._server = None


@dataclass(slots=True)
class _Place:
    """Where an engine is, or will be once someone loaded it."""

    lock: threading.Lock
    engine: Engine | None = None
    users: int = 0


_places: dict[EngineKey, _Place] = {}
_places_lock = threading.Lock()


def acquire(key: EngineKey) -> Engine:
    """The engine for ``key``, loaded if no one else has it. Blocks while it loads.

    Raises:
        CallFailed: ``policy``, when it can't be loaded.
    """
    with _places_lock:
        place = _places.setdefault(key, _Place(threading.Lock()))
        place.users += 1
    try:
        with place.lock:
            if place.engine is None:
                place.engine = Engine(key)
            return place.engine
    except BaseException:
        release(key)
        raise


def release(key: EngineKey) -> None:
    """Let go of what `acquire` gave; the last one closes it. Blocks until it has stopped."""
    with _places_lock:
        place = _places[key]
        place.users -= 1
        if place.users:
            return
        del _places[key]
    if place.engine is not None:
        place.engine.close()


def _open_server(key: EngineKey) -> tuple[str, Any]:
    """Load the model; gives the loopback server's key and the server."""
    import secrets

    try:
        import xllamacpp
    except ImportError:
        raise CallFailed("policy", 'local models need one more package: pip install "cascadelang[local]"') from None
    token = secrets.token_hex(32)
    params = xllamacpp.CommonParams()
    params.model.path = str(key.path)
    params.n_ctx = key.context
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = key.threads
    params.no_extra_bufts = True  # repacked copies of the weights would take half as much memory again
    params.cache_ram_mib = 0
    params.cache_prompt = False
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.port = 0
    params.n_threads_http = 1
    params.api_keys = [token]
    params.verbosity = _SILENT
    try:
        return token, xllamacpp.Server(params)
    except (RuntimeError, ValueError):
        raise CallFailed(
            "policy",
            f"`{key.path.name}` can't be loaded: it is not a GGUF model that llama.cpp reads, "
            "or there is not enough memory for it",
        ) from None
