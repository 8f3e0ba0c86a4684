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
    done: dict[Point, bool] = {}  # false: on the way
    for start in starts:
        if start in done:
            continue
        done[start] = False
        way: list[tuple[Point, Iterator[Point]]] = [(start, iter(successors(start)))]
        while way:
            point, following = way[-1]
            for one in following:
                known = done.get(one)
                if known is None:
                    done[one] = False
                    way.append((one, iter(successors(one))))
                    break
                if not known:
                    points: list[Hashable] = [passed for passed, _ in way]
                    raise CircleError([*points[points.index(one) :], one])
            else:
                way.pop()
                done[point] = True
                order.append(point)
    return order
