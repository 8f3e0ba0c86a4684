"""The rates that a cost is counted with: as the command line states them, and as they were recorded.

Takes: words such as ``code=20%``; a trace store. Gives: `Stated`. Guarantees: what can't be read, or fits nothing, is
a `Mistake` that says what would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cascadelang.graph.spend_rates import Stated, UnknownPlace, rung_place, rungs
from cascadelang.graph.variants import answering
from cascadelang.workspace.mistake import Mistake, StoreMistake, nearest

if TYPE_CHECKING:
    from cascadelang.graph.model import Graph
    from cascadelang.trace.rates import Recorded
    from cascadelang.trace.sql import Where

MONTH_H: Final = 365 * 24 / 12
"""A month, in hours."""

Came = Mapping[tuple[str, str], tuple[float, float]]
"""By a cascade and what events call its rung: how many answers it gave, and how many weren't good enough."""

_FOREVER_S: Final = 1e11
_HOURS: Final = {"hour": 1.0, "day": 24.0, "week": 168.0, "month": MONTH_H, "year": 12 * MONTH_H}
_TIMES: Final = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line states, as it is written there; each may be given more than once."""

    mix: Sequence[str] = field(default_factory=tuple)
    passes: Sequence[str] = field(default_factory=tuple)
    fails: Sequence[str] = field(default_factory=tuple)
    slow: Sequence[str] = field(default_factory=tuple)
    hits: Sequence[str] = field(default_factory=tuple)
    tokens: Sequence[str] = field(default_factory=tuple)


# ---- What is stated ---------------------------------------------------------------------------------------------


def monthly(volume: str) -> float:
    """Queries a month of ``1M/month``, ``20k/day``, ``500``.

    Raises:
        Mistake: when it says none.
    """
    found = re.fullmatch(r"(\d[\d_,]*(?:\.\d+)?)([kKmMbB]?)(?:/(\w+))?", volume.strip())
    hours = _HOURS.get((found[3] or "month").removesuffix("s")) if found else None
    if found is None or hours is None:
        help_ = "write `1M/month`, `20k/day` or `300/hour`; there are hour, day, week, month and year"
        raise Mistake(f"`--volume {volume}` is no volume", help_, usage=True)
    number = float(found[1].replace(",", "").replace("_", "")) * _TIMES[found[2].lower()]
    if number > 1e15:
        raise Mistake(f"`--volume {volume}` is more than can be counted", usage=True)
    return number * MONTH_H / hours


def stated_rates(asked: Asked) -> Stated:
    """What is stated, read.

    Raises:
        Mistake: when something can't be read.
    """
    tokens: dict[str, tuple[float, float]] = {}
    for words in (one for given in asked.tokens for one in given.split(",") if one.strip()):
        name, _, size = words.rpartition("=")
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([kK]?)/(\d+(?:\.\d+)?)([kK]?)", size.strip())
        if found is None:
            help_ = "write `800/300`: tokens of a query and of an answer; or `haiku=800/200` for one model"
            raise Mistake(f"`--tokens {words}` is no size of a query and an answer", help_, usage=True)
        tokens[name.strip()] = (
            float(found[1]) * _TIMES[found[2].lower()],
            float(found[3]) * _TIMES[found[4].lower()],
        )
    return Stated(
        mix=_shares_said(asked.mix, "--mix", "code=20%"),
        passes=_shares_said(asked.passes, "--pass", "haiku=60%"),
        fails=_shares_said(asked.fails, "--fail", "haiku=1%"),
        slow=_shares_said(asked.slow, "--slow", "hedge=5%"),
        hits=_shares_said(asked.hits, "--hits", "cached=30%"),
        tokens=tokens,
    )


def _shares_said(given: Sequence[str], option: str, example: str) -> dict[str, float]:
    """``code=20%,chat=0.5``; a name may hold a comma or an equals sign of its own."""
    found: dict[str, float] = {}
    for words in given:
        at = 0
        text = words.strip().rstrip(",")
        for match in re.finditer(r"=\s*(\d+(?:\.\d+)?)\s*(%?)\s*(?:,|$)", text):
            name = text[at : match.start()].strip()
            share = float(match[1]) / (100 if match[2] else 1)
            if not name or share > 1:
                break
            if name in found:
                raise Mistake(f"`{option}` says `{name}` twice", usage=True)
            found[name] = share
            at = match.end()
        if at != len(text) or not text:
            raise Mistake(
                f"`{option} {words}` can't be read", f"write `{option} {example}`: shares of 100%", usage=True
            )
    return found


def over(graph: Graph, counted: Stated, stated: Stated) -> Stated:
    """What is stated, over what was recorded; the arms of a choice of which one is stated share what it leaves."""
    names = rungs(graph, list(graph.nodes))
    passes = {place: share for place, share in counted.passes.items() if not stated.passes.keys() & names[place]}
    hits = {} if "cached" in stated.hits else counted.hits
    return Stated(
        {**_left(counted.mix, stated.mix), **stated.mix},
        {**passes, **stated.passes},
        {**counted.fails, **stated.fails},
        {**counted.slow, **stated.slow},
        {**hits, **stated.hits},
        stated.tokens or counted.tokens,
        counted.asking,
        whole=counted.whole and not stated.tokens,
    )


def _left(counted: Mapping[str, float], stated: Mapping[str, float]) -> dict[str, float]:
    """The recorded shares, by ``NODE:words``, of the arms that aren't stated, with room for those that are."""
    taken: dict[str, float] = {}
    kept: dict[str, float] = {}
    for name in counted:
        node, _, words = name.partition(":")
        said = stated.get(name, stated.get(words))
        if said is None:
            kept[node] = kept.get(node, 0.0) + counted[name]
        else:
            taken[node] = taken.get(node, 0.0) + said
    found = {}
    for name, share in counted.items():
        node, _, words = name.partition(":")
        if name in stated or words in stated:
            continue
        room = max(0.0, 1 - taken.get(node, 0.0))
        found[name] = (
            share * room / kept[node] if kept[node] else room / sum(n.startswith(f"{node}:") for n in counted)
        )
    return found


def unknown_place(error: UnknownPlace) -> Mistake:
    """The mistake that a rate for nothing is, with what was probably meant."""
    if not error.name:
        return Mistake(str(error), usage=True)
    meant = nearest(error.name, error.names)
    names = ", ".join(f"`{name}`" for name in error.names[:12])
    help_ = f"did you mean `{meant}`?" if meant else f"there are {names}" if names else ""
    return Mistake(str(error), help_, usage=True)


# ---- What was recorded ------------------------------------------------------------------------------------------


def recorded(graph: Graph, root: str, path: str, policy: str, since: str | None) -> tuple[Stated, tuple[float, int]]:
    """The rates of recorded runs, how many those are, and how many of them are kept.

    Raises:
        Mistake: when there are none, or the store can't be read.
    """
    from cascadelang.trace.query import StoreUnusable, policy_paths
    from cascadelang.trace.rates import recorded_rates
    from cascadelang.workspace.policy_file import RecordedFiles
    from cascadelang.workspace.traces import store_of, wall_s_of

    first = 0.0 if since is None else wall_s_of(since)
    files = RecordedFiles(file=path)
    try:
        found = recorded_rates(store_of(path), policy, files.is_file, first)
        came = {} if found is None else came_to_rungs(store_of(path), policy, files.is_file, first)
        elsewhere = "" if found is not None else files.elsewhere(policy_paths(store_of(path)))
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None
    if found is None:
        raise Mistake(
            f"no run of `{policy}` is recorded{f' since {since}' if since else ''}",
            elsewhere or "state rates instead (`--mix`, `--pass`, `--tokens`), or run it first",
        )
    return counted_rates(graph, root, found, came), (found.runs, found.kept)


def came_to_rungs(where: Where, policy: str, wanted: Callable[[str], bool], since_wall_s: float = 0.0) -> Came:
    """How many answers each rung gave, and how many of them weren't good enough, as the statistics tell it.

    Raises:
        StoreUnusable: if it can't be read as a trace store.
    """
    from cascadelang.stats.count import count
    from cascadelang.stats.sums import Window, sums_of_window
    from cascadelang.trace.sql import reading

    with reading(where) as store:
        many = (
            []
            if store is None
            else sums_of_window(
                store,
                Window(since_wall_s, _FOREVER_S),
                lambda name, path: name == policy and wanted(path),
                lambda _: policy,
            )
        )
    came: dict[tuple[str, str], tuple[float, float]] = {}
    for rung in (one for sums in many for one in count(sums).rungs):
        unmet = rung.because.get("unmet", 0.0)
        came[rung.node, rung.name] = (rung.entered - (rung.left - unmet), unmet)
    return came


def counted_rates(graph: Graph, root: str, found: Recorded, came: Came | None = None) -> Stated:
    """Recorded counts as rates of the places of a graph; what the graph doesn't have any more is left out."""
    from cascadelang.graph.model import CachedNode
    from cascadelang.graph.outline import suffixes
    from cascadelang.graph.spend_rates import arms
    from cascadelang.graph.walk import in_order

    reached = in_order(graph, [root])
    mix: dict[str, float] = {}
    for id_, ways in arms(graph, reached).items():
        counts = [found.arms.get((id_, arm.arm), 0.0) for arm in ways]
        if sum(counts):
            mix.update({f"{id_}:{a.words}": n / sum(counts) for a, n in zip(ways, counts, strict=True)})
    passes = _passes(graph, reached, found, came or {})
    fails = _fails(answering(graph, root), found)
    said = [root]
    while said[-1] != suffixes(graph, root)[1]:
        said.append(graph.nodes[said[-1]].child)  # type: ignore[union-attr]
    hits = {id_: found.hits.get(id_, 0.0) / found.runs for id_ in said if isinstance(graph.nodes[id_], CachedNode)}
    known = {name: size for name, size in found.tokens.items() if name in graph.models}
    tokens = {name: size for name, size in known.items() if name in set(answering(graph, root))}
    if known:  # what was never called is taken to be asked what the others were
        total = sum(found.calls.get(name, 1.0) for name in known)
        tokens[""] = (
            sum(found.calls.get(name, 1.0) * size[0] for name, size in known.items()) / total,
            sum(found.calls.get(name, 1.0) * size[1] for name, size in known.items()) / total,
        )
    return Stated(mix, passes, fails, {}, hits, tokens, found.asking, whole=bool(known))


def _passes(graph: Graph, reached: Sequence[str], found: Recorded, came: Came) -> dict[str, float]:
    """By a rung's place.

    A verdict says whose answer it is of, not at which rung: where the same model may answer at another one, too, what
    counts is how many came to the rung, and how many went on from it. Rungs that are one model are counted together.
    """
    from cascadelang.graph.model import CascadeNode
    from cascadelang.graph.outline import told_as

    passes: dict[str, float] = {}
    for id_ in reached:
        node = graph.nodes[id_]
        if not isinstance(node, CascadeNode):
            continue
        models = [_models_below(graph, rung.node) for rung in node.rungs]
        told = [told_as(graph, rung.node) for rung in node.rungs]
        for number, own in enumerate(models):
            passed = sum(found.checks.get((id_, model, True), 0.0) for model in own)
            failed = sum(found.checks.get((id_, model, False), 0.0) for model in own)
            shared = any(own & others for at, others in enumerate(models) if at != number)
            if shared and told.count(told[number]) == 1 and number + 1 < len(models):
                answered, failed = came.get((id_, told[number]), (passed + failed, failed))
                passed = max(0.0, answered - failed)
            if passed + failed:
                passes[rung_place(id_, number)] = passed / (passed + failed)
    return passes


def _models_below(graph: Graph, id_: str) -> set[str]:
    """The models that may answer at a node."""
    from cascadelang.graph.model import CallNode
    from cascadelang.graph.walk import in_order

    below = (graph.nodes[one] for one in in_order(graph, [id_]))
    return {one.model for one in below if isinstance(one, CallNode)}


def _fails(models: Sequence[str], found: Recorded) -> dict[str, float]:
    """By model: what failed and wasn't tried again, of all calls that were done with."""
    fails: dict[str, float] = {}
    for model in models:
        lost = max(0.0, found.failures.get(model, 0.0) - found.retries.get(model, 0.0))
        if calls := found.calls.get(model, 0.0) + lost:
            fails[model] = lost / calls
    return fails
