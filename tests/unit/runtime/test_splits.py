"""A split deals the queries by key: the same key the same way, and each share as large as it says."""

from __future__ import annotations

import math

import pytest

from cascadelang.contracts.messages import Query
from cascadelang.graph import model as g
from cascadelang.runtime.choices import key_text, place_of

KEYS = 20_000


def split(kit, *shares, by=None):
    nodes = [kit.model(chr(ord("a") + n), "yes") for n in range(len(shares))]
    return kit.add(g.SplitNode, [g.GraphShare(share, node) for share, node in zip(shares, nodes, strict=True)], by)


def test_every_share_is_as_large_as_it_says(kit):
    shares = (0.9, 0.075, 0.025)
    root = split(kit, *shares, by=g.MetaValue("user"))
    interpreter = kit.start(root)
    taken = [interpreter.decide(Query.of("x", {"user": f"user {n}"}))[0].taken for n in range(KEYS)]
    for number, share in enumerate(shares, 1):
        found = taken.count(str(number)) / KEYS
        within = 4.0 * math.sqrt(share * (1 - share) / KEYS)  # four standard deviations: 6 in 100,000 lie beyond
        assert abs(found - share) <= within, (number, found)


def test_places_are_spread_evenly_whatever_the_node():
    for node in ("main", "tier.cheap", "main.rung1.share2"):
        places = sorted(place_of(node, str(n)) for n in range(KEYS))
        # Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed by one in a thousand samples of a uniform distribution
        worst = max(abs(place - (n + 0.5) / KEYS) for n, place in enumerate(places))
        assert worst < 1.95 / math.sqrt(KEYS), node
        assert all(0 <= place < 1 for place in places)


def test_two_splits_deal_independently():
    both = sum(place_of("main", str(n)) < 0.5 and place_of("other", str(n)) < 0.5 for n in range(KEYS))
    assert abs(both / KEYS - 0.25) < 4 * math.sqrt(0.25 * 0.75 / KEYS)


def test_the_place_of_a_key_is_the_documented_hash():
    import hashlib

    digest = hashlib.sha256(b"main\nuser 7").digest()
    assert place_of("main", "user 7") == (int.from_bytes(digest, "big") >> (256 - 53)) / 2**53
    assert place_of("main", "\ud800")  # a key that is no UTF-8 has a place all the same


@pytest.mark.parametrize(("key", "text"), [(True, "true"), (3, "3"), (3.0, "3"), (0.5, "0.5"), ("3", "3")])
def test_a_key_is_hashed_by_its_text(key, text):
    assert key_text(key) == text


def test_the_same_key_goes_the_same_way_whatever_the_seed(kit, tell):
    root = split(kit, 0.5, 0.5, by=g.MetaValue("user"))
    models = set()
    for seed in range(8):
        kit.seed = seed
        result = kit.run(root, meta={"user": "ada"})
        models.add(result.model)
        assert tell(result, "route")[0]["because"] == {"meta.user": "ada"}
        assert not tell(result, "route")[0]["unknown"]
    assert len(models) == 1


def test_without_a_key_the_seed_decides_and_the_trace_says_so(kit, tell):
    root = split(kit, 0.5, 0.5, by=g.MetaValue("user"))
    models = {}
    for seed in range(40):
        kit.seed = seed
        result = kit.run(root)
        models[seed] = result.model
        told = tell(result, "route")[0]
        assert told["because"] == {"meta.user": None}
        assert "the query goes where the run's seed says" in told["unknown"][-1]
        assert told["share"] == 0.5
        assert kit.run(root).model == result.model
    assert set(models.values()) == {"a", "b"}


def test_without_by_the_shares_hold_over_the_seeds(kit):
    root = split(kit, 0.8, 0.2)
    kit.start(root)
    count = 400
    taken = 0
    for seed in range(count):
        kit.seed = seed
        taken += kit.run(root).model == "a"
    assert abs(taken / count - 0.8) < 4 * math.sqrt(0.8 * 0.2 / count)


def test_without_a_seed_chance_decides(kit):
    root = split(kit, 0.5, 0.5)
    kit.seed = None
    assert {kit.run(root).model for _ in range(60)} == {"a", "b"}


def test_a_share_of_nothing_is_never_taken(kit):
    root = split(kit, 0.0, 1.0, 0.0, by=g.MetaValue("user"))
    interpreter = kit.start(root)
    assert {interpreter.decide(Query.of("x", {"user": n}))[0].taken for n in range(500)} == {"2"}


def test_a_dry_run_leaves_open_what_chance_decides(kit):
    root = split(kit, 0.5, 0.5, by=g.MetaValue("user"))
    inner = kit.nodes[root].shares[1].node
    kit.nodes[inner] = g.RouteNode(inner, [g.GraphArm(g.Const(value=True), "n1")], "n1")
    found = kit.start(root).decide(Query.of("x"))
    assert [(d.kind, d.taken, d.to) for d in found] == [("split", "", ""), ("route", "1", "n1")]
    assert "the caller gave no `meta.user`" in found[0].reason
    known = kit.start(root).decide(Query.of("x", {"user": "ada"}))
    assert known[0].taken in {"1", "2"}


def test_a_share_may_be_a_fallback_under_a_limit(kit, answer_of):
    a, b = kit.model("a", answer_of(error="server")), kit.model("b", "here")
    part = kit.add(g.WithinNode, kit.add(g.FallbackNode, [a, b]), 1.0)
    root = kit.add(g.SplitNode, [g.GraphShare(1.0, part)])
    assert kit.run(root).path == ("a", "b")
