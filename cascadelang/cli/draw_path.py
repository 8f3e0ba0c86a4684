"""The path of a recorded run as a tree: which rungs, arms and members there were, and what happened at each.

Takes: a `RunRecord`. Gives: lines of text, painted where stdout or stderr takes colour. Guarantees: every event that
decided something is there, under the node that it happened at, in the order in which it happened there; parts that
ran at once (of a ``hedge``, a ``vote``) stand apart, each with when it began; texts of models and users stand on one
line, without control characters.

The tree comes from the ids of the graph's nodes (``main.else.rung2``), for the graph itself isn't recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from cascadelang.cli.draw_trace import Line, Pen, foot, head, lines_of, pen_for
from cascadelang.cli.paint import one_line
from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.workspace.figures import money, seconds

_PLACE: Final = re.compile(
    r"(?P<parent>.+)\.(?:(?P<word>rung|member|arm)(?P<number>[0-9]+)|arm\.(?P<label>[^.]+)"
    r"|(?P<name>else|first|second|live|beside))"
)
"""A node's id, where it is a part of another node."""
_AROUND: Final = re.compile(r"\.(?:within|retry|with|cached)[0-9]*$")
"""What is put around a strategy has that strategy's id with its own word behind it: here both are one."""
_NAMES: Final = {"live": "answering", "beside": "for the record"}
_MOST_DEEP: Final = 30


@dataclass(slots=True)
class _Node:
    """A node and what happened at it: events of its own and nodes within, in order."""

    label: str
    parts: list[Event | _Node] = field(default_factory=list)


def draw_path(run: RunRecord, *, err: bool = False) -> str:
    """The path of one run, as `traces show` shows it."""
    top = _Node("")
    known: dict[str, _Node] = {}
    for event in run.events:
        if event.kind != "end":
            _node(event.node, known, top, 0).parts.append(event)
    pen = pen_for(run, err=err)
    lines = [head(run, pen)]
    lines += ["├─ " + line if step else "│  " + line for step, line in _draw(top, pen)]
    lines.append("└─ " + foot(run, pen))
    return "\n".join(lines)


def _node(id_: str, known: dict[str, _Node], top: _Node, depth: int) -> _Node:
    """The node of an id, put where it belongs."""
    id_ = _AROUND.sub("", id_)
    found = known.get(id_)
    if found is None:
        place = _PLACE.fullmatch(id_) if depth < _MOST_DEEP else None
        if place is None:  # the policy itself
            return known.setdefault(id_, top)
        found = known[id_] = _Node(_label(place))
        _node(place["parent"], known, top, depth + 1).parts.append(found)
    return found


def _label(place: re.Match[str]) -> str:
    """What a part is called: ``rung 2``, ``arm 1``, ``code``, ``else``."""
    if place["word"]:
        return f"{place['word']} {place['number']}"
    name = place["label"] or place["name"]
    return one_line(_NAMES.get(name, name), 40)


def _draw(node: _Node, pen: Pen) -> list[tuple[bool, str]]:
    """The lines within a node, and of each whether it is a branch of the tree."""
    drawn: list[tuple[bool, str]] = []
    for part in node.parts:
        if isinstance(part, _Node):
            drawn += _draw_part(part, pen)
        else:
            drawn += [(line.step, line.text if line.step else f"  {line.text}") for line in _told(part, pen)]
    return drawn


def _draw_part(part: _Node, pen: Pen) -> list[tuple[bool, str]]:
    """A node within another: on one line where it made one call, else with its own branches below it."""
    label = pen.paint(part.label, bold=True)
    inner = _draw(part, replace(pen, width=max(40, pen.width - 3)))
    if not any(isinstance(each, _Node) for each in part.parts) and inner and inner[0][0]:
        first, *rest = inner
        below = [(False, f"  {text}" if not step else f"{' ' * (len(part.label) + 2)}{text}") for step, text in rest]
        return [(True, f"{label}  {first[1]}"), *below]
    ends = max((at for at, (step, _) in enumerate(inner) if step), default=-1)
    lines: list[tuple[bool, str]] = [(True, label)]
    for at, (step, text) in enumerate(inner):
        tie = ("└─ " if at == ends else "├─ ") if step else ("│  " if at < ends else "   ")
        lines.append((False, tie + text))
    return lines


def _told(event: Event, pen: Pen) -> list[Line]:
    """The lines of an event; those of a call with when it began, and of one that failed with what it took."""
    took_s, cost_usd = event.data.get("latency_s"), event.data.get("cost_usd")
    if event.kind not in {"call", "call_failed"} or not isinstance(took_s, int | float):
        return lines_of(event, pen)
    words = f"  at {seconds(max(0.0, event.at_s - took_s))}"
    if event.kind == "call_failed":
        billed = f"  {money(cost_usd)}" if isinstance(cost_usd, int | float) else ""
        words = f"{billed}  {seconds(took_s)}{words}"
        pen = replace(pen, width=max(40, pen.width - len(words)))
    first, *rest = lines_of(event, pen)
    return [replace(first, text=first.text + pen.paint(words, dim=True)), *rest]
