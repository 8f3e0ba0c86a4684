"""How often each way of a policy is taken, and how long its calls are: what an expected cost is counted with.

Takes: a graph, and shares by the names that people have for its parts. Gives: `Rates`, in which every place has one,
and what was assumed for those that nobody stated. Guarantees: nothing is assumed without saying so; a name that fits
nothing is told, with all that would fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from cascadelang.graph.model import (
    CachedNode,
    CallNode,
    CascadeNode,
    Graph,
    HedgeNode,
    RouteByNode,
    RouteNode,
)
from cascadelang.graph.outline import suffixes
from cascadelang.graph.walk import in_order, uses_of
from cascadelang.graph.wording import wording
from cascadelang.source.frozen import dataclass

INPUT_TOKENS: Final = 800
OUTPUT_TOKENS: Final = 300
PASSES: Final = 0.5
SLOW: Final = 0.05
"""What is assumed of what nobody states: of a query's tokens, an answer's, a gate, and a hedge's first call."""

ELSE: Final = "else"


class UnknownPlace(Exception):  # noqa: N818 - it names what is so
    """A rate was stated for something that the policy doesn't have, or that can't be so.

    ``name`` is what was said, ``names`` all that would have fitted; without any, ``str()`` says what is wrong.
    """

    def __init__(self, message: str, name: str = "", names: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody stated or recorded, by name; shares from 0 to 1.

    Attributes:
        mix: of a choice: by what its condition, label or number is, or that behind ``NODE:``.
        passes: by the name of a rung, its node's id or its place: the share of its answers that pass its gate.
        fails: by model: the share of its calls that fail, retries and all.
        slow: by the id of a hedge, or ``hedge`` for all: how often its second is started.
        hits: by the id of a cached node, or ``cached`` for all: how often there is an answer already.
        tokens: by model, "" for all: tokens of the caller's query and of an answer.
        asking: by model: tokens in and out of a call that judges or classifies.
        whole: `tokens` hold all of a request, system prompt and what is carried included, as a record does.
    """

    mix: Mapping[str, float] = field(default_factory=dict)
    passes: Mapping[str, float] = field(default_factory=dict)
    fails: Mapping[str, float] = field(default_factory=dict)
    slow: Mapping[str, float] = field(default_factory=dict)
    hits: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    asking: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """A rate for every place of a policy.

    Attributes:
        mix: by node id and arm: the number from 1, the label, or ``else``; a node's add up to 1.
        passes: by the id of a cascade and the number of a rung, from 0.
        fails: by model; slow, hits: by node id.
        tokens, asking, whole: as in `Stated`; the one of "" is there.
        assumed: in words, what nobody stated.
    """

    mix: Mapping[tuple[str, str], float]
    passes: Mapping[tuple[str, int], float]
    fails: Mapping[str, float]
    slow: Mapping[str, float]
    hits: Mapping[str, float]
    tokens: Mapping[str, tuple[float, float]]
    asking: Mapping[str, tuple[float, float]]
    whole: bool
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Arm:
    node: str
    arm: str
    words: str


def settle(graph: Graph, root: str, stated: Stated) -> Rates:
    """A rate for every place that is reached from ``root``.

    Raises:
        UnknownPlace: when something stated fits nothing, or shares of one choice add up to more than 1.
    """
    reached = in_order(graph, [root])
    assumed: list[str] = []
    mix = _mix(graph, reached, stated.mix, assumed)
    passes = _passes(graph, reached, stated.passes, assumed)
    models = _models(graph, reached)
    _known(stated.fails, models, "model")
    fails = {name: stated.fails.get(name, 0.0) for name in models}
    if not stated.fails:
        assumed.append("no call fails, and none is tried again")
    nodes = [graph.nodes[id_] for id_ in reached]
    slow = _by_node([n.id for n in nodes if isinstance(n, HedgeNode)], stated.slow, "hedge", SLOW, assumed)
    hits = _by_node([n.id for n in nodes if isinstance(n, CachedNode)], stated.hits, "cached", 0.0, assumed)
    _known({name: 0.0 for name in stated.tokens if name}, models, "model")
    tokens = dict(stated.tokens)
    if "" not in tokens:
        if set(models) - set(tokens):
            assumed.append(f"a query of {INPUT_TOKENS:,} tokens, and answers of {OUTPUT_TOKENS:,}")
        tokens[""] = (float(INPUT_TOKENS), float(OUTPUT_TOKENS))
    asking = {name: size for name, size in stated.asking.items() if name in models}
    return Rates(mix, passes, fails, slow, hits, tokens, asking, stated.whole, tuple(assumed))


def gated(graph: Graph, root: str) -> list[tuple[str, int]]:
    """The rungs reached from ``root`` behind whose gate something comes: cascade id and number, from 0."""
    return [(node.id, number) for node, number in _gates(graph, in_order(graph, [root]))]


def rung_place(cascade: str, number: int) -> str:
    """Where a rung stands, numbers from 0: ``main.else.rung1``, also where its node is a tier that others share."""
    return f"{cascade}.rung{number + 1}"


def rung_names(graph: Graph, cascade: CascadeNode, number: int) -> list[str]:
    """What people may call a rung: the model, tier or policy that it is; its node's id, and its place, always."""
    id_ = cascade.rungs[number].node
    inner = suffixes(graph, id_)[1]
    node = graph.nodes[inner]
    names = [node.model] if isinstance(node, CallNode) else []
    names += [inner.removeprefix(start) for start in ("tier.", "policy.") if inner.startswith(start)]
    return list(dict.fromkeys([*names, id_, rung_place(cascade.id, number)]))


def rungs(graph: Graph, reached: Sequence[str]) -> dict[str, list[str]]:
    """The rungs of the cascades among these nodes: by place, what people may call them."""
    cascades = [node for node in map(graph.nodes.__getitem__, reached) if isinstance(node, CascadeNode)]
    return {rung_place(c.id, at): rung_names(graph, c, at) for c in cascades for at in range(len(c.rungs))}


def arms(graph: Graph, reached: Sequence[str]) -> dict[str, list[_Arm]]:
    """The choices among these nodes, each with its arms: key and words."""
    found: dict[str, list[_Arm]] = {}
    for id_ in reached:
        node = graph.nodes[id_]
        if isinstance(node, RouteNode):
            said = [(str(n), wording(arm.condition, graph)) for n, arm in enumerate(node.arms, 1)]
            said.append((ELSE, ELSE))
        elif isinstance(node, RouteByNode):
            said = [(label, label) for label in node.arms]
            said += [] if node.otherwise is None else [(ELSE, ELSE)]
        elif isinstance(node, CascadeNode) and node.start is not None:
            said = [(label, label) for label in node.start_at]
        else:
            continue
        found[id_] = [_Arm(id_, key, words) for key, words in said]
    return found


def _mix(
    graph: Graph, reached: Sequence[str], stated: Mapping[str, float], assumed: list[str]
) -> dict[tuple[str, str], float]:
    """The share of each arm: as stated; what is left of a choice is spread evenly over its other arms."""
    choices = arms(graph, reached)
    every = [arm for found in choices.values() for arm in found]
    _known(stated, [name for arm in every for name in (arm.words, f"{arm.node}:{arm.words}")], "arm")
    shares: dict[tuple[str, str], float] = {}
    for id_, found in choices.items():
        known = {
            arm.arm: share
            for arm in found
            if (share := stated.get(f"{id_}:{arm.words}", stated.get(arm.words))) is not None
        }
        total, open_ = sum(known.values()), [arm for arm in found if arm.arm not in known]
        if total > 1 + 1e-9 or (not open_ and total < 1 - 1e-9):
            raise UnknownPlace(f"the shares of `{id_}` add up to {100 * total:.4g}%, and have to add up to 100%")
        each = max(0.0, 1 - total) / len(open_) if open_ else 0.0
        if len(open_) > 1 or (open_ and not known):
            words = ", ".join(f"`{arm.words}`" for arm in open_)
            assumed.append(f"at `{id_}`, {words} {'take' if len(open_) > 1 else 'takes'} {each:.4g} of it each")
        shares.update({(id_, arm.arm): known.get(arm.arm, each) for arm in found})
    return shares


def _gates(graph: Graph, reached: Sequence[str]) -> Iterator[tuple[CascadeNode, int]]:
    """The rungs whose gate changes what is called next."""
    for id_ in reached:
        node = graph.nodes[id_]
        if isinstance(node, CascadeNode):
            for number, rung in enumerate(node.rungs):
                last = number + 1 == len(node.rungs)
                if rung.until is not None and (not last or node.otherwise in ("node", "fail")):
                    yield node, number


def _passes(
    graph: Graph, reached: Sequence[str], stated: Mapping[str, float], assumed: list[str]
) -> dict[tuple[str, int], float]:
    """The share of each gate."""
    _known(stated, [name for names in rungs(graph, reached).values() for name in names], "rung")
    found: dict[tuple[str, int], float] = {}
    for node, number in _gates(graph, reached):
        names = rung_names(graph, node, number)
        said = next((stated[name] for name in reversed(names) if name in stated), None)
        if said is None:
            assumed.append(f"{PASSES:.0%} of the answers of `{names[0]}` pass in `{node.id}`")
        found[node.id, number] = PASSES if said is None else said
    return found


def _by_node(
    ids: Sequence[str], stated: Mapping[str, float], word: str, otherwise: float, assumed: list[str]
) -> dict[str, float]:
    _known(stated, [*ids, *([word] if ids else [])], word)
    found = {}
    for id_ in ids:
        said = stated.get(id_, stated.get(word))
        if said is None:
            what = (
                f"{otherwise:.0%} of the queries start the second of" if word == "hedge" else "nothing is cached at"
            )
            assumed.append(f"{what} `{id_}`")
        found[id_] = otherwise if said is None else said
    return found


def _models(graph: Graph, reached: Sequence[str]) -> list[str]:
    """The models that these nodes may call, for an answer or beside one."""
    found: dict[str, None] = {}
    from cascadelang.graph.walk import conditions

    for id_ in reached:
        node = graph.nodes[id_]
        if isinstance(node, CallNode):
            found[node.model] = None
    for id_ in reached:
        for use in uses_of(graph, conditions(graph.nodes[id_])):
            entry = graph.uses[use]
            found.update(dict.fromkeys(str(entry.args[name]) for name in entry.model_args))
    return list(found)


def _known(stated: Mapping[str, float], names: Sequence[str], what: str) -> None:
    """Hold that everything stated fits something.

    Raises:
        UnknownPlace: if it doesn't.
    """
    for name in stated:
        if name not in names:
            raise UnknownPlace(f"the policy has no {what} `{name}`", name, list(dict.fromkeys(names)))
