"""The plan of a policy, as a database's EXPLAIN: in what order things are evaluated, and what each part can come to.

Takes: a graph, its bounds and, for a query, the decisions that need no call. Gives: text for people, JSON values for
programs. Guarantees: nothing is called and nothing is decided here; amounts are the mosts that `bounds` proves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cascadelang.contracts.result import Decision
from cascadelang.graph.bounds import NodeBounds
from cascadelang.graph.errors import GraphError
from cascadelang.graph.export_text import lines_of, one_line
from cascadelang.graph.model import CascadeNode, CatalogUse, Graph, GraphExpr, RouteByNode, RouteNode, SplitNode
from cascadelang.graph.outline import Outline, Row, suffixes
from cascadelang.graph.walk import conditions, in_order, uses_of
from cascadelang.graph.wording import (
    count,
    dollars,
    line_wording,
    literal_wording,
    require_wording,
    seconds,
    share_wording,
    use_wording,
    wording,
)

PLAN_VERSION: Final = 1

WIDEST: Final = 76
"""Columns of a tree before its figures go further right than those of other rows."""


def plan_text(
    graph: Graph,
    bounds: Mapping[str, NodeBounds],
    decisions: Sequence[Decision] = (),
    *,
    policy: str = "main",
    input_tokens: int | None = None,
) -> str:
    """The plan of one policy of the graph.

    Args:
        graph: the graph.
        bounds: its nodes' bounds.
        decisions: what a query makes it choose; the arms taken are marked.
        policy: which policy.
        input_tokens: the most tokens of the input that costs are shown for; ``None`` shows how costs grow with it.

    Raises:
        GraphError: if there is no such policy.
    """
    root = _root(graph, policy)
    chosen = {decision.node: decision for decision in decisions}
    reached = set(in_order(graph, [root]))
    sections = [s for s in Outline(graph).sections() if s.node in reached]
    sections.sort(key=lambda section: section.node != root)
    blocks = [_head(graph, bounds[root], policy, input_tokens)]
    for section in sections:
        lines = [_Line("", "", section.title), *_lines(section.row, graph, bounds, chosen, input_tokens)]
        width = max(len(line.tree) for line in lines if len(line.tree) <= WIDEST or not line.figures)
        width = min(width, WIDEST)
        mark = bool(decisions)
        blocks.append("\n".join(line.shown(width, mark=mark) for line in lines))
    if decisions:
        blocks.append("\n".join(["for this query:", *(f"  {one_line(_why(d, graph))}" for d in decisions)]))
    return "\n\n".join(blocks) + "\n"


def plan_json(
    graph: Graph,
    bounds: Mapping[str, NodeBounds],
    decisions: Sequence[Decision] = (),
    *,
    policy: str = "main",
    input_tokens: int | None = None,
) -> dict[str, Any]:
    """The same as JSON values: bounds and checks in order of evaluation for each node, then the decisions.

    Costs are in dollars: ``fixed + per_token * input`` is never less than the cost; ``at_input`` is the most for
    ``input_tokens``. What isn't known is null, and ``unknown`` says why.

    Raises:
        GraphError: if there is no such policy.
    """
    root = _root(graph, policy)
    return {
        "version": PLAN_VERSION,
        "policy": policy,
        "root": root,
        "input_tokens": input_tokens,
        "nodes": {
            id_: {
                "kind": graph.nodes[id_].kind,
                **_bounds_json(bounds[id_], input_tokens),
                "reads": _reads_json(id_, graph),
            }
            for id_ in in_order(graph, [root])
        },
        "decisions": [
            {
                "node": decision.node,
                "kind": decision.kind,
                "taken": decision.taken,
                "to": decision.to,
                "signals": [{"name": k.name, "value": k.value, "reason": k.reason} for k in decision.signals],
                "reason": decision.reason,
            }
            for decision in decisions
        ],
    }


def bounds_words(measured: NodeBounds, input_tokens: int | None = None) -> str:
    """``calls 1..3  cost <= $0.0021 + $1.10/M x input  latency <= 20s``."""
    least, most = measured.calls_least, measured.calls_most
    calls = f"{least}.." if most is None else f"{most}" if least == most else f"{least}..{most}"
    if measured.cost_most is None:
        cost = "cost unknown"
    elif input_tokens is None:
        cost = f"cost <= {line_wording(measured.cost_most.line())}"
    else:
        cost = f"cost <= {dollars(measured.cost_most.at(input_tokens))}"
    latency_s = measured.latency_most_s
    latency = "latency unknown" if latency_s is None else f"latency <= {seconds(latency_s)}"
    return f"calls {calls}  {cost}  {latency}"


# ---- Text -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a plan: what marks it as taken, the tree, the figures beside it."""

    mark: str
    figures: str
    tree: str

    def shown(self, width: int, *, mark: bool) -> str:
        start = f"{self.mark:2}" if mark else ""
        return f"{start}{self.tree:<{width}}  {self.figures}".rstrip() if self.figures else f"{start}{self.tree}"


def _head(graph: Graph, measured: NodeBounds, policy: str, input_tokens: int | None) -> str:
    for_input = "" if input_tokens is None else f" for an input of at most {input_tokens:,} tokens"
    lines = [f"plan of policy {policy}{for_input}", f"  {bounds_words(measured, input_tokens)}"]
    lines += [f"  {why}" for why in measured.unknown]
    for requirement in graph.requirements:
        if requirement.policy == policy:
            limit = requirement.input_tokens
            lines.append(f"  required: {require_wording(requirement)}{f' for input <= {limit:,}' if limit else ''}")
    return "\n".join(lines)


def _lines(
    row: Row,
    graph: Graph,
    bounds: Mapping[str, NodeBounds],
    chosen: Mapping[str, Decision],
    input_tokens: int | None,
) -> Iterable[_Line]:
    taken = _taken_rows(row, graph, chosen)
    gates = _gate_words(row, graph)
    for prefix, text, at in lines_of(row):
        figures = bounds_words(bounds[at.node], input_tokens) if at.node else gates.get(id(at), "")
        yield _Line(">" if id(at) in taken else "", figures, prefix + text)


def _taken_rows(row: Row, graph: Graph, chosen: Mapping[str, Decision]) -> set[int]:
    """The rows (by identity) that the decisions lead to."""
    found: set[int] = set()
    waiting = [row]
    while waiting:
        at = waiting.pop()
        waiting += at.rows
        inner = suffixes(graph, at.node)[1] if at.node else ""
        decision = chosen.get(inner)
        if decision is None:
            continue
        number = _row_number(graph, inner, decision)
        nodes = [child for child in at.rows if not child.gate]
        if number is not None and number < len(nodes):
            found.add(id(nodes[number]))
    return found


def _row_number(graph: Graph, id_: str, decision: Decision) -> int | None:
    """Which of a node's rows a decision takes."""
    node = graph.nodes[id_]
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


def _gate_words(row: Row, graph: Graph) -> dict[int, str]:
    """For each gate's row (by identity) what it evaluates, in order: the free checks, then the paid ones."""
    found: dict[int, str] = {}
    waiting = [row]
    while waiting:
        at = waiting.pop()
        waiting += at.rows
        node = graph.nodes[suffixes(graph, at.node)[1]] if at.node else None
        if isinstance(node, CascadeNode) and any(child.gate for child in at.rows):  # else it is drawn elsewhere
            gated = [(number, rung) for number, rung in enumerate(node.rungs, 1) if rung.until is not None]
            for child, (number, rung) in zip((child for child in at.rows if child.gate), gated, strict=True):
                idle = rung.paid and number == len(node.rungs) and node.otherwise == "last"
                words = "not asked: this answer stands either way"
                found[id(child)] = words if idle or rung.until is None else _order_words(graph, rung.until)
    return found


def _order_words(graph: Graph, gate: GraphExpr) -> str:
    uses = [graph.uses[id_] for id_ in uses_of(graph, [gate])]
    free = [use_wording(use, judged=True) for use in uses if use.calls == 0]
    paid = [f"{use_wording(use, judged=True)} ({_calls_words(use)})" for use in uses if use.calls != 0]
    first = f"free: {', '.join(free)}" if free else ""
    then = f"{'then ' if free else ''}paid: {', '.join(paid)}" if paid else ""
    return "  ".join(part for part in (first, then) if part)


def _calls_words(use: CatalogUse) -> str:
    return "an unknown number of calls" if use.calls is None else count(use.calls, "call")


def _why(decision: Decision, graph: Graph) -> str:
    """One line for a decision: what was chosen, and the signals that made it so."""
    node = graph.nodes[decision.node]
    taken = decision.taken
    if isinstance(node, RouteNode) and taken.isdigit() and int(taken) <= len(node.arms):
        taken = f"`{wording(node.arms[int(taken) - 1].condition, graph)}`"
    if isinstance(node, SplitNode) and taken:
        taken = f"the share of {share_wording(node.shares[int(taken) - 1].share)}"
    known = [
        f"{k.name} is {'unknown' if k.value is None else literal_wording(k.value)}"
        + (f" ({k.reason})" * bool(k.reason))
        for k in decision.signals
    ]
    told = {words for k in decision.signals for words in (k.reason, f"{k.name}: {k.reason}")}
    because = "; ".join([*known, *(words for words in decision.reason.split("; ") if words and words not in told)])
    to = f" -> {decision.to}" if decision.to else ""
    if not taken:
        return f"{decision.node} isn't decided yet" + (f": {because}" if because else "")
    return f"{decision.node} takes {taken}{to}" + (f", because {because}" if because else "")


# ---- JSON -------------------------------------------------------------------------------------------------------


def _bounds_json(measured: NodeBounds, input_tokens: int | None) -> dict[str, Any]:
    least, most = measured.cost_least, measured.cost_most
    line = None if most is None else most.line()
    return {
        "calls": {"least": measured.calls_least, "most": measured.calls_most},
        "cost_usd": {
            "least": None if least is None else {"fixed": least.fixed, "per_token": least.per_token},
            "most": None
            if most is None or line is None
            else {
                "fixed": line.fixed,
                "per_token": line.per_token,
                "at_input": None if input_tokens is None else most.at(input_tokens),
            },
        },
        "latency_s": {"least": 0.0, "most": measured.latency_most_s},
        "unknown": list(measured.unknown),
    }


def _reads_json(id_: str, graph: Graph) -> list[dict[str, Any]]:
    """What a node's own conditions may evaluate, in order; ``calls`` 0 is free."""
    uses = [graph.uses[use] for use in uses_of(graph, conditions(graph.nodes[id_]))]
    return [{"use": use.id, "words": use_wording(use), "kind": use.kind, "calls": use.calls} for use in uses]


def _root(graph: Graph, policy: str) -> str:
    root = graph.policies.get(policy)
    if root is None:
        there = ", ".join(f"`{name}`" for name in graph.policies) or "none"
        raise GraphError(f"there is no policy `{policy}`: the file has {there}")
    return root
