"""Kept answers for the naive evaluator: what a request is known by, who is answering it, what was answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from outcomes import Answer, Around
from timeline import Strand, Timeline

from cascadelang.contracts.messages import Query
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.syntax import ast
from cascadelang.syntax.visit import children

if TYPE_CHECKING:
    from naive import Naive
    from outcomes import Told

Vectors = Mapping[str, tuple[float, ...]]


@dataclass(eq=False)
class Flight:
    """A request that is being answered, by ``part``, for whoever began it and ``waiting`` others."""

    part: Naive
    strand: Strand | None = None
    outcome: Answer | str | None = None
    limited: bool = False
    waiting: int = 0
    orphaned: bool = False


@dataclass(frozen=True)
class Kept:
    """An answer that was kept, when it was made, and what it can be found by beside its key."""

    answer: Answer
    made_s: float
    alike: tuple[Any, tuple[float, ...]] | None


@dataclass
class World:
    """What runs have in common: time, answers that were kept, requests being answered, runs that nobody waits for.

    ``vectors`` are what an encoder makes of texts, of length 1.
    """

    time: Timeline = field(default_factory=Timeline)
    kept: dict[Any, Kept] = field(default_factory=dict)
    flights: dict[Any, Flight] = field(default_factory=dict)
    beside: list[Strand] = field(default_factory=list)
    recorded: list[tuple[str, Told]] = field(default_factory=list)
    vectors: Vectors = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def settle(self, me: Strand, runs: list[Strand]) -> None:
        """Wait until all runs have ended, and all that they left behind."""
        while going := [strand for strand in (*runs, *self.beside) if not strand.ended]:
            self.time.wait_for(me, going)
        for strand in (*runs, *self.beside):
            assert strand.error is None, strand.error

    def young(self, key: Any, keep_s: float) -> Answer | None:
        """A copy of the answer kept for a key, if it is no older than so many seconds."""
        kept = self.kept.get(key)
        if kept is None or kept.made_s < self.time.at_s - keep_s:
            return None
        return copied(kept.answer, kept.made_s)

    def nearest(self, group: Any, vector: tuple[float, ...], keep_s: float) -> tuple[Any, float] | None:
        """The key whose text is most like a vector, and the cosine: of equals the one made last."""
        found = [
            (sum(one * other for one, other in zip(vector, kept.alike[1], strict=True)), kept.made_s, key)
            for key, kept in self.kept.items()
            if kept.alike is not None and kept.alike[0] == group and kept.made_s >= self.time.at_s - keep_s
        ]
        if not found:
            return None
        likeness, _, key = max(found, key=lambda one: one[:2])
        return key, likeness


def copied(answer: Answer, made_s: float | None) -> Answer:
    """The same answer for another owner, who may judge it."""
    same = (answer.outcome, answer.score, answer.unknown)
    return Answer(answer.reply, answer.asked, *same, made_s=answer.made_s if made_s is None else made_s)


def key_of_request(
    checked: CheckedPolicy, node: ast.Cached, around: Around, query: Query, seed: int, *, meant: bool = False
) -> Any:
    """What a request is known by; ``meant``: by all but the words of its last message, whose numbers count."""
    texts = [(message.role, message.text) for message in query.messages]
    if meant:
        last = max(at for at, (role, _) in enumerate(texts) if role == "user")
        texts[last] = ("user", repr(re.findall(r"\d+", texts[last][1])))
    below = list(everything(checked, node.strategy, around.path))
    names = {one.name.parts[1] for one in below if isinstance(one, ast.Ref) and one.name.parts[0] == "meta"}
    if any(id(one) in checked.calls and checked.calls[id(one)].spec.name == "runs" for one in below):
        names = set(query.meta)  # another package's check may look at any fact
    facts = [(name, type(value).__name__, repr(value)) for name, value in sorted(query.meta.items()) if name in names]
    where = place(checked, node.strategy, around.path)
    settings = repr(sorted(around.settings.items()))
    handed = [(message.role, message.text) for message in around.carried]
    return repr((where, settings, around.retry, around.logprobs, texts, handed, seed, facts))


def place(checked: CheckedPolicy, strategy: ast.Strategy, path: str) -> int:
    """Where a strategy stands: a tier or policy stands where it is declared."""
    while isinstance(strategy, ast.NameStrategy):
        symbol = checked.resolve(strategy.name, path)
        if symbol.kind == "model":
            break
        strategy, path = symbol.decl.strategy, symbol.path
    return id(strategy)


def everything(checked: CheckedPolicy, node: ast.Node, path: str) -> Iterable[ast.Node]:
    """All syntax of a strategy, with what it names: policies, tiers, checks and signals."""
    yield node
    inside = [(child, path) for child in children(node)]
    if (
        isinstance(node, ast.NameStrategy | ast.Ref)
        and id(node) not in checked.words
        and node.name.parts[0] != "meta"
    ):
        symbol = checked.resolve(node.name, path)
        if symbol is not None and symbol.kind in ("tier", "policy"):
            inside = [(symbol.decl.strategy, symbol.path)]
        elif symbol is not None and symbol.kind in ("check", "signal"):
            inside = [(symbol.decl, symbol.path)]
    call = checked.calls.get(id(node))
    for weights in () if call is None else call.args.values():
        if isinstance(weights, tuple):
            inside += [(ref, path) for ref, _ in weights]
    for child, where in inside:
        yield from everything(checked, child, where)
