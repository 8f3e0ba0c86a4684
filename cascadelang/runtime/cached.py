"""The strategy ``cached``: the answer to the same request, if it was answered before.

Takes: a run and a scope, as every strategy. Gives: an answer that was kept, or what the strategy inside answers now.
Guarantees: an answer that was kept calls nothing and costs nothing; it is given only where the policy below, its
settings and all that it sees of the request are the same (`request_key`), and where it is no older than was said.

What is left open by the language:

- An answer is kept when the strategy inside accepts it, or doesn't check it. One that it rejected (the last or best
  of a cascade that nothing passed) isn't kept, and no failure is. A gate *around* ``cached`` judges an answer that
  was kept like any other.
- An answer that was itself kept further inside keeps its age: nothing is ever older than the ``cached`` around says.
- While a request is being answered, the same request doesn't ask again, but waits, no longer than a ``within`` around
  it allows, and gets what the first one comes to: its answer, whatever the verdict, or its failure. It pays nothing.
  Where it is a failure, or a rejected answer, and a ``within`` around the first one refused or cut something, that
  is nothing to the others, and the next of them asks.
- When the run that asks is cancelled while others wait, its strategy goes on for them, under its limits, and is
  recorded as a run of its own; when the last that waits is cancelled too, nothing of it is left.
- One process waits for itself alone: two may answer the same request at the same time, and the later answer is kept.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cascadelang.contracts.answer_cache import Alike, Kept
from cascadelang.contracts.trace_sink import new_trace_id
from cascadelang.runtime.encoder import loaded_encoder
from cascadelang.runtime.kept_answer import from_text, to_text
from cascadelang.runtime.outcome import Answered, Failed, Outcome, Strategy
from cascadelang.runtime.scope import Emit, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascadelang.graph import model as g
    from cascadelang.runtime.nodes import Call
    from cascadelang.runtime.request_key import Keys
    from cascadelang.runtime.state import Run

CLOCKS_S: Final = 60.0
"""How many seconds an answer's time may lie ahead, by another machine's clock, before it is taken as none."""


class Flight:
    """A request that is being answered.

    Attributes:
        part: what the run that asks it makes of it.
        task: answers it.
        outcome: what it came to, for those who wait: whoever asked may change their own.
        limited: it came to no good, and a limit around the run that asks had a part in that.
        waiting: how many others wait for it.
        orphaned: the run that asks was cancelled, and it goes on for the others.
    """

    __slots__ = ("limited", "orphaned", "outcome", "part", "task", "waiting")

    def __init__(self, part: Run) -> None:
        self.part = part
        self.task: asyncio.Task[Outcome] | None = None
        self.outcome: Outcome | None = None
        self.limited = False
        self.waiting = 0
        self.orphaned = False


Spot: TypeAlias = tuple[asyncio.AbstractEventLoop, str]
"""Where a request is being answered, and its key."""


class Cached:
    """Answers that were kept, else the strategy inside."""

    __slots__ = ("_calls", "_child", "_flights", "_keep_s", "_keys", "_similar", "id", "label")

    def __init__(self, node: g.CachedNode, child: Strategy, keys: Keys, calls: Mapping[str, Call]) -> None:
        self.id = node.id
        self.label = child.label
        self._child = child
        self._keep_s = node.keep_s
        self._similar = node.similar
        self._keys = keys
        self._calls = calls
        self._flights: dict[Spot, Flight] = {}

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """See `Strategy.answer`."""
        if not run.caching:
            return await self._child.answer(run, scope)
        key = self._keys.of(run, scope.extra)
        around = run.around
        spot = (asyncio.get_running_loop(), key)
        while True:
            kept = self._given(run, around.answers.get(key, around.clock.wall_s() - self._keep_s))
            if kept is not None:
                return kept
            flight = self._flights.get(spot)
            if flight is None:
                return await self._ask(run, scope, spot)
            outcome = await self._wait(run, scope, flight)
            if outcome is not None:
                return outcome

    def _given(self, run: Run, found: Kept | None, likeness: float | None = None) -> Answered | None:
        """An answer that was kept, if it is one, told of; ``likeness``: of the query that it was made for."""
        now_s = run.around.clock.wall_s()
        if found is None or found.made_wall_s > now_s + CLOCKS_S:
            return None
        answered = from_text(found.text, self._calls, run, (found.made_wall_s, found.trace_id))
        if answered is not None:
            age_s = max(0.0, now_s - found.made_wall_s)
            data: dict[str, Any] = {"model": answered.model, "age_s": round(age_s, 3), "of": found.trace_id}
            if likeness is not None:
                data["similarity"] = likeness
            run.tell("cached", self.id, data)
        return answered

    # ---- Asking ---------------------------------------------------------------------------------------------------

    async def _ask(self, run: Run, scope: Scope, spot: Spot) -> Outcome:
        """Have the strategy inside answer, and let others wait for it."""
        part = run.fork()
        mark = len(run.events)
        # Nothing around may stop the answer half way: it is for others, too, and to be kept whole.
        below = Scope(scope.budget, scope.extra, _through(run, scope.emit), scope.gates)
        flight = Flight(part)
        flight.task = asyncio.create_task(self._fly(flight, below, spot))
        self._flights[spot] = flight
        task = flight.task
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            if flight.waiting:
                self._leave(flight)
            else:
                await self._end(flight, spot)
                run.join([part], mark)
            raise
        run.join([part], mark)
        return task.result()

    async def _fly(self, flight: Flight, scope: Scope, spot: Spot) -> Outcome:
        part, key = flight.part, spot[1]
        answers = part.around.answers
        met = 0 if scope.budget is None else scope.budget.met()
        try:
            found = await answers.find(key, part.around.clock.wall_s() - self._keep_s)
            outcome: Outcome | None = self._given(part, found)
            alike: Alike | None = None
            if outcome is None and self._similar is not None:
                outcome, alike = await self._meant(part, scope, self._similar)
            if outcome is None:
                outcome = await self._child.answer(part, scope)
                self._keep(part, key, outcome, alike)
            good = isinstance(outcome, Answered) and outcome.verdict.outcome != "failed"
            flight.limited = not good and scope.budget is not None and scope.budget.met() > met
            flight.outcome = _copy(outcome)
            return outcome
        finally:
            self._gone(flight, spot)

    async def _meant(self, run: Run, scope: Scope, least: float) -> tuple[Answered | None, Alike | None]:
        """An answer to a query that means the same, and what this one is to be found by."""
        from cascadelang.embedding.built_in import read_part
        from cascadelang.embedding.off_loop import off_loop

        text, around = run.query.text, run.around
        # What the encoder doesn't read could say anything.
        if not text.strip() or len(read_part(text)) < len(" ".join(text.split())):
            return None, None
        held = getattr(around.clock, "held", nullcontext)
        try:
            embedder = await loaded_encoder(run, scope.budget)
            with held():
                vectors = await off_loop(lambda: embedder.embed([text]))
        except Exception:  # noqa: BLE001 - whatever an encoder raises, there is the strategy that answers
            return None, None
        alike = Alike(self._keys.group(run, scope.extra, embedder.name), vectors[0])
        since_wall_s = around.clock.wall_s() - self._keep_s
        with held():
            near = await around.answers.nearest(alike, since_wall_s)
            if near is None or near[1] < least:
                return None, alike
            found = await around.answers.find(near[0], since_wall_s)
        return self._given(run, found, round(near[1], 4)), alike

    def _keep(self, run: Run, key: str, outcome: Outcome, alike: Alike | None) -> None:
        """Keep an answer that may be given again."""
        if not isinstance(outcome, Answered) or outcome.verdict.outcome == "failed":
            return
        now_s = run.around.clock.wall_s()
        made_wall_s, trace_id = outcome.kept or (now_s, run.trace_id)
        left_s = made_wall_s + self._keep_s - now_s
        text = to_text(outcome, run)
        if text is not None and left_s > 0:
            run.around.answers.put(Kept(key, made_wall_s, trace_id, text), left_s, alike)

    def _gone(self, flight: Flight, spot: Spot) -> None:
        """Nobody can join it any more."""
        if self._flights.get(spot) is flight:
            del self._flights[spot]

    async def _end(self, flight: Flight, spot: Spot) -> None:
        """Leave nothing of it running."""
        self._gone(flight, spot)
        task = flight.task
        while task is not None and not task.done():
            task.cancel()
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue

    def _leave(self, flight: Flight) -> None:
        """The run that asks is cancelled: let it go on for those who wait."""
        part, task = flight.part, flight.task
        flight.orphaned = True
        if task is None or task.done():
            return
        cancelled_id = part.trace_id
        part.parent = None
        part.trace_id = new_trace_id(part.around.clock.wall_s())
        part.tell("cached", self.id, {"of": cancelled_id})
        part.around.adopt(part, self.id, task)

    # ---- Waiting --------------------------------------------------------------------------------------------------

    async def _wait(self, run: Run, scope: Scope, flight: Flight) -> Outcome | None:
        """Wait for a run that is answering the same; ``None`` where its own limit ended that."""
        began_s = run.now_s()
        cut = None if scope.budget is None else scope.budget.soonest()
        late = None
        if cut is not None and cut.deadline_s is not None:
            late = asyncio.ensure_future(run.around.clock.sleep(max(0.0, cut.deadline_s - began_s)))
        task = flight.task
        assert task is not None  # noqa: S101 - it is set before anybody can join
        flight.waiting += 1
        try:
            await asyncio.wait([task] if late is None else [task, late], return_when=asyncio.FIRST_COMPLETED)
        finally:
            flight.waiting -= 1
            if late is not None and not late.done():
                late.cancel()
                await asyncio.wait([late])
            if flight.orphaned and not flight.waiting and not task.done():
                task.cancel()
        waited_s = round(run.now_s() - began_s, 6)
        data: dict[str, Any] = {"model": "", "age_s": 0.0, "of": flight.part.trace_id, "waited_s": waited_s}
        outcome = flight.outcome
        if not task.done():
            words = f"`{cut.text if cut else 'within'}` ended while another run was answering the same"
            run.tell("cached", self.id, {**data, "kind": "over_budget"})
            return Failed("over_budget", words, "", cut)
        if outcome is None:  # it was ended from outside with all that runs, or broke: then this run asks, too
            return await self._child.answer(run, scope)
        shared = _copy(outcome)
        if isinstance(shared, Failed) or flight.limited:
            kind = shared.kind if isinstance(shared, Failed) else "unmet"
            run.tell("cached", self.id, {**data, "kind": kind})
            return None if flight.limited else shared
        now_s = run.around.clock.wall_s()
        made_wall_s, of = shared.kept = shared.kept or (now_s, flight.part.trace_id)
        age_s = round(max(0.0, now_s - made_wall_s), 3)
        run.tell("cached", self.id, {**data, "model": shared.model, "age_s": age_s, "of": of})
        return shared


def _through(run: Run, emit: Emit | None) -> Emit | None:
    """Hands pieces on to the caller, and notes with the run that some went."""
    if emit is None:
        return None

    def hand_on(text: str) -> None:
        run.streamed = True
        emit(text)

    return hand_on


def _copy(outcome: Outcome) -> Outcome:
    """The same for another owner; a limit that ended it is none of theirs."""
    if isinstance(outcome, Failed):
        return Failed(outcome.kind, outcome.message, outcome.model, None, outcome.cause)
    return Answered(outcome.reply, outcome.model, outcome.target, outcome.request, outcome.verdict, outcome.kept)
