"""Random routes over a few signals, and every query that could tell them apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Message, Query
from cascadelang.graph import model as g
from cascadelang.runtime.expressions import Expressions
from cascadelang.runtime.sight import Evaluate, Sight

USES = {
    "code": g.CatalogUse("code", "code", "signal", {}, gives="bool", always_known=True),
    "maths": g.CatalogUse("maths", "maths", "signal", {}, gives="bool"),
    "words": g.CatalogUse("words", "words", "signal", {}, gives="count", always_known=True),
    "sure": g.CatalogUse("sure", "sure", "signal", {}, gives="score"),
    "size": g.CatalogUse("size", "size", "signal", {}, gives="number"),
}
WORDS = (*range(31), 40)
SURE = (None, 0, 0.1, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.8, 1)
SIZES = (None, -5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 2, 2.5, 4, 1e200)
FACTS = (
    "missing",
    [],
    True,
    False,
    -3,
    -2,
    0,
    1,
    1.5,
    2,
    2.5,
    4,
    1e200,
    "",
    "a",
    "ab",
    "b",
    "ba",
    "c",
    "cc",
    "other",
)
VALUES: dict[str, tuple[Any, ...]] = {
    "code": (True, False),
    "maths": (True, False, None),
    "words": WORDS,
    "sure": SURE,
    "size": SIZES,
    "meta": FACTS,
}
"""A value of every kind that the constants below could tell apart, and more."""

ORDERED = ("<", "<=", ">", ">=", "==", "!=")


def use(name: str) -> g.UseValue:
    return g.UseValue(name)


FACT = g.MetaValue("m")


def _compared(value: g.GraphExpr, constants: tuple[Any, ...], ops: tuple[str, ...] = ORDERED) -> Any:
    made = st.builds(g.CompareValue, st.sampled_from(ops), st.just(value), st.sampled_from(constants).map(g.Const))
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
    return made.flatmap(lambda c: st.sampled_from([c, g.CompareValue(turned[c.op], c.right, c.left)]))  # type: ignore[arg-type]


def _steps(value: g.GraphExpr) -> Any:
    """A count through arithmetic with constants."""

    def one(inner: g.GraphExpr) -> Any:
        number = st.sampled_from((0, 1, 2, 3, 0.5, -1, -0.5, 2.5)).map(g.Const)
        return st.builds(g.ArithValue, st.sampled_from("+-*"), st.just(inner), number) | st.builds(
            g.ArithValue, st.sampled_from("+-*"), number, st.just(inner)
        )

    return one(value).flatmap(lambda inner: st.just(inner) | one(inner))


def bands(value: g.GraphExpr, limits: tuple[float, ...]) -> Any:
    pairs = st.lists(st.sampled_from(limits), min_size=1, max_size=3, unique=True).map(sorted)
    return pairs.map(
        lambda found: g.BandValue(value, [g.BandStep("abc"[at], limit) for at, limit in enumerate(found)], "d")
    )


SCORES = st.lists(st.sampled_from((0.1, 0.3, 0.4, 0.7, -0.2)), min_size=3, max_size=3).map(
    lambda weights: g.ScoreValue(
        [
            g.Weighted(use("code"), weights[0]),
            g.Weighted(use("maths"), weights[1]),
            g.Weighted(g.SignalValue("long"), weights[2]),
        ]
    )
)

LEAVES = st.one_of(
    st.just(use("code")),
    st.just(use("maths")),
    st.sampled_from(("long", "told", "odd")).map(g.SignalValue),
    _compared(use("words"), (0, 1, 2.5, 3, 5, 8, 20)),
    _steps(use("words")).flatmap(lambda value: _compared(value, (0, 1, 3, 7, 2.5, -4))),
    _compared(use("sure"), (0, 0.25, 0.5, 0.75, 1)),
    _compared(use("size"), (-1, 0, 2)),
    _compared(FACT, (-2, 0, 1, 2)),
    _compared(FACT, ("a", "b", "c", True), ("==", "!=")),
    _compared(g.SignalValue("plan"), ("a", "b", "other"), ("==", "!=")),
    _compared(g.SignalValue("level"), ("a", "b", "c"), ("==", "!=")),
    _compared(g.SignalValue("amount"), (0, 1, 2)),
    st.booleans().map(lambda negated: g.MetaMissing("m", negated)),
    st.builds(
        g.InValue,
        st.just(FACT),
        st.lists(st.sampled_from(("a", "b", 1, 2.5, True)), min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(g.InValue, st.just(use("words")), st.lists(st.sampled_from((1, 2, 3)), min_size=1, max_size=3)),
    SCORES.flatmap(lambda score: _compared(score, (0, 0.1, 0.4, 0.5, 0.7, 1))),
    SCORES.flatmap(lambda s: bands(s, (0.1, 0.4, 0.8, 1.5))).flatmap(
        lambda band: _compared(band, ("a", "b", "d"), ("==", "!="))
    ),
    bands(use("words"), (0, 3, 8, 20)).flatmap(lambda band: _compared(band, ("a", "b", "d"), ("==", "!="))),
)


def _larger(inner: Any) -> Any:
    return st.one_of(
        st.builds(g.NotValue, inner),
        st.builds(g.LogicValue, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
    )


CONDITIONS = st.recursive(LEAVES, _larger, max_leaves=5)

SIGNALS = {
    "long": g.NamedSignal("long", g.CompareValue(">", use("words"), g.Const(5)), "bool"),
    "told": g.NamedSignal("told", g.CompareValue(">", FACT, g.Const(1)), "bool", default=True),
    "odd": g.NamedSignal("odd", g.LogicValue("or", [use("maths"), g.SignalValue("long")]), "bool", default=False),
    "plan": g.NamedSignal("plan", FACT, "label", ["a", "b", "other"]),
    "level": g.NamedSignal("level", FACT, "label", ["a", "b"], "b"),
    "amount": g.NamedSignal("amount", FACT, "number", default=0),
}

LABELS = st.one_of(
    st.just(g.SignalValue("plan")),
    st.just(g.SignalValue("level")),
    bands(use("words"), (0, 3, 8, 20)),
    SCORES.flatmap(lambda s: bands(s, (0.1, 0.4, 0.8, 1.5))),
)


MODEL = g.ModelSpec("m", "p", "m", 10, 1.0)


def graph_with(nodes: list[g.GraphNode], root: str = "main") -> g.Graph:
    leaf = g.CallNode("leaf", "m")
    return g.Graph(
        "p.cl",
        {"main": root},
        {node.id: node for node in [*nodes, leaf]},
        {"m": MODEL},
        {"p": g.ProviderSpec("p", "scripted")},
        signals=SIGNALS,
        uses=USES,
    )


def route_of(id_: str, conditions: list[g.GraphExpr], first: str = "leaf") -> g.RouteNode:
    arms = [g.GraphArm(c, first if at == 0 else "leaf") for at, c in enumerate(conditions)]
    return g.RouteNode(id_, arms, "leaf")


ROUTES = st.builds(
    lambda outer, inner: graph_with([route_of("main", outer, "inner"), route_of("inner", inner)]),
    st.lists(CONDITIONS, min_size=1, max_size=4),
    st.lists(CONDITIONS, min_size=1, max_size=3),
)

ROUTES_BY = st.builds(
    lambda outer, by, labels: graph_with(
        [route_of("main", outer, "inner"), g.RouteByNode("inner", by, dict.fromkeys(labels, "leaf"), "leaf")]
    ),
    st.lists(CONDITIONS, min_size=1, max_size=2),
    LABELS,
    st.lists(st.sampled_from("abd"), min_size=1, max_size=3, unique=True),
)


# ---- Every query ------------------------------------------------------------------------------------------------


class Given:
    """A signal that reads its value out of the query's facts."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, query: Query) -> Finding:
        return Finding(query.meta[f"signal {self.name}"])


def compiled(graph: g.Graph) -> Expressions:
    def no_check(name: str, args: Mapping[str, Any]) -> Any:
        raise AssertionError(name)

    return Expressions(graph, no_check, lambda name, _: Given(name))  # type: ignore[arg-type, return-value]


def spoken(graph: g.Graph, exprs: list[g.GraphExpr]) -> list[str]:
    """The signals, and the fact, that expressions read, through declared signals."""
    text = " ".join(map(repr, exprs))
    for name in reversed(SIGNALS):
        if f"SignalValue(name='{name}'" in text:
            text += repr(SIGNALS[name].expr)
    found = [name for name in USES if f"use='{name}'" in text]
    return found + ["meta"] * ("MetaValue(" in text or "MetaMissing(" in text)


def queries(names: list[str]) -> Iterator[Query]:
    """A query for every way that the values of these can be put together."""
    for values in itertools.product(*(VALUES[name] for name in names)):
        meta = {f"signal {name}": value for name, value in zip(names, values, strict=True) if name != "meta"}
        if "meta" in names and values[-1] != "missing":
            meta["m"] = values[-1]
        yield Query((Message("user", "hello"),), meta)


def asked(evaluate: Evaluate, query: Query) -> Any:
    return evaluate(Sight(query, {}))
