"""What the events of many runs have in common, apart from what is each run's own.

Takes: events. Gives: their `Layout`, which tells the one from the other; a form, which is what runs that went the
same way share; and events back from a form and a run's own values. Guarantees: what comes back is what went in; a
form holds words of the language and of the policy, and nothing else: kinds, nodes, keys, and what is `SHARED`.

A form is ``[kind, node, data]`` for each event, and ``data`` has, under each key, ``[value]`` where all runs of the
form have that value, `OWN` where the run's own values have the next one, or `SAID` for the text of a call. A run's
own values are one list: when each event was, then the values in order. So a third of the bytes are written for a run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, cast

from cascadelang.contracts.trace_sink import Event, EventKind

TEXT_KEY: Final = "text"
"""The one key whose value is a model's whole answer; the store keeps it apart."""

OWN: Final = 0
SAID: Final = 1

SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "call": ("purpose", "model"),
    "call_failed": ("purpose", "model", "kind"),
    "check": ("check", "model", "outcome", "unknown"),
    "escalate": ("from", "to", "because"),
    "route": ("arm", "to"),
    "end": ("status", "kind"),
}
"""By kind: the keys whose values are words of the language or of the policy, and which a step is counted by."""
_SHARED_OTHERS: Final = ("purpose", "model", "to", "because")

EMPTY: Final[Mapping[str, Mapping[str, Any]]] = {
    "call": {"purpose": "answer", "model": "", "cost_usd": None, "input_tokens": 0, "output_tokens": 0},
    "check": {"check": "", "model": "", "outcome": "", "reason": ""},
    "escalate": {"from": "", "to": "", "because": ""},
    "route": {"arm": "", "to": "", "because": {}},
}
"""What is taken for what an older version's event, or another's, leaves out."""

Flat = Sequence[Any]
"""The values of all events of a run, one after the other."""
Taker = Callable[[Flat], tuple[Any, ...]]
"""Takes some of them."""


class Layout:
    """Where the values of events of these kinds, with these keys, stand in their `Flat`.

    Attributes:
        kinds, nodes, keys: of the events, in order.
        values: take the values of each event, in the order of its keys; ``KeyError`` where it hasn't all of them.
        missing: what has to be added at the end of the values, for what is left out.
        shared: takes what runs of one form have in common.
        own: takes what is a run's own, texts excepted.
        texts: takes the texts of calls.
        costs, reasons: take the dollars of each call, and the reason of each check.
        because: takes what was looked at, of each route.
        failed: takes the dollars of calls that failed.
        tokens: where the tokens in and out of each call stand.
    """

    __slots__ = (
        "because",
        "costs",
        "failed",
        "keys",
        "kinds",
        "missing",
        "nodes",
        "own",
        "reasons",
        "shared",
        "texts",
        "tokens",
        "values",
    )

    def __init__(self, kinds: Sequence[str], nodes: Sequence[str], keys: Sequence[Sequence[str]]) -> None:
        self.kinds = kinds
        self.nodes = nodes
        self.keys = keys
        self.values = [_taker(names) for names in keys]
        self.missing: list[Any] = []
        number = sum(map(len, keys))
        shared: list[int] = []
        own: list[int] = []
        texts: list[int] = []
        costs: list[int] = []
        reasons: list[int] = []
        because: list[int] = []
        failed: list[int] = []
        self.tokens: list[tuple[int, int]] = []
        at = 0
        for kind, names in zip(kinds, keys, strict=True):
            place = {name: at + index for index, name in enumerate(names)}
            at += len(names)
            for name, where in place.items():
                (shared if _is_shared(kind, name) else texts if _is_said(kind, name) else own).append(where)
            for name, value in EMPTY.get(kind, {}).items():
                if name not in place:
                    place[name] = number + len(self.missing)
                    self.missing.append(value)
            if kind == "call":
                costs.append(place["cost_usd"])
                self.tokens.append((place["input_tokens"], place["output_tokens"]))
            elif kind == "check":
                reasons.append(place["reason"])
            elif kind == "route":
                because.append(place["because"])
            elif kind == "call_failed" and "cost_usd" in place:
                failed.append(place["cost_usd"])
        self.shared, self.own, self.texts = _taker(shared), _taker(own), _taker(texts)
        self.costs, self.reasons, self.because = _taker(costs), _taker(reasons), _taker(because)
        self.failed = _taker(failed) if failed else None

    def events(self, flat: Flat) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Kind, node and data of each event again."""
        values = iter(flat)
        for kind, node, names in zip(self.kinds, self.nodes, self.keys, strict=True):
            yield kind, node, dict(zip(names, values, strict=False))

    def form(self, flat: Flat) -> list[tuple[str, str, dict[str, Any]]]:
        """The form of events with these values."""
        return [
            (kind, node, {name: _mark(kind, name, value) for name, value in data.items()})
            for kind, node, data in self.events(flat)
        ]


def filled(kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of an event, with what it leaves out."""
    return {**EMPTY.get(kind, {}), **data}


def events_of(form: str, own: Sequence[Any], texts: Sequence[str | None], answer: str) -> tuple[Event, ...]:
    """The events of a run again.

    Args:
        form: of the run, as JSON.
        own: the run's own values.
        texts: of its calls, ``None`` for one that is the run's answer; none at all where they were deleted.
        answer: the run's.

    Raises:
        ValueError, TypeError, AttributeError: if they don't fit together.
    """
    steps, values_number, texts_number = _read(form)
    if len(own) != len(steps) + values_number or len(texts) not in {0, texts_number}:
        raise ValueError("a run's values don't fit its form")
    values, said = iter(own[len(steps) :]), iter(texts)
    events = []
    for (kind, node, marks), at_s in zip(steps, own, strict=False):
        data: dict[str, Any] = {}
        for name, mark in marks:
            if mark == OWN:
                data[name] = next(values)
            elif mark != SAID:
                data[name] = mark[0]
            elif texts:
                text = next(said)
                data[name] = answer if text is None else text
        events.append(Event(kind, node, float(at_s), data))
    return tuple(events)


@lru_cache(maxsize=1_024)
def _read(form: str) -> tuple[list[tuple[EventKind, str, list[tuple[str, Any]]]], int, int]:
    """A form's events, and how many values and texts are to be put into it."""
    steps = [(cast("EventKind", kind), str(node), list(data.items())) for kind, node, data in json.loads(form)]
    marks = [mark for _, _, data in steps for _, mark in data]
    return steps, marks.count(OWN), marks.count(SAID)


def _is_shared(kind: str, name: str) -> bool:
    return name in SHARED.get(kind, _SHARED_OTHERS)


def _is_said(kind: str, name: str) -> bool:
    return kind == "call" and name == TEXT_KEY


def _mark(kind: str, name: str, value: Any) -> Any:
    return [value] if _is_shared(kind, name) else SAID if _is_said(kind, name) else OWN


def _taker(places: Sequence[int] | Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the values at these places, or under these keys, in this order."""
    if len(places) > 1:
        return itemgetter(*places)
    if not places:
        return _nothing
    (place,) = places
    return lambda flat: (flat[place],)


def _nothing(_: object) -> tuple[Any, ...]:
    return ()
