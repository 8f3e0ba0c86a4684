"""Which arms, rungs and checks no test reached.

Takes: a graph and what was run on it. Gives: words for what was never reached, in the graph's order. Guarantees: what
is named was reached by no run; a part that several places share counts as reached wherever it was entered from,
and a check as reached where one that it is part of was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cascadelang.graph.model import CascadeNode, Graph, RouteByNode, RouteNode, SplitNode

if TYPE_CHECKING:
    from cascadelang.contracts.result import RunResult


def unreached(graph: Graph, runs: Sequence[RunResult]) -> tuple[str, ...]:
    """What no run reached: arms by their place in the route, rungs by their place in the cascade, checks by name."""
    taken: set[tuple[str, str]] = set()
    entered: set[str] = set()
    judged: set[str] = set()
    for run in runs:
        for event in run.events:
            if event.kind == "route":
                taken.add((event.node, str(event.data.get("arm"))))
                entered.add(str(event.data.get("to")))
            elif event.kind == "check":
                judged.update(_names(str(event.data.get("check")), graph.checks))
            entered.add(event.node)
    entered = _with_parents(graph, entered)
    judged = _with_parts(graph, judged)
    found = [words for node in graph.nodes.values() for words in _of_node(node, taken, entered)]
    found += [f"check {name}" for name in graph.checks if name not in judged]
    return tuple(found)


def _of_node(node: object, taken: set[tuple[str, str]], entered: set[str]) -> Iterable[str]:
    """The arms or rungs of one node that weren't reached."""
    if isinstance(node, RouteNode):
        for number in range(1, len(node.arms) + 1):
            if (node.id, str(number)) not in taken:
                yield f"{node.id}: arm {number}"
        if (node.id, "else") not in taken:
            yield f"{node.id}: else"
    elif isinstance(node, RouteByNode):
        yield from (f"{node.id}: {label}" for label in node.arms if (node.id, label) not in taken)
        if node.otherwise is not None and (node.id, "else") not in taken:
            yield f"{node.id}: else"
    elif isinstance(node, SplitNode):
        numbers = range(1, len(node.shares) + 1)
        yield from (f"{node.id}: share {n}" for n in numbers if (node.id, str(n)) not in taken)
    elif isinstance(node, CascadeNode):
        yield from (f"{node.id}: rung {n}" for n, rung in enumerate(node.rungs, 1) if rung.node not in entered)


def _with_parents(graph: Graph, entered: set[str]) -> set[str]:
    """The nodes entered, and those that can only have led there."""
    from cascadelang.graph.walk import children

    parents: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        for child in children(node):
            parents.setdefault(child, []).append(node.id)
    waiting, seen = list(entered), set(entered)
    while waiting:
        above = parents.get(waiting.pop(), [])
        if len(above) == 1 and above[0] not in seen:
            seen.add(above[0])
            waiting.append(above[0])
    return seen


def _with_parts(graph: Graph, judged: set[str]) -> set[str]:
    """The checks judged, and those they are made of."""
    from cascadelang.graph.model import CheckValue
    from cascadelang.graph.walk import parts

    waiting, seen = [graph.checks[name].expr for name in judged], set(judged)
    while waiting:
        expr = waiting.pop()
        waiting += parts(expr)
        if isinstance(expr, CheckValue) and expr.name not in seen:
            seen.add(expr.name)
            waiting.append(graph.checks[expr.name].expr)
    return seen


def _names(words: str, names: Iterable[str]) -> list[str]:
    """The declared checks that a condition's words name."""
    said = set("".join(c if c.isalnum() or c in "_.:" else " " for c in words).split())
    return [name for name in names if name in said]
