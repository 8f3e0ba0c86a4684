"""What decides an answer, as one digest: for knowing whether an answer that was kept is still the one to give.

Takes: a graph and a node of it. Gives: a SHA-256 of everything in the graph that can change what the node answers,
and the caller's facts that are looked at below it. Guarantees: two nodes with the same digest answer the same request
in the same way, as far as the policy goes; what the node doesn't reach, comments and places change nothing in it.

In it are the nodes below with their ids, the conditions they ask with the values of their tunes (the lock's), the
models with their settings, providers and prices (`within` looks at these), the texts of schemas and rubrics, the
digests of other files that were read, the version of cascadelang, for most checks are its own, and those of the other
packages whose checks, signals and providers are asked.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from cascadelang.graph.model import CallNode, Graph, GraphExpr
from cascadelang.graph.walk import conditions, facts_of, in_order, named_of, uses_of
from cascadelang.source.digest import sha256
from cascadelang.version import __version__

_ASIDE: Final = "place"
_POLICIES: Final = (".cl", ".lock")
"""How the names of files end whose contents the graph itself is made of."""


MadeBy = Callable[[str, str], str]
"""Which version of another package an entry is from, by its kind and name; empty for our own."""


def fingerprint(graph: Graph, id_: str, made_by: MadeBy = lambda _kind, _name: "") -> str:
    """The digest of what decides the answers of a node, 64 hexadecimal digits."""
    nodes = [graph.nodes[below] for below in in_order(graph, [id_])]
    asked = _asked(graph, id_)
    uses = [graph.uses[use] for use in uses_of(graph, asked)]
    names = {node.model for node in nodes if isinstance(node, CallNode)}
    names |= {str(use.args[name]) for use in uses for name in use.model_args}
    models = [graph.models[name] for name in sorted(names)]
    providers = [graph.providers[name] for name in sorted({model.provider for model in models} & {*graph.providers})]
    declared = [(graph.signals if kind == "signal" else graph.checks)[name] for kind, name in named_of(graph, asked)]
    entries = {(use.kind, use.entry) for use in uses} | {("provider", provider.kind) for provider in providers}
    others = sorted(f"{kind} {name}: {by}" for kind, name in entries if (by := made_by(kind, name)))
    parts = {
        "version": [__version__, *others],
        "node": id_,
        "parts": [_plain(part) for part in (*nodes, *uses, *declared, *models, *providers)],
        "files": sorted(digest for path, digest in graph.files.items() if not path.endswith(_POLICIES)),
    }
    text = json.dumps(parts, sort_keys=True, default=_digits)
    return sha256(text.encode()).hexdigest()


def facts_below(graph: Graph, id_: str) -> tuple[str, ...]:
    """The caller's facts (``meta.NAME``) that are looked at below a node, in order of their names."""
    asked = _asked(graph, id_)
    given = [
        value["meta"] for use in uses_of(graph, asked) for value in graph.uses[use].args.values() if _names(value)
    ]
    return tuple(sorted({*facts_of(graph, asked), *given}))


def _names(argument: object) -> bool:
    """Whether an argument names one of the caller's facts."""
    return isinstance(argument, dict) and set(argument) == {"meta"} and isinstance(argument["meta"], str)


def _asked(graph: Graph, id_: str) -> list[GraphExpr]:
    """All conditions below a node."""
    return [expr for below in in_order(graph, [id_]) for expr in conditions(graph.nodes[below])]


def uses_below(graph: Graph, id_: str) -> list[str]:
    """The ids of the catalogue uses that conditions below a node may evaluate."""
    return uses_of(graph, _asked(graph, id_))


def _plain(part: Any) -> Any:
    return dataclasses.asdict(part, dict_factory=_without_places)


def _without_places(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if name != _ASIDE}


def _digits(price: Decimal) -> str:
    return f"{price:f}"
