"""Which parts of two graphs are the same ones.

Takes: two graphs. Gives: `Match`: pairs of names, and a number for what each node and condition means. Guarantees:
two parts with one number do the same, whatever they are called and wherever they stand, as long as what they name
does; a name that both graphs have stands for itself, so a changed declaration is one change and not one for each use.

A name that only one graph has is paired with one that only the other has when both stand for the same and no third
one does. Any other name that only one graph has counts as what it stands for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Literal

from cascadelang.graph import model as g
from cascadelang.graph.order import successors_first
from cascadelang.graph.walk import children, conditions, tunes_of

Side = Literal["old", "new"]
Kind = Literal["model", "signal", "check", "tune"]

EXPRS = (
    g.Const,
    g.TuneValue,
    g.SignalValue,
    g.CheckValue,
    g.UseValue,
    g.MetaValue,
    g.MetaMissing,
    g.NotValue,
    g.LogicValue,
    g.CompareValue,
    g.InValue,
    g.ArithValue,
    g.ScoreValue,
    g.BandValue,
)


class Match:
    """Pairs of names and numbers of meanings for an old and a new graph.

    Attributes:
        old, new: the graphs.
        names: for each kind the name that an old name has in the new graph.
    """

    def __init__(self, old: g.Graph, new: g.Graph) -> None:
        self.old, self.new = old, new
        self._numbers: dict[Hashable, int] = {}
        self._met: dict[Side, set[int]] = {"old": set(), "new": set()}
        self._nodes: dict[Side, dict[str, int]] = {"old": {}, "new": {}}
        self._named: dict[tuple[Side, str, str], int] = {}
        self._pairs: dict[tuple[Side, Kind, str], int] = {}
        self.names: dict[Kind, dict[str, str]] = {"tune": {}, "model": {}, "signal": {}, "check": {}}
        self._pair("tune", tunes(old), tunes(new), lambda side, name: (tunes(self._graph(side))[name],))
        self._pair("model", old.models, new.models, self._model)
        self._pair("signal", old.signals, new.signals, self.signal)
        self._pair("check", old.checks, new.checks, self.check)
        for side in ("old", "new"):
            self._walk(side)

    def node(self, side: Side, id_: str) -> int:
        """The number of what a node means."""
        return self._nodes[side][id_]

    def expr(self, side: Side, expr: g.GraphExpr | None) -> int:
        """The number of what a condition means."""
        form = self._form(side, expr)
        return form if isinstance(form, int) else self._number(form)

    def stands_in(self, side: Side, number: int) -> bool:
        """Whether a condition, or a part of one, means that on a side."""
        return number in self._met[side]

    def signal(self, side: Side, name: str) -> int:
        """The number of what a declared signal stands for."""
        declared = self._graph(side).signals[name]
        inner = self.expr(side, declared.expr)
        if declared.default is None and not declared.labels:
            return inner
        return self._number(("signal", inner, repr(declared.default), tuple(sorted(declared.labels))))

    def check(self, side: Side, name: str) -> int:
        """The number of what a declared check stands for."""
        declared = self._graph(side).checks[name]
        inner = self.expr(side, declared.expr)
        return self._number(("check", inner, True)) if declared.else_pass else inner

    def _graph(self, side: Side) -> g.Graph:
        return self.old if side == "old" else self.new

    def _number(self, form: Hashable) -> int:
        return self._numbers.setdefault(form, len(self._numbers))

    def _pair(
        self, kind: Kind, old: Iterable[str], new: Iterable[str], meaning: Callable[[Side, str], Hashable]
    ) -> None:
        """Pair the names of one kind; those of the kinds before it are paired already."""
        olds, news = list(old), list(new)
        pairs = {name: name for name in olds if name in news}
        for side, names in (("old", olds), ("new", news)):
            for name in names:
                if name in pairs:
                    self._pairs[side, kind, name] = self._number(("pair", kind, name))  # type: ignore[index]
        by: dict[Hashable, tuple[list[str], list[str]]] = {}
        for number, (side, names) in enumerate((("old", olds), ("new", news))):
            for name in names:
                if name not in pairs:
                    by.setdefault(meaning(side, name), ([], []))[number].append(name)  # type: ignore[arg-type]
        for was, is_ in by.values():
            if len(was) == len(is_) == 1:
                pairs[was[0]] = is_[0]
                number_ = self._number(("renamed", kind, is_[0]))
                self._pairs["old", kind, was[0]] = self._pairs["new", kind, is_[0]] = number_
        self.names[kind] = pairs

    def _model(self, side: Side, name: str) -> Hashable:
        graph = self._graph(side)
        model = graph.models[name]
        provider = graph.providers[model.provider]
        return (
            repr(dataclasses.replace(model, name="", provider="", place=None)),
            repr(dataclasses.replace(provider, name="")),
        )

    def _named_form(self, side: Side, kind: Literal["signal", "check"], name: str) -> Hashable:
        pair = self._pairs.get((side, kind, name))
        if pair is not None:
            return pair
        key = (side, kind, name)
        if key not in self._named:
            self._named[key] = self.signal(side, name) if kind == "signal" else self.check(side, name)
        return self._named[key]

    def _form(self, side: Side, value: Any) -> Hashable:  # noqa: PLR0911 - one case a kind
        """Anything in a condition or a node, as a value that is equal where it means the same."""
        if isinstance(value, g.SignalValue):
            return self._named_form(side, "signal", value.name)
        if isinstance(value, g.CheckValue):
            return self._named_form(side, "check", value.name)
        if isinstance(value, g.TuneValue):
            pair = self._pairs.get((side, "tune", value.name))
            return self._number(("tune", value.value)) if pair is None else pair
        if isinstance(value, g.UseValue):
            return self._noted(side, self._use(side, self._graph(side).uses[value.use]))
        if isinstance(value, EXPRS):
            fields = [(f.name, self._form(side, getattr(value, f.name))) for f in dataclasses.fields(value)]
            return self._noted(side, tuple(fields))
        if dataclasses.is_dataclass(value):
            return tuple((f.name, self._form(side, getattr(value, f.name))) for f in dataclasses.fields(value))
        if isinstance(value, dict):
            return tuple(sorted((str(k), repr(self._form(side, v))) for k, v in value.items()))
        if isinstance(value, (list, tuple)):
            return tuple(self._form(side, item) for item in value)
        return (type(value).__name__, value)

    def _noted(self, side: Side, form: Hashable) -> int:
        number = self._number(form)
        self._met[side].add(number)
        return number

    def _use(self, side: Side, use: g.CatalogUse) -> Hashable:
        args = {n: self.model(side, str(v)) if n in use.model_args else repr(v) for n, v in use.args.items()}
        return (use.entry, use.kind, use.scope, tuple(sorted(args.items(), key=lambda pair: pair[0])))

    def model(self, side: Side, name: str) -> int:
        """The number of a model: that of its pair, or of what it is."""
        pair = self._pairs.get((side, "model", name))
        return self._number(("model", self._model(side, name))) if pair is None else pair

    def _walk(self, side: Side) -> None:
        graph = self._graph(side)
        roots = [*graph.policies.values(), *(r.node for r in graph.requirements)]
        for id_ in successors_first(roots, lambda n: children(graph.nodes[n])):
            self._nodes[side][id_] = self._number(self._node_form(side, graph.nodes[id_]))

    def _node_form(self, side: Side, node: g.GraphNode) -> Hashable:
        if isinstance(node, g.CallNode):
            return ("call", self.model(side, node.model))
        ids = self._nodes[side]
        below = set(children(node))

        def form(value: Any, name: str = "") -> Hashable:
            if isinstance(value, EXPRS) or value is None:
                return self._form(side, value)
            if isinstance(value, str) and value in below and not is_word(node, name):
                return ("node", ids[value])
            if dataclasses.is_dataclass(value):
                return tuple((f.name, form(getattr(value, f.name), f.name)) for f in dataclasses.fields(value))
            if isinstance(value, dict):
                return tuple((str(k), form(v)) for k, v in sorted(value.items()))
            if isinstance(value, (list, tuple)):
                return tuple(form(item) for item in value)
            return (type(value).__name__, value)

        own = [f.name for f in dataclasses.fields(node) if f.name not in ("id", "place")]
        return tuple((name, form(getattr(node, name), name)) for name in own)


def is_word(node: g.GraphNode, name: str) -> bool:
    """Whether a field of a node holds a word of the language, even where some node is called so."""
    return name == "kind" or (isinstance(node, g.CascadeNode) and name in ("otherwise", "carry"))


def tunes(graph: g.Graph) -> dict[str, float]:
    """The tunes that a graph's conditions use."""
    return tunes_of(graph, [expr for node in graph.nodes.values() for expr in conditions(node)])
