"""A graph's expressions, limits and figures in the language's own words: for drawings, plans and messages.

Takes: parts of a graph, numbers. Gives: one line of text, unescaped. Guarantees: never the contents of a file, and no
more than some forty characters of any text; an amount given as a most is never rounded down. The words are for
reading: where arguments are long they aren't the source.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from math import inf
from typing import Final

from cascadelang.contracts.price import Price
from cascadelang.graph import model as g
from cascadelang.graph.curve import Line

LONGEST: Final = 40
_SHORT: Final = 24


DECLARED: Final = ":declared"
AS_IT_COMES: Final = ":as it comes"
# Behind the name of a provider in the graph, where a kind used as it comes and a declared one share theirs.


def provider_wording(name: str) -> str:
    """A provider's name in the graph as messages say it."""
    return name.removesuffix(DECLARED).removesuffix(AS_IT_COMES)


def when_wording(node: g.FallbackNode) -> str:
    """`` when rate_limit or server``: which failures move on; nothing for all."""
    return "" if node.when is None else f" when {' or '.join(node.when)}"


def wording(expr: g.GraphExpr, graph: g.Graph, *, judged: bool = False) -> str:  # noqa: PLR0911 - one a kind
    """The expression in words; ``judged``: it is asked of an answer, so a signal is said as ``query.words``."""
    if isinstance(expr, (g.TuneValue, g.SignalValue, g.CheckValue)):
        return expr.name
    if isinstance(expr, g.UseValue):
        return use_wording(graph.uses[expr.use], judged=judged)
    if isinstance(expr, g.Const):
        return literal_wording(expr.value)
    if isinstance(expr, g.RecordedValue):
        return f"{expr.name}({expr.of})" if expr.of else expr.name
    if isinstance(expr, g.MetaValue):
        return f"meta.{expr.name}"
    if isinstance(expr, g.MetaMissing):
        return f"meta.{expr.name} is {'not ' if expr.negated else ''}missing"
    return _composed(expr, graph, judged)


def _composed(
    expr: g.NotValue | g.LogicValue | g.CompareValue | g.ArithValue | g.InValue | g.ScoreValue | g.BandValue,
    graph: g.Graph,
    judged: bool,
) -> str:
    """An expression made of others, in words."""
    if isinstance(expr, g.NotValue):
        words = f"not {_inner(expr.value, graph, judged)}"
    elif isinstance(expr, g.LogicValue):
        words = f" {expr.op} ".join(_inner(value, graph, judged) for value in expr.values)
    elif isinstance(expr, (g.CompareValue, g.ArithValue)):
        words = f"{_inner(expr.left, graph, judged)} {expr.op} {_inner(expr.right, graph, judged)}"
    elif isinstance(expr, g.InValue):
        words = _inner(expr.value, graph, judged)
        words += f" {'not ' if expr.negated else ''}in {literal_wording(expr.items)}"
    elif isinstance(expr, g.ScoreValue):
        parts = [f"{_argument_name(part.value, graph, judged)}: {part.weight:g}" for part in expr.parts]
        words = f"score({', '.join(parts)})"
    else:
        steps = [f"{step.label}: {step.below:g}" for step in expr.steps]
        words = f"band({', '.join([wording(expr.value, graph, judged=judged), *steps, expr.last])})"
    return words


def share_wording(share: float) -> str:
    """A share from 0 to 1 as a policy says it: ``90%``, ``0.5%``."""
    return f"{share * 100:.6g}%"


def use_wording(use: g.CatalogUse, *, judged: bool = False) -> str:
    """``judge(sonnet)``, ``agree(5)``, ``contains("traceback")``: the entry with its short arguments.

    ``judged``: it is asked of an answer, where a signal is ``query.contains("traceback")``.
    """
    shown = []
    for name, value in use.args.items():
        if name in use.model_args and isinstance(value, str):
            shown.append(value)
        elif use.own and isinstance(value, int) and not isinstance(value, bool):
            shown.append(str(value))
        elif isinstance(value, str) and 0 < len(value) <= _SHORT and "\n" not in value:
            shown.append(value if value.isidentifier() else f'"{value}"')
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            shown.append(literal_wording([f'"{item}"' for item in value]))
        elif isinstance(value, dict) and isinstance(value.get("file"), str):
            shown.append(f'"{_cut(value["file"])}"')
        elif isinstance(value, dict) and isinstance(value.get("meta"), str):
            shown.append(f"meta.{value['meta']}")
        elif isinstance(value, dict) and isinstance(value.get("pattern"), str):
            shown.append(_cut(f"/{value['pattern']}/{value.get('flags') or ''}"))
    scope = "conversation." if use.scope == "conversation" else "query." if judged and use.kind == "signal" else ""
    return f"{scope}{use.entry}({', '.join(shown)})" if shown else f"{scope}{use.entry}"


def alert_condition(alert: g.GraphAlert, graph: g.Graph) -> str:
    """An alert's condition as it was written, else in words."""
    return alert.said or wording(alert.condition, graph)


def literal_wording(value: object) -> str:
    """A constant, cut where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return _cut(f"[{', '.join(literal_wording(item) for item in value)}]")
    return _cut(str(value))


def settings_wording(settings: dict[str, object]) -> str:
    """``with { max_tokens: 400 }``."""
    fields = [f"{name.removesuffix('_s')}: {_setting(name, value)}" for name, value in settings.items()]
    return f"with {{ {', '.join(fields)} }}"


def limits_wording(node: g.WithinNode) -> str:
    """``within $0.05 and 20s``."""
    parts = [] if node.cost_usd is None else [money(node.cost_usd)]
    if node.time_s is not None:
        parts.append(seconds(node.time_s))
    return f"within {' and '.join(parts)}"


def order_wording(order: g.GraphOrder) -> str:
    """``order by learned("quality.json")``."""
    worth = "" if order.worth_usd is None else f", worth: {money(order.worth_usd)}"
    return f'order by learned("{_cut(order.file)}"{worth})'


def cached_wording(node: g.CachedNode) -> str:
    """``cached 1d``, ``cached 12h similar 0.97``."""
    likeness = "" if node.similar is None else f" similar {literal_wording(node.similar)}"
    return f"cached {age(node.keep_s)}{likeness}"


def require_wording(requirement: g.Requirement) -> str:
    """``cost <= $0.30``."""
    limit = requirement.limit
    said = {"cost": money(limit), "calls": f"{limit:.15g}", "latency": seconds(limit)}[requirement.what]
    return f"{requirement.what} {requirement.op} {said}"


def price_wording(price: Price | None) -> str:
    """``$1 / $5 per M``, ``free``, ``price unknown``."""
    if price is None:
        return "price unknown"
    if not price.input and not price.output and not price.steps:
        return "free"
    return f"${_plain(price.input)} / ${_plain(price.output)} per M{' or more' if price.steps else ''}"


# ---- Figures ----------------------------------------------------------------------------------------------------


_NO_CENTS: Final = Decimal(10) ** 15
"""From here on, cents are less than what a floating-point number can say."""


def money(value: float) -> str:
    """An amount as a policy says it: ``$0.30``, ``$0.0005``, ``$5``."""
    return f"${_plain(Decimal(f'{value:.10g}'))}"


def exact_dollars(value: Decimal) -> str:
    """An amount with all its places."""
    return f"${_plain(value)}"


def dollars(value: float) -> str:
    """An amount that is a most: three figures, rounded up."""
    if value == inf:
        return "$∞"
    exact = Decimal(f"{value:.10g}")
    if exact == 0:
        return "$0"
    if exact >= _NO_CENTS:
        return f"${_plain(exact)}"
    step = Decimal(1).scaleb(max(exact.adjusted() - 2, -12)) if exact < 1 else Decimal("0.01")
    return f"${_plain(exact.quantize(step, ROUND_CEILING))}"


def line_wording(line: Line) -> str:
    """``$0.0021 + $1.10/M x input``."""
    if not line.per_token:
        return dollars(line.fixed)
    rate = f"{dollars(line.per_token * 1e6)}/M x input"
    return rate if not line.fixed else f"{dollars(line.fixed)} + {rate}"


def seconds(value: float) -> str:
    """``250ms``, ``20s``, ``5m``."""
    if value == inf:
        return "∞ s"
    if value and value < 1:
        return f"{value * 1000:g}ms"
    if value >= 120 and value % 60 == 0:
        return f"{value / 60:,.10g}m"
    return f"{value:.10g}s"


def age(value_s: float) -> str:
    """``1d``, ``12h``, ``90m``, else as `seconds`."""
    for unit, size in (("d", 86_400), ("h", 3_600)):
        if value_s and value_s % size == 0:
            return f"{value_s / size:,.10g}{unit}"
    return seconds(value_s)


def count(value: int, word: str) -> str:
    """``1 call``, ``2 calls``."""
    return f"{value:,} {word}{'' if value == 1 else 's'}"


def _plain(value: Decimal) -> str:
    """Digits, never an exponent; at least two places behind a point, where there is one."""
    words = f"{value:f}"
    if "." in words:
        words = words.rstrip("0").rstrip(".")
        whole, _, places = words.partition(".")
        words = whole if not places else f"{whole}.{places:0<2}"
    return words


def _setting(name: str, value: object) -> str:
    if name.endswith("_s") and isinstance(value, (int, float)):
        return seconds(value)
    return f'"{_cut(value)}"' if isinstance(value, str) else literal_wording(value)


def _inner(expr: g.GraphExpr, graph: g.Graph, judged: bool) -> str:
    words = wording(expr, graph, judged=judged)
    return f"({words})" if isinstance(expr, (g.LogicValue, g.CompareValue, g.ArithValue, g.InValue)) else words


def _argument_name(expr: g.GraphExpr, graph: g.Graph, judged: bool) -> str:
    return graph.uses[expr.use].entry if isinstance(expr, g.UseValue) else wording(expr, graph, judged=judged)


def _cut(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= LONGEST else one_line[: LONGEST - 1] + "…"
