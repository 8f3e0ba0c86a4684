"""The ``local`` provider: models that run in this process through llama.cpp, with no key, no account and no server.

Takes: requests for ``smollm2-135m``, ``qwen2.5-coder-0.5b``, ``qwen2.5-coder-1.5b`` (pulled on first use) or for a
``.gguf`` file. Gives: replies with exact usage, logprobs, JSON-schema output and streaming. Guarantees: a request
without a ``temperature`` is answered greedily, so the same request gives the same text; a cancelled or timed-out call
stops generating before its next step. The event loop goes on while a model answers or counts; while one is loaded it
stands still, for xllamacpp holds the interpreter's lock until the weights are there.

``timeout_s`` counts from when the model is loaded: fetching weights is a set-up step, not part of a call.
Logprobs are those of the model's own distribution, before temperature and before a grammar removed tokens.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, ClassVar

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.contracts.spec import Capability, Param, Spec

if TYPE_CHECKING:
    from cascadelang.providers._llama_engine import Engine, EngineKey

DEFAULT_CONTEXT = 4096

_DOC = """\
Runs a model inside cascadelang itself, through llama.cpp. It needs `pip install "cascadelang[local]"`, and no key.

| model | size | memory | licence |
|---|---|---|---|
| `local("smollm2-135m")` | 98 MB | 0.2 GB | Apache-2.0 |
| `local("qwen2.5-coder-0.5b")` | 491 MB | 0.6 GB | Apache-2.0 |
| `local("qwen2.5-coder-1.5b")` | 1.1 GB | 1.2 GB | Apache-2.0 |
| `local("path.gguf")` | | | a file of yours, relative to the policy |

Weights are fetched on first use, or before it with `cascadelang models pull NAME`, checked against a hash that ships
with cascadelang, and kept in the cache folder (`CASCADELANG_CACHE` names another).

Without a `temperature` the answer is greedy: the same request gives the same text. One model answers one request at a
time, in the order in which they came. Images and tools are not supported.
"""


class LocalProvider:
    """See the module's docstring. ``config.settings`` holds ``threads``, ``context`` and ``gguf``."""

    spec: ClassVar[Spec] = Spec(
        name="local",
        kind="provider",
        summary="a model that runs in this process: no key, no account, no server",
        doc=_DOC,
        params=(
            Param("threads", "count", "threads per model; by default 1 on up to four cores, else up to 4"),
            Param(
                "context",
                "count",
                "the most tokens prompt and answer may have together, rounded up to a multiple of 256",
                default=DEFAULT_CONTEXT,
            ),
            Param("gguf", "path", "a GGUF file that answers for every model of this provider"),
        ),
        calls=None,
    )
    models: ClassVar[tuple[str, ...]] = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
    """The names of `weights.known`, written out: lint asks for them, and reading that table costs it too much."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"logprobs", "top_logprobs", "json"})

    def __init__(self, config: ProviderConfig) -> None:
        self._folder = Path(config.folder) if config.folder else Path()
        self._gguf = str(config.settings.get("gguf") or "")
        self._context = int(config.settings.get("context") or DEFAULT_CONTEXT)
        self._threads = int(config.settings.get("threads") or 0)
        self._progress = config.progress
        self._engines: dict[str, tuple[EngineKey, Engine]] = {}
        self._opening = Lock()

    async def prepare(self, model: str) -> None:
        """See `Preparing.prepare`: fetches the model's weights and loads it, where that isn't done."""
        if model not in self._engines:
            await self._ready(model)

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        from contextlib import aclosing

        async with aclosing(self._parts(request, deltas=False)) as parts:
            async for part in parts:
                if isinstance(part, Reply):
                    return part
        raise CallFailed("server", "the model gave no answer")

    def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`."""
        return self._parts(request, deltas=True)

    def can_stop(self, request: Request) -> bool:  # noqa: ARG002 - the contract's form
        """See `Stopping.can_stop`."""
        return True

    async def count_tokens(self, request: Request) -> int | None:
        """Exact, through the model's tokenizer and chat template; ``None`` when the model isn't loaded."""
        import asyncio

        from cascadelang.providers import _llama_chat

        held = self._engines.get(request.model)
        if held is None:
            return None
        try:
            return await asyncio.to_thread(held[1].count_tokens, _llama_chat.body(request))
        except (CallFailed, OSError, ValueError):
            return None

    async def close(self) -> None:
        """Let go of the models; those that no other policy uses are unloaded. May be called twice."""
        import asyncio

        await asyncio.to_thread(self._release_all)

    async def _parts(self, request: Request, *, deltas: bool) -> AsyncGenerator[Delta | Reply]:
        """The answer: its deltas if wanted, then the reply."""
        import asyncio
        from contextlib import suppress

        from cascadelang.providers import _llama_chat

        generation = _llama_chat.Generation(request)
        engine = await self._ready(request.model)
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Delta | None] = asyncio.Queue()

        def put(delta: Delta | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: no one is listening any more
                loop.call_soon_threadsafe(queue.put_nowait, delta)

        future = engine.submit(lambda: generation.run(engine, put if deltas else None))
        future.add_done_callback(lambda _: put(None))
        deadline_s = loop.time() + request.timeout_s
        try:
            while (delta := await asyncio.wait_for(queue.get(), deadline_s - loop.time())) is not None:
                yield delta
            yield future.result()
        except TimeoutError:
            message = f"the local model did not finish within {request.timeout_s:g} s"
            raise CallFailed("timeout", message) from None
        finally:
            generation.stop()
            future.cancel()

    async def _ready(self, model: str) -> Engine:
        """The model's engine; fetches its weights and loads it when needed."""
        import asyncio

        held = self._engines.get(model)
        if held is not None:
            return held[1]
        abandoned = Event()
        try:
            return await asyncio.to_thread(self._fetch_and_open, model, abandoned)
        except asyncio.CancelledError:
            abandoned.set()
            raise

    def _fetch_and_open(self, model: str, abandoned: Event) -> Engine:
        """The same, blocking; gives up as soon as ``abandoned`` is set."""
        from cascadelang.providers import weights

        path = self._path(model)
        if path is None:

            def tell(done: int, total: int, what: str) -> None:
                if abandoned.is_set():
                    raise CallFailed("connection", "the call was cancelled")
                if self._progress is not None:
                    self._progress(done, total, what)

            try:
                path = weights.pull(model, tell)
            except weights.PullFailed as failed:
                raise CallFailed(failed.kind, str(failed)) from None
        return self._open(model, path, abandoned)

    def _open(self, model: str, path: Path, abandoned: Event | None = None) -> Engine:
        """The engine for a file that is here. Blocks while it loads."""
        from cascadelang.providers import _llama_engine

        # INVARIANT: an engine is acquired once per model and provider, and `close` waits for a load that has begun.
        with self._opening:
            if model in self._engines:
                return self._engines[model][1]
            if abandoned is not None and abandoned.is_set():
                raise CallFailed("connection", "the call was cancelled")
            threads = self._threads or _llama_engine.default_threads()
            key = _llama_engine.EngineKey(path.resolve(), self._context, threads)
            engine = _llama_engine.acquire(key)
            self._engines[model] = (key, engine)
            return engine

    def _release_all(self) -> None:
        """Let go of the models. Blocks until those no one else uses are unloaded."""
        from cascadelang.providers import _llama_engine

        with self._opening:
            held = [key for key, _ in self._engines.values()]
            self._engines.clear()
        for key in held:
            _llama_engine.release(key)

    def _path(self, model: str) -> Path | None:
        """Where the model's file is; ``None`` for a known model that isn't here yet.

        Raises:
            CallFailed: ``policy``, when there is no such model or file.
        """
        from cascadelang.providers import weights

        if self._gguf or model.endswith(".gguf"):
            path = self._folder / (self._gguf or model)
            if not path.is_file():
                raise CallFailed("policy", f"there is no model file `{self._gguf or model}` beside the policy")
            return path
        if weights.find(model) is None:
            names = ", ".join(f"`{entry.name}`" for entry in weights.known())
            raise CallFailed("policy", f"no local model is named `{model}`: there are {names}, and files in .gguf")
        return weights.path_of(model)


PROVIDER = LocalProvider
