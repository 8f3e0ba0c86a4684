"""A plan as JSON values, version 1 (`docs/plan.schema.json`).

Takes: a `Plan`. Gives: what `explain --output json` prints. Guarantees: costs are dollars, times seconds; what isn't
known is null, and ``unknown`` says why.
"""

from __future__ import annotations

from typing import Any, Final

from cascadelang.contracts.price import Price
from cascadelang.graph.model import CascadeNode, CatalogUse, ModelSpec
from cascadelang.graph.node_bounds import NodeBounds
from cascadelang.graph.plan import Gate, Named, Plan, choosing, leaves
from cascadelang.graph.walk import conditions, uses_of
from cascadelang.graph.wording import alert_condition, use_wording

PLAN_VERSION: Final = 1


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan: bounds and checks in order of evaluation for each node, what names stand for, then the decisions.

    ``fixed + per_token * input`` is never less than the cost; ``at_input`` is the most for ``input_tokens``.
    """
    return {
        "version": PLAN_VERSION,
        "policy": plan.policy,
        "root": plan.root,
        "input_tokens": plan.input_tokens,
        "requirements": [
            {"what": r.what, "op": r.op, "limit": r.limit, "input_tokens": r.input_tokens} for r in plan.requirements
        ],
        "nodes": {id_: _node(id_, plan) for id_ in plan.nodes},
        "signals": [_named(each, plan) for each in plan.signals],
        "checks": [_named(each, plan) for each in plan.checks],
        "tunes": [{"name": t.name, "value": t.value, "declared": t.declared} for t in plan.tunes],
        "alerts": [
            {"words": a.words, "condition": alert_condition(a, plan.graph), "over": a.over} for a in plan.alerts
        ],
        "models": [_model(model, plan) for model in plan.models],
        "decisions": [_decision(number, plan) for number in range(len(plan.decisions))],
    }


def _node(id_: str, plan: Plan) -> dict[str, Any]:
    node = plan.graph.nodes[id_]
    uses = [plan.graph.uses[use] for use in uses_of(plan.graph, conditions(node))]
    found = {"kind": node.kind, **_bounds(plan.bounds[id_], plan.input_tokens), "reads": [_use(use) for use in uses]}
    if id_ in plan.choices:
        found["conditions"] = [
            {"words": each.words, "written": each.written or each.words} for each in plan.choices[id_]
        ]
    if isinstance(node, CascadeNode):
        found["carried_tokens"] = [plan.carried(node, number) for number in range(len(node.rungs))]
        found["gates"] = [
            _gate(number, plan.gates[id_, number], plan)
            for number, rung in enumerate(node.rungs)
            if rung.until is not None
        ]
    return found


def _gate(number: int, gate: Gate, plan: Plan) -> dict[str, Any]:
    return {
        "rung": number + 1,
        "words": gate.words,
        "written": gate.written or gate.words,
        "asked": gate.asked,
        "reads": [_use(use) for use in gate.uses],
        **_bounds(gate.measured, plan.input_tokens),
    }


def _bounds(measured: NodeBounds, input_tokens: int) -> dict[str, Any]:
    least, most = measured.cost_least, measured.cost_most
    line = None if most is None else most.line()
    return {
        "calls": {"least": measured.calls_least, "most": measured.calls_most},
        "cost_usd": {
            "least": None if least is None else {"fixed": least.fixed, "per_token": least.per_token},
            "most": None
            if most is None or line is None
            else {"fixed": line.fixed, "per_token": line.per_token, "at_input": most.at(input_tokens)},
        },
        "latency_s": {"least": 0.0, "most": measured.latency_most_s},
        "unknown": list(measured.unknown),
    }


def _use(use: CatalogUse) -> dict[str, Any]:
    """An entry that may be evaluated; ``calls`` 0 is free, and may take time."""
    return {
        "use": use.id,
        "words": use_wording(use),
        "kind": use.kind,
        "calls": use.calls,
        "time_s": use.time_s,
    }


def _named(named: Named, plan: Plan) -> dict[str, Any]:
    return {
        "name": named.name,
        "words": named.words,
        "written": named.written or named.words,
        "paid": [{**_use(use), "cost_usd": _cost(use, plan)} for use in named.paid],
    }


def _cost(use: CatalogUse, plan: Plan) -> float | None:
    """The most that one evaluation costs for the plan's input; null when it isn't known, or never made."""
    measured = plan.evaluations.get(use.id)
    return None if measured is None or measured.cost_most is None else measured.cost_most.at(plan.input_tokens)


def _model(model: ModelSpec, plan: Plan) -> dict[str, Any]:
    return {
        "name": model.name,
        "provider": plan.graph.providers[model.provider].kind,
        "id": model.id,
        "price_usd_per_million": None if model.price is None else _price(model.price),
        "max_tokens": model.max_tokens,
        "timeout_s": model.timeout_s,
        "retry": model.retry,
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "input": float(price.input),
        "output": float(price.output),
        "cached": None if price.cached is None else float(price.cached),
        "steps": [{"above": s.above, "input": float(s.input), "output": float(s.output)} for s in price.steps],
    }


def _decision(number: int, plan: Plan) -> dict[str, Any]:
    decision = plan.decisions[number]
    node = plan.graph.nodes[decision.node]
    known = {signal.name for signal in decision.signals}
    asked = dict.fromkeys(name for expr in choosing(node) for name in leaves(expr, plan.graph))
    return {
        "node": decision.node,
        "kind": decision.kind,
        "taken": decision.taken or None,
        "to": decision.to or None,
        "signals": [{"name": k.name, "value": k.value, "reason": k.reason} for k in decision.signals],
        "not_evaluated": [name for name in asked if name not in known],
        "reason": decision.reason,
    }
