"""Compiles strategies: who answers.

Takes: the strategies of a checked policy. Gives: graph nodes by id. Guarantees: a tier or policy is compiled once and
shared by all that name it, so a graph is never larger than its source; an id is a path through the source
(``main.else.rung2``), so it changes only when what it names moves.

A suffix wraps what stands before it and adds a word to its id: in ``policy main = haiku within 5s`` the call is
``main`` and the limit ``main.within``, so adding or removing a suffix leaves the ids inside alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cascadelang.graph.compile_expr import Expressions, plain_json
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    CachedNode,
    CallNode,
    CascadeNode,
    FallbackNode,
    GraphArm,
    GraphExpr,
    GraphNode,
    GraphOrder,
    GraphRung,
    GraphShare,
    HedgeNode,
    RetryNode,
    RouteByNode,
    RouteNode,
    ShadowNode,
    SplitNode,
    VoteNode,
    WithinNode,
    WithNode,
)
from cascadelang.graph.places import Places
from cascadelang.semantics.checked import CheckedPolicy, Symbol
from cascadelang.semantics.names import Names
from cascadelang.syntax import ast

if TYPE_CHECKING:
    from cascadelang.contracts.failure import FailureKind

SUFFIXES = {ast.Within: "within", ast.Retry: "retry", ast.With: "with", ast.Cached: "cached"}
_Suffix = (ast.Within, ast.Retry, ast.With, ast.Cached)


class Strategies:
    """Compiles strategies into nodes."""

    def __init__(self, checked: CheckedPolicy, names: Names, places: Places, expressions: Expressions) -> None:
        self.nodes: dict[str, GraphNode] = {}
        self._checked = checked
        self._names = names
        self._places = places
        self._expressions = expressions
        self._met: set[str] = set()
        self._waiting: list[tuple[ast.Strategy, str, str]] = []

    def root(self, symbol: Symbol) -> str:
        """The id of the node a tier or policy starts at; it is compiled by `finish`, once."""
        while True:
            decl = symbol.decl
            if not isinstance(decl, (ast.TierDecl, ast.PolicyDecl)):
                raise GraphError(f"`{symbol.name}` is a {symbol.kind}: it can't answer")
            named = self._named(decl.strategy, symbol.path)
            if named is None or named.kind == "model":
                break
            symbol = named  # nothing but another name for it
        name = self._names.of(symbol)
        id_ = name if (symbol.kind, name) == ("policy", "main") else f"{symbol.kind}.{name}"
        if id_ not in self._met:
            self._met.add(id_)
            self._waiting.append((decl.strategy, id_, symbol.path))
        return wrapped_id(decl.strategy, id_)

    def finish(self) -> None:
        """Compile the tiers and policies that were met, and those that these need."""
        while self._waiting:
            self._compile(*self._waiting.pop())

    def _named(self, strategy: ast.Strategy, path: str) -> Symbol | None:
        """What a strategy that is nothing but a name names."""
        return self._checked.resolve(strategy.name, path) if isinstance(strategy, ast.NameStrategy) else None

    def _compile(self, strategy: ast.Strategy, id_: str, path: str) -> str:  # noqa: C901, PLR0912 - one case a kind
        """Add the strategy's nodes under ``id_``; gives the id of the node it starts at."""
        if isinstance(strategy, ast.NameStrategy):
            return self._name(strategy, id_, path)
        if isinstance(strategy, _Suffix):
            return self._suffix(strategy, id_, path)
        place = self._places.of(strategy.span)
        node: GraphNode
        if isinstance(strategy, ast.Route):
            node = RouteNode(id_, [], "", place)
            self.nodes[id_] = node
            for number, arm in enumerate(strategy.arms, 1):
                condition = self._expressions.compile(arm.condition, path)
                node.arms.append(GraphArm(condition, self._compile(arm.strategy, f"{id_}.arm{number}", path)))
            if strategy.otherwise is None:
                raise GraphError(f"`{id_}` has no `else`")
            otherwise = self._compile(strategy.otherwise, f"{id_}.else", path)
            self.nodes[id_] = RouteNode(id_, node.arms, otherwise, place)
        elif isinstance(strategy, ast.RouteBy):
            self._route_by(strategy, id_, path)
        elif isinstance(strategy, ast.Cascade):
            self._cascade(strategy, id_, path)
        elif isinstance(strategy, ast.Fallback):
            members: list[str] = []
            when = [cast("FailureKind", str(kind)) for kind in strategy.when] or None
            self.nodes[id_] = FallbackNode(id_, members, when, place)
            for number, member in enumerate(strategy.members, 1):
                members.append(self._compile(member, f"{id_}.member{number}", path))
        elif isinstance(strategy, ast.Split):
            shares: list[GraphShare] = []
            by = None if strategy.by is None else self._expressions.compile(strategy.by, path)
            self.nodes[id_] = SplitNode(id_, shares, by, place)
            for number, share in enumerate(strategy.shares, 1):
                node_id = self._compile(share.strategy, f"{id_}.share{number}", path)
                shares.append(GraphShare(float(share.share.value), node_id))
        elif isinstance(strategy, (ast.Hedge, ast.Vote, ast.Shadow)):
            self._at_once(strategy, id_, path)
        else:
            word = type(strategy).__name__.lower()
            raise GraphError(f"`{word}` isn't supported by this version")
        return id_

    def _at_once(self, strategy: ast.Hedge | ast.Vote | ast.Shadow, id_: str, path: str) -> None:
        """What has several models answer at once."""
        place = self._places.of(strategy.span)
        self.nodes[id_] = FallbackNode(id_, [])  # keeps its place in the order of ids
        if isinstance(strategy, ast.Hedge):
            first = self._compile(strategy.first, f"{id_}.first", path)
            second = self._compile(strategy.second, f"{id_}.second", path)
            self.nodes[id_] = HedgeNode(id_, first, second, float(strategy.after.value_s), place)
        elif isinstance(strategy, ast.Shadow):
            live = self._compile(strategy.live, f"{id_}.live", path)
            beside = self._compile(strategy.beside, f"{id_}.beside", path)
            share = 1.0 if strategy.share is None else float(strategy.share.value)
            self.nodes[id_] = ShadowNode(id_, live, beside, share, place)
        else:
            members = [
                self._compile(member, f"{id_}.member{number}", path)
                for number, member in enumerate(strategy.members, 1)
            ]
            by = None if strategy.by is None else self._expressions.compile(strategy.by, path)
            self.nodes[id_] = VoteNode(id_, members, by, place=place)

    def _name(self, strategy: ast.NameStrategy, id_: str, path: str) -> str:
        symbol = self._checked.resolve(strategy.name, path)
        if symbol is None:
            raise GraphError(f"nothing is named `{strategy.name}`")
        if symbol.kind != "model":
            return self.root(symbol)
        name = self._names.of(symbol)
        self._expressions.models.setdefault(name, symbol)
        self.nodes[id_] = CallNode(id_, name, self._places.of(strategy.span))
        return id_

    def _suffix(self, strategy: ast.Within | ast.Retry | ast.With | ast.Cached, id_: str, path: str) -> str:
        child = self._compile(strategy.strategy, id_, path)
        own = wrapped_id(strategy, id_)
        place = self._places.of(strategy.span)
        if isinstance(strategy, ast.Within):
            cost = None if strategy.money is None else float(strategy.money.value)
            time = None if strategy.time is None else float(strategy.time.value_s)
            self.nodes[own] = WithinNode(own, child, cost, time, place)
        elif isinstance(strategy, ast.Retry):
            self.nodes[own] = RetryNode(own, child, int(strategy.times.value), place)
        elif isinstance(strategy, ast.Cached):
            similar = None if strategy.similar is None else float(strategy.similar.value)
            self.nodes[own] = CachedNode(own, child, float(strategy.ttl.value_s), similar, place)
        else:
            self.nodes[own] = WithNode(own, child, plain_json(self._checked.settings[id(strategy)]), place)
        return own

    def _route_by(self, strategy: ast.RouteBy, id_: str, path: str) -> None:
        place = self._places.of(strategy.span)
        arms: dict[str, str] = {}
        by = self._expressions.compile(strategy.by, path)
        self.nodes[id_] = RouteByNode(id_, by, arms, None, place)
        for arm in strategy.arms:
            arms[arm.label] = self._compile(arm.strategy, f"{id_}.arm.{arm.label}", path)
        if strategy.otherwise is not None:
            otherwise = self._compile(strategy.otherwise, f"{id_}.else", path)
            self.nodes[id_] = RouteByNode(id_, by, arms, otherwise, place)

    def _cascade(self, strategy: ast.Cascade, id_: str, path: str) -> None:
        place = self._places.of(strategy.span)
        rungs: list[GraphRung] = []
        self.nodes[id_] = CascadeNode(id_, rungs, place=place)
        start_at: dict[str, int] = {}
        shared: GraphExpr | None = None
        for number, rung in enumerate(strategy.rungs):
            node = self._compile(rung.strategy, f"{id_}.rung{number + 1}", path)
            if rung.until is None and shared is None and strategy.until is not None:
                shared = self._expressions.compile(strategy.until, path)
            own = None if rung.until is None else self._expressions.compile(rung.until, path)
            rungs.append(GraphRung(node, shared if own is None else own))
            if strategy.start is not None:
                name = _rung_name(rung.strategy)
                if name:
                    start_at.setdefault(name, number)
        ending = strategy.otherwise
        self.nodes[id_] = CascadeNode(
            id_,
            rungs,
            otherwise="last" if ending is None else "node" if ending.kind == "strategy" else ending.kind,
            otherwise_node=None
            if ending is None or ending.strategy is None
            else self._compile(ending.strategy, f"{id_}.otherwise", path),
            start=None if strategy.start is None else self._expressions.compile(strategy.start, path),
            start_at=start_at,
            carry=strategy.carry,
            place=place,
            order=None if strategy.order_by is None else GraphOrder(**self._checked.settings[id(strategy)]),
        )


def wrapped_id(strategy: ast.Strategy, id_: str) -> str:
    """The id of the outermost node of a strategy whose innermost one is ``id_``."""
    word = SUFFIXES.get(type(strategy))
    if word is None:
        return id_
    assert isinstance(strategy, _Suffix)  # noqa: S101 - those that SUFFIXES has
    times = 1
    inner = strategy.strategy
    while isinstance(inner, _Suffix):
        times += SUFFIXES[type(inner)] == word
        inner = inner.strategy
    return f"{id_}.{word}{times if times > 1 else ''}"


def _rung_name(strategy: ast.Strategy) -> str:
    """The name a label starts this rung by: that of the model, tier or policy it asks."""
    while isinstance(strategy, _Suffix):
        strategy = strategy.strategy
    return strategy.name.parts[-1] if isinstance(strategy, ast.NameStrategy) else ""
