"""``order by``: which rung is asked next, by predicted quality and price."""

from __future__ import annotations

from math import inf, log

import pytest

from cascadelang.graph import model as g
from cascadelang.runtime.rung_order import first_of_the_best


def quality(*, long_weight=0.0, **bias):
    """A file that predicts a quality of ½ + for each model, moved by the number of words."""
    names = list(bias)
    return {
        "cascadelang": "learned 1",
        "gives": "scores",
        "outputs": names,
        "bias": [bias[name] for name in names],
        "features": [
            {
                "kind": "numbers",
                "names": ["query.words"],
                "mean": [0.0],
                "scale": [1.0],
                "weights": [[long_weight if name == "c" else 0.0] for name in names],
            }
        ],
        "made": {"on": "2026-11-24", "records": dict.fromkeys(names, 60)},
    }


def ordered(kit, rungs, file, worth_usd=None, **fields):
    names = [kit.nodes[node].model for node, _ in rungs]
    return kit.cascade(rungs, order=g.GraphOrder("quality.json", file, names, worth_usd), **fields)


def three(kit, answers=("bad", "bad", "bad"), prices=(1, 4, 16)):
    from decimal import Decimal

    from cascadelang.contracts.price import Price

    gate = kit.says()
    return [
        (kit.model(name, answer, price=Price(Decimal(price), Decimal(price))), gate)
        for name, answer, price in zip("abc", answers, prices, strict=True)
    ]


def test_by_quality_for_the_price(kit, tell):
    root = ordered(kit, three(kit), quality(a=-3.0, b=2.0, c=2.5))
    result = kit.run(root)
    assert result.path == ("b", "c", "a")  # 0.88 / 4, 0.92 / 16, 0.05 / 1
    (choice,) = tell(result, "route")
    assert (choice["arm"], choice["to"], choice["unknown"]) == ("2", "b", [])
    assert choice["because"] == {"a": 0.0474, "b": 0.8808, "c": 0.9241}
    assert [event["to"] for event in tell(result, "escalate")] == ["c", "a"]


def test_by_what_a_right_answer_is_worth(kit):
    file = quality(a=-3.0, b=2.0, c=2.5)
    assert kit.run(ordered(kit, three(kit), file, worth_usd=100.0)).path == ("c", "b", "a")
    assert kit.run(ordered(kit, three(kit), file, worth_usd=0.0004)).path == ("a", "b", "c")


def test_the_first_that_passes_ends_it(kit):
    root = ordered(kit, three(kit, answers=("bad", "bad", "good")), quality(a=0.0, b=0.0, c=0.0), worth_usd=1e-9)
    assert kit.run(root).path == ("a", "b", "c")
    root = ordered(kit, three(kit, answers=("bad", "bad", "good")), quality(a=0.0, b=0.0, c=5.0), worth_usd=10.0)
    result = kit.run(root)
    assert (result.path, result.status) == (("c",), "accepted")


def test_it_depends_on_the_query(kit):
    root = ordered(kit, three(kit), quality(a=0.0, b=-1.0, c=-3.0, long_weight=1.0), worth_usd=100.0)
    assert kit.run(root, "hi").path[0] == "a"
    assert kit.run(root, "a query of a good many words").path[0] == "c"


def test_what_is_free_comes_first_and_equals_as_written(kit):
    root = ordered(kit, three(kit, prices=(5, 0, 0)), quality(a=5.0, b=0.0, c=1.0))
    assert kit.run(root).path == ("c", "b", "a")
    root = ordered(kit, three(kit, prices=(1, 1, 1)), quality(a=1.0, b=1.0, c=1.0))
    assert kit.run(root).path == ("a", "b", "c")


def test_equals_are_as_written_however_they_are_calculated(kit):
    twice = quality(a=-log(3.0), b=0.0)  # a quarter and a half, at half the price
    a, b = three(kit, prices=(1, 2, 4))[:2]
    assert kit.run(ordered(kit, [a, b], twice)).path == ("a", "b")
    assert kit.run(ordered(kit, [b, a], twice)).path == ("b", "a")
    assert first_of_the_best([(0.3, 0.0), (0.1 + 0.2, 0.0)]) == 0
    assert first_of_the_best([(0.3, 0.0), (0.3001, 0.0), (inf, 0.2), (inf, 0.4)]) == 3


def test_the_price_is_that_of_the_rung_where_it_stands(kit):
    """What else a tier is used for, with other settings, is nothing to an order."""
    a, b = three(kit, prices=(1, 2, 4))[:2]
    file = quality(a=0.0, b=0.0)
    alone, loop = ordered(kit, [a, b], file), kit.says()
    root = kit.cascade([(alone, loop), (kit.add(g.RetryNode, a[0], 5), loop)])  # five more tries would make `a` dear
    assert kit.run(root).path[:2] == ("a", "b")


def test_a_price_that_isnt_known(kit, tell):
    rungs = three(kit)
    rungs[1] = (kit.model("b", "bad", price=None), rungs[1][1])
    result = kit.run(ordered(kit, rungs, quality(a=-3.0, b=2.0, c=2.5)))
    assert result.path == ("a", "b", "c")
    assert tell(result, "route")[0]["unknown"] == ["the rungs are asked as they stand: the price of `b` isn't known"]


def test_a_quality_that_isnt_known(kit, tell):
    file = quality(a=0.0, b=2.0, c=2.5)
    file["features"].append(
        {"kind": "embedding", "embedder": "another", "weights": [[0.0]] * 3},
    )
    result = kit.run(ordered(kit, three(kit), file))
    assert result.path == ("a", "b", "c")
    assert "another" in tell(result, "route")[0]["unknown"][0]
    assert tell(result, "route")[0]["because"] == {}


def test_a_failure_goes_on_in_the_order_too(kit, answer_of):
    gate = kit.says()
    rungs = [
        (kit.model("a", "good"), gate),
        (kit.model("b", answer_of(error="server")), gate),
        (kit.model("c"), gate),
    ]
    result = kit.run(ordered(kit, rungs, quality(a=1.0, b=3.0, c=0.0), worth_usd=10.0))
    assert (result.path, result.status) == (("b", "a"), "accepted")


def test_whoever_is_asked_last_isnt_judged_for_nothing(kit, answer_of):
    kit.model("j", answer_of('{"score": 0.1}', purpose="judge"))
    gate = kit.judged("j")
    rungs = [(kit.model("a", "one"), gate), (kit.model("b", "two"), gate)]
    result = kit.run(ordered(kit, rungs, quality(a=0.0, b=3.0), worth_usd=10.0))
    assert (result.path, result.status, result.answer) == (("b", "a"), "unchecked", "one")
    assert [event.data["purpose"] for event in result.events if event.kind == "call"] == ["answer", "judge", "answer"]


@pytest.mark.parametrize("ending", ["best", "fail", "last"])
def test_every_rung_is_asked_once(kit, ending):
    result = kit.run(ordered(kit, three(kit), quality(a=0.0, b=3.0, c=1.0), worth_usd=10.0, otherwise=ending))
    assert sorted(result.path) == ["a", "b", "c"]
