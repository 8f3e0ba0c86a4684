"""What changes in the strategies of two graphs.

Takes: a `Match`, and pairs of nodes. Gives: a `Change` for each thing that differs. Guarantees: what means the same
isn't looked into; a tier or policy that several parts share is compared once; each change can be taken back by
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cascadelang.graph import model as g
from cascadelang.graph.diff.align import anchored, out_of_order, same_ones
from cascadelang.graph.diff.match import Match, Side
from cascadelang.graph.diff.model import Change, Revert, What
from cascadelang.graph.diff.revert import (
    SUFFIXES,
    dropped,
    facet_back,
    gate_back,
    inner_of,
    put_back,
    put_in,
    suffix_back,
    together,
)
from cascadelang.graph.walk import children, in_order
from cascadelang.graph.wording import (
    cached_wording,
    limits_wording,
    literal_wording,
    order_wording,
    seconds,
    share_wording,
    wording,
)
from cascadelang.source.frozen import dataclass

_MOST_NAMED = 4
"""Parts of a strategy that are named in words."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a node where another one stands.

    Attributes:
        words: what the place is called: ``arm `code```, ``rung 2``.
        child: the id of the node in it.
        key: what tells it from the others, where it isn't its position.
        at: what stands beside the child: the gate of a rung, the share of a split.
        part: the arm, rung or share itself, where the node holds one.
    """

    words: str
    child: str
    key: Any = None
    at: Any = None
    part: Any = None


class Strategies:
    """Compares nodes; `changes` grows."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.changes: list[Change] = []
        self._seen: set[tuple[str, str]] = set()
        self._waiting: list[tuple[str, str, str]] = []

    def compare(self, old: str, new: str, where: str) -> None:
        """Tell what changes from one node to another, and in all that these lead to."""
        self._waiting = [(old, new, where)]
        while self._waiting:
            mark = len(self._waiting) - 1
            self._pair(*self._waiting.pop())
            self._waiting[mark:] = reversed(self._waiting[mark:])  # what it leads to comes next, in order

    def _pair(self, old: str, new: str, where: str) -> None:
        if self.match.node("old", old) == self.match.node("new", new):
            self._dealt(old, new, where)
            return
        where = _own_name(self.match.new, new) or where
        if (old, new) in self._seen:
            return
        self._seen.add((old, new))
        old_inner, new_inner = inner_of(self.match.old, old), inner_of(self.match.new, new)
        self._suffixes(old, new, old_inner, new_inner, where)
        if self.match.node("old", old_inner) == self.match.node("new", new_inner):
            self._dealt(old_inner, new_inner, where)
            return
        was, is_ = self.match.old.nodes[old_inner], self.match.new.nodes[new_inner]
        if isinstance(was, g.CallNode) or was.kind != is_.kind:
            self._replaced(old_inner, new_inner, where)
            return
        self._facets(was, is_, where)
        self._slots(was, is_, where)

    def _replaced(self, old: str, new: str, where: str) -> None:
        """Tell that another kind of strategy, or another model, stands here; perhaps with the old one in it."""
        depth = 0 if _own_name(self.match.new, new) == where else 1
        was, is_ = self.match.old.nodes[old], self.match.new.nodes[new]
        kept = [
            s for s in slots(is_, self.match, "new") if self.match.node("new", s.child) == self.match.node("old", old)
        ]
        words = f"is now {self.said('new', new, depth)}, it was {self.said('old', old, depth)}"
        if kept:
            words = f"is now {self.said('new', new, depth)}, with what it was as {kept[0].words}"
        self._tell("changed", where, words, old, new, put_back(new, was))
        if kept:
            self._dealt(old, kept[0].child, where)

    # ---- Suffixes -----------------------------------------------------------------------------------------------

    def _suffixes(self, old: str, new: str, old_inner: str, new_inner: str, where: str) -> None:
        was, is_ = _settings(self.match.old, old, old_inner), _settings(self.match.new, new, new_inner)
        for name in dict.fromkeys((*is_, *was)):
            (had, before), (has, now) = was.get(name, (None, None)), is_.get(name, (None, None))
            if had == has:
                continue
            if now is None:
                words = f"has no `{before}` any more"
            else:
                words = f"has `{now}`" + (f", it was `{before}`" if before else ", which is new")
            what: What = "removed" if now is None else "changed" if before else "added"
            revert = suffix_back(self.match, name, old, new)
            self.changes.append(Change("strategy", what, where, words, before, now, revert))

    # ---- What a node says itself --------------------------------------------------------------------------------

    def _facets(self, was: g.GraphNode, is_: g.GraphNode, where: str) -> None:
        for name, old in _own(was, self.match, "old").items():
            new = _own(is_, self.match, "new")[name]
            if old[0] == new[0]:
                continue
            verb, before, now = new[1], old[2], new[2]
            words = f"{verb} {now}, it was {before}" if now and before else f"{verb} {now}, which is new"
            words = words if now else f"{verb} {before} no more"
            revert = facet_back(is_.id, name, was)
            self.changes.append(Change("strategy", "changed", where, words, before or None, now or None, revert))

    # ---- Its parts ----------------------------------------------------------------------------------------------

    def _slots(self, was: g.GraphNode, is_: g.GraphNode, where: str) -> None:
        olds, news = slots(was, self.match, "old"), slots(is_, self.match, "new")
        pairs = self._pairs(olds, news)
        gone = [n for n in range(len(olds)) if all(n != before for before, _ in pairs)]
        come = [n for n in range(len(news)) if all(n != now for _, now in pairs)]
        for number in gone:
            slot = olds[number]
            words = f"{slot.words}, {self.said('old', slot.child)}, is gone"
            self._tell("removed", where, words, slot.child, None, put_in(is_.id, was, number))
        for number in come:
            slot = news[number]
            words = f"{slot.words}, {self.said('new', slot.child)}, is new"
            self._tell("added", where, words, None, slot.child, dropped(is_.id, number))
        self._moved(was, olds, news, pairs, where)
        self._beside(is_.id, [(now, olds[before], news[now]) for before, now in pairs], where)
        for before, now in pairs:
            old, new = olds[before], news[now]
            place = f"{where}, {new.words}" if where else new.words
            if old.key is not None and old.key != new.key:
                words = f"{old.words} is now {new.words}"
                if old.words == new.words:
                    words = f"{new.words} is as it was, with other arguments"
                self._tell("changed", where, words, old.child, new.child, None)
            self._waiting.append((old.child, new.child, place))

    def _pairs(self, olds: list[Slot], news: list[Slot]) -> list[tuple[int, int]]:
        """Which slots are which: those with keys by their keys, then by what is in them, the others by position."""
        keyed = same_ones(
            [(n, slot.key) for n, slot in enumerate(olds) if slot.key is not None],
            [(n, slot.key) for n, slot in enumerate(news) if slot.key is not None],
        )
        arms_old = [n for n, s in enumerate(olds) if _is_arm(s) and all(n != before for before, _ in keyed)]
        arms_new = [n for n, s in enumerate(news) if _is_arm(s) and all(n != now for _, now in keyed)]
        keyed += same_ones(
            [(n, self.match.node("old", olds[n].child)) for n in arms_old],
            [(n, self.match.node("new", news[n].child)) for n in arms_new],
        )
        left_old = [n for n, slot in enumerate(olds) if slot.key is None]
        left_new = [n for n, slot in enumerate(news) if slot.key is None]
        was = [self.match.node("old", olds[n].child) for n in left_old]
        is_ = [self.match.node("new", news[n].child) for n in left_new]
        gates = [[self._gate("old", olds[n]) for n in left_old], [self._gate("new", news[n]) for n in left_new]]
        placed = anchored(was, is_, list(zip(was, gates[0], strict=True)), list(zip(is_, gates[1], strict=True)))
        return sorted([*keyed, *((left_old[a], left_new[b]) for a, b in placed)], key=lambda pair: pair[1])

    def _gate(self, side: Side, slot: Slot) -> object:
        """What stands beside a child, as a value to compare."""
        return self.match.expr(side, slot.part.until) if isinstance(slot.part, g.GraphRung) else slot.at

    def _moved(
        self, was: g.GraphNode, olds: list[Slot], news: list[Slot], pairs: list[tuple[int, int]], where: str
    ) -> None:
        if isinstance(was, (g.RouteByNode, g.SplitNode)):
            return
        order = dict(pairs)
        for before in sorted(out_of_order([before for before, _ in pairs])):
            slot = news[order[before]]
            words = f"{self.said('new', slot.child)} is {slot.words} now, it was {olds[before].words}"
            if _is_arm(slot):
                first = order[before] == 0
                words = f"{slot.words} stands {'first' if first else f'behind {news[order[before] - 1].words}'} now"
            self._tell("moved", where, words, olds[before].child, slot.child, None)

    def _beside(self, id_: str, places: list[tuple[int, Slot, Slot]], where: str) -> None:
        """The gates of rungs, those that changed alike together, and the sizes of shares."""
        alike: dict[tuple[int, int], list[tuple[int, Slot, Slot]]] = {}
        for number, old, new in places:
            if isinstance(new.part, g.GraphRung):
                key = (self.match.expr("old", old.part.until), self.match.expr("new", new.part.until))
                if key[0] != key[1]:
                    alike.setdefault(key, []).append((number, old, new))
            elif old.at != new.at:
                words = f"{new.words} to {self.said('new', new.child)}, it was {old.words}"
                self.changes.append(Change("strategy", "changed", where, words, old.words, new.words))
        for group in alike.values():
            self._gates(id_, group, where)

    def _gates(self, id_: str, group: list[tuple[int, Slot, Slot]], where: str) -> None:
        was, is_ = group[0][1].part.until, group[0][2].part.until
        before = None if was is None else wording(was, self.match.old, judged=True)
        now = None if is_ is None else wording(is_, self.match.new, judged=True)
        names = [new.words for _, _, new in group]
        who, verb = names[0], "has"
        if len(names) > 1:
            who, verb = f"rungs {', '.join(n.removeprefix('rung ') for n in names[:-1])} and {names[-1][5:]}", "have"
        words = f"{who} {verb} to pass `{now}`" + (f", it was `{before}`" if before else ", which is new")
        if before == now:
            words = f"{who} {verb} to pass `{now}` as it was, with other arguments"
        words = words if now is not None else f"{who} {verb} no `until` any more, it was `{before}`"
        what: What = "removed" if now is None else "added" if before is None else "changed"
        reverts = [gate_back(id_, number, old.part) for number, old, _ in group]
        self.changes.append(Change("strategy", what, where, words, before, now, together(reverts)))

    def _dealt(self, old: str, new: str, where: str) -> None:
        """Tell where a split deals its keys anew: they are dealt by its place in the policy."""
        for was, is_ in zip(_splits(self.match.old, old), _splits(self.match.new, new), strict=False):
            if was.by is not None and was.id != is_.id and (was.id, is_.id) not in self._seen:
                self._seen.add((was.id, is_.id))
                words = f"the split deals its keys anew: it stands at `{is_.id}`, it was at `{was.id}`"
                self._tell("moved", _own_name(self.match.new, new) or where, words, was.id, is_.id, None)

    def _tell(  # noqa: PLR0917 - both sides of a change
        self, what: What, where: str, words: str, old: str | None, new: str | None, revert: Revert | None
    ) -> None:
        before = None if old is None else self.said("old", old)
        now = None if new is None else self.said("new", new)
        self.changes.append(Change("strategy", what, where, words, before, now, revert))

    def said(self, side: Side, id_: str, depth: int = 1) -> str:
        """A node in a few words: ```opus```, ```cascade [haiku, opus]```."""
        graph = self.match.old if side == "old" else self.match.new
        words = _brief(graph, id_, depth)
        return f"`{words}`" if not words.startswith("a ") else words


# ---- Nodes in words ---------------------------------------------------------------------------------------------


def _brief(graph: g.Graph, id_: str, depth: int = 0) -> str:
    name = _own_name(graph, id_)
    if name and depth:
        return name.removeprefix("tier ")
    node = graph.nodes[inner_of(graph, id_)]
    if isinstance(node, g.CallNode):
        return node.model
    if isinstance(node, (g.CascadeNode, g.FallbackNode)) and depth < 2:
        parts = [r.node for r in node.rungs] if isinstance(node, g.CascadeNode) else node.members
        shown = [_brief(graph, part, depth + 1) for part in parts[:_MOST_NAMED]]
        return f"{node.kind} [{', '.join(shown)}{', …' if len(parts) > _MOST_NAMED else ''}]"
    if isinstance(node, g.HedgeNode) and depth < 2:
        first, second = (_brief(graph, part, depth + 1) for part in (node.first, node.second))
        return f"hedge {first} after {seconds(node.after_s)} with {second}"
    kind = {"route_by": "route by label"}.get(node.kind, node.kind)
    return f"a {kind} of {len(children(node))} ways"


def _own_name(graph: g.Graph, id_: str) -> str:
    """What a shared node is called: a policy, a tier; empty for what stands in another."""
    inner = inner_of(graph, id_)
    if inner.startswith("tier.") and inner.count(".") == 1:
        return f"tier {inner.removeprefix('tier.')}"
    return next((name for name, root in graph.policies.items() if root == id_), "")


def _settings(graph: g.Graph, id_: str, inner: str) -> dict[str, tuple[Any, str]]:
    """The suffixes of a node, a value to compare and words, by what they set.

    Of several that set one thing the inner one holds. Words are cut where they are long, so they aren't compared.
    """
    found: dict[str, tuple[Any, str]] = {}
    while id_ != inner:
        node = graph.nodes[id_]
        if isinstance(node, g.WithinNode):
            outer, words = found.get("within", ((), ""))
            own = (node.cost_usd, node.time_s)
            found["within"] = (*outer, own), " ".join(filter(None, (words, limits_wording(node))))
        elif isinstance(node, g.RetryNode):
            found["retry"] = node.times, f"retry {node.times}"
        elif isinstance(node, g.CachedNode):
            outer, words = found.get("cached", ((), ""))
            own = (node.keep_s, node.similar)
            found["cached"] = (*outer, own), " ".join(filter(None, (words, cached_wording(node))))
        elif isinstance(node, g.WithNode):
            for name, value in node.settings.items():
                shown = seconds(value) if name.endswith("_s") else literal_wording(value)
                found[f"with.{name}"] = value, f"with {name.removesuffix('_s')}: {shown}"
        assert isinstance(node, SUFFIXES)  # noqa: S101 - between a node and the one inside it there is nothing else
        id_ = node.child
    return found


def slots(node: g.GraphNode, match: Match, side: Side) -> list[Slot]:  # noqa: PLR0911 - one case a kind
    """The places in a node, in order."""
    graph = match.old if side == "old" else match.new
    if isinstance(node, g.RouteNode):
        found = [
            Slot(
                f"arm `{wording(arm.condition, graph)}`", arm.node, ("arm", match.expr(side, arm.condition)), part=arm
            )
            for arm in node.arms
        ]
        return [*found, Slot("its `else`", node.otherwise, "else")]
    if isinstance(node, g.RouteByNode):
        found = [Slot(f"arm `{label}`", child, ("label", label)) for label, child in node.arms.items()]
        return found if node.otherwise is None else [*found, Slot("its `else`", node.otherwise, "else")]
    if isinstance(node, g.CascadeNode):
        found = [Slot(f"rung {n}", rung.node, part=rung) for n, rung in enumerate(node.rungs, 1)]
        return [*found, Slot("`otherwise`", node.otherwise_node, "otherwise")] if node.otherwise_node else found
    if isinstance(node, g.SplitNode):
        return [Slot(share_wording(s.share), s.node, at=s.share, part=s) for s in node.shares]
    if isinstance(node, g.HedgeNode):
        return [Slot("its first", node.first, "first"), Slot("its second", node.second, "second")]
    if isinstance(node, g.ShadowNode):
        return [Slot("its first", node.live, "first"), Slot("the one beside it", node.beside, "second")]
    word = "member" if isinstance(node, (g.FallbackNode, g.VoteNode)) else "part"
    return [Slot(f"{word} {number}", child) for number, child in enumerate(children(node), 1)]


def _is_arm(slot: Slot) -> bool:
    return isinstance(slot.key, tuple)


def _own(node: g.GraphNode, match: Match, side: Side) -> dict[str, tuple[Any, str, str]]:  # noqa: PLR0911 - one case a kind
    """What a node says besides its parts: a value to compare, a verb and what follows it."""
    graph = match.old if side == "old" else match.new

    def by(expr: g.GraphExpr | None, verb: str, *, judged: bool = False) -> tuple[Any, str, str]:
        return match.expr(side, expr), verb, "" if expr is None else f"`{wording(expr, graph, judged=judged)}`"

    if isinstance(node, g.RouteByNode):
        return {"by": by(node.by, "routes by")}
    if isinstance(node, g.SplitNode):
        return {"by": by(node.by, "deals by")}
    if isinstance(node, g.VoteNode):
        return {"by": by(node.by, "chooses by", judged=True)}
    if isinstance(node, g.ShadowNode):
        return {"share": (node.share, "runs the one beside it on", f"`{share_wording(node.share)}`")}
    if isinstance(node, g.CascadeNode):
        ends = {"last": "the last answer", "best": "the best answer", "fail": "no answer", "node": "its `otherwise`"}
        return {
            "start": by(node.start, "starts from"),
            "order": (
                None if node.order is None else repr(node.order),
                "asks next",
                "" if node.order is None else f"`{order_wording(node.order)}`",
            ),
            "carry": (node.carry, "carries", "" if node.carry is None else f"`{node.carry}`"),
            "otherwise": (node.otherwise, "ends, when no rung passes, in", ends[node.otherwise]),
        }
    if isinstance(node, g.FallbackNode):
        words = "every failure" if node.when is None else " and ".join(node.when)
        return {"when": (node.when, "moves on for", words)}
    if isinstance(node, g.HedgeNode):
        return {"after_s": (node.after_s, "starts its second after", f"`{seconds(node.after_s)}`")}
    return {
        name: (repr(value), f"has {name.replace('_', ' ')}", literal_wording(value))
        for name in type(node).__dataclass_fields__
        if name not in ("id", "place", "kind") and isinstance(value := getattr(node, name), (bool, int, float, str))
        if value not in children(node)
    }


def _splits(graph: g.Graph, id_: str) -> Iterator[g.SplitNode]:
    """The splits in a node, in order."""
    for each in in_order(graph, [id_]):
        node = graph.nodes[each]
        if isinstance(node, g.SplitNode):
            yield node
