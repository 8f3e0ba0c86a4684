"""Walks over the syntax tree without knowing its classes.

Takes: any node. Gives: its children or all nodes below it, in the order they are written. Guarantees: no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.syntax.ast import Node


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below ``node``."""
    for field in node.__match_args__:
        value = getattr(node, field)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, Node):
                    yield item


def walk(node: Node) -> Iterator[Node]:
    """``node`` and every node below it, parents before children."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(children(node))))


def depth(node: Node) -> int:
    """How many nodes stand in each other at the deepest place, ``node`` counted."""
    deepest = 0
    waiting = [(node, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting.extend((child, level + 1) for child in children(node))
    return deepest
