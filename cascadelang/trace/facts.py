"""What is counted of a run: which way it took, and where its money went.

Takes: a `RunRecord`. Gives: `Facts`. Guarantees: the parts of the cost add up to the cost; runs that went the same
way have equal steps, whatever they were asked and however long they took.

How the cost is split, each call in exactly one part:

``answers``
    Calls for an answer (purpose ``answer``) that no check rejected, and the one whose answer was given in the end,
    rejected or not. The members of a ``vote`` and both sides of a ``hedge`` are among them.
``rejected``
    The other calls for an answer: those under a gate whose verdict was that they weren't good enough.
``judges``
    What judging cost: purposes ``judge`` and ``sample`` (further answers, drawn to compare).
``classifiers``
    What routing cost: purpose ``ask``.
``retries``
    What attempts that failed cost, as far as their providers billed them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import isfinite
from operator import call
from typing import Any, Final, NamedTuple

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.events import HASHED
from cascadelang.trace.forms import Flat, Layout, filled
from cascadelang.trace.json_text import encode

Step = tuple[str, str, str, str, str]
"""Kind, node, name, model, outcome; see ``steps`` in `cascadelang.trace.schema`."""

REASON_MOST: Final = 160
"""Reasons are counted by their first characters, so many."""
TEXT_MOST: Final = 64
"""A signal's text is counted by its first characters, so many."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_new: Final = tuple.__new__
_SILENT: Final = frozenset({"end", "stream"})


class Way:
    """A way that runs go. There are few, and of equal ones there is one object for as long as it is in use.

    Attributes:
        policy: its name, its path, and the hash of its graph.
        ending: status, failure, and who answered.
        path: who was asked.
        steps: what happened, in order.
        form: of the events, as `cascadelang.trace.forms` has it.
        parts: which part of the cost each call is, in order: of `PARTS`.
        given: the number of the call whose answer was given; -1 where none was.
        given_tokens: where its tokens in and out stand; ``None`` where none was.
        rejections: check and outcome of each verdict that wasn't ``passed``, and which of all verdicts it was.
    """

    __slots__ = ("ending", "form", "given", "given_tokens", "parts", "path", "policy", "rejections", "steps")

    def __init__(
        self,
        policy: tuple[str, str, str],
        ending: tuple[str, str, str],
        path: tuple[str, ...],
        layout: Layout,
        flat: Flat,
    ) -> None:
        self.policy = policy
        self.ending = ending
        self.path = path
        self.steps: list[Step] = []
        self.rejections: list[tuple[str, str, int]] = []
        verdicts = 0
        for kind, node, data in layout.events(flat):
            new = _steps(kind, node, filled(kind, data))
            self.steps += new
            if kind == "check":
                _, _, check, _, outcome = new[0]
                if outcome != "passed":
                    self.rejections.append((check, outcome, verdicts))
                verdicts += 1
        self.form = layout.form(flat)
        self.parts, self.given = _parts(self.steps, ending[2])
        self.given_tokens = layout.tokens[self.given] if self.given >= 0 else None


class Facts(NamedTuple):
    """What is counted of one run; dollars where prices are known, 0 elsewhere.

    Attributes:
        way: the way that it took.
        own: the values of the events that are the run's own, texts excepted.
        texts: the texts of its calls.
        reasons: check, outcome (``failed`` or ``unknown``) and reason, of each verdict that wasn't ``passed``.
        signals: what was found out about the query, by signal, as `signal_text` has it.
        answer_input_tokens, answer_output_tokens: of the call whose answer was given.
    """

    way: Way
    own: list[Any]
    texts: tuple[str, ...]
    answers_usd: float
    judges_usd: float
    classifiers_usd: float
    retries_usd: float
    rejected_usd: float
    answer_input_tokens: int
    answer_output_tokens: int
    reasons: tuple[tuple[str, str, str], ...]
    signals: tuple[tuple[str, str], ...]


_MOST_KNOWN: Final = 4_096
_layouts: dict[tuple[Any, ...], list[Layout]] = {}
_ways: dict[tuple[Any, ...], Way] = {}


def facts_of(run: RunRecord) -> Facts:
    """Count one run.

    The events are never looked at one by one: where their values stand is known from their kinds and keys, and what
    follows from some of these values from those.
    """
    kinds, nodes, times_s, told = zip(*run.events, strict=False) if run.events else ((), (), (), ())
    layout, flat = _laid_out(kinds, nodes, told)
    looked_at = layout.because(flat)
    unknown: tuple[str, ...] = ()
    for because in looked_at:
        if None in because.values():
            unknown += tuple([name for name, value in because.items() if value is None])
    key = (
        layout,
        run.policy,
        run.policy_path,
        run.graph_sha256,
        run.status,
        run.failure,
        run.model,
        run.path,
        layout.shared(flat),
        unknown,
    )
    way = _ways.get(key)
    if way is None:
        way = _know(_ways, key, Way(key[1:4], key[4:7], run.path, layout, flat))
    spent = [0.0, 0.0, 0.0, 0.0]
    for part, usd in zip(way.parts, layout.costs(flat), strict=True):
        if usd:
            spent[part] += usd
    retries = 0.0 if layout.failed is None else sum([usd or 0.0 for usd in layout.failed(flat)])
    tokens_in = tokens_out = 0
    if way.given_tokens is not None:
        at_in, at_out = way.given_tokens
        tokens_in, tokens_out = flat[at_in], flat[at_out]
    reasons = _reasons(way, layout.reasons(flat)) if way.rejections else ()
    # what `Facts(…)` does, without its Python frame
    return _new(
        Facts,
        (
            way,
            [*times_s, *layout.own(flat)],
            layout.texts(flat),
            spent[0],
            spent[1],
            spent[2],
            retries,
            spent[3],
            tokens_in,
            tokens_out,
            reasons,
            _signals(looked_at) if looked_at else (),
        ),
    )


def _laid_out(
    kinds: tuple[str, ...], nodes: tuple[str, ...], told: tuple[Mapping[str, Any], ...]
) -> tuple[Layout, list[Any]]:
    """The layout of events, and their values.

    A layout is tried out: where each event has as many keys as it should, and all that it should, those are its keys.
    """
    key = (kinds, nodes, tuple(map(len, told)))
    known = _layouts.get(key)
    if known is not None:
        for layout in known:
            try:
                flat = list(chain.from_iterable(map(call, layout.values, told)))
            except KeyError:
                continue
            if layout.missing:
                flat += layout.missing
            return layout, flat
    layout = Layout(kinds, nodes, [tuple(data) for data in told])
    _know(_layouts, key, []).append(layout)
    return layout, [*chain.from_iterable([data.values() for data in told]), *layout.missing]


def _know(known: dict[Any, Any], key: Any, value: Any) -> Any:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    return known.setdefault(key, value)


@lru_cache(maxsize=4_096)
def _reasons(way: Way, said: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """The reasons of a run, of all that its checks said; one object for all equal ones."""
    return tuple([(check, outcome, _counted(said[at])) for check, outcome, at in way.rejections])


def _signals(looked_at: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """What was found out, by signal: of one that was looked at twice, what was found out last."""
    found = (
        looked_at[0] if len(looked_at) == 1 else {name: value for each in looked_at for name, value in each.items()}
    )
    return _same(
        tuple(
            [
                (name, "true" if value is True else "false" if value is False else signal_text(value, encode))
                for name, value in found.items()
            ]
        )
    )


@lru_cache(maxsize=4_096)
def _same(signals: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """One object for all equal ones: of a run that waits to be written, there are as few containers as can be."""
    return signals


def _steps(kind: str, node: str, data: Mapping[str, Any]) -> list[Step]:
    """What is counted of an event; ``data`` leaves nothing out."""
    if kind in _SILENT:
        return []
    because = data.get("because", "")
    name = data.get("purpose", "")
    model = data.get("model") or data.get("to") or ""
    outcome = because if isinstance(because, str) else ""
    if kind == "call":
        model, outcome = data["model"], ""
    elif kind == "call_failed":
        model, outcome = data.get("model", ""), data.get("kind", "")
    elif kind == "check":
        name, outcome = data["check"], "unknown" if data.get("unknown") else data["outcome"]
    elif kind == "escalate":
        name, model = data["from"], data["to"]
    elif kind == "route":
        name, model = data["arm"], data["to"]
        unknown = [each for each, value in because.items() if value is None]
        return [(kind, node, name, model, ""), *[("unknown", node, each, "", "") for each in unknown]]
    return [(kind, node, name, model, outcome)]


PARTS: Final = ("answers", "judges", "classifiers", "rejected")
_ANSWER, _JUDGE, _CLASSIFIER, _REJECTED = range(4)


def _parts(steps: list[Step], model: str) -> tuple[tuple[int, ...], int]:
    """See `Way`."""
    parts: list[int] = []
    called: list[tuple[str, str]] = []
    since: dict[str, int] = {}
    for kind, node, name, whose, outcome in steps:
        if kind == "call":
            part = _ANSWER if name == "answer" else _CLASSIFIER if name == "ask" else _JUDGE
            parts.append(part)
            called.append((node, whose))
        elif kind == "check":
            if outcome != "passed":
                _reject(parts, called, since.get(node, 0), node, whose)
            since[node] = len(parts)
    own = [at for at, (_, whose) in enumerate(called) if whose == model and parts[at] in {_ANSWER, _REJECTED}]
    given = next((at for at in reversed(own) if parts[at] == _ANSWER), own[-1] if own else -1) if model else -1
    if given >= 0:
        parts[given] = _ANSWER
    return tuple(parts), given


def _reject(parts: list[int], called: list[tuple[str, str]], since: int, node: str, model: str) -> None:
    """The answers that stand under a gate weren't good enough: those since its last verdict.

    They are under its node; or under another policy, which a rung may name; or of the model that it looked at.
    """
    within, policy, seen = node + ".", _policy_of(node), False
    for at in range(len(parts) - 1, since - 1, -1):
        where, whose = called[at]
        stands = where.startswith(within) or _policy_of(where) != policy or (whose == model and not seen)
        if stands and parts[at] == _ANSWER:
            parts[at] = _REJECTED
        seen = seen or whose == model


def _policy_of(node: str) -> str:
    """The policy that a node is of: ``main`` of ``main.else.rung1``, ``policy.safe`` of ``policy.safe.rung1``."""
    first, _, rest = node.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == "policy" else first


@lru_cache(maxsize=4_096)
def _counted(reason: str) -> str:
    """A reason as it is counted: with every number as ``#``, for ``score 3, below 7`` and ``score 4, …`` are one.

    One of which only the hash is kept is counted as it is, so that it can be looked for.
    """
    if reason.startswith(HASHED):
        return reason[:REASON_MOST]
    return _NUMBER.sub("#", reason[: 2 * REASON_MOST])[:REASON_MOST]


def signal_text(value: Any, write: Callable[[Any], str]) -> str:
    """A signal's value as JSON text: numbers to two digits, texts cut."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float | int):
        if not isfinite(value):
            return "null"
        return str(int(value)) if -100 < value < 100 and value == int(value) else f"{value:.2g}"
    if isinstance(value, str):
        return write(value[:TEXT_MOST])
    return "null" if value is None else write(str(value)[:TEXT_MOST])
