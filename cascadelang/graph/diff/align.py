"""Which parts of a list are which parts of another.

Takes: two lists of numbers that say what their parts mean. Gives: pairs of positions. Guarantees: each position is in
at most one pair; parts that mean the same are paired before any others, and others only where as many of them stand
in the same place on both sides.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher


def aligned(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of positions of two lists whose order counts, in order of the new one."""
    pairs: list[tuple[int, int]] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and end - start == new_end - new_start):
            pairs += zip(range(start, end), range(new_start, new_end), strict=True)
    pairs = _moved_out(pairs, old, new)
    left_old = [n for n in range(len(old)) if all(n != was for was, _ in pairs)]
    left_new = [n for n in range(len(new)) if all(n != is_ for _, is_ in pairs)]
    pairs += same_ones([(n, old[n]) for n in left_old], [(n, new[n]) for n in left_new])
    return sorted(pairs, key=lambda pair: pair[1])


def anchored(
    old: Sequence[Hashable], new: Sequence[Hashable], old_whole: Sequence[Hashable], new_whole: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """As `aligned`, where parts that are the same in every respect (``…_whole``) are paired before all others."""
    pairs: list[tuple[int, int]] = []
    left_old: list[int] = []
    left_new: list[int] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(
        None, old_whole, new_whole, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            pairs += zip(range(start, end), range(new_start, new_end), strict=True)
            continue
        found = aligned(old[start:end], new[new_start:new_end])
        pairs += [(start + a, new_start + b) for a, b in found]
        left_old += [n for n in range(start, end) if all(n - start != a for a, _ in found)]
        left_new += [n for n in range(new_start, new_end) if all(n - new_start != b for _, b in found)]
    pairs += same_ones([(n, old[n]) for n in left_old], [(n, new[n]) for n in left_new])
    return sorted(pairs, key=lambda pair: pair[1])


def _moved_out(
    pairs: list[tuple[int, int]], old: Sequence[Hashable], new: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """The pairs without those that merely stand in one place, where one of the two is elsewhere on the other side."""
    same = {pair for pair in pairs if old[pair[0]] == new[pair[1]]}
    free_old = {old[was] for was, is_ in pairs if (was, is_) not in same}
    free_old |= {old[n] for n in range(len(old)) if all(n != was for was, _ in pairs)}
    free_new = {new[is_] for was, is_ in pairs if (was, is_) not in same}
    free_new |= {new[n] for n in range(len(new)) if all(n != is_ for _, is_ in pairs)}
    elsewhere = free_old & free_new
    return [p for p in pairs if p in same or not (old[p[0]] in elsewhere or new[p[1]] in elsewhere)]


def same_ones(old: Sequence[tuple[int, Hashable]], new: Sequence[tuple[int, Hashable]]) -> list[tuple[int, int]]:
    """Pairs of those that mean the same, where each side has just one of them."""
    by: dict[Hashable, tuple[list[int], list[int]]] = {}
    for number, side in enumerate((old, new)):
        for position, meaning in side:
            by.setdefault(meaning, ([], []))[number].append(position)
    return [(was[0], is_[0]) for was, is_ in by.values() if len(was) == len(is_) == 1]


def out_of_order(positions: Sequence[int]) -> set[int]:
    """The fewest of these numbers that must be taken out for the rest to grow."""
    best: list[list[int]] = []
    for value in positions:
        before: list[int] = max((run for run in best if run[-1] < value), key=len, default=[])
        best.append([*before, value])
    longest: list[int] = max(best, key=len, default=[])
    kept = set(longest)
    return {value for value in positions if value not in kept}
