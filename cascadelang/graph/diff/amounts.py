"""The bounds that change from one graph to another, and why.

Takes: a `Match` and the changes between its graphs. Gives: an `Amount` for each bound of a policy that both have and
that changed. Guarantees: a change is named as a reason only if the bound is another one without it: each is taken
back by itself, in the new graph, and the bound is worked out again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.diff.graft import grafted
from cascadelang.graph.diff.match import Match
from cascadelang.graph.diff.model import Amount, Change, placed
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import Graph
from cascadelang.graph.node_bounds import NodeBounds
from cascadelang.graph.plan_text import duration, short_count
from cascadelang.graph.wording import count, dollars

What = Literal["cost", "calls", "latency"]

MOST_TRIED: Final = 60
"""Changes that are taken back to see what they do; of a policy rewritten from top to bottom none is the reason."""

_MOST_REASONS: Final = 3
_NEAR: Final = 1e-9


def amounts(match: Match, changes: Sequence[Change], tokens_of: Callable[[str], int]) -> Iterator[Amount]:
    """The bounds that changed, policy by policy; ``tokens_of`` gives the input that a policy's cost is for."""
    shared = [name for name in match.new.policies if name in match.old.policies]
    before, now = Measure(match.old), Measure(match.new)
    without: list[tuple[Change, Measure]] | None = None
    for policy in shared:
        old = before.points[match.old.policies[policy], PLAIN]
        new = now.points[match.new.policies[policy], PLAIN]
        tokens = tokens_of(policy)
        for what in ("cost", "calls", "latency"):
            was, is_ = _most(old, what, tokens), _most(new, what, tokens)
            if _same(was, is_):
                continue
            if without is None:
                without = _without(match, changes)
            because = _reasons(without, match.new.policies[policy], what, tokens, is_)
            words = _words(what, was, is_, tokens, policy, because)
            yield Amount(policy, what, was, is_, tokens, because, words)


def _without(match: Match, changes: Sequence[Change]) -> list[tuple[Change, Measure]]:
    """For each change that bounds may depend on, the new graph's bounds without it."""
    both = grafted(match.old, match.new)
    reverts = [change for change in changes if change.revert is not None]
    if len(reverts) > MOST_TRIED:
        return []
    found = []
    for change in reverts:
        measured = _measured(both, change)
        if measured is not None:
            found.append((change, measured))
    return found


def _measured(graph: Graph, change: Change) -> Measure | None:
    try:
        return None if change.revert is None else Measure(change.revert(graph))
    except (GraphError, KeyError):  # taken back alone, it leaves a graph that is none
        return None


def _reasons(
    without: Sequence[tuple[Change, Measure]], root: str, what: What, tokens: int, now: float | None
) -> tuple[Change, ...]:
    """The changes without which the bound would be another one, those that change it most first."""
    found: list[tuple[float, Change]] = []
    for change, measure in without:
        other = _most(measure.points[root, PLAIN], what, tokens)
        if not _same(other, now):
            found.append((math.inf if other is None or now is None else abs(now - other), change))
    return tuple(change for _, change in sorted(found, key=lambda pair: -pair[0]))


def _most(measured: NodeBounds, what: What, tokens: int) -> float | None:
    if what == "cost":
        return None if measured.cost_most is None else measured.cost_most.at(tokens)
    return measured.calls_most if what == "calls" else measured.latency_most_s


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_NEAR, abs_tol=1e-15)


def _words(  # noqa: PLR0917 - both sides of a bound
    what: What, was: float | None, is_: float | None, tokens: int, policy: str, because: Sequence[Change]
) -> str:
    named = {
        "cost": f"the worst cost of a {short_count(tokens)} input",
        "calls": "the most calls",
        "latency": "the longest time",
    }[what]
    verb = "rise" if is_ is not None and was is not None and is_ > was else "fall"
    verb += "" if what == "calls" else "s"
    if is_ is None:
        words = f"{named} can't be bounded any more, it was {_amount(what, was)}"
    elif was is None:
        words = f"{named} is bounded by {_amount(what, is_)}, it wasn't known"
    else:
        before, now = _amount(what, was), _amount(what, is_)
        if before == now:  # they differ in what three figures don't show
            before, now = f"${was:.7g}", f"${is_:.7g}"
        words = f"{named} {verb} from {before} to {now}"
    if not because:
        return words
    said = [_reason(change, policy) for change in because[:_MOST_REASONS]]
    more = len(because) - len(said)
    said += [f"{count(more, 'more change')}"] if more else []
    return f"{words}, because {'; '.join(said)}"


def _reason(change: Change, policy: str) -> str:
    """A change as a reason: without what it was before, which stands further down."""
    words = change.words.split(", it was ")[0].removesuffix(", which is new")
    kind, _, name = change.where.partition(" ")
    if kind in ("model", "check", "signal", "tune") and name:
        return f"`{name}` {words}"
    place = "" if change.where == policy else change.where.removeprefix(f"{policy}, ")
    return placed(place, words, f"`{policy}`")


def _amount(what: What, value: float | None) -> str:
    if value is None:
        return "unknown"
    if what == "cost":
        return dollars(value)
    return duration(value) if what == "latency" else f"{value:,.0f}"
