"""A plan as text: one table of the parts of a policy with what each can come to, then what its names stand for.

Takes: a `Plan` and the columns there are. Gives: text. Guarantees: no line is wider than the columns asked for unless
a single word is; what doesn't fit goes on below, nothing is left out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from math import inf
from typing import Final

from cascadelang.contracts.price import Price
from cascadelang.contracts.result import Decision, Known
from cascadelang.graph.bounds import Settings
from cascadelang.graph.export_text import one_line
from cascadelang.graph.model import CallNode, CascadeNode, CatalogUse, ModelSpec, RouteByNode, RouteNode, SplitNode
from cascadelang.graph.node_bounds import NodeBounds, moved
from cascadelang.graph.outline import Outline, Row, Section, suffixes
from cascadelang.graph.plan import Named, Plan, choosing, leaves
from cascadelang.graph.requirements import most_of
from cascadelang.graph.wording import (
    alert_condition,
    count,
    dollars,
    line_wording,
    literal_wording,
    price_wording,
    require_wording,
    seconds,
    use_wording,
    wording,
)
from cascadelang.source.frozen import dataclass

WIDTH: Final = 100
"""Columns unless it is said how many there are."""

_LEAST: Final = 28
"""Columns that the tree gets at least."""


def plan_text(plan: Plan, *, width: int = WIDTH) -> str:
    """The plan as text of so many columns."""
    sections = [s for s in Outline(plan.graph, brief=True).sections() if s.node in set(plan.nodes)]
    sections.sort(key=lambda section: section.node != plan.root)
    blocks = [_head(plan, width), _table(plan, sections, width)]
    names = [
        *_named(plan, "signals, each read at most once a run", plan.signals, width),
        *_named(plan, "checks, in order of evaluation", plan.checks, width),
        *_reordered(plan, width),
        *_tunes(plan),
        *_models(plan, width),
        *_alerts(plan, width),
    ]
    blocks += names
    if plan.decisions:
        way = [line for decision in plan.decisions for line in _why(decision, plan, width)]
        blocks.append("\n".join(["for this query:", *way]))
    return "\n\n".join(blocks) + "\n"


# ---- The head ---------------------------------------------------------------------------------------------------


def _head(plan: Plan, width: int) -> str:
    measured, tokens = plan.bounds[plan.root], plan.input_tokens
    calls, cost, latency, formula = _cells(measured, tokens)
    lines = [f"plan of policy {plan.policy}", f"  calls     {calls}"]
    if measured.cost_most is None:
        lines.append("  cost      unknown")
    else:
        lines.append(f"  cost      <= {cost} for an input of {tokens:,} tokens")
        if measured.cost_most.line().per_token:
            lines.append(f"            <= {formula}")
    lines.append(f"  latency   {'unknown' if measured.latency_most_s is None else f'<= {latency}'}")
    lines += [line for why in measured.unknown for line in _wrapped(why, "  ", width)]
    for requirement in plan.requirements:
        limit = requirement.input_tokens
        most = most_of(requirement, measured)
        can = "" if most is None or ">" in requirement.op else f": it is {_amount(requirement.what, most)} at most"
        for_input = f" for input <= {limit:,}" if limit else ""
        lines += _wrapped(f"required  {require_wording(requirement)}{for_input}{can}", "  ", width, 12)
    return "\n".join(lines)


def _amount(what: str, value: float) -> str:
    if what == "cost":
        return dollars(value)
    return duration(value) if what == "latency" else f"{value:g}"


# ---- The table --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the table: its place in the tree, its words, its figures, and whether a decision takes it."""

    prefix: str
    below: str
    text: str
    cells: tuple[str, ...] = ()
    taken: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row that is yet to come.

    Attributes:
        row: the row.
        stem: what stands before it.
        last: whether it is the last of its tree.
        taken: whether a decision takes it.
        cells: its figures, of a row that stands for no node.
        carried: how many tokens of answers that were turned down are handed to it, at most.
        added: those, and what is handed to the rows that it stands in.
    """

    row: Row
    stem: str = ""
    last: bool = True
    taken: bool = False
    cells: tuple[str, ...] = ()
    carried: int = 0
    added: int = 0


def _table(plan: Plan, sections: Sequence[Section], width: int) -> str:
    chosen = {decision.node: decision for decision in plan.decisions}
    tables = [[_Line("", "", one_line(s.title)), *_lines(plan, s.row, chosen)] for s in sections]
    head = ("calls", f"cost at {short_count(plan.input_tokens)}", "latency", "cost by input")
    rows = [line.cells for table in tables for line in table if line.cells]
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    mark = 2 if plan.decisions else 0
    tree = max(len(line.prefix + line.text) for table in tables for line in table)
    shown = 4 if mark + tree + sum(widths) + 8 <= width else 3
    room = max(_LEAST, width - mark - sum(widths[:shown]) - 2 * shown)
    tree = min(tree, room)
    blocks: list[str] = []
    for table in tables:
        lines = [] if blocks else [" " * (mark + tree) + _figures(head, widths, shown)]
        for line in table:
            lines += _row(line, tree, widths, shown, marked=bool(plan.decisions))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _row(line: _Line, tree: int, widths: Sequence[int], shown: int, *, marked: bool) -> Iterator[str]:
    room = max(8, tree - len(line.prefix))
    first, *more = textwrap.wrap(line.text, room, subsequent_indent="  ") or [""]
    start = ("> " if line.taken else "  ") if marked else ""
    figures = _figures(line.cells, widths, shown) if line.cells else ""
    yield f"{start}{line.prefix}{first:<{room}}{figures}".rstrip()
    for words in more:
        yield f"{'  ' if marked else ''}{line.below}{words}".rstrip()


def _figures(cells: Sequence[str], widths: Sequence[int], shown: int) -> str:
    return "".join(f"  {cell:<{width}}" for cell, width in zip(cells[:shown], widths, strict=False)).rstrip()


def _lines(plan: Plan, root: Row, chosen: dict[str, Decision]) -> Iterator[_Line]:
    """The rows of a tree, in order, without recursion."""
    waiting = [_Waiting(root)]
    while waiting:
        here = waiting.pop()
        row = here.row
        below = here.stem + ("   " if here.last else "│  ")
        node = plan.graph.nodes[row.node] if row.node else None
        own = _cells(moved(plan.bounds[row.node], here.added), plan.input_tokens) if row.node else here.cells
        text = one_line(f"{row.lead} {row.text}".strip())
        if isinstance(node, CallNode):
            text += _effects(plan, row.node)
        if here.carried:
            text += f" (+{here.carried:,} tokens carried)"
        branch = f"{here.stem}{'└─' if here.last else '├─'} "
        yield _Line(branch, f"{below}{'│ ' if row.rows else '  '}", text, own, taken=here.taken)
        waiting += reversed(_children(plan, row, below, chosen, here.added))


def _children(plan: Plan, row: Row, stem: str, chosen: dict[str, Decision], added: int) -> list[_Waiting]:
    inner = suffixes(plan.graph, row.node)[1] if row.node else ""
    node = plan.graph.nodes[inner] if inner else None
    decision = chosen.get(inner)
    goes_to = None if decision is None else _row_number(plan, inner, decision)
    rungs = node.rungs if isinstance(node, CascadeNode) else []
    gated = [n for n, rung in enumerate(rungs) if rung.until is not None]
    found: list[_Waiting] = []
    number = gate = 0
    for child in row.rows:
        last = child is row.rows[-1]
        if child.gate:
            found.append(_Waiting(child, stem, last, cells=_gate_cells(plan, inner, gated[gate])))
            gate += 1
        else:
            carried = plan.carried(node, number) if isinstance(node, CascadeNode) else 0
            found.append(_Waiting(child, stem, last, number == goes_to, (), carried, added + carried))
            number += 1
    return found


def _row_number(plan: Plan, id_: str, decision: Decision) -> int | None:
    """Which of a node's rows a decision takes."""
    node = plan.graph.nodes[id_]
    if not decision.taken:
        return None
    if isinstance(node, SplitNode):
        return int(decision.taken) - 1
    if isinstance(node, RouteNode):
        return int(decision.taken) - 1 if decision.taken.isdigit() else len(node.arms)
    if isinstance(node, RouteByNode):
        labels = list(node.arms)
        return labels.index(decision.taken) if decision.taken in node.arms else len(labels)
    return node.start_at.get(decision.taken, 0) if isinstance(node, CascadeNode) else None


def _cells(measured: NodeBounds, input_tokens: int) -> tuple[str, str, str, str]:
    """Calls, the most it costs for an input, the most time, and the most it costs by input."""
    least, most = measured.calls_least, measured.calls_most
    calls = f"{least}.." if most is None else f"{most}" if least == most else f"{least}..{most}"
    latency = "unknown" if measured.latency_most_s is None else duration(measured.latency_most_s)
    if measured.cost_most is None:
        return calls, "unknown", latency, ""
    return calls, dollars(measured.cost_most.at(input_tokens)), latency, line_wording(measured.cost_most.line())


def _gate_cells(plan: Plan, node: str, rung: int) -> tuple[str, ...]:
    gate = plan.gates[node, rung]
    if not gate.asked:
        return ("0", "not asked", "", "")
    if not any(use.calls != 0 for use in gate.uses):
        latency_s = gate.measured.latency_most_s
        return ("0", "free", duration(latency_s) if latency_s else "", "")
    return _cells(gate.measured, plan.input_tokens)


def _effects(plan: Plan, id_: str) -> str:
    """What ``with`` and ``retry`` further out make of a call, where every way to it makes the same."""
    ways = plan.settings.get(id_, set())
    if len(ways) != 1:
        return " (settings differ by the way here)" if ways else ""
    words = _settings(next(iter(ways)))
    return f" ({words})" if words else ""


def _settings(around: Settings) -> str:
    said = [f"max_tokens {around.max_tokens:,}"] if around.max_tokens is not None else []
    said += [f"timeout {seconds(around.timeout_s)}"] if around.timeout_s is not None else []
    said += [f"retry {around.retry}"] if around.retry is not None else []
    said += ["system given"] if around.system is not None else []
    return ", ".join(said)


# ---- What the names stand for -----------------------------------------------------------------------------------


def _named(plan: Plan, title: str, named: Sequence[Named], width: int) -> Iterator[str]:
    if not named:
        return
    lines = [f"{title}:"]
    for each in named:
        lines += _wrapped(f"{each.name} = {each.words}", "  ", width)
        if each.written:
            lines += _wrapped(f"written: {each.written}", "    ", width)
        for use in each.paid:
            lines += _wrapped(f"paid: {use_wording(use)}, {_paid(plan, use)}", "    ", width)
        for use in each.timed:
            lines += _wrapped(f"takes time: {use_wording(use)}, <= {seconds(use.time_s)}", "    ", width)
    yield "\n".join(lines)


def _reordered(plan: Plan, width: int) -> Iterator[str]:
    """The conditions and gates whose order of evaluation isn't the one that was written."""
    found = [
        (f"{node}, arm {number}" if isinstance(plan.graph.nodes[node], RouteNode) else node, each.words, each.written)
        for node, conditions in plan.choices.items()
        for number, each in enumerate(conditions, 1)
    ]
    found += [(f"{node}, rung {rung + 1}", g.words, g.written) for (node, rung), g in plan.gates.items() if g.asked]
    lines = []
    for where, words, written in found:
        if written:
            lines += _wrapped(f"{where}: {words}", "  ", width)
            lines += _wrapped(f"written: {written}", "    ", width)
    if lines:
        yield "\n".join(["conditions, in order of evaluation:", *lines])


def _tunes(plan: Plan) -> Iterator[str]:
    if plan.tunes:
        lines = ["tunes:"]
        for tune in plan.tunes:
            declared = tune.declared
            of_lock = "" if declared in (None, tune.value) else f"  (of the lock; declared {declared:g})"
            lines.append(f"  {tune.name} = {tune.value:g}{of_lock}")
        yield "\n".join(lines)


def _models(plan: Plan, width: int) -> Iterator[str]:
    lines = ["models:"]
    name_width = max((len(model.name) for model in plan.models), default=0)
    for model in plan.models:
        lines += _wrapped(f"{model.name:<{name_width}}  {_model(plan, model)}", "  ", width, name_width + 4)
    if plan.models:
        yield "\n".join(lines)


def _alerts(plan: Plan, width: int) -> Iterator[str]:
    if plan.alerts:
        lines = ["alerts, asked of the newest recorded queries of the file's policies:"]
        for alert in plan.alerts:
            said = f'"{alert.words}" when {alert_condition(alert, plan.graph)} over {alert.over:,} queries'
            lines += _wrapped(said, "  ", width)
        yield "\n".join(lines)


def _model(plan: Plan, model: ModelSpec) -> str:
    kind = plan.graph.providers[model.provider].kind
    said = [f"{kind} {model.id}", price_wording(model.price).removesuffix(" or more")]
    if model.price is not None:
        said += [f"above {s.above:,} {price_wording(Price(s.input, s.output))}" for s in model.price.steps]
    said += [f"max_tokens {model.max_tokens:,}", f"timeout {seconds(model.timeout_s)}"]
    said += [f"retry {model.retry}"] if model.retry else []
    return one_line(", ".join(said))


def _paid(plan: Plan, use: CatalogUse) -> str:
    """What one evaluation comes to: ``1 call, <= $0.0457``."""
    calls = "an unknown number of calls" if use.calls is None else count(use.calls, "call")
    measured = plan.evaluations.get(use.id)
    if measured is None:
        return f"{calls}, never made here"
    cost = "" if measured.cost_most is None else f", <= {dollars(measured.cost_most.at(plan.input_tokens))}"
    return f"{calls}{cost or ', cost unknown'}"


# ---- A query's way ----------------------------------------------------------------------------------------------


def _why(decision: Decision, plan: Plan, width: int) -> Iterator[str]:
    """What a decision chose, and everything it looked at, or didn't have to."""
    node = plan.graph.nodes[decision.node]
    known = {signal.name: signal for signal in decision.signals}
    told: set[str] = set()
    yield from _wrapped(f"{decision.node} {_taken(decision, plan)}", "  ", width)
    last = int(decision.taken) if isinstance(node, RouteNode) and decision.taken.isdigit() else None
    asked = node.arms if isinstance(node, RouteNode) else ()
    exprs = [(number, arm.condition) for number, arm in enumerate(asked, 1)]
    exprs = exprs or [(0, expr) for expr in choosing(node)]
    for number, expr in exprs:
        if last is not None and number > last:
            break
        for name in leaves(expr, plan.graph):
            if name not in told:
                told.add(name)
                yield from _wrapped(_looked_at(name, known.get(name), decision), "    ", width, 8)
    if last is not None and last < len(asked):
        more = f"arm {last + 1} isn't" if last + 1 == len(asked) else f"arms {last + 1} to {len(asked)} aren't"
        yield from _wrapped(f"{more} evaluated: arm {last} is taken", "    ", width)
    said = {words for k in decision.signals for words in (k.reason, f"{k.name}: {k.reason}")}
    for words in decision.reason.split("; "):
        if words and words not in said:
            yield from _wrapped(words, "    ", width, 8)


def _taken(decision: Decision, plan: Plan) -> str:
    node, taken = plan.graph.nodes[decision.node], decision.taken
    to = f" -> {decision.to}" if decision.to else ""
    if not taken:
        return "can't be decided without a run"
    if isinstance(node, RouteNode) and taken.isdigit():
        return f"takes arm {taken}, `{wording(node.arms[int(taken) - 1].condition, plan.graph)}`{to}"
    if isinstance(node, SplitNode):
        return f"takes share {taken}{to}"
    if isinstance(node, CascadeNode):
        return f"starts at `{taken}`{to}" if taken != "else" else f"starts at its first rung{to}"
    return f"takes {taken if taken == 'else' else f'`{taken}`'}{to}"


def _looked_at(name: str, known: Known | None, decision: Decision) -> str:
    if known is None:
        why = "it was decided before" if decision.taken else "it needs a call, or what comes before it does"
        return f"{name} isn't evaluated: {why}"
    value = "unknown" if known.value is None else literal_wording(known.value)
    return f"{name} is {value}" + (f": {known.reason}" if known.reason else "")


# ---- Words ------------------------------------------------------------------------------------------------------


def _wrapped(text: str, indent: str, width: int, hang: int = 0) -> list[str]:
    further = " " * hang if hang else f"{indent}    "
    return textwrap.wrap(
        one_line(text),
        max(20, width),
        initial_indent=indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def duration(value: float) -> str:
    """``20s``, ``2m30s``, ``1h5m``."""
    if value < 120 or value == inf or value != int(value):
        return seconds(value)
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount:,}{unit}" for amount, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if amount]
    return "".join(parts)


def short_count(tokens: int) -> str:
    """``4k``, ``1,234``."""
    if tokens and tokens % 1_000_000 == 0:
        return f"{tokens // 1_000_000}M"
    return f"{tokens // 1000}k" if tokens and tokens % 1000 == 0 else f"{tokens:,}"
