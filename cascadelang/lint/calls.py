"""The calls that a policy can make, each with the settings it is made with and where these were written.

Takes: a `Subject`. Gives: `CallSite`. Guarantees: a call that is reached with the same settings several times is
given once; an inner ``with`` wins over an outer one, as in a run; a judge is asked with its own settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cascadelang.catalog.models import KnownModel
from cascadelang.graph import model as g
from cascadelang.graph.walk import children
from cascadelang.lint.subject import Subject
from cascadelang.source import Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast

_LOOKED_AT: Final = ("max_tokens", "temperature", "top_p", "effort")
_MOST_SITES: Final = 2_000
"""Ways to a call that are looked at."""

_Settings = tuple[tuple[str, Any, str], ...]
"""Names, values, and the ids of the ``with`` they come from; sorted."""


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call, or the question to a judge.

    Attributes:
        model: who is asked.
        node: the call; ``None`` for a judge.
        values: the settings that are set, by name.
        origins: for each of them the id of its ``with``; empty for the model's own.
    """

    model: g.ModelSpec
    node: g.CallNode | None
    values: dict[str, Any]
    origins: dict[str, str]


def call_sites(subject: Subject, roots: tuple[str, ...] | None = None) -> Iterator[CallSite]:
    """The calls below these nodes; without them, all of the policy's, and its judges."""
    graph = subject.graph
    starts = roots or (*graph.policies.values(), *(r.node for r in graph.requirements))
    waiting: list[tuple[str, _Settings]] = [(root, ()) for root in reversed(starts)]
    seen: set[tuple[str, str]] = set()
    while waiting and len(seen) < _MOST_SITES:
        id_, settings = waiting.pop()
        if (id_, repr(settings)) in seen:
            continue
        seen.add((id_, repr(settings)))
        node = graph.nodes[id_]
        if isinstance(node, g.CallNode):
            yield _site(graph.models[node.model], node, settings)
        elif isinstance(node, g.WithNode):
            own = {name: (name, value, id_) for name, value in node.settings.items() if name in _LOOKED_AT}
            settings = tuple(sorted(({s[0]: s for s in settings} | own).values(), key=lambda s: s[0]))
        waiting += [(child, settings) for child in reversed(children(node))]
    if roots is None:
        for name in judges(subject):
            yield _site(graph.models[name], None, ())


def judges(subject: Subject) -> Iterator[str]:
    """The names of the models that checks and signals ask, each once."""
    named = (use.args[arg] for use in subject.graph.uses.values() for arg in use.model_args)
    yield from dict.fromkeys(str(name) for name in named if name in subject.graph.models)


def known(model: g.ModelSpec, subject: Subject) -> KnownModel | None:
    """What is known of a model where it is served."""
    provider = subject.graph.providers[model.provider]
    return subject.known_models(provider.kind, str(provider.settings.get("base_url") or ""), model.id)


def setting_span(site: CallSite, name: str, subject: Subject) -> Span | None:
    """Where a setting of a call was written."""
    origin = site.origins.get(name, "")
    if origin:
        source = subject.written(subject.graph.nodes[origin])
        fields = source.fields if isinstance(source, ast.With) else None
    else:
        decl = model_decl(site.model, subject)
        fields = None if decl is None else decl.fields
    if fields is None:
        return None
    return next((entry.span for entry in fields.entries if entry.key == name), None)


def model_decl(model: g.ModelSpec, subject: Subject) -> ast.ModelDecl | None:
    """The declaration of a model."""
    place = model.place
    module = subject.checked.modules.get(place.path) if place is not None else None
    if module is None or place is None:
        return None
    found = (d for d in module.file.decls if (d.span.start, d.span.end) == (place.start, place.end))
    return next((d for d in found if isinstance(d, ast.ModelDecl)), None)


def _site(model: g.ModelSpec, node: g.CallNode | None, settings: _Settings) -> CallSite:
    values = {name: getattr(model, name) for name in _LOOKED_AT if getattr(model, name) is not None}
    origins: dict[str, str] = {}
    for name, value, origin in settings:
        values[name], origins[name] = value, origin
    return CallSite(model, node, values, origins)
