"""An order in which everything comes after what it needs.

Takes: starting points and a function to each one's successors. Gives: the points reached, successors first.
Guarantees: no recursion, so that a chain of any length has an order; each point stands in it once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

Point = TypeVar("Point", bound=Hashable)


class CircleError(Exception):
    """The points go round in a circle; ``circle`` is the way round, its first point repeated at the end."""

    def __init__(self, circle: list[Hashable]) -> None:
        super().__init__("a circle")
        self.circle = circle


def successors_first(starts: Iterable[Point], successors: Callable[[Point], Iterable[Point]]) -> list[Point]:
    """All points reachable from ``starts``, each after its successors.

    Raises:
        CircleError: if a point reaches itself.
    """
    order: list[Point] = []
    done: set[Point] = set()
    for start in starts:
        if start in done:
            continue
        way: dict[Point, Iterator[Point]] = {start: iter(successors(start))}
        while way:
            point = next(reversed(way))
            following = next((s for s in way[point] if s not in done), None)
            if following is None:
                del way[point]
                done.add(point)
                order.append(point)
            elif following in way:
                points: list[Hashable] = list(way)
                raise CircleError([*points[points.index(following) :], following])
            else:
                way[following] = iter(successors(following))
    return order
