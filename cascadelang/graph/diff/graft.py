"""Two graphs in one: the new one, with the old one's parts beside it under names of their own.

Takes: two graphs. Gives: the new graph, in which a node can be made to lead to a part of the old one: to see what a
change does to bounds, it alone is taken back. Guarantees: nothing of the new graph is changed, and its policies reach
nothing of the old one.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

from cascadelang.graph import model as g
from cascadelang.graph.diff.match import EXPRS, is_word
from cascadelang.graph.walk import children

PREFIX = "old:"


def grafted(old: g.Graph, new: g.Graph) -> g.Graph:
    """The new graph with the old one beside it."""
    return replace(
        new,
        nodes={**new.nodes, **{PREFIX + id_: old_node(node) for id_, node in old.nodes.items()}},
        models={
            **new.models,
            **{PREFIX + n: replace(m, name=PREFIX + n, provider=PREFIX + m.provider) for n, m in old.models.items()},
        },
        providers={**new.providers, **{PREFIX + n: replace(p, name=PREFIX + n) for n, p in old.providers.items()}},
        signals={
            **new.signals,
            **{
                PREFIX + n: replace(s, name=PREFIX + n, expr=old_value(s.expr, frozenset()))
                for n, s in old.signals.items()
            },
        },
        checks={
            **new.checks,
            **{
                PREFIX + n: replace(c, name=PREFIX + n, expr=old_value(c.expr, frozenset()))
                for n, c in old.checks.items()
            },
        },
        uses={**new.uses, **{PREFIX + id_: _use(use) for id_, use in old.uses.items()}},
    )


def old_node(node: g.GraphNode) -> g.GraphNode:
    """A node of the old graph, under its own name there."""
    below = frozenset(children(node))
    named = {f.name: old_value(getattr(node, f.name), below, node, f.name) for f in dataclasses.fields(node)}
    named |= {"id": PREFIX + node.id, "place": node.place, "kind": node.kind}
    if isinstance(node, g.CallNode):
        named["model"] = PREFIX + node.model
    return type(node)(**named)


def old_value(  # noqa: PLR0911 - one case a kind
    value: Any, below: frozenset[str], node: g.GraphNode | None = None, name: str = ""
) -> Any:
    """Anything of the old graph's, naming parts of the old graph; ``below`` are the ids that it may name."""
    if isinstance(value, (g.SignalValue, g.CheckValue)):
        return replace(value, name=PREFIX + value.name)
    if isinstance(value, g.UseValue):
        return replace(value, use=PREFIX + value.use)
    if isinstance(value, (g.Const, g.TuneValue, g.MetaValue, g.MetaMissing, g.Place)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = frozenset() if isinstance(value, EXPRS) else below
        return type(value)(**{f.name: old_value(getattr(value, f.name), inner) for f in dataclasses.fields(value)})
    if isinstance(value, list):
        return [old_value(item, below) for item in value]
    if isinstance(value, dict):
        return {key: old_value(item, below) for key, item in value.items()}
    if isinstance(value, str) and value in below and not (node is not None and is_word(node, name)):
        return PREFIX + value
    return value


def _use(use: g.CatalogUse) -> g.CatalogUse:
    args = {name: PREFIX + str(value) if name in use.model_args else value for name, value in use.args.items()}
    return replace(use, id=PREFIX + use.id, args=args)
