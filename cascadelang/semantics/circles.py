"""Circles: declarations that need themselves, directly or through others.

Takes: `State.edges`, which declaration refers to which. Guarantees: each circle is told once, with its way written
out, at the reference that closes it.
"""

from __future__ import annotations

from cascadelang.semantics.checked import Symbol
from cascadelang.semantics.state import State
from cascadelang.source import Span


def tell_circles(symbols: list[Symbol], state: State) -> None:
    """Tell every circle among the declarations, in their order."""
    done: set[Symbol] = set()
    for root in symbols:
        if root not in done:
            _walk(root, done, state)


def _walk(root: Symbol, done: set[Symbol], state: State) -> None:
    """Depth first, without recursion: a long chain of declarations is no mistake."""
    way: list[Symbol] = [root]
    on_way = {root}
    stack = [iter(state.edges.get(root, ()))]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            left = way.pop()
            on_way.discard(left)
            done.add(left)
            continue
        target, at = step
        if target in on_way:
            _tell(way[way.index(target) :], at, state)
        elif target not in done:
            way.append(target)
            on_way.add(target)
            stack.append(iter(state.edges.get(target, ())))


def _tell(circle: list[Symbol], at: Span, state: State) -> None:
    names = [symbol.name for symbol in circle]
    kind = circle[0].kind if len({symbol.kind for symbol in circle}) == 1 else "declaration"
    entry = state.catalog.spec("check" if kind == "check" else "signal", names[0]) if len(names) == 1 else None
    state.error(
        "circle",
        f"the {kind} `{names[0]}` needs itself",
        at,
        label=" → ".join([*names, names[0]]),
        help=f"a built-in {entry.kind} has the same name: choose another one"
        if entry is not None
        else "leave out one of the steps",
    )
