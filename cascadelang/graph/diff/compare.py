"""What changes between two graphs, in words a reviewer reads.

Takes: an old and a new graph. Gives: a `Difference`. Guarantees: pure; parts are matched by what they mean and not by
where they stand, so that formatting, comments and the order of declarations are no difference, and neither is a name
put in the place of what it stands for; what is told once isn't told again at each use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cascadelang.graph.diff.amounts import amounts
from cascadelang.graph.diff.declared import Ranges, alerts, declared, requirements
from cascadelang.graph.diff.match import Match
from cascadelang.graph.diff.model import Change, Difference
from cascadelang.graph.diff.strategies import Strategies
from cascadelang.graph.model import Graph
from cascadelang.graph.plan import INPUT_TOKENS


def compare(
    old: Graph,
    new: Graph,
    *,
    input_tokens: int | None = None,
    old_ranges: Ranges | None = None,
    new_ranges: Ranges | None = None,
) -> Difference:
    """Everything that differs.

    Args:
        old: the graph as it was.
        new: the graph as it is.
        input_tokens: the input that costs are compared for; unless given, the largest that a requirement of the
            policy names on either side, else 4,000 tokens.
        old_ranges: the ranges of the old policy's tunes, where they are known: a graph doesn't hold them.
        new_ranges: those of the new one's.
    """
    match = Match(old, new)
    strategies = Strategies(match)
    changes: list[Change] = []
    names = _policies(match)
    for was, is_ in names.items():
        if was != is_:
            words = f"was called `{was}`"
            changes.append(Change("policy", "renamed", is_, words, was, is_))
    for name, root in new.policies.items():
        if name not in names.values():
            changes.append(Change("policy", "added", name, f"is new: {strategies.said('new', root)}", None, name))
    for name, root in old.policies.items():
        if name not in names:
            words = f"is gone, it was {strategies.said('old', root)}"
            changes.append(Change("policy", "removed", name, words, name, None))
    for was, is_ in names.items():
        strategies.compare(old.policies[was], new.policies[is_], is_)
    changes += strategies.changes
    changes += requirements(match)
    changes += alerts(match)
    changes += declared(match, old_ranges or {}, new_ranges or {})
    changes = [_told_apart(change) for change in changes]

    def tokens_of(policy: str) -> int:
        named = [r.input_tokens for g in (old, new) for r in g.requirements if r.policy == policy and r.input_tokens]
        return max(named, default=INPUT_TOKENS) if input_tokens is None else input_tokens

    return Difference(tuple(amounts(match, changes, tokens_of)), tuple(changes))


def _told_apart(change: Change) -> Change:
    """The change, in words that don't say of a thing that it was what it is: long texts are cut to the same words."""
    now, it_was, before = change.words.rpartition(", it was ")
    if it_was and now.endswith(before):
        return replace(change, words=f"{now} as it was, but for what isn't shown of it")
    return change


def _policies(match: Match) -> Mapping[str, str]:
    """The name in the new graph of each policy of the old one that is still there."""
    old, new = match.old.policies, match.new.policies
    names = {name: name for name in old if name in new}
    left = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    for name in left:
        meaning = match.node("old", old[name])
        same = [n for n in come if match.node("new", new[n]) == meaning]
        if len(same) == 1 and sum(match.node("old", old[n]) == meaning for n in left) == 1:
            names[name] = same[0]
    return names
