"""Drift: the index and the tests, against figures from elsewhere."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.stats.drift import SURE, chi_square, compare, kolmogorov_smirnov, stability_index, upper_gamma

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(5, 500).map(float), min_size=2)


def test_the_index_is_its_formula():
    found = stability_index({"a": 60_000.0, "b": 40_000.0}, {"a": 50_000.0, "b": 50_000.0})
    assert found == pytest.approx(0.1 * log(0.6 / 0.5) + -0.1 * log(0.4 / 0.5), rel=1e-3)


def test_an_empty_bin_is_not_infinite():
    assert 1 < stability_index({"a": 100.0}, {"b": 100.0}) < 20


@given(now=counts, before=counts)
def test_no_index_is_negative_and_equal_sides_have_none(now, before):
    assert stability_index(now, before) >= 0
    assert stability_index(now, now) == 0
    assert stability_index(now, before) == pytest.approx(stability_index(before, now))


def test_known_tails():
    # chi-square tables: 3.841 with one degree, 18.307 with ten, both p = 0.05
    assert upper_gamma(0.5, 3.841 / 2) == pytest.approx(0.05, abs=1e-4)
    assert upper_gamma(5, 18.307 / 2) == pytest.approx(0.05, abs=1e-4)
    assert upper_gamma(3, 0.0) == 1.0


@settings(deadline=None)
@given(now=counts, before=counts)
def test_chi_square_is_scipys(now, before):
    stats = pytest.importorskip("scipy.stats")
    names = sorted(now.keys() | before.keys())
    table = [[now.get(name, 0.0) for name in names], [before.get(name, 0.0) for name in names]]
    size = sum(map(sum, table))
    if any(sum(column) * min(map(sum, table)) / size < 5 for column in zip(*table, strict=True)):
        return  # ours puts rare ones together
    expected = stats.chi2_contingency(table, correction=False)
    statistic, p = chi_square(now, before)
    assert statistic == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


@settings(deadline=None)
@given(
    now=st.lists(st.integers(0, 20).map(float), min_size=40, max_size=80),
    before=st.lists(st.integers(0, 20).map(float), min_size=40, max_size=80),
)
def test_kolmogorov_smirnov_is_scipys(now, before):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.ks_2samp(now, before, method="asymp")
    statistic, p = kolmogorov_smirnov(
        {v: float(now.count(v)) for v in now}, {v: float(before.count(v)) for v in before}
    )
    assert statistic == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue, abs=0.05)  # another asymptotic form


def test_labels_numbers_and_what_is_not_known():
    moved = compare("topic", {'"code"': 700.0, '"x"': 300.0}, {'"code"': 500.0, '"x"': 500.0})
    assert moved.test == "chi-square"
    assert moved.p < SURE
    assert sorted(moved.moved) == [('"code"', 0.5, 0.7), ('"x"', 0.5, 0.3)]
    numbers = compare("tokens", {"3": 50.0, "2e+02": 50.0, "null": 10.0}, {"3": 90.0, "2e+02": 10.0})
    assert numbers.test == "Kolmogorov-Smirnov"
    assert numbers.statistic == pytest.approx(0.4)
    assert {name for name, _, _ in numbers.moved} >= {"null"}
    assert compare("topic", {}, {'"x"': 1.0}) is None
    assert compare("flag", {"true": 5.0}, {"false": 5.0}).test == "chi-square"
    assert compare("lost", {"null": 50.0}, {"3": 50.0}).psi > 1


def test_a_sample_counts_for_what_it_keeps():
    whole = compare("topic", {'"a"': 600.0, '"b"': 400.0}, {'"a"': 500.0, '"b"': 500.0})
    tenth = compare("topic", {'"a"': 600.0, '"b"': 400.0}, {'"a"': 500.0, '"b"': 500.0}, 0.1, 0.1)
    assert tenth.psi == pytest.approx(whole.psi, rel=0.05)
    assert tenth.p > whole.p
