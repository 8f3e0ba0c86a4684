"""Random policies that are made of everything the language has, and what of it a policy holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from random_policies import AT_ONCE, Breadth

from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.syntax import ast

WHOLE = Breadth(
    at_once=AT_ONCE,
    head="""
signal taught: {easy, hard} = learned("router.json") else easy
check scored = learned("scorer.json") >= 0.5
check twice = agree(2) >= 1 else pass
""",
    conditions=(
        "taught == hard",
        'learned("router.json", least: 0.7) == easy',
        "taught == easy and not asks",
    ),
    free=(
        "scored",
        'learned("scorer.json") >= enough and not empty',
        "agrees(previous)",
        "not agrees(previous)",
        "margin >= 0.5",
        "margin < 0.7 or perplexity < 1.5",
        "runs",
        "runs(timeout: 2s) and not empty",
        "not runs or words > 50",
        "json(strict: true)",
        'schema("shape.json", strict: true)',
    ),
    paid=(
        "agree(2) >= 1",
        "agree(3) >= 0.6",
        "agree(4) > 0.5 and strict",
        "not agrees(previous) or agrees(c)",
        "agrees(c) and not empty",
        "agrees(lib.f)",
        "strict and runs",
        "twice or runs",
        "agree(3) > 0.4 or agree(2) < 1",
    ),
    by=(" by agree(3)", " by margin", ' by learned("scorer.json")'),
    suffixes=(
        "cached 1h",
        "cached 5s",
        "cached 1h within 3s",
        "with { max_tokens: 77 } cached 1d",
        "cached 1h similar 0.9",
        "cached 2h similar 0.9",
        "with { stop_early: true }",
    ),
    orders=('order by learned("quality.json")', 'order by learned("quality.json", worth: $0.01)'),
    tails=("", "", "require main { calls <= 1M }\n"),
)


def holds(checked: CheckedPolicy, nodes: Iterable[ast.Node]) -> Iterator[str]:  # noqa: PLR0912 - one case a form
    """What some nodes are: strategies with their clauses, checks and signals."""
    for node in nodes:
        call = checked.calls.get(id(node))
        if call is not None and call.spec.name != "runs":
            yield f"{call.kind} {call.spec.name}"
            if call.spec.samples:
                yield f"check {call.spec.name}({call.args[call.spec.samples]})"
            if call.spec.name == "agrees":
                yield f"check agrees({'previous' if call.args['model'] == 'previous' else 'model'})"
        elif call is not None:
            yield "check that takes time"
        match node:
            case ast.Cascade():
                yield "cascade"
                yield f"otherwise {'last' if node.otherwise is None else node.otherwise.kind}"
                yield from [f"carry {node.carry}"] * (node.carry is not None)
                yield from ["from"] * (node.start is not None)
                yield from ["order by"] * (node.order_by is not None)
                yield from ["a gate of a rung's own"] * any(rung.until is not None for rung in node.rungs)
            case ast.Vote():
                yield "vote" if node.by is None else "vote by"
            case ast.Cached():
                yield "cached" if node.similar is None else "cached similar"
            case ast.Within():
                yield from ["within money"] * (node.money is not None)
                yield from ["within time"] * (node.time is not None)
            case ast.Fallback():
                yield "fallback when" if node.when else "fallback"
            case ast.Split():
                yield "split" if node.by is None else "split by"
            case ast.Route() | ast.RouteBy() | ast.Hedge() | ast.Shadow() | ast.Retry() | ast.With():
                yield type(node).__name__.lower()
            case ast.RequireDecl():
                yield "require"
            case ast.NameStrategy() if node.name.parts[0] == "lib":
                yield "a policy or model of another file"
