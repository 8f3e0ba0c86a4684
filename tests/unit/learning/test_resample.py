from __future__ import annotations

import math
import random
import sys
from fractions import Fraction

import pytest

from cascadelang.learning.resample import Sample, mcnemar, mean, percentile, ratio


@pytest.fixture(params=["numpy", "without"])
def way(request, monkeypatch):
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "numpy", None)
    else:
        pytest.importorskip("numpy")
    return request.param


def interval(values, *, seed=0, resamples=200):
    sample = Sample(resamples, seed)
    place, of = sample.add(values), sample.add([1.0] * len(values))
    return sample.estimate(mean(place, of))


def test_the_interval_is_about_that_of_the_normal_distribution(way):
    chance = random.Random(1)  # noqa: S311 - test data
    values = [chance.gauss(3, 2) for _ in range(400)]
    found = interval(values, resamples=1000)
    centre = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((v - centre) ** 2 for v in values) / len(values) / len(values))
    assert found.value == pytest.approx(centre)
    assert found.low == pytest.approx(centre - 1.96 * spread, abs=0.25 * spread)
    assert found.high == pytest.approx(centre + 1.96 * spread, abs=0.25 * spread)


def test_intervals_cover_what_they_should(way):
    """Of 200 samples of 150, each drawn around a known mean, some 95% have it in their interval.

    With 200 samples, 0.95 is seen as less than 0.88 or all of them with a probability under 0.0002 each.
    """
    chance = random.Random(7)  # noqa: S311 - test data
    covered = 0
    for trial in range(200):
        found = interval([float(chance.random() < 0.7) for _ in range(150)], seed=trial, resamples=100)
        covered += found.low <= 0.7 <= found.high
    assert 0.88 <= covered / 200 <= 0.995


def test_differences_are_paired(way):
    chance = random.Random(2)  # noqa: S311 - test data
    old = [chance.random() for _ in range(300)]
    new = [value + 0.1 for value in old]
    sample = Sample(200)
    was, is_, of = sample.add(old), sample.add(new), sample.add([1.0] * 300)
    change = sample.estimate(lambda sums: (sums[is_] - sums[was]) / sums[of])
    assert (change.low, change.high) == (pytest.approx(0.1), pytest.approx(0.1))
    same = sample.estimate(ratio(was, was))
    assert (same.low, same.high) == (1.0, 1.0)


def test_the_same_seed_gives_the_same(way):
    values = [float(n % 7) for n in range(100)]
    assert interval(values, seed=3) == interval(values, seed=3)
    assert interval(values, seed=3) != interval(values, seed=4)


@pytest.mark.parametrize("kinds", [2, 300])
def test_members_that_are_alike_are_drawn_like_others(monkeypatch, kinds):
    """Means of 300 members, of few kinds or of many: the spread of the drawn means is that of the members."""
    monkeypatch.setitem(sys.modules, "numpy", None)
    values = [float(n % kinds) for n in range(300)]
    found = interval(values, resamples=2000)
    centre = math.fsum(values) / 300
    spread = math.sqrt(math.fsum((v - centre) ** 2 for v in values) / 300 / 300)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert (found.high + found.low) / 2 == pytest.approx(centre, abs=0.25 * spread)


def test_too_little_to_tell(way):
    assert (interval([2.0]).value, interval([2.0]).low) == (2.0, None)
    sample = Sample(100)
    empty = sample.add([0.0, 0.0])
    assert sample.estimate(ratio(empty, empty)).value is None


def test_the_nearest_rank():
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(range(1, 101)), 0.95) == 95


def test_mcnemars_exact_test():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 5) == 2 * 0.5**5
    # by the definition, with numbers that a textbook's table has: 12 of 16
    tail = sum(Fraction(math.comb(16, k), 2**16) for k in range(5))
    assert mcnemar(12, 4) == pytest.approx(float(2 * tail))
    assert mcnemar(4, 12) == mcnemar(12, 4)
    assert 0 <= mcnemar(9_000, 3_000) < 1e-300
    assert mcnemar(5_100, 5_000) == pytest.approx(0.3247, abs=0.002)
