"""Proves what a file requires, or says which way through the graph breaks it.

Takes: a graph and its bounds. Gives: an error for each ``require`` that doesn't hold for every run, with the way
that breaks it step by step, and for each ``within`` under which no call can ever be made. Guarantees: nothing is
proved from a price that isn't known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.bounds import PLAIN, Measure, Point
from cascadelang.graph.cheapest import FirstCall, cheapest_first_calls
from cascadelang.graph.model import Graph, Place, Requirement, WithinNode
from cascadelang.graph.node_bounds import NodeBounds
from cascadelang.graph.wording import (
    count,
    dollars,
    limits_wording,
    line_wording,
    money,
    require_wording,
    seconds,
)
from cascadelang.source import Span

TOLERANCE: Final = 1e-9
"""How much of a limit rounding may take: sums of floats aren't exact."""

_VERBS = {"cost": "cost", "calls": "make", "latency": "take"}
_HELP = {
    "cost": "name cheaper models, lower `max_tokens`, or put `within {limit}` behind the strategy",
    "calls": "take a rung, a member or a retry away",
    "latency": "lower a `timeout`, or put `within {limit}` behind the strategy",
}
_WAYS = {"cost": "the dearest way", "calls": "the way with most calls", "latency": "the slowest way"}


def check_requirements(
    graph: Graph, bounds: Mapping[str, NodeBounds], measure: Measure | None = None
) -> tuple[Diagnostic, ...]:
    """What the file requires and can't be proved: ``unproved-requirement``, ``within-too-small``.

    Args:
        graph: the graph.
        bounds: its nodes' bounds, of `cascadelang.graph.bounds.bounds`.
        measure: the graph measured, where it is at hand.
    """
    found: list[Diagnostic] = []
    for requirement in graph.requirements:
        if _problem(requirement, bounds[requirement.node]) is None:
            continue
        measure = measure or Measure(graph)
        point = (requirement.node, PLAIN)  # as it stands; the bounds of a node are for any settings around it
        problem = _problem(requirement, measure.points[point])
        if problem is not None:
            found.append(_refused(requirement, problem, measure, point))
    if any(isinstance(node, WithinNode) and node.cost_usd is not None for node in graph.nodes.values()):
        found += _too_small(graph, measure or Measure(graph))
    return tuple(found)


def _problem(requirement: Requirement, measured: NodeBounds) -> tuple[str, str] | None:
    """What is wrong and what to do, or ``None`` when the requirement is proved."""
    said, limit = require_wording(requirement), requirement.limit
    who = f"`{requirement.policy}`"
    most, least = most_of(requirement, measured), _least(requirement, measured)
    slack = TOLERANCE * abs(limit)
    upper = requirement.op in ("<", "<=", "==")
    if (most if upper else least) is None:
        return _unprovable(requirement, measured)
    if upper and most is not None:
        fits = most < limit - slack if requirement.op == "<" else most <= limit + slack
        if not fits:
            words = _HELP[requirement.what].format(limit=said.split()[-1])
            return (
                f"{who} can {_VERBS[requirement.what]} {_amount(requirement, most)}, and `{said}` is required",
                words,
            )
    if requirement.op in (">", ">=", "==") and least is not None:
        fits = least > limit + slack if requirement.op == ">" else least >= limit - slack
        if not fits:
            little = f"as {'few' if requirement.what == 'calls' else 'little'} as {_amount(requirement, least)}"
            words = "require less, or a most instead: `<=`"
            return f"{who} can {_VERBS[requirement.what]} {little}, and `{said}` is required", words
    return None


def most_of(requirement: Requirement, measured: NodeBounds) -> float | None:
    """The most of what is required; ``None`` when it isn't known or grows with an input of any size."""
    if requirement.what == "calls":
        return measured.calls_most
    if requirement.what == "latency":
        return measured.latency_most_s
    if measured.cost_most is None:
        return None
    if requirement.input_tokens is not None:
        return measured.cost_most.at(requirement.input_tokens)
    line = measured.cost_most.line()
    return None if line.per_token else line.fixed


def _least(requirement: Requirement, measured: NodeBounds) -> float | None:
    if requirement.what == "calls":
        return measured.calls_least
    if requirement.what == "latency":
        return 0.0
    return None if measured.cost_least is None else measured.cost_least.fixed


def _amount(requirement: Requirement, value: float) -> str:
    if requirement.what == "cost":
        return (
            dollars(value) if value == math.inf else money(value)
        )  # to the last figure: rounded, it could read as if the bound held
    return seconds(value) if requirement.what == "latency" else count(int(value), "call")


def _unprovable(requirement: Requirement, measured: NodeBounds) -> tuple[str, str]:
    said = require_wording(requirement)
    if requirement.what == "cost" and measured.cost_most is not None:
        line = line_wording(measured.cost_most.line())
        help_ = (
            f"say for which inputs: `require {requirement.policy} for input <= 4k {{ … }}`; it costs at most {line}"
        )
        return f"`{said}` can't be proved: the cost grows with the input", help_
    why = measured.unknown[0] if measured.unknown else "it isn't known"
    help_ = "give the model its `price: $1 / $5`, in dollars per million tokens in and out"
    return f"`{said}` can't be proved: {why}", help_ if "price" in why else "leave it out of what is required"


def _refused(requirement: Requirement, problem: tuple[str, str], measure: Measure, point: Point) -> Diagnostic:
    message, help_ = problem
    measured = measure.points[point]
    notes: list[str] = []
    known = most_of(requirement, measured) is not None
    if known and requirement.op in ("<", "<=", "=="):
        from cascadelang.graph.said_steps import said_steps
        from cascadelang.graph.steps import value_of, worst_way

        tokens = requirement.input_tokens
        if tokens is None:  # where the bound is reached
            tokens = 0 if measured.cost_most is None else math.ceil(measured.cost_most.pieces[-1][0])
        steps = worst_way(measure, point, requirement.what, tokens)
        for_input = f" for an input of {tokens:,} tokens" if requirement.what == "cost" and tokens else ""
        total = value_of(measured, requirement.what, tokens)
        notes = [f"{_WAYS[requirement.what]}{for_input}:", *said_steps(requirement.what, steps, total)]
    elif len(measured.unknown) > 1:
        notes = list(measured.unknown)
    return Diagnostic(
        "unproved-requirement",
        "error",
        message,
        span_of(requirement.place),
        label="" if known else "not provable",
        help=help_,
        notes=tuple(notes),
    )


def _too_small(graph: Graph, measure: Measure) -> list[Diagnostic]:
    """Limits under which no call can be made, whatever the input and whatever the settings around them."""
    cheapest = cheapest_first_calls(measure)
    by_node: dict[str, list[FirstCall | None]] = {}
    for (at, _), first_call in cheapest.items():
        by_node.setdefault(at, []).append(first_call)
    found = []
    for id_, node in graph.nodes.items():
        if not isinstance(node, WithinNode) or node.cost_usd is None:
            continue
        first = by_node.get(id_, [])
        if not first or any(call is None or call.cost_usd <= node.cost_usd * (1 + TOLERANCE) for call in first):
            continue
        call = min((call for call in first if call is not None), key=lambda c: c.cost_usd)
        found.append(
            Diagnostic(
                "within-too-small",
                "error",
                f"`{limits_wording(node)}` lets no call through: "
                f"even the cheapest first call, of `{call.model}`, can cost {dollars(call.cost_usd)}",
                span_of(node.place),
                help=f"allow more than {dollars(call.cost_usd)}, or lower the `max_tokens` of `{call.model}`",
                notes=(f"that is {call.how}",),
            )
        )
    return found


def span_of(place: Place | None) -> Span:
    """The span of a place; the start of nowhere for what no one wrote."""
    return Span("", 0, 0) if place is None else Span(place.path, place.start, place.end)
