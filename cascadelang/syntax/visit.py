"""Walks over the syntax tree without knowing its classes.

Takes: any node. Gives: its children or all nodes below it, in the order they are written. Guarantees: no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.syntax.ast import Node


def children(node: Node) -> list[Node]:
    """The nodes directly below ``node``."""
    found: list[Node] = []
    for field in node.__match_args__:
        value = getattr(node, field)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            found += [item for item in value if isinstance(item, Node)]
    return found


def walk(node: Node) -> Iterator[Node]:
    """``node`` and every node below it, parents before children."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(children(node))


def depth(node: Node) -> int:
    """How many nodes stand in each other at the deepest place, ``node`` counted."""
    deepest = 0
    waiting = [(node, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(child, level + 1) for child in children(node)]
    return deepest
