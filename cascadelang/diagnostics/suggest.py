"""Did you mean …?

Takes: a word and what it could have been. Gives: the nearest candidate, if it is near enough to be worth saying.
The distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment, a
restricted Damerau-Levenshtein distance), with case counting least.
"""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` most likely stands for; ``None`` if none is near.

    A word of up to two letters must match but for case, one of up to five may have one slip, of up to nine two, and
    longer ones three. Of equally near candidates the first in order of the alphabet is given.
    """
    if not word:
        return None
    folded = word.casefold()
    limit = _limit(len(word))
    best: tuple[float, str] | None = None
    for candidate in candidates:
        if candidate == word or not candidate:
            continue
        other = candidate.casefold()
        if other == folded:
            found = 0.5
        elif other.replace("_", "") == folded.replace("_", "").replace("-", ""):
            found = 0.6
        elif abs(len(other) - len(folded)) > limit:
            continue
        else:
            found = distance(folded, other, limit)
            if found > min(limit, _limit(len(candidate))):
                continue
            if other[0] != folded[0]:
                found += 0.4
        if best is None or (found, candidate) < best:
            best = (found, candidate)
    return best[1] if best else None


def _limit(length: int) -> int:
    """How many slips a word of this length may have."""
    if length <= 2:
        return 0
    if length <= 5:
        return 1
    return 2 if length <= 9 else 3


def distance(a: str, b: str, limit: int = 1000) -> int:
    """The number of single-letter slips between two words, or ``limit + 1`` if there are more than ``limit``."""
    start, most = 0, min(len(a), len(b))
    while start < most and a[start] == b[start]:
        start += 1
    end = 0
    while end < most - start and a[-1 - end] == b[-1 - end]:
        end += 1
    a, b = a[start : len(a) - end], b[start : len(b) - end]  # what both begin and end with costs nothing
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        current = [i]
        for j, other in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, row = row, current
    return min(row[-1], limit + 1)
