"""Compiles a checked policy into its execution graph.

Takes: a `CheckedPolicy` without errors. Gives: a `Graph`. Guarantees: pure; the same policy gives the same graph, and
what a policy can't reach (models, signals, checks, tiers that nothing uses) doesn't stand in it, so an unrelated
declaration changes nothing in it but places.

The road: policies and requirements name strategies (`compile_strategy`), these ask conditions (`compile_expr`), both
name models; then the conditions are put in order of evaluation (`optimize`), and rungs and votes are told what their
gates and scores need.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from cascadelang.graph.compile_alert import compile_alerts
from cascadelang.graph.compile_expr import Expressions, literal
from cascadelang.graph.compile_strategy import Strategies
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    CascadeNode,
    CatalogUse,
    Graph,
    GraphExpr,
    GraphNode,
    GraphRung,
    ModelSpec,
    ProviderSpec,
    Requirement,
    VoteNode,
)
from cascadelang.graph.optimize import optimize
from cascadelang.graph.places import Places
from cascadelang.graph.walk import in_order, uses_of
from cascadelang.graph.wording import AS_IT_COMES, DECLARED
from cascadelang.semantics.checked import CheckedPolicy, ModelInfo, ProviderInfo, Symbol
from cascadelang.semantics.names import Names
from cascadelang.syntax import ast

Judged = TypeVar("Judged", GraphRung, VoteNode)
"""Whose answers are judged: by a gate, or by the score that a vote goes by."""


def compile_policy(checked: CheckedPolicy, *, as_written: bool = False) -> Graph:
    """The execution graph of a checked policy.

    Args:
        checked: the policy.
        as_written: leave conditions in the order in which they were written: for plans, which show both.

    Raises:
        GraphError: if the policy has errors, or says something this version can't run.
    """
    if not checked.ok:
        raise GraphError(f"`{checked.path}` has errors, so it can't be compiled")
    names, places = Names(checked.path, checked.modules), Places(checked)
    expressions = Expressions(checked, names, places)
    strategies = Strategies(checked, names, places, expressions)
    policies = {name: strategies.root(_policy(name, checked)) for name in checked.policies}
    requirements = _requirements(checked, strategies, names, places)
    alerts = compile_alerts(checked, names, places)
    strategies.finish()
    expressions.finish()
    models = _Models(checked, names, places)
    for name, symbol in sorted(expressions.models.items()):
        models.add(name, symbol)
    graph = Graph(
        path=checked.path,
        policies=policies,
        nodes=strategies.nodes,
        models=models.models,
        providers=dict(sorted(models.providers.items())),
        signals=dict(sorted(expressions.signals.items())),
        checks=dict(sorted(expressions.checks.items())),
        uses=dict(sorted(expressions.uses.items())),
        requirements=requirements,
        alerts=alerts,
        files={path: use.sha256 for path, use in sorted(checked.files.items())},
    )
    order = in_order(graph, [*policies.values(), *(r.node for r in requirements)])
    graph = optimize(replace(graph, nodes={id_: graph.nodes[id_] for id_ in order}), move=not as_written)
    return replace(graph, nodes={id_: _with_needs(node, graph) for id_, node in graph.nodes.items()})


def _policy(name: str, checked: CheckedPolicy) -> Symbol:
    symbol = checked.resolve(ast.Name(tuple(name.split("."))), checked.path)
    if symbol is None:
        raise GraphError(f"no policy is named `{name}`")
    return symbol


def _requirements(checked: CheckedPolicy, strategies: Strategies, names: Names, places: Places) -> list[Requirement]:
    """The bounds that the file asked for requires; those of files it uses are proved where they stand."""
    found = []
    for decl in checked.modules[checked.path].file.decls:
        if not isinstance(decl, ast.RequireDecl):
            continue
        symbol = checked.resolve(decl.policy, checked.path)
        if symbol is None:
            raise GraphError(f"no policy is named `{decl.policy}`")
        node = strategies.root(symbol)
        limit = None if decl.input_limit is None else int(literal(decl.input_limit))
        for bound in decl.bounds:
            if bound.what not in ("cost", "calls", "latency") or bound.op == "!=":
                raise GraphError(f"`{bound.what} {bound.op}` can't be required")
            what, op = bound.what, bound.op
            value = float(literal(bound.limit))
            place = places.of(bound.span)
            found.append(Requirement(names.of(symbol), node, what, op, value, limit, place))  # type: ignore[arg-type]
    return found


def _with_needs(node: GraphNode, graph: Graph) -> GraphNode:
    """The node with what a rung's gate, or the score that a vote goes by, needs of the answer written out."""
    if isinstance(node, VoteNode) and node.by is not None:
        return _with_logprobs(node, _needs(node.by, graph))
    if not isinstance(node, CascadeNode):
        return node
    gates = {id(rung.until): rung.until for rung in node.rungs if rung.until is not None}  # rungs share theirs
    needs = {key: _needs(gate, graph) for key, gate in gates.items()}
    return replace(node, rungs=[_with_logprobs(rung, needs.get(id(rung.until), frozenset())) for rung in node.rungs])


def _needs(gate: GraphExpr, graph: Graph) -> frozenset[str]:
    uses: list[CatalogUse] = [graph.uses[id_] for id_ in uses_of(graph, [gate])]
    # a check that names the model it asks needs that of the model's answer, not of the rung's
    return frozenset(need for use in uses if use.kind == "check" and not use.model_args for need in use.needs)


def _with_logprobs(judged: Judged, needs: frozenset[str]) -> Judged:
    if not needs & {"logprobs", "top_logprobs"}:
        return judged
    return replace(judged, logprobs=True, top_logprobs="top_logprobs" in needs)


class _Models:
    """The models of a graph and their providers, each under one name."""

    def __init__(self, checked: CheckedPolicy, names: Names, places: Places) -> None:
        self.models: dict[str, ModelSpec] = {}
        self.providers: dict[str, ProviderSpec] = {}
        self._checked = checked
        self._names = names
        self._places = places

    def add(self, name: str, symbol: Symbol) -> None:
        """Enter a declared model."""
        info = self._checked.models.get(id(symbol.decl))
        decl = symbol.decl
        if info is None or not isinstance(decl, ast.ModelDecl):
            raise GraphError(f"`{symbol.name}` isn't a model")
        self.models[name] = ModelSpec(
            name=name,
            provider=self._provider(info, self._checked.resolve(decl.provider, symbol.path)),
            id=info.id,
            max_tokens=info.max_tokens,
            timeout_s=info.timeout_s,
            retry=info.retry,
            price=info.price,
            context=info.context,
            can=None if info.can is None else sorted(info.can),
            temperature=info.temperature,
            top_p=info.top_p,
            seed=info.seed,
            stop=list(info.stop),
            effort=info.effort,
            system=info.system,
            place=self._places.of(decl.span),
        )

    def _provider(self, info: ModelInfo, symbol: Symbol | None) -> str:
        """The name of a model's provider; a kind used as it comes and a declared one of its name are told apart."""
        own = info.provider
        declared = symbol is not None and symbol.kind == "provider"
        name = self._names.of(symbol) if symbol is not None and declared else own.name
        spec = _spec(name, own)
        if self.providers.setdefault(name, spec) != spec:
            name = f"{name}{DECLARED if declared else AS_IT_COMES}"
            self.providers.setdefault(name, _spec(name, own))
        return name


def _spec(name: str, info: ProviderInfo) -> ProviderSpec:
    return ProviderSpec(name, info.kind, dict(info.settings), info.key_env, info.folder)
