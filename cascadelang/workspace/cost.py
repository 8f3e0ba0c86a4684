"""What a policy costs: best, expected and worst, beside what else could be made of its parts.

Takes: a policy file, rates as they are stated or as they were recorded, a volume. Gives: a `Bill`. Guarantees: no
model is called; every rate that nobody stated stands in `Bill.assumed`; what isn't known is ``None``, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cascadelang.graph.spend import Reckoning
from cascadelang.graph.spend_rates import Rates, Stated, UnknownPlace, gated, rung_names, settle
from cascadelang.graph.variants import (
    answering,
    cascade_alone,
    has_cascade,
    has_router,
    one_model,
    router_alone,
)
from cascadelang.graph.wording import dollars, wording
from cascadelang.workspace.cost_rates import Asked, monthly, over, recorded, stated_rates, unknown_place
from cascadelang.workspace.mistake import Mistake, nearest

if TYPE_CHECKING:
    from cascadelang.graph.model import Graph, RouteNode

STEPS: Final = tuple(n / 20 for n in range(21))
"""The escalation rates of the table."""
_PARTS: Final = ("answers", "rejected", "judges", "classifiers", "shadows")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to answer the queries; dollars a query.

    Attributes:
        name: ``this policy``, ``router alone``, ``cascade alone`` or ``all:MODEL``.
        made: how it is made of the policy.
    """

    name: str
    made: str
    best_usd: float | None
    expected_usd: float | None
    worst_usd: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one model comes to in the policy, for one part of the cost: calls and dollars a query."""

    model: str
    part: str
    calls: float
    usd: float | None


@dataclass(frozen=True, slots=True)
class NodeShare:
    """What one node of the graph comes to, of itself: calls and dollars a query."""

    node: str
    model: str
    part: str
    calls: float
    usd: float | None


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate that was counted with. ``whence``: ``stated``, ``recorded`` or ``assumed``."""

    what: str
    share: float
    whence: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What `cost` shows.

    Attributes:
        per_month: how many queries a month.
        ways: this policy first.
        proved_usd: the most that bounds prove of a query of ``input_tokens``; ``None`` when unknown.
        shares: by model and part, the dearest first.
        nodes: the same by node of the graph, in the graph's order.
        top: the model that costs most when it answers everything.
        break_even: the escalation rate at which the policy costs what ``top`` does; ``None`` when there is none.
        break_even_words: that in words.
        sensitivity: escalation rate and dollars a query; every gate's rate is set to it.
        escalation: the rate that the policy's own gates have on the average; ``None`` without gates.
        rates, assumed, notes: what was counted with, what nobody stated, and what to know besides.
        recorded_runs, recorded_kept: the runs whose rates were taken, and how many of them are kept: fewer where the
            store keeps a sample. ``None`` where none were looked at.
    """

    policy: str
    path: str
    per_month: float
    ways: tuple[Way, ...]
    proved_usd: float | None
    input_tokens: int
    shares: tuple[Share, ...]
    nodes: tuple[NodeShare, ...]
    top: str
    break_even: float | None
    break_even_words: str
    sensitivity: tuple[tuple[float, float | None], ...]
    escalation: float | None
    rates: tuple[Rate, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...] = ()
    recorded_runs: float | None = None
    recorded_kept: int | None = None

    @property
    def recorded_words(self) -> str:
        """How many runs its rates are of; empty where none were looked at."""
        if self.recorded_runs is None or self.recorded_kept is None:
            return ""
        kept = f"{self.recorded_kept:,} recorded {'run' if self.recorded_kept == 1 else 'runs'}"
        if abs(self.recorded_runs - self.recorded_kept) < 0.5:
            return kept
        return f"{kept}, a sample that stands for {self.recorded_runs:,.0f}"

    @property
    def this(self) -> Way:
        """The policy itself."""
        return self.ways[0]


def bill(
    path: str,
    *,
    policy: str = "main",
    asked: Asked | None = None,
    volume: str = "1M/month",
    versus: Sequence[str] = (),
    from_traces: bool = False,
    since: str | None = None,
) -> Bill:
    """What a policy costs.

    Args:
        path: of a policy file or a graph file.
        policy: which one of the file.
        asked: the rates that are stated; they win over recorded ones.
        volume: how many queries come: ``1M/month``, ``20k/day``.
        versus: further ways to compare with: ``all:MODEL`` of any model that the file declares.
        from_traces: take the rates of what was recorded.
        since: of recorded runs, those of the last ``7d``, say.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when a rate can't be read, fits nothing, or nothing was recorded.
    """
    from cascadelang.workspace.load import load, policy_named

    loaded = load(path, to_look=True)
    graph = loaded.graph
    root = graph.policies[policy_named(graph, policy)]
    per_month = monthly(volume)
    stated = stated_rates(asked or Asked())
    counted, (runs, kept) = recorded(graph, root, path, policy, since) if from_traces else (Stated(), (None, None))
    try:
        rates = settle(graph, root, over(graph, counted, stated))
        own = Reckoning(graph, root, rates)
    except UnknownPlace as error:
        raise unknown_place(error) from None
    except RecursionError:
        raise Mistake(f"`{path}` is nested too deeply to be counted") from None
    notes = [f"`{node}` may stop at its limit of {dollars(usd)}: its expected cost is an estimate from above"
             for node, usd in own.capped.items()]  # fmt: skip
    notes += [f"the price of `{model}` isn't known: give it one, `price: $1 / $5`" for model in own.unpriced()]
    notes += [] if loaded.error is None else [f"the policy has errors: `cascadelang lint {path}` shows them"]
    ways = list(_ways(graph, root, own, rates, versus))
    singles = [way for way in ways if way.name.startswith("all:") and way.expected_usd is not None]
    top = max(singles, key=lambda way: way.expected_usd or 0.0, default=None)
    gates = gated(graph, root)
    sensitivity = [(step, _at(own, root, rates, step)) for step in STEPS] if gates else []
    even, words = _break_even(own, root, rates, top, gated_=bool(gates))
    tokens = int(max(size[0] for size in rates.tokens.values()) + 0.999)
    return Bill(
        policy,
        path,
        per_month,
        tuple(ways),
        _proved(own, root, tokens),
        tokens,
        _shares(graph, own),
        _nodes(graph, own),
        "" if top is None else top.name.removeprefix("all:"),
        even,
        words,
        tuple(sensitivity),
        _escalation(rates, gates),
        _rates(graph, rates, stated, counted),
        rates.assumed,
        tuple(notes),
        runs,
        kept,
    )


# ---- What it comes to -------------------------------------------------------------------------------------------


def _ways(graph: Graph, root: str, own: Reckoning, rates: Rates, versus: Sequence[str]) -> list[Way]:
    ways = [Way("this policy", "as it is written", *own.total())]
    router, cascade = has_router(graph, root), has_cascade(graph, root)
    if router and cascade:
        made = "the same choices; of every cascade its first rung (or the one `from` names) answers, unchecked"
        ways.append(Way("router alone", made, *Reckoning(router_alone(graph, root), root, rates).total()))
        made = "no choice is made: every query goes to the longest cascade, from its first rung"
        ways.append(Way("cascade alone", made, *Reckoning(cascade_alone(graph, root), root, rates).total()))
    wanted = [f"all:{name}" for name in answering(graph, root)]
    for one in versus:
        name = one.removeprefix("all:")
        if not one.startswith("all:") or name not in graph.models:
            meant = nearest(name, list(graph.models))
            help_ = f"did you mean `all:{meant}`?" if meant else "write `all:MODEL`, of a model of the file"
            raise Mistake(f"`--vs {one}` is nothing to compare with", help_, usage=True)
        wanted.append(one)
    singles = []
    for one in dict.fromkeys(wanted):
        name = one.removeprefix("all:")
        alone = Reckoning(one_model(graph, name), f"all.{name}", rates)
        singles.append(Way(one, f"`{name}` answers every query, unchecked", *alone.total()))
    return [*ways, *sorted(singles, key=lambda way: way.expected_usd or 0.0)]


def _at(own: Reckoning, root: str, rates: Rates, escalation: float) -> float | None:
    """The expected cost where every gate lets so many go on."""
    passes = dict.fromkeys(rates.passes, 1 - escalation)
    return Reckoning(own.graph, root, replace(rates, passes=passes), own.measure).total()[1]


def _break_even(
    own: Reckoning, root: str, rates: Rates, top: Way | None, *, gated_: bool
) -> tuple[float | None, str]:
    """The escalation rate at which the policy costs what the dearest model does, to a hundredth of a per cent."""
    if not gated_:
        return None, "nothing escalates in this policy"
    if top is None or top.expected_usd is None:
        return None, "not known: a price is missing"
    low, high = _at(own, root, rates, 0.0), _at(own, root, rates, 1.0)
    if low is None or high is None:
        return None, "not known: a price is missing"
    name = top.name.removeprefix("all:")
    if high <= top.expected_usd:
        return None, f"none: even when every answer is rejected, it costs no more than `{name}` for everything"
    if low >= top.expected_usd:
        return None, f"none: even when no answer is rejected, it costs no less than `{name}` for everything"
    below, above = 0.0, 1.0
    while above - below > 1e-5:
        middle = (below + above) / 2
        if (_at(own, root, rates, middle) or 0.0) < top.expected_usd:
            below = middle
        else:
            above = middle
    return above, f"at an escalation rate of {above:.1%} it costs what `{name}` for everything does"


def _proved(own: Reckoning, root: str, tokens: int) -> float | None:
    from cascadelang.graph.bounds import PLAIN

    most = own.measure.points[root, PLAIN].cost_most
    return None if most is None else most.at(tokens)


def _shares(graph: Graph, own: Reckoning) -> tuple[Share, ...]:
    sums: dict[tuple[str, str], list[float]] = {}
    for (_, model, kind), (calls, usd) in own.spent.items.items():
        total = sums.setdefault((model, str(kind)), [0.0, 0.0])
        total[0] += calls
        total[1] += usd
    found = []
    for (model, part), (calls, usd) in sums.items():
        known = model not in graph.models or graph.models[model].price is not None
        found.append(Share(model, part, calls, usd if known else None))
    return tuple(sorted(found, key=lambda one: (-(one.usd or 0.0), _PARTS.index(one.part), one.model)))


def _nodes(graph: Graph, own: Reckoning) -> tuple[NodeShare, ...]:
    order = {id_: at for at, id_ in enumerate(graph.nodes)}
    found = []
    for (node, model, part), (calls, usd) in own.spent.items.items():
        known = model not in graph.models or graph.models[model].price is not None
        found.append(NodeShare(node, model, part, calls, usd if known else None))
    return tuple(sorted(found, key=lambda one: (order[one.node], one.model, _PARTS.index(one.part))))


def _escalation(rates: Rates, gates: Sequence[tuple[str, int]]) -> float | None:
    """The plain average of the gates' rates."""
    found = [1 - rates.passes[gate] for gate in gates]
    return sum(found) / len(found) if found else None


def _rates(graph: Graph, rates: Rates, stated: Stated, counted: Stated) -> tuple[Rate, ...]:
    from cascadelang.graph.model import CascadeNode

    choices: dict[str, list[Rate]] = {}
    for (id_, arm), share in rates.mix.items():
        words = _arm_words(graph, id_, arm)
        named = (f"{id_}:{words}", words)
        whence = _whence(named, stated.mix, counted.mix)
        choices.setdefault(id_, []).append(Rate(f"{id_}: {words}", share, whence))
    found = [rate for rates_ in choices.values() for rate in _of_the_rest(rates_)]
    for (id_, number), share in rates.passes.items():
        node = graph.nodes[id_]
        assert isinstance(node, CascadeNode)  # noqa: S101 - only cascades have gates
        names = tuple(rung_names(graph, node, number))
        found.append(Rate(f"{id_}: `{names[0]}` passes", share, _whence(names, stated.passes, counted.passes)))
    for model, share in rates.fails.items():
        if share:
            found.append(Rate(f"a call of `{model}` fails", share, _whence((model,), stated.fails, counted.fails)))
    for id_, share in rates.slow.items():
        found.append(Rate(f"{id_}: the second starts", share, _whence((id_, "hedge"), stated.slow, counted.slow)))
    for id_, share in rates.hits.items():
        found.append(Rate(f"{id_}: there already", share, _whence((id_, "cached"), stated.hits, counted.hits)))
    return tuple(found)


def _whence(names: Sequence[str], stated: Mapping[str, Any], counted: Mapping[str, Any]) -> str:
    if any(name in stated for name in names):
        return "stated"
    return "recorded" if any(name in counted for name in names) else "assumed"


def _of_the_rest(found: Sequence[Rate]) -> list[Rate]:
    """The arms of one choice: where some are stated, the others share the rest."""
    known = any(rate.whence != "assumed" for rate in found)
    return [replace(rate, whence="the rest") if known and rate.whence == "assumed" else rate for rate in found]


def _arm_words(graph: Graph, id_: str, arm: str) -> str:
    from cascadelang.graph.model import RouteNode as Route

    node: RouteNode | Any = graph.nodes[id_]
    if isinstance(node, Route) and arm.isdigit():
        return wording(node.arms[int(arm) - 1].condition, graph)
    return arm
