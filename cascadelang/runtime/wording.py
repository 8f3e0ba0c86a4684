"""Expressions and limits of a graph in the language's own words, for traces and messages.

Takes: an expression of the graph. Gives: one line. Guarantees: never the contents of a file; no more than some forty
characters of any text. It is for reading: where arguments are long, it isn't the source.
"""

from __future__ import annotations

from typing import assert_never

from cascadelang.graph import model as g

_LONGEST = 40


def wording(expr: g.GraphExpr, graph: g.Graph) -> str:  # noqa: C901, PLR0911 - one case a kind
    """The expression in words."""
    match expr:
        case g.Const(value=value):
            return _literal(value)
        case g.TuneValue(name=name) | g.SignalValue(name=name) | g.CheckValue(name=name):
            return name
        case g.UseValue(use=use):
            return use_wording(graph.uses[use])
        case g.MetaValue(name=name):
            return f"meta.{name}"
        case g.MetaMissing(name=name, negated=negated):
            return f"meta.{name} is {'not ' if negated else ''}missing"
        case g.NotValue(value=value):
            return f"not {_inner(value, graph)}"
        case g.LogicValue(op=op, values=values):
            return f" {op} ".join(_inner(value, graph) for value in values)
        case g.CompareValue(op=op, left=left, right=right) | g.ArithValue(op=op, left=left, right=right):
            return f"{_inner(left, graph)} {op} {_inner(right, graph)}"
        case g.InValue(value=value, items=items, negated=negated):
            return f"{_inner(value, graph)} {'not ' if negated else ''}in {_literal(items)}"
        case g.ScoreValue():
            return "score(…)"
        case g.BandValue(value=value):
            return f"band({wording(value, graph)}, …)"
        case _:
            assert_never(expr)


def use_wording(use: g.CatalogUse) -> str:
    """``judge(sonnet)``, ``logprob(mean)``, ``contains("traceback")``: the entry with its short arguments."""
    shown = []
    for name, value in use.args.items():
        if name == "scope":
            continue
        if name in use.model_args and isinstance(value, str):
            shown.append(value)
        elif isinstance(value, str) and 0 < len(value) <= 24 and "\n" not in value:
            shown.append(value if value.isidentifier() else f'"{value}"')
    scope = "conversation." if use.scope == "conversation" else ""
    return f"{scope}{use.entry}({', '.join(shown)})" if shown else f"{scope}{use.entry}"


def limits_wording(cost_usd: float | None, time_s: float | None) -> str:
    """``within $0.05 and 20s``."""
    parts = []
    if cost_usd is not None:
        parts.append(f"${cost_usd:.10g}")
    if time_s is not None:
        parts.append(f"{time_s:g}s" if time_s >= 1 else f"{time_s * 1000:g}ms")
    return f"within {' and '.join(parts)}"


def _inner(expr: g.GraphExpr, graph: g.Graph) -> str:
    words = wording(expr, graph)
    return f"({words})" if isinstance(expr, g.LogicValue | g.CompareValue | g.ArithValue | g.InValue) else words


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        words = f"[{', '.join(_literal(item) for item in value)}]"
        return words if len(words) <= _LONGEST else words[: _LONGEST - 2] + "…]"
    words = str(value)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
