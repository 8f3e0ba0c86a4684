"""What the spans of a run are: one for the run, one for each strategy that had a part in it, one for each call.

Takes: a `RunRecord` and what is known of its policy. Gives: a tree of `SpanDraft`, before anything of OpenTelemetry.
Guarantees: every event of the run is in it, as a span, as an event of a span or as an attribute, whatever the record
holds; a call with its attempts is one span, as the conventions have it, below the strategy that made it; calls that
went on at once overlap; nothing that anybody said is in it but what the record holds.

A call's span begins when its first attempt did and ends when its last attempt did. A strategy's begins with the first
thing in it and ends with the last. The run's own times are its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.graph.model import CachedNode, CallNode, Graph, RetryNode, WithinNode, WithNode
from cascadelang.graph.walk import children
from cascadelang.telemetry import conventions as c

Attribute = str | bool | int | float | tuple[str, ...]

MOST_TEXT: Final = 100_000
"""The most characters of one text that a span holds."""

_MOST_NAME: Final = 500
_MOST_KNOWN: Final = 10_000
_REST_EVERY: Final = 16
_MOST_WHOLE: Final = 2**63 - 1
"""The largest whole number that OTLP can carry."""

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:/@+-]{1,120}")
_BESIDE: Final = re.compile(r"(?P<policy>.+) \((?:shadow|cached) (?P<node>.+)\)")
_SILENT: Final = (CallNode, WithinNode, RetryNode, WithNode, CachedNode)
"""Nodes without a span of their own: a call has that of its calls, and what is around a strategy does nothing."""


class SpanDraft:
    """A span to be.

    Attributes:
        name: its name.
        calls: whether it is a call of another service.
        start_s, end_s: in seconds since the run began.
        attributes: by name.
        events: name, when, and attributes.
        error: the kind of failure that it ended in; empty without one.
        message: of that failure.
        parts: the spans below it.
    """

    __slots__ = ("attributes", "calls", "end_s", "error", "events", "message", "name", "parts", "start_s")

    def __init__(self, name: str, start_s: float, end_s: float, *, calls: bool = False) -> None:
        self.name = name
        self.calls = calls
        self.start_s = start_s
        self.end_s = end_s
        self.attributes: dict[str, Attribute] = {}
        self.events: list[tuple[str, float, dict[str, Attribute]]] = []
        self.error = ""
        self.message = ""
        self.parts: list[SpanDraft] = []

    def put(self, name: str, value: object) -> None:
        """Set an attribute, if it is of a kind that attributes have; texts are cut."""
        if isinstance(value, str):
            if value:
                self.attributes[name] = _text(value)
        elif isinstance(value, int) and abs(value) > _MOST_WHOLE:
            self.attributes[name] = f"{value:.6g}" if value.bit_length() < 1_000 else "too large"
        elif isinstance(value, bool | int | float):
            self.attributes[name] = value
        elif value and isinstance(value, tuple) and all(isinstance(each, str) for each in value):
            self.attributes[name] = tuple(_text(each) for each in value)


class Policies:
    """What is known of the policies of a graph, worked out once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._parents: dict[str, dict[str, str]] = {}
        self._above: dict[tuple[str, str], list[str]] = {}
        self._models: dict[str, dict[str, Attribute]] = {}
        for name, model in graph.models.items():
            provider = graph.providers.get(model.provider)
            kind = "" if provider is None else provider.kind
            facts: dict[str, Attribute] = {c.PROVIDER: c.PROVIDERS.get(kind, kind or "unknown")}
            facts[c.REQUEST_MODEL] = _text(model.id)
            server = server_of("" if provider is None else str(provider.settings.get("base_url") or ""))
            if server is not None:
                facts[c.SERVER_ADDRESS], facts[c.SERVER_PORT] = server
            self._models[name] = facts

    def facts_of(self, model: str) -> dict[str, Attribute]:
        """Provider, model id and address of a model that the policy names."""
        return self._models.get(model) or {c.PROVIDER: "unknown", c.REQUEST_MODEL: _text(model)}

    def above(self, policy: str, node: str) -> list[str]:
        """The strategies that a node of a policy is in, outermost first, and itself; each with a span of its own."""
        found = self._above.get((policy, node))
        if found is None:
            found = self._find_above(policy, node)
            if len(self._above) < _MOST_KNOWN:
                self._above[policy, node] = found
        return found

    def _find_above(self, policy: str, node: str) -> list[str]:
        inside = _BESIDE.fullmatch(policy)
        top = ""
        if inside is not None:
            policy, top = inside["policy"], inside["node"]
        if policy not in self._parents:
            self._parents[policy] = self._parents_in(self._graph.policies.get(policy, policy))
        parents = self._parents[policy]
        chain: list[str] = []
        at: str | None = node if node in self._graph.nodes else None
        while at is not None:
            if not isinstance(self._graph.nodes[at], _SILENT):
                chain.append(at)
            at = None if at == top else parents.get(at)
        return chain[::-1]

    def kind_of(self, node: str) -> str:
        """The kind of a node."""
        return self._graph.nodes[node].kind

    def _parents_in(self, root: str) -> dict[str, str]:
        """By node, the one that it is first found under; what several share has one parent."""
        parents: dict[str, str] = {}
        waiting = [root] if root in self._graph.nodes else []
        while waiting:
            node = waiting.pop()
            for child in children(self._graph.nodes[node]):
                if child != root and child not in parents and child in self._graph.nodes:
                    parents[child] = node
                    waiting.append(child)
        return parents


def run_name(run: RunRecord) -> str:
    """The name of a run's span."""
    return _text(f"{c.WORKFLOW} {run.policy}"[:_MOST_NAME])


def run_attributes(run: RunRecord) -> dict[str, Attribute]:
    """Those of a run's span that are known without a look at its events."""
    span = SpanDraft("", 0.0, run.latency_s)
    span.put(c.OPERATION, c.WORKFLOW)
    span.put(c.AGENT_NAME, run.policy)
    for name, value in (
        ("trace_id", run.trace_id),
        ("policy.path", run.policy_path),
        ("graph.sha256", run.graph_sha256),
        ("status", run.status),
        ("model", run.model),
        ("path", run.path),
        ("run.cost_usd", run.cost_usd),
        ("run.input_tokens", run.input_tokens),
        ("run.output_tokens", run.output_tokens),
    ):
        span.put(c.OWN + name, value)
    return span.attributes


def span_tree(
    run: RunRecord, policies: Policies, told: Sequence[Event] = (), rest: Callable[[], object] = lambda: None
) -> SpanDraft:
    """The spans of a run.

    Args:
        run: the run, with what of its texts may be shown.
        policies: what is known of its policy.
        told: the run's events as they were, for the names of models that providers stated; only what looks like such
            a name is taken.
        rest: is called now and then while a long run is looked at.
    """
    return _Tree(run, policies).build(told or run.events, rest)


class _Tree:
    """The tree of one run as it is built."""

    def __init__(self, run: RunRecord, policies: Policies) -> None:
        self._run = run
        self._policies = policies
        self._top = SpanDraft(run_name(run), 0.0, run.latency_s)
        self._top.attributes = run_attributes(run)
        self._nodes: dict[str, SpanDraft] = {}
        self._open: list[tuple[tuple[str, str, str], int, SpanDraft]] = []
        """Calls whose last attempt failed, by node, model and purpose, with the attempt that may come."""
        self._answers: list[tuple[str, str, SpanDraft]] = []
        self._streams: dict[tuple[str, str], list[float]] = {}

    def build(self, told: Sequence[Event], rest: Callable[[], object]) -> SpanDraft:
        for number, (event, raw) in enumerate(zip(self._run.events, told, strict=False), 1):
            self._tell(event, raw)
            if number % _REST_EVERY == 0:
                rest()
        for span in self._nodes.values():
            _enclose(span)
        run, top = self._run, self._top
        if run.status in {"failed", "cancelled"}:
            top.error = run.failure or run.status
        if run.query:
            top.put(c.INPUT_MESSAGES, _message("user", run.query))
        if run.answer:
            top.put(c.OUTPUT_MESSAGES, _message("assistant", run.answer))
        for name, value in run.meta.items():
            top.put(_text(f"{c.OWN}meta.{name}"[:_MOST_NAME]), value)
        return top

    def _tell(self, event: Event, raw: Event) -> None:
        """Put one event where it belongs."""
        if event.kind in {"call", "call_failed"}:
            self._call(event, raw.data.get("id"))
        elif event.kind == "stream":
            self._streams.setdefault((event.node, str(event.data.get("model"))), []).append(event.at_s)
        elif event.kind == "check":
            self._check(event)
        elif event.kind == "end":
            self._top.message = str(event.data.get("message") or "")
        else:
            self._other(event)

    def _node(self, node: str) -> SpanDraft:
        """The span of the strategy that a node is, or is in."""
        span = self._top
        for id_ in self._policies.above(self._run.policy, node):
            below = self._nodes.get(id_)
            if below is None:
                kind = self._policies.kind_of(id_)
                below = self._nodes[id_] = SpanDraft(f"{kind} {id_}", -1.0, -1.0)
                below.put(c.OWN + "node.id", id_)
                below.put(c.OWN + "node.kind", kind)
                span.parts.append(below)
            span = below
        return span

    def _call(self, event: Event, id_: object) -> None:
        """An attempt: of a call that is tried again, or the first of another."""
        data = event.data
        model, purpose = str(data.get("model") or ""), str(data.get("purpose") or "answer")
        attempt = _whole(data.get("attempt"), 1)
        key = (event.node, model, purpose)
        span = self._again(key, attempt)
        if span is None:
            facts = self._policies.facts_of(model)
            began_s = max(0.0, event.at_s - _number(data.get("latency_s")))
            operation = c.EMBEDDINGS if data.get("embed") else c.CHAT
            span = SpanDraft(
                _text(f"{operation} {facts[c.REQUEST_MODEL]}"[:_MOST_NAME]), began_s, event.at_s, calls=True
            )
            span.put(c.OPERATION, operation)
            span.attributes.update(facts)
            for name, value in (("node.id", event.node), ("model", model), ("purpose", purpose)):
                span.put(c.OWN + name, value)
            self._node(event.node).parts.append(span)
        span.end_s = event.at_s
        span.put(c.OWN + "attempts", attempt)
        _spent(span, data)
        first_s = self._streams.pop((event.node, model), [])
        if first_s:
            span.put(c.STREAM, value=True)
            span.put(c.TIME_TO_FIRST_CHUNK, max(0.0, first_s[0] - span.start_s))
        if event.kind == "call_failed":
            span.error, span.message = str(data.get("kind") or "unknown"), str(data.get("message") or "")
            if span.attributes[c.OPERATION] == c.CHAT:
                span.put(c.FINISH_REASONS, (c.FINISHED_IN_ERROR,))
            span.put(c.HTTP_STATUS, data.get("status"))
            self._open.append((key, attempt + 1, span))
            return
        span.error = span.message = ""
        span.attributes.pop(c.HTTP_STATUS, None)
        _answered(span, data, id_)
        if purpose == "answer":
            self._answers.append((event.node, model, span))

    def _again(self, key: tuple[str, str, str], attempt: int) -> SpanDraft | None:
        """The span of the call that this attempt is made for; ``None`` where it is the first."""
        for at, (whose, next_, span) in enumerate(self._open):
            if attempt > 1 and whose == key and next_ == attempt:
                del self._open[at]
                return span
        return None

    def _check(self, event: Event) -> None:
        """A verdict, on the call whose answer it is of."""
        data = event.data
        model = str(data.get("model") or "")
        outcome = "unknown" if data.get("unknown") else str(data.get("outcome") or "")
        judged = self._answer_in(event.node, model)
        span = judged or self._node(event.node)
        told = SpanDraft("", 0.0, 0.0)
        told.put(c.EVALUATION_NAME, str(data.get("check") or "check"))
        told.put(c.EVALUATION_LABEL, outcome)
        told.put(c.EVALUATION_VALUE, data.get("score"))
        told.put(c.EVALUATION_EXPLANATION, data.get("reason"))
        span.events.append((c.EVALUATION, event.at_s, told.attributes))
        if judged is not None:
            judged.put(c.OWN + "verdict", outcome)

    def _answer_in(self, node: str, model: str) -> SpanDraft | None:
        """The last call for an answer of a model within a strategy."""
        for where, whose, span in reversed(self._answers):
            if whose == model and (where == node or node in self._policies.above(self._run.policy, where)):
                return span
        return None

    def _other(self, event: Event) -> None:
        """What is neither a call nor a verdict: an event of its strategy's span, or of a call that is tried again."""
        span = self._node(event.node)
        if event.kind == "retry":
            again = _whole(event.data.get("attempt"), 0)
            model = event.data.get("model")
            for (node, whose, _), next_, failed in self._open:
                if node == event.node and whose == model and next_ == again:
                    span = failed
        told = SpanDraft("", 0.0, 0.0)
        told.put(c.OWN + "node.id", event.node)
        for name, value in _flat(event.data):
            told.put(_text(f"{c.OWN}{event.kind}.{name}"[:_MOST_NAME]), value)
        span.events.append((c.OWN + event.kind, event.at_s, told.attributes))


def _spent(span: SpanDraft, data: Mapping[str, Any]) -> None:
    """Add what an attempt used to the sums of its call."""
    for name, value in (
        (c.USAGE_INPUT, data.get("input_tokens")),
        (c.USAGE_OUTPUT, None if span.attributes[c.OPERATION] == c.EMBEDDINGS else data.get("output_tokens")),
        (c.USAGE_CACHED, data.get("cached_tokens")),
        (c.OWN + "cost_usd", data.get("cost_usd")),
    ):
        before = span.attributes.get(name, 0)
        if isinstance(value, int | float) and isinstance(before, int | float):
            span.put(name, before + value)
    if data.get("estimated"):
        span.put(c.OWN + "usage.estimated", value=True)


def _answered(span: SpanDraft, data: Mapping[str, Any], id_: object) -> None:
    """What is known of a call that was answered."""
    reason = str(data.get("finish_reason") or "")
    if reason and span.attributes[c.OPERATION] == c.CHAT:
        span.put(c.FINISH_REASONS, (reason,))
    stated = id_ if isinstance(id_, str) and _PLAIN_ID.fullmatch(id_) else span.attributes[c.REQUEST_MODEL]
    span.put(c.RESPONSE_MODEL, stated)
    span.put(c.OWN + "mean_logprob", data.get("mean_logprob"))
    stopped = data.get("stopped")
    if isinstance(stopped, Mapping):
        span.put(c.OWN + "stopped.after_tokens", stopped.get("after_tokens"))
    text = data.get("text")
    if isinstance(text, str) and text:
        span.put(c.OUTPUT_MESSAGES, _message("assistant", text))


def _flat(data: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """An event's data as attributes: what is in it by its own name, signals as ``because.NAME``."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            for key, each in value.items():
                yield f"{name}.{key}", "unknown" if each is None else each
        elif isinstance(value, list | tuple):
            words = tuple(each if isinstance(each, str) else json.dumps(each, default=str) for each in value)
            yield name, tuple(word for word in words if word)
        else:
            yield name, value


def _enclose(span: SpanDraft) -> tuple[float, float]:
    """Give a strategy's span its times: those of all that is in it."""
    if span.start_s >= 0 and not span.calls:
        return span.start_s, span.end_s
    starts = [at for _, at, _ in span.events]
    ends = list(starts)
    for part in span.parts:
        start_s, end_s = (part.start_s, part.end_s) if part.calls else _enclose(part)
        starts.append(start_s)
        ends += [end_s, *(at for _, at, _ in part.events)]
    span.start_s, span.end_s = min(starts, default=0.0), max(ends, default=0.0)
    return span.start_s, span.end_s


def _message(role: str, text: str) -> str:
    """A message in the conventions' JSON form."""
    message = {"role": role, "parts": [{"type": "text", "content": text[:MOST_TEXT]}]}
    return json.dumps([message], ensure_ascii=False)


def _text(text: str) -> str:
    """A text that a span can hold: short enough, and without what UTF-8 can't."""
    if len(text) <= MOST_TEXT and text.isascii():
        return text
    return text[: 2 * MOST_TEXT].encode("utf-8", "replace").decode()


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _number(value: object) -> float:
    """A number of seconds, never below 0."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0.0


def server_of(base_url: str) -> tuple[str, int] | None:
    """The host and port of an address, never what else stands in it; ``None`` where it has none."""
    try:
        parts = urlsplit(base_url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port is not None else None
