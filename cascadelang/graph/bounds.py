"""The least and the most that each part of a graph can call, cost and take.

Takes: a graph. Gives: `NodeBounds` for every node. Guarantees: no run of a node, answered or not, calls, costs or
takes more than its most; no *answered* run calls or costs less than its least (a run that fails at once costs
nothing). What isn't known is ``None`` with the reason, never zero. Time is that of the calls, as the models' timeouts
allow, and of checks that take time, as their limits do; the interpreter's own milliseconds aren't in it.

How it is counted, from the leaves up:

- A call is tried ``1 + retry`` times, or as often as the least waits between attempts leave time for; each attempt
  may be billed in full, and all of them together take no longer than the call's timeout.
- A ``route`` or ``split`` costs what its conditions cost and the dearest arm; a ``cascade`` or ``fallback`` costs all
  its parts one after the other, for each may fail; its gates cost what their paid checks cost and take as
  long as those and the ones that take time, each made once for each answer.
- A ``hedge`` or ``vote`` costs what all its parts cost, and takes as long as the slowest (of a ``hedge``, counted
  from where it begins); a ``vote``'s answers may each have to be scored. A ``shadow`` costs both and takes no longer.
- Further answers for a check (``agree``) are asked all at once, each as the answer itself was.
- What is ``cached`` may have been answered before: then it calls and costs nothing. Waiting for another run that is
  answering the same is no longer than that run's own most.
- ``carry`` makes the next rung's input larger; ``within`` caps what is inside it, and a call whose price isn't known
  isn't made in it.

A shared tier or policy is counted once for each combination of settings that reaches it (``retry`` and ``with`` hold
for what is inside them), not once for each use. A node's bounds are for any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from cascadelang.contracts.estimate import most_tokens
from cascadelang.contracts.price import Price
from cascadelang.graph.cost import PER_MILLION, least_rate, most_judged_tokens, most_rates
from cascadelang.graph.curve import Curve, Line
from cascadelang.graph.limits import (
    MESSAGE_TOKENS,
    PAID_CHECK_ANSWER_TOKENS,
    PAID_CHECK_TOKENS,
    QUOTING,
    carried_tokens,
    most_attempts,
)
from cascadelang.graph.model import (
    CachedNode,
    CallNode,
    CascadeNode,
    CatalogUse,
    FallbackNode,
    Graph,
    GraphNode,
    HedgeNode,
    ModelSpec,
    RetryNode,
    RouteByNode,
    RouteNode,
    ShadowNode,
    SplitNode,
    VoteNode,
    WithinNode,
    WithNode,
)
from cascadelang.graph.node_bounds import (
    NOTHING,
    NodeBounds,
    any_of,
    at_once,
    hedged,
    moved,
    one_after_the_other,
    one_after_the_other_of,
    times_over,
    until_one_answers,
    with_beside,
    within,
)
from cascadelang.graph.order import successors_first
from cascadelang.graph.walk import children, conditions, uses_of
from cascadelang.source.frozen import dataclass

_FREE_LEAST: Final[dict[str, Any]] = {"calls_least": 0, "cost_least": Line(0.0), "answer_tokens": 0}
"""What a check or signal that may not be asked comes to at least."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suffixes around a node set for the calls in it; ``None`` leaves it to the model."""

    max_tokens: int | None = None
    timeout_s: float | None = None
    system: str | None = None
    retry: int | None = None


PLAIN: Final = Settings()

Point = tuple[str, Settings]
"""A node as it is reached: its id, and the settings around it."""


class Measure:
    """The bounds of every point of a graph that can be reached from its policies and requirements."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        roots = [*graph.policies.values(), *(r.node for r in graph.requirements)]
        self._uses: dict[int | str, list[CatalogUse]] = {}
        self._below: dict[Point, list[Point]] = {}
        self._calls: dict[tuple[str, Settings], NodeBounds] = {}
        self._carried: dict[Point, list[int]] = {}
        self._again: dict[Point, NodeBounds] = {}
        self.points: dict[Point, NodeBounds] = {}
        for point in successors_first([(root, PLAIN) for root in roots], self.below):
            self.points[point] = self._node(point)

    def below(self, point: Point) -> list[Point]:
        """The points that a point leads to."""
        found = self._below.get(point)
        if found is None:
            node = self.graph.nodes[point[0]]
            inside = settings_inside(node, point[1])
            found = self._below[point] = [(child, inside) for child in children(node)]
        return found

    def call(self, model: ModelSpec, settings: Settings) -> NodeBounds:
        """One call, with its attempts."""
        found = self._calls.get((model.name, settings))
        if found is None:
            found = self._calls[model.name, settings] = _called(model, settings)
        return found

    def paid(
        self, use: CatalogUse, settings: Settings, answer_tokens: int, again: NodeBounds | None = None
    ) -> NodeBounds:
        """One evaluation of a check or signal of `gate` or `asked`, on an answer of at most so many tokens.

        ``again`` is what one further answer of the model that gave it comes to, for a use that asks for some.
        """
        if use.calls == 0:
            return replace(NOTHING, latency_most_s=use.time_s)
        if use.own and use.calls is not None and again is not None:  # all at once
            return replace(times_over(again, use.calls), **_FREE_LEAST, latency_most_s=again.latency_most_s)
        models = [self.graph.models[str(use.args[name])] for name in use.model_args]
        if use.calls is None or not models:
            why = (f"how much `{use.entry}` calls isn't known",)
            return NodeBounds(0, None, None, None, None, 0, why)
        if use.plain:
            one = any_of([self.call(model, Settings(retry=settings.retry)) for model in models])
            return replace(times_over(one, use.calls), **_FREE_LEAST)
        texts = sum(most_tokens(text) for text in _texts(list(use.args.values())))
        added = most_judged_tokens(PAID_CHECK_TOKENS, answer_tokens + texts)
        dearest = NOTHING
        for model in models:
            output = max(model.max_tokens, PAID_CHECK_ANSWER_TOKENS)
            one = self.call(model, Settings(max_tokens=output, retry=settings.retry))
            if one.cost_most is not None:
                one = replace(one, cost_most=one.cost_most.moved(added).stretched(QUOTING))
            dearest = any_of([dearest, one])
        return replace(times_over(dearest, use.calls), **_FREE_LEAST)

    def again(self, point: Point) -> NodeBounds:
        """One more call of whichever model can have given a point's answer, asked as it was."""
        found = self._again.get(point)
        if found is None:
            node, settings = self.graph.nodes[point[0]], point[1]
            if isinstance(node, CallNode):
                found = self.points[point]
            else:
                ways = self.below(point)[: 1 if isinstance(node, ShadowNode) else None]
                parts = [self.again(way) for way in ways]
                if isinstance(node, CascadeNode):
                    last = len(node.rungs)
                    parts = [moved(p, self.carried(node, min(n, last), settings)) for n, p in enumerate(parts)]
                found = any_of(parts)
            self._again[point] = found
        return found

    def ballots(self, node: VoteNode, settings: Settings) -> list[NodeBounds]:
        """What scoring the members' answers comes to: each may have to be scored."""
        found = []
        for way in self.below((node.id, settings)):
            answer = self.points[way].answer_tokens
            found += [self.paid(use, settings, answer, self.again(way)) for use in self.asked(node)]
        return found

    def gate(self, node: CascadeNode, number: int) -> list[CatalogUse]:
        """The checks that the gate of a rung may make and that are paid or take time.

        A last rung's paid gate isn't asked when the cascade ends with that rung's answer anyway.
        """
        rung = node.rungs[number]
        if rung.until is None:
            return []
        found = self._counted(id(rung.until), [rung.until])
        # with an order of its own, any rung may be the last that is asked, and any other not
        idle = number + 1 == len(node.rungs) and node.otherwise == "last" and node.order is None
        return [] if idle and any(use.calls != 0 for use in found) else found

    def asked(self, node: GraphNode) -> list[CatalogUse]:
        """The paid signals that choosing a node's way may read; of a ``vote``, its checks that `gate` would count."""
        if isinstance(node, CascadeNode):
            return self._counted(f"{node.id} start", [] if node.start is None else [node.start])
        return self._counted(node.id, conditions(node))

    def _counted(self, key: int | str, exprs: Iterable[object]) -> list[CatalogUse]:
        found = self._uses.get(key)
        if found is None:
            uses = [self.graph.uses[id_] for id_ in uses_of(self.graph, exprs)]  # type: ignore[arg-type]
            found = self._uses[key] = [use for use in uses if use.calls != 0 or use.time_s]
        return found

    def carried(self, node: CascadeNode, rung: int, settings: Settings) -> int:
        """How many tokens ``carry`` adds to the input of a rung (0 is the first), at most.

        Only answers that were rejected are handed on, and to nothing but a rung: ``otherwise`` begins anew.
        """
        if node.carry is None or rung >= len(node.rungs):
            return 0
        found = self._carried.get((node.id, settings))
        if found is None:
            found = self._carried[node.id, settings] = [0]
            rejected = -1
            if node.order is not None:
                asked = [self.points[r.node, settings].answer_tokens for r in node.rungs if r.until is not None]
                most = carried_tokens(max(asked), node.carry) if asked else 0
                self._carried[node.id, settings] = [most] * len(node.rungs)
                return most
            for before in node.rungs[:-1]:
                if before.until is not None:
                    rejected = max(rejected, self.points[before.node, settings].answer_tokens)
                found.append(0 if rejected < 0 else carried_tokens(rejected, node.carry))
        return found[rung]

    def judging(self, node: CascadeNode, number: int, settings: Settings) -> list[NodeBounds]:
        """What the paid checks of a rung's gate come to, in order of `gate`."""
        uses = self.gate(node, number)
        if not uses:
            return []
        way = (node.rungs[number].node, settings_inside(node, settings))
        again = None
        if any(use.own for use in uses):
            again = moved(self.again(way), self.carried(node, number, settings))
        return [self.paid(use, settings, self.points[way].answer_tokens, again) for use in uses]

    def _node(self, point: Point) -> NodeBounds:  # noqa: PLR0911 - one case a kind
        node, settings = self.graph.nodes[point[0]], point[1]
        parts = [self.points[child] for child in self.below(point)]
        if isinstance(node, CallNode):
            return self.call(self.graph.models[node.model], settings)
        if isinstance(node, (RouteNode, RouteByNode, SplitNode)):
            asked = [self.paid(use, settings, 0) for use in self.asked(node)]
            return one_after_the_other([*asked, any_of(parts)])
        if isinstance(node, FallbackNode):
            return until_one_answers(parts, [])
        if isinstance(node, CascadeNode):
            return self._cascade(node, settings, parts)
        if isinstance(node, HedgeNode):
            return hedged(node, *parts)
        if isinstance(node, VoteNode):
            return one_after_the_other_of(at_once(parts), self.ballots(node, settings))
        if isinstance(node, ShadowNode):
            return with_beside(*parts)
        if isinstance(node, WithinNode):
            return within(node, parts[0])
        if isinstance(node, CachedNode):
            return replace(parts[0], calls_least=0, cost_least=Line(0.0))
        return parts[0]

    def _cascade(self, node: CascadeNode, settings: Settings, parts: list[NodeBounds]) -> NodeBounds:
        answering: list[NodeBounds] = []
        judging = [self.paid(use, settings, 0) for use in self.asked(node)]
        for number, part in enumerate(parts):
            added = self.carried(node, number, settings)
            answering.append(moved(part, added))
            if number < len(node.rungs):
                judging += self.judging(node, number, settings)
        return until_one_answers(answering, judging)


def bounds(graph: Graph) -> dict[str, NodeBounds]:
    """The bounds of every node, whatever way it is reached, for the input that reaches it."""
    return bounds_of(Measure(graph))


def bounds_of(measure: Measure) -> dict[str, NodeBounds]:
    """As `bounds`, of a graph that is measured already."""
    found: dict[str, NodeBounds] = {}
    for (id_, _), measured in measure.points.items():
        found[id_] = any_of([found[id_], measured]) if id_ in found else measured
    return {id_: found[id_] for id_ in measure.graph.nodes if id_ in found}


def settings_inside(node: GraphNode, around: Settings) -> Settings:
    """The settings for what is inside a node: an inner ``with`` or ``retry`` wins over an outer one."""
    if isinstance(node, RetryNode):
        return replace(around, retry=node.times)
    if isinstance(node, WithNode):
        own = {key: node.settings[key] for key in ("max_tokens", "timeout_s", "system") if key in node.settings}
        return replace(around, **own)
    return around


def _called(model: ModelSpec, settings: Settings) -> NodeBounds:
    """One call, with its attempts."""
    system = model.system if settings.system is None else settings.system
    added = most_tokens(system) + MESSAGE_TOKENS if system else 0
    max_tokens = model.max_tokens if settings.max_tokens is None else settings.max_tokens
    timeout_s = model.timeout_s if settings.timeout_s is None else settings.timeout_s
    attempts = most_attempts(model.retry if settings.retry is None else settings.retry, timeout_s)
    if model.price is None:
        why = (f"the price of `{model.name}` isn't known",)
        return NodeBounds(1, attempts, timeout_s, None, None, max_tokens, why)
    most = _call_curve(model.price, max_tokens, attempts).moved(added)
    least = Line(0.0, least_rate(model.price) * PER_MILLION)
    return NodeBounds(1, attempts, timeout_s, least, most, max_tokens)


def _call_curve(price: Price, max_tokens: int, attempts: int) -> Curve:
    """What a call can cost at most, by the size of its whole input."""
    scale = attempts * PER_MILLION
    return Curve(
        tuple(
            (float(above + 1), Line(rate_out * max_tokens * scale, rate_in * scale))
            for above, rate_in, rate_out in most_rates(price)
        )
    )


def _texts(value: object) -> list[str]:
    """All texts in an argument."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (str(key), *_texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return []
