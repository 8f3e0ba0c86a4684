"""Runs policies: the one way from a graph and a query to an answer.

Takes: a compiled `Graph`, providers by name, makers of checks and signals, a place for traces, a clock. Gives:
`Interpreter`, whose `run` answers, whose `stream` answers piece by piece, and whose `decide` says what would be
chosen without calling anything. Guarantees: a run ends in an answer or in a failure of one of the language's eleven
kinds, never in an exception; what it was asked, did and spent goes to the trace sink, once, also when it is
cancelled; a cancelled run leaves nothing running.

How a run ends, as its status:

- ``accepted``: the answer passed a gate.
- ``unchecked``: there is an answer, and no gate was made for it.
- ``unmet``: there is an answer, and its gate did not pass (``otherwise last`` or ``best``).
- ``failed``: there is no answer; the failure's kind says why. ``otherwise fail`` is a failure of kind ``unmet``.

An empty answer is an answer: checks decide what it is worth. A check that can't be made has failed, unless it says
``else pass``; under ``not`` it stays unknown, so that ``not hedges`` never passes an answer nobody could judge.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import UNCHECKED
from cascadelang.contracts.clock import Clock, SystemClock
from cascadelang.contracts.messages import Delta, Query, Usage
from cascadelang.contracts.provider import Provider
from cascadelang.contracts.result import Decision, Failure, RunResult, Status
from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink, new_trace_id
from cascadelang.graph import model as g
from cascadelang.runtime.build import Builder
from cascadelang.runtime.decide import decisions
from cascadelang.runtime.expressions import Expressions, MakeCheck, MakeSignal, OnCheck
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.scope import Emit, Scope
from cascadelang.runtime.state import Run, Surroundings
from cascadelang.runtime.streaming import Channel

if TYPE_CHECKING:
    from cascadelang.contracts.answer_cache import AnswerCache
    from cascadelang.graph.fingerprint import MadeBy
    from cascadelang.runtime.at_once import Shadowed

SHADOWS_MOST_S: Final = 10.0
"""How long, in seconds, the end of a program waits for shadows that are still running."""

_STATUS: dict[str, Status] = {"passed": "accepted", "failed": "unmet", "unchecked": "unchecked"}


class UnknownPolicy(Exception):  # noqa: N818 - it names what is so
    """The graph has no policy of that name. ``str()`` of it is a message for people."""


class Interpreter:
    """Runs the policies of one graph. One instance serves any number of runs at once.

    Args:
        graph: what to run.
        providers: adapters by the name the policy gives them; looking one up may raise `CallFailed`.
        make_check: makes a check from its catalogue name and its arguments.
        make_signal: makes a signal from its catalogue name and its arguments, ``scope`` among them.
        sink: where runs are recorded.
        clock: time; the machine's own unless given.
        keep_text: whether queries and answers are recorded. Without it, `RunResult.events` hold no texts either.
        graph_sha256: of the graph's JSON form, for the record.
        policy_path: of the policy's file, for the record; as the graph has it unless given.
        on_check: told what each declared check came to, whenever one is made.
        answers: where ``cached`` keeps answers; in this interpreter's own memory unless given.
        stop_early: whether an answer that can't pass its gate any more may be stopped while it is generated.

    Raises whatever the makers raise, when a policy is first run.
    """

    def __init__(
        self,
        graph: g.Graph,
        *,
        providers: Mapping[str, Provider],
        make_check: MakeCheck,
        make_signal: MakeSignal,
        sink: TraceSink | None = None,
        clock: Clock | None = None,
        keep_text: bool = True,
        graph_sha256: str = "",
        policy_path: str | None = None,
        on_check: OnCheck | None = None,
        answers: AnswerCache | None = None,
        stop_early: bool = True,
        made_by: MadeBy = lambda _kind, _name: "",
    ) -> None:
        self._graph = graph
        self._sink = sink or NoTrace()
        if answers is None:
            from cascadelang.trace.answers import AnswerMemory

            answers = AnswerMemory()
        self._around = Surroundings(providers, clock or SystemClock(), keep_text, answers, self._adopt)
        expressions = Expressions(graph, make_check, make_signal, on_check)
        self._builder = Builder(graph, expressions, stop_early=stop_early, made_by=made_by)
        self._policies: dict[str, Strategy] = {}
        self._shadows: set[asyncio.Task[None]] = set()
        self._building = threading.Lock()
        self._graph_sha256 = graph_sha256
        self._policy_path = graph.path if policy_path is None else policy_path

    async def run(
        self, query: Query, policy: str = "main", seed: int | None = None, *, cache: bool = True
    ) -> RunResult:
        """Answer the query.

        Args:
            query: what is asked.
            policy: which one of the graph.
            seed: of the run's randomness (the jitter of retries), and of models that have none of their own.
            cache: whether ``cached`` takes answers that were kept, and keeps new ones.

        Raises:
            UnknownPolicy: if the graph has no such policy.
            asyncio.CancelledError: when cancelled; the run is then recorded as ``cancelled``.
        """
        return await self._run(query, policy, seed, self._strategy(policy), None, cache)

    async def stream(
        self, query: Query, policy: str = "main", seed: int | None = None, *, cache: bool = True
    ) -> AsyncIterator[Delta | RunResult]:
        """Answer the query piece by piece: any number of `Delta`, then exactly one `RunResult`.

        Takes what `run` takes.

        Pieces come as they are generated where nothing can take the answer back; an answer that has to pass a gate
        first comes in one piece. A run that failed half way has given pieces of an answer and ends as ``failed``.
        Closing the iterator cancels the run.

        Raises:
            UnknownPolicy: if the graph has no such policy.
        """
        channel = Channel()
        task = asyncio.ensure_future(self._run(query, policy, seed, self._strategy(policy), channel.put, cache))
        task.add_done_callback(channel.finish)
        streamed = False
        try:
            while text := await channel.next():
                streamed = True
                yield Delta(text)
            result = await task
            if result.answer and not streamed:
                yield Delta(result.answer)
            yield result
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def follow(self, query: Query, policy: str = "main", seed: int | None = None) -> tuple[Run, Outcome]:
        """Answer the query, for one who looks at the steps: nothing is recorded, taken from the cache or kept in it.

        Takes what `run` takes. What should run beside the answer, for the record only, isn't run.

        Raises:
            UnknownPolicy: if the graph has no such policy.
        """
        run = Run(self._around, query, seed, policy, "", caching=False)
        try:
            return run, await self._strategy(policy).answer(run, Scope())
        finally:
            run.close()

    def decide(self, query: Query, policy: str = "main") -> tuple[Decision, ...]:
        """What would be chosen for the query, as far as that can be said without a call.

        Every strategy that could come to be run is looked into: the arm a route takes, all members of a fallback, all
        rungs of a cascade from the one it starts with.

        Raises:
            UnknownPolicy: if the graph has no such policy.
        """
        self._known(policy)
        with self._building:
            return decisions(self._graph, self._builder, self._graph.policies[policy], query)

    def prepare(self, policy: str = "main") -> None:
        """Build the policy's checks, signals and calls now rather than with its first run.

        Raises:
            UnknownPolicy: if the graph has no such policy.
        """
        self._strategy(policy)

    def _known(self, policy: str) -> None:
        if policy not in self._graph.policies:
            raise UnknownPolicy(f"there is no policy `{policy}`")

    def _strategy(self, policy: str) -> Strategy:
        strategy = self._policies.get(policy)
        if strategy is None:
            self._known(policy)
            # INVARIANT: one thread builds at a time, for what is built is shared between policies.
            with self._building:
                strategy = self._policies.get(policy)
                if strategy is None:
                    strategy = self._policies[policy] = self._builder.policy(policy)
        return strategy

    async def _run(  # noqa: PLR0917 - on the hot path
        self,
        query: Query,
        policy: str,
        seed: int | None,
        strategy: Strategy,
        emit: Emit | None,
        cache: bool,
    ) -> RunResult:
        wall_s = self._around.clock.wall_s()
        trace_id = new_trace_id(wall_s)
        run = Run(self._around, query, seed, policy, trace_id, cache)
        try:
            outcome = await strategy.answer(run, Scope(emit=emit))
        except asyncio.CancelledError:
            self._record(run, policy, trace_id, wall_s, "cancelled", None, "", "")
            raise
        finally:
            run.close()
        result = self._result(run, policy, trace_id, wall_s, outcome)
        if run.shadows:
            self._start_shadows(run, policy, trace_id)
        return result

    def _start_shadows(self, run: Run, policy: str, trace_id: str) -> None:
        """Begin what runs beside a run that has ended; each is recorded as a run of its own."""
        for shadowed in run.shadows:
            task = asyncio.create_task(self._shadow(shadowed, run, policy, trace_id))
            self._shadows.add(task)
            task.add_done_callback(self._shadows.discard)

    async def _shadow(self, shadowed: Shadowed, live: Run, policy: str, live_id: str) -> None:
        name = f"{policy} (shadow {shadowed.node})"
        run = Run(self._around, live.query, live.seed, name, shadowed.trace_id, live.caching)
        wall_s = self._around.clock.wall_s()
        run.tell("shadow", shadowed.node, {"of": live_id})
        try:
            outcome = await shadowed.answer(run)
        except asyncio.CancelledError:
            self._record(run, name, shadowed.trace_id, wall_s, "cancelled", None, "", "")
            raise
        finally:
            run.close()
        self._result(run, name, shadowed.trace_id, wall_s, outcome)
        if run.shadows:
            self._start_shadows(run, policy, shadowed.trace_id)

    def _adopt(self, part: Run, node: str, work: asyncio.Task[Outcome]) -> None:
        """Record a part of a cancelled run that goes on for others, as a run of its own, once it has ended."""
        task = asyncio.create_task(self._finish(part, f"{part.policy} (cached {node})", work))
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)

    async def _finish(self, part: Run, name: str, work: asyncio.Task[Outcome]) -> None:
        clock = self._around.clock
        wall_s = clock.wall_s() - (clock.now_s() - part.started_s)
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            raise
        finally:
            part.close()
            if work.cancelled():
                self._record(part, name, part.trace_id, wall_s, "cancelled", None, "", "")
        if not work.cancelled():
            self._result(part, name, part.trace_id, wall_s, work.result())
            if part.shadows:
                self._start_shadows(part, name, part.trace_id)

    async def settle(self, most_s: float = SHADOWS_MOST_S) -> None:
        """Wait for what goes on when a run has ended (`shadow`, `cached`); cancel what is left after so many seconds.

        To be awaited before the event loop of the runs is closed.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(most_s):
                while here := [task for task in self._shadows if task.get_loop() is loop]:
                    await asyncio.wait(here)
        except TimeoutError:
            here = [task for task in self._shadows if task.get_loop() is loop]
            for task in here:
                task.cancel()
            if here:
                await asyncio.wait(here)

    def _result(self, run: Run, policy: str, trace_id: str, wall_s: float, outcome: Outcome) -> RunResult:
        """The result of a run that ended by itself, once it is recorded."""
        failure: Failure | None = None
        answer = model = ""
        verdict = UNCHECKED
        if isinstance(outcome, Failed):
            status: Status = "failed"
            failure = Failure(outcome.kind, outcome.message, outcome.cause)
        else:
            answer, model, verdict = outcome.reply.text, outcome.model, outcome.verdict
            status = _STATUS[verdict.outcome]
        latency_s = self._record(run, policy, trace_id, wall_s, status, failure, answer, model)
        kept = isinstance(outcome, Answered) and outcome.kept is not None
        return RunResult(
            answer,
            status,
            model,
            policy,
            tuple(run.path),
            verdict,
            failure,
            None if run.unpriced else run.cost_usd,
            latency_s,
            Usage(run.input_tokens, run.output_tokens, run.cached_tokens, run.estimated),
            trace_id,
            run.events,
            kept,
        )

    def _record(  # noqa: PLR0917 - on the hot path
        self,
        run: Run,
        policy: str,
        trace_id: str,
        wall_s: float,
        status: str,
        failure: Failure | None,
        answer: str,
        model: str,
    ) -> float:
        """Tell of the end, hand the run to the sink, and give its seconds."""
        kind, message = (failure.kind, failure.message) if failure else ("", "")
        run.tell("end", "", {"status": status, "kind": kind, "message": message})
        latency_s = run.events[-1].at_s
        keep = self._around.keep_text
        meta: Mapping[str, Any] = run.query.meta
        self._sink.record(
            RunRecord(
                trace_id,
                policy,
                self._policy_path,
                self._graph_sha256,
                wall_s,
                latency_s,
                status,
                kind,
                model,
                tuple(run.path),
                None if run.unpriced else run.cost_usd,
                run.input_tokens,
                run.output_tokens,
                run.query.text if keep else "",
                answer if keep else "",
                meta,
                run.events,
            )
        )
        return latency_s
