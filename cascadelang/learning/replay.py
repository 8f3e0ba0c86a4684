"""Policies run over records, with no call made.

Takes: a graph, the records one by one. Gives: a `Replayed` for each record: what the policy would have answered with,
what that is worth and what it costs. Guarantees: every model is replaced by its recorded answers, so that nothing is
called; a record that lacks what the policy asks for is `Replayed.missing`, never guessed unless it is asked for
(`Replayer.impute`); what a record comes to depends on no other record but by that.

What a replay leaves out: answers are those of the prompts and settings they were recorded with, whatever the policy's
own say; nothing is taken from a cache; `shadow` calls nothing; answers aren't stopped early; time limits of a
``within`` are taken as kept where latencies aren't recorded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.clock import Clock, VirtualClock
from cascadelang.contracts.trace_sink import Event
from cascadelang.graph import model as g
from cascadelang.graph.walk import in_order
from cascadelang.learning.answering import Answering, SerialClock
from cascadelang.learning.impute import Imputed, Method, stand_ins
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.runtime.outcome import Failed

if TYPE_CHECKING:
    from cascadelang.records.read import Record
    from cascadelang.runtime.expressions import MakeCheck, MakeSignal

NO_QUERY: Final = "no query"
"""What a record lacks that doesn't say what was asked."""

_RECORDED: Final = "recorded"
_AT_ONCE: Final = frozenset({"hedge", "vote"})


class Replayed:
    """What one record came to under a policy.

    Attributes:
        missing: what the policy asked for and the record doesn't hold; the rest means nothing then.
        status: as of a run: accepted, unchecked, unmet or failed.
        model: the policy's name of the model that answered; empty where none did.
        path: the models asked for an answer, in order.
        quality: of the answer, 0 where there is none; ``None`` where it isn't recorded.
        cost_usd: of all calls; ``None`` where it isn't known.
        latency_s: from start to end; ``None`` where it isn't recorded.
        estimated: the cost is by an estimate of tokens.
        imputed: the models whose answers aren't recorded and were filled in.
        events: every step.
    """

    __slots__ = (
        "cost_usd",
        "estimated",
        "events",
        "imputed",
        "latency_s",
        "missing",
        "model",
        "path",
        "quality",
        "status",
    )

    def __init__(  # noqa: PLR0917 - on the hot path
        self,
        missing: str,
        status: str,
        model: str,
        path: tuple[str, ...],
        quality: float | None,
        cost_usd: float | None,
        latency_s: float | None,
        estimated: bool,
        imputed: tuple[str, ...],
        events: list[Event],
    ) -> None:
        self.missing = missing
        self.status = status
        self.model = model
        self.path = path
        self.quality = quality
        self.cost_usd = cost_usd
        self.latency_s = latency_s
        self.estimated = estimated
        self.imputed = imputed
        self.events = events


class Replayer:
    """One policy over records, one at a time.

    Args:
        graph: holds the policy.
        policy: its name.
        named: by the policy's name of a model, the records' name of it; a model that isn't in it goes by its own
            name, and where a record has none of that name, by the id its provider knows it by.
        make_check, make_signal: see `Interpreter`.
        seed: of what is drawn by chance, together with each record's id.

    Attributes:
        names: by the policy's name of each model, the names it is looked for under.
        hedged: it hangs on latencies which of two answers counts.
    """

    def __init__(
        self,
        graph: g.Graph,
        policy: str,
        *,
        named: Mapping[str, str],
        make_check: MakeCheck,
        make_signal: MakeSignal,
        seed: int = 0,
    ) -> None:
        nodes = [graph.nodes[id_] for id_ in in_order(graph, [graph.policies[policy]])]
        kinds = {node.kind for node in nodes}
        own = any(use.own for use in graph.uses.values())
        self.names = {name: _names(name, spec.id, named) for name, spec in graph.models.items()}
        self.hedged = "hedge" in kinds
        self._policy = policy
        self._seed = f"{seed}\n".encode()
        self._clock: Clock = VirtualClock() if own or kinds & _AT_ONCE else SerialClock()
        self._answering = Answering(
            self.names,
            {name: spec.price for name, spec in graph.models.items()},
            self._clock,
            counts=any(isinstance(node, g.WithinNode) and node.cost_usd is not None for node in nodes),
            samples=own,
        )
        self._graph = _recorded(graph)
        self._make: tuple[MakeCheck, MakeSignal] = make_check, make_signal
        self._interpreter = self._prepared(self._graph)
        self._without_idle_gates: Interpreter | None = None

    def _prepared(self, graph: g.Graph) -> Interpreter:
        make_check, make_signal = self._make
        found = Interpreter(
            graph,
            providers={_RECORDED: self._answering},
            make_check=make_check,
            make_signal=make_signal,
            clock=self._clock,
            keep_text=False,
            stop_early=False,
        )
        found.prepare(self._policy)
        return found

    def impute(self, records: Iterable[Record], method: Method) -> Imputed:
        """Have answers that aren't recorded filled in from now on, by those that these records hold.

        Returns:
            With what, and nothing counted yet.
        """
        self._answering.stand_ins = stand_ins(records, self.names, method)
        self._without_idle_gates = self._prepared(_without_idle_gates(self._graph))
        return Imputed(method, self._answering.stand_ins)

    async def replay(self, record: Record) -> Replayed:
        """What the policy comes to on a record; one at a time.

        A gate that only says whether an answer that stands anyway is accepted isn't asked of one that is filled in.
        """
        found = await self._replay(record, self._interpreter)
        if found.missing and found.imputed and self._without_idle_gates is not None:
            return await self._replay(record, self._without_idle_gates)
        return found

    async def _replay(self, record: Record, interpreter: Interpreter) -> Replayed:
        answering = self._answering
        answering.begin(record)
        if not record.asked:
            answering.miss(NO_QUERY)
        seed = zlib.crc32(record.id.encode("utf-8", "surrogatepass"), zlib.crc32(self._seed))
        run, outcome = await interpreter.follow(record.query, self._policy, seed)
        status, model, quality = "failed", "", 0.0
        if not isinstance(outcome, Failed):
            model = outcome.model
            verdict = outcome.verdict.outcome
            status = "accepted" if verdict == "passed" else "unmet" if verdict == "failed" else "unchecked"
            answer = answering.answer_of(model) or answering.imputed.get(model)
            quality = answer.quality if answer is not None else None  # type: ignore[assignment]
        if self.hedged and answering.untimed:
            answering.miss("no latency of an answer, on which `hedge` hangs")
        return Replayed(
            answering.missing,
            status,
            model,
            tuple(run.path),
            quality,
            None if answering.unpriced else answering.cost_usd,
            None if answering.untimed else self._clock.now_s() - run.started_s,
            answering.estimated,
            tuple(answering.imputed),
            run.events,
        )


def _names(name: str, id_: str, named: Mapping[str, str]) -> tuple[str, ...]:
    """The names to look for a model under."""
    if name in named:
        return (named[name],)
    return (name,) if id_ == name else (name, id_)


def _recorded(graph: g.Graph) -> g.Graph:
    """The graph with every model answered from records, under the policy's own name of it."""
    models = {name: replace(spec, provider=_RECORDED, id=name) for name, spec in graph.models.items()}
    return replace(graph, models=models, providers={_RECORDED: g.ProviderSpec(_RECORDED, _RECORDED)})


def _without_idle_gates(graph: g.Graph) -> g.Graph:
    """The graph without the gates of last rungs whose answer stands whatever they say: which answer it is stays."""
    nodes = {
        id_: replace(node, rungs=[*node.rungs[:-1], replace(node.rungs[-1], until=None)])
        if isinstance(node, g.CascadeNode) and node.otherwise == "last" and node.order is None
        else node
        for id_, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def sampled(records: Iterable[Record], many: int, seed: int) -> list[Record]:
    """So many of the records, drawn by their ids: the same ones in whichever order they come, in that order."""
    import heapq
    from hashlib import blake2b

    key = str(seed).encode()[:64]

    def place(record: Record) -> bytes:
        return blake2b(record.id.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()

    return sorted(heapq.nsmallest(many, records, key=place), key=lambda record: record.line)
