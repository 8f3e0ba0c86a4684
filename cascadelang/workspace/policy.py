"""The Python API: a policy that was loaded and can be asked.

Takes: the path of a policy file or of a graph that `compile` printed. Gives: `Policy` and `AnswerStream`.
Guarantees: loading calls no model and reads no key; a run never raises for what a model or a provider does (its
`Result` says it); `close` leaves no connection, thread or task behind, and so does the policy's end without it.

    from cascadelang import Policy

    with Policy.load("support.cl") as policy:
        result = policy.run("I was charged twice", meta={"plan": "gold"})

    async with Policy.load("support.cl") as policy:
        stream = policy.astream("I was charged twice")
        async for text in stream:
            print(text, end="")
        print(stream.result.model)
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Self

from cascadelang.contracts.messages import Delta, Message, Query
from cascadelang.contracts.result import RunResult
from cascadelang.graph.json_form import graph_sha256
from cascadelang.lint.levels import EVERYTHING
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.workspace.catalog import made_by
from cascadelang.workspace.config import Config, read
from cascadelang.workspace.load import Loaded, load, policy_named
from cascadelang.workspace.makers import make_check, make_signal
from cascadelang.workspace.mistake import Mistake
from cascadelang.workspace.policy_file import check_project, recorded_path
from cascadelang.workspace.providers import Providers
from cascadelang.workspace.query_file import check_meta, query_of
from cascadelang.workspace.resources import Resources
from cascadelang.workspace.result import Result
from cascadelang.workspace.traces import open_answers, open_sink

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from cascadelang.contracts.provider import Progress
    from cascadelang.diagnostics.model import Diagnostic

Messages = Sequence[Message] | Sequence[Mapping[str, Any]] | Mapping[str, Any]
Asked = str | Query | Messages


class Policy:
    """A policy that can be asked. Made by `Policy.load`.

    One instance serves any number of runs. Asynchronous runs may overlap, in one event loop or in several. `run` may
    be called from any thread; such runs take turns, because they share one event loop, which keeps connections open
    between them: use `arun` for many at once.

    Attributes:
        path: of the file.
        policies: the policies that can be asked for, ``main`` first when there is one.
    """

    def __init__(
        self,
        loaded: Loaded,
        config: Config,
        warn: Callable[[str], None],
        progress: Progress | None = None,
        metrics: CollectorRegistry | None = None,
    ) -> None:
        recorded = not config.traces_off or config.telemetry != "off"
        self._recorded_path = recorded_path(loaded.path, config, loaded.graph.path) if recorded else loaded.path
        self._graph = loaded.graph
        keeps = any(node.kind == "cached" for node in loaded.graph.nodes.values())
        recorded = not config.traces_off or config.telemetry != "off"
        self._recorded_path = recorded_path(loaded.path, config, loaded.graph.path) if recorded else loaded.path
        self._resources = Resources(
            Providers(loaded.graph.providers, progress=progress),
            open_sink(config, warn, loaded.graph, metrics, self._recorded_path),
            open_answers(config) if keeps else None,
        )
        self._keep_text = config.keep_text
        if config.sandboxes:
            from cascadelang.sandbox.turns import TURNS

            TURNS.allow(config.sandboxes)
        self._made: Interpreter | None = None
        self._making = threading.Lock()
        self._finalizer = weakref.finalize(self, Resources.forget, self._resources)
        self._finalizer.atexit = False  # at the end of the process, `resources` does it
        self.path: str = loaded.path
        self.policies: tuple[str, ...] = tuple(loaded.graph.policies)
        self._loaded = loaded

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What lint warns about; looked for when it is first asked for."""
        return self._loaded.warnings

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *,
        traces: bool | str | PathLike[str] = True,
        warn: Callable[[str], None] | None = None,
        on_pull: Callable[[int, int, str], None] | None = None,
        metrics: CollectorRegistry | None = None,
        project: str | None = None,
    ) -> Self:
        """Load a policy file, or a graph that `cascadelang compile` printed.

        Args:
            path: of the file.
            traces: where runs are recorded: as the settings say (``True``), nowhere (``False``), or in a file.
            warn: is told, once, when runs can't be recorded, perhaps in another thread; the logger ``cascadelang``
                unless given.
            on_pull: is told, in another thread, about weights of local models that are fetched with their first
                call: how many bytes are done, of how many, and of what.
            metrics: a registry of prometheus-client in which runs are counted (``cascadelang[server]``).
            project: the project that the policy is recorded as one of, as the setting ``trace_project`` says it.

        Raises:
            PolicyError: when the policy has errors; it carries the diagnostics, and ``str()`` shows them.
            Mistake: when the settings or a graph file can't be read.
        """
        name = fspath(path)
        config = read(name)
        loaded = load(name, levels=config.levels or EVERYTHING)
        if traces is False:
            config = replace(config, trace_store="off")
        elif traces is not True:
            config = replace(config, trace_store=fspath(traces))
        if project is not None:
            config = replace(config, trace_project=check_project(project, "`project`"))
        return cls(loaded, config, warn or _log, on_pull, metrics)

    def run(
        self,
        query: Asked | None = None,
        *,
        policy: str = "main",
        meta: Mapping[str, Any] | None = None,
        messages: Messages | None = None,
        seed: int | None = None,
        on_text: Callable[[str], None] | None = None,
        cache: bool = True,
    ) -> Result:
        """Ask, and wait for the result.

        Args:
            query: what the user says, or a `Query`, or messages (`Message` values or OpenAI-style mappings).
            policy: which policy of the file.
            meta: facts about the caller (``meta.plan`` in the policy): texts, numbers, booleans.
            messages: the conversation before ``query``, or, without ``query``, with the question in it.
            seed: of everything random in the run; given to models that take one and have none of their own.
            on_text: is given the answer's text: piece by piece as it comes where it can't be taken back, else whole.
            cache: whether ``cached`` in the policy gives answers that were kept, and keeps new ones.

        Returns:
            The result, also when there is no answer: look at `Result.status`.

        Raises:
            Mistake: when there is no such policy, no question, or an argument of another type.
            RuntimeError: inside a running event loop (use `arun` there), or after `close`.
            KeyboardInterrupt: when interrupted; the run is cancelled and recorded as such.
        """
        _not_in_a_loop()
        _check_seed(seed)
        asked = _query(query, messages, meta)
        if on_text is None:
            return self._resources.run(self._run(asked, policy, seed, cache))
        return self._resources.run(self._run_telling(asked, policy, seed, on_text, cache))

    async def arun(
        self,
        query: Asked | None = None,
        *,
        policy: str = "main",
        meta: Mapping[str, Any] | None = None,
        messages: Messages | None = None,
        seed: int | None = None,
        cache: bool = True,
    ) -> Result:
        """Ask. As `run`; cancelling it cancels the run and leaves nothing running.

        Raises:
            Mistake: when there is no such policy, no question, or an argument of another type.
        """
        _check_seed(seed)
        return await self._run(_query(query, messages, meta), policy, seed, cache)

    def astream(
        self,
        query: Asked | None = None,
        *,
        policy: str = "main",
        meta: Mapping[str, Any] | None = None,
        messages: Messages | None = None,
        seed: int | None = None,
        cache: bool = True,
    ) -> AnswerStream:
        """Ask, and get the answer's text as it comes. Takes what `run` takes.

        Text comes piece by piece where the answer can't be taken back (a single model, a last rung without a gate),
        and whole where a check has to pass first: no rejected draft is ever seen.

        Raises:
            Mistake: when there is no such policy, no question, or an argument of another type.
        """
        _check_seed(seed)
        asked = _query(query, messages, meta)
        named = policy_named(self._graph, policy)
        return AnswerStream(self._interpreter().stream(asked, named, seed, cache=cache), self)

    def close(self) -> None:
        """Close connections, stop threads and write what is left to be recorded. May be called twice."""
        _not_in_a_loop("close", "aclose")
        self._resources.close()
        self._finalizer.detach()

    async def aclose(self) -> None:
        """As `close`, inside an event loop."""
        await self._resources.aclose()
        self._finalizer.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Policy {self.path}: {', '.join(self.policies)}>"

    async def _run(self, query: Query, policy: str, seed: int | None, cache: bool) -> Result:
        return Result(await self._interpreter().run(query, policy_named(self._graph, policy), seed, cache=cache))

    async def _run_telling(
        self,
        query: Query,
        policy: str,
        seed: int | None,
        tell: Callable[[str], None],
        cache: bool,
    ) -> Result:
        stream = self.astream(query, policy=policy, seed=seed, cache=cache)
        async with aclosing(stream):
            async for text in stream:
                tell(text)
        return stream.result

    def _interpreter(self) -> Interpreter:
        """The interpreter of all runs, made with the first one."""
        self._resources.check_open()
        if self._made is None:
            with self._making:
                if self._made is None:
                    self._made = self._make_interpreter()
        return self._made

    def _check_encoder(self) -> None:
        """Tell of an encoder that isn't there and is needed for more than signals, which tell of it themselves.

        Raises:
            Mistake: when it isn't.
        """
        for node in self._graph.nodes.values():
            said = ""
            if node.kind == "cached" and node.similar is not None:
                said = "cached … similar"
            elif node.kind == "cascade" and node.order is not None:
                blocks = node.order.quality.get("features", [])
                said = "order by" if any(block.get("kind") == "embedding" for block in blocks) else ""
            if said:
                from cascadelang.embedding.built_in import missing_package

                if why := missing_package():
                    raise Mistake(f"`{said}` can't be used: {why}")

    def _make_interpreter(self) -> Interpreter:
        self._check_encoder()
        made = Interpreter(
            self._graph,
            providers=self._resources.providers,
            make_check=make_check,
            make_signal=make_signal,
            sink=self._resources.sink,
            answers=self._resources.answers,
            keep_text=self._keep_text,
            graph_sha256=graph_sha256(self._graph),
            policy_path=self._recorded_path,
            made_by=made_by,
        )
        self._resources.settle = made.settle
        return made


class AnswerStream(AsyncIterator[str]):
    """The text of an answer as it comes; then, in `result`, what the run came to.

    To stop before the end, call `aclose` (or use ``contextlib.aclosing``): the run is cancelled and recorded as such.
    """

    def __init__(self, parts: AsyncIterator[Delta | RunResult], policy: Policy) -> None:
        self._parts = parts
        self._policy = policy  # which would close if nobody held it
        self._result: Result | None = None

    @property
    def result(self) -> Result:
        """What the run came to.

        Raises:
            RuntimeError: before the last text was taken.
        """
        if self._result is None:
            raise RuntimeError("the result is there when the stream is at its end: take all of its texts first")
        return self._result

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        async for part in self._parts:
            if isinstance(part, Delta):
                return part.text
            self._result = Result(part)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop: a run that isn't at its end is cancelled. May be called twice."""
        if isinstance(self._parts, AsyncGenerator):
            await self._parts.aclose()


def _not_in_a_loop(name: str = "run", instead: str = "arun") -> None:
    """Raise when an event loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(
        f"`Policy.{name}` was called inside a running event loop: use `await policy.{instead}(…)` there"
    )


def _query(query: Asked | None, messages: Messages | None, meta: Mapping[str, Any] | None) -> Query:
    """The query that the arguments make.

    Raises:
        Mistake: when they make none.
    """
    for given in (meta, query.meta if isinstance(query, Query) else None):
        if given is not None:
            check_meta(given)
    if isinstance(query, Query):
        if messages is not None:
            raise Mistake("a query that is whole takes no messages", usage=True)
        return query if meta is None else replace(query, meta={**query.meta, **meta})
    if query is None or isinstance(query, str):
        return query_of(query, messages, meta)
    if messages is not None:
        raise Mistake("messages are given twice", usage=True)
    return query_of(None, query, meta)


def _check_seed(seed: object) -> None:
    """Refuse what is no seed.

    Raises:
        Mistake: when it is neither a whole number nor ``None``.
    """
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise Mistake("the seed must be a whole number", usage=True)


def _log(message: str) -> None:
    """Tell whoever reads the logs."""
    import logging

    logging.getLogger("cascadelang").warning("%s", message)
