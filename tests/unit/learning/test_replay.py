from __future__ import annotations

import asyncio
import json
import math
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.contracts.messages import Message, Query
from cascadelang.graph.model import Graph
from cascadelang.learning.impute import Imputed, Method
from cascadelang.learning.replay import Replayed, Replayer, sampled
from cascadelang.learning.tally import Tally
from cascadelang.providers.scripted import Scripted, ScriptedReply
from cascadelang.records.read import Record
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.workspace.load import load
from cascadelang.workspace.makers import make_check, make_signal

MODELS = """
model small = openai("small-1") { price: $1 / $5, can: [logprobs, top_logprobs, json] }
model middle = openai("middle-1") { price: $2 / $10, can: [logprobs, top_logprobs, json] }
model large = openai("large-1") { price: $10 / $50, can: [logprobs, top_logprobs, json] }
"""


def graph_of(tmp_path: Path, text: str) -> Graph:
    path = tmp_path / "p.cl"
    path.write_text(MODELS + text, encoding="utf-8")
    return load(str(path)).graph


def record(answers: dict[str, dict], query: str = "how many?", line: int = 1, **more) -> Record:
    return Record({"id": f"q{line}", "query": query, "answers": answers, **more}, line)


def replayed(graph: Graph, *records: Record, policy: str = "main", **named: str) -> list[Replayed]:
    made = Replayer(graph, policy, named=named, make_check=make_check, make_signal=make_signal)

    async def work() -> list[Replayed]:
        return [await made.replay(each) for each in records]

    return asyncio.run(work())


def answer(text: str = "fine", quality: float = 1.0, **more) -> dict:
    return {"text": text, "quality": quality, "input_tokens": 100, "output_tokens": 10, **more}


def test_a_cascade(tmp_path):
    graph = graph_of(tmp_path, "policy main = cascade [small, large] until not hedges")
    (found, stays) = replayed(
        graph,
        record(
            {
                "small": answer("I'm not sure, maybe 7", 0.0, cost_usd=0.01, latency_s=0.5),
                "large": answer("It is 8", 1.0, latency_s=2.0),
            }
        ),
        record({"small-1": answer("8", 0.5, latency_s=0.25)}, line=2),
    )
    assert found.missing == ""
    assert (found.status, found.model, found.path) == ("accepted", "large", ("small", "large"))
    assert found.quality == 1.0
    assert found.cost_usd == pytest.approx(0.01 + (100 * 10 + 10 * 50) / 1e6)
    assert found.latency_s == 2.5
    assert (stays.model, stays.path, stays.quality, stays.latency_s) == ("small", ("small",), 0.5, 0.25)


def test_names_of_models(tmp_path):
    graph = graph_of(tmp_path, "policy main = small")
    by_id = record({"small-1": answer(quality=0.1), "other": answer(quality=0.3)})
    by_name = record({"small": answer(quality=0.2), "small-1": answer(quality=0.1)})
    assert replayed(graph, by_id)[0].quality == 0.1
    assert replayed(graph, by_name)[0].quality == 0.2
    assert replayed(graph, by_id, small="other")[0].quality == 0.3
    # a name that was given is the only one
    assert replayed(graph, by_name, small="other")[0].missing == "no answer of `small`"


@pytest.mark.parametrize(
    ("policy", "answers", "missing"),
    [
        ("cascade [small, large] until not empty", {"small": {"quality": 1.0}}, "no text of the answer of `small`"),
        ("cascade [small, large] until json", {"small": answer("no")}, "no answer of `large`"),
        (
            "cascade [small, large] until logprob(mean) >= -1",
            {"small": answer(), "large": answer()},
            "no log probabilities of the answer of `small`",
        ),
        (
            "cascade [small until margin >= 0.5, middle, large]",
            {"small": answer(logprobs=[-0.1]), "middle": answer(), "large": answer()},
            "no log probabilities of the answer of `small`",
        ),
        (
            'cascade [small, large] until judge(middle, "good?") >= 0.5',
            {"small": answer(), "large": answer(), "middle": answer()},
            "no judgement of `middle`",
        ),
        (
            "cascade [small, large] until agree(3) >= 0.6",
            {"small": answer(), "large": answer()},
            "no further sample of `small`",
        ),
        (
            "cascade [small, large] until json carry draft",
            {"small": answer("no"), "large": answer("{}")},
            "no answer of `large` to the query with an earlier draft beside it",
        ),
        (
            "vote [small, middle, large]",
            {"small": answer(), "middle": {}, "large": answer()},
            "no text of the answer",
        ),
        (
            "hedge small after 1s with large",
            {"small": answer(), "large": answer()},
            "no latency of an answer, on which `hedge` hangs",
        ),
    ],
)
def test_what_the_record_lacks_is_said(tmp_path, policy, answers, missing):
    (found,) = replayed(graph_of(tmp_path, f"policy main = {policy}"), record(answers))
    assert found.missing.startswith(missing)


def test_what_signals_ask_models_for(tmp_path):
    (tmp_path / "t.yaml").write_text("a: [one, two]\nb: [three, four]\n", encoding="utf-8")
    graph = graph_of(
        tmp_path,
        'signal topic = nearest("t.yaml", by: middle)\npolicy main = route topic == "a" -> small else large\n'
        'signal kind = ask(middle, "Which?", [a, b])\npolicy sorted = route kind == a -> small else large',
    )
    said = record({name: answer() for name in ("small", "middle", "large")})
    assert replayed(graph, said)[0].missing == "no embedding by `middle`"
    assert replayed(graph, said, policy="sorted")[0].missing.startswith("no choice of `middle`")


def test_what_nobody_looks_at_need_not_be_recorded(tmp_path):
    graph = graph_of(
        tmp_path,
        "signal long = words > 3\ncheck short = not long\npolicy main = cascade [small until short, large]\n"
        "policy sure = cascade [small until not truncated and logprob(mean) >= -1, large]",
    )
    bare = {"small": {"quality": 1.0, "cost_usd": 0.1}, "large": {"quality": 0.0, "cost_usd": 1.0}}
    first, second = replayed(graph, record(bare), record(bare, "one two three four five", 2))
    assert [first.missing, first.path, first.cost_usd, first.latency_s] == ["", ("small",), 0.1, None]
    assert [second.missing, second.path, second.cost_usd] == ["", ("small", "large"), pytest.approx(1.1)]
    cut = record({"small": answer("[1, 2", finish_reason="length"), "large": bare["large"]})
    assert replayed(graph, cut, policy="sure")[0].missing == ""


def test_a_judgement_that_is_recorded(tmp_path):
    graph = graph_of(tmp_path, 'policy main = cascade [small until judge(middle, "good?") >= 0.5, large]')
    judged = {"middle-1": {"score": 0.2, "reason": "thin", "cost_usd": 0.5, "latency_s": 3}}
    said = record(
        {"small": answer(cost_usd=0.1, latency_s=1, judgements=judged), "large": answer(cost_usd=1, latency_s=2)}
    )
    (found,) = replayed(graph, said)
    assert (found.missing, found.path, found.cost_usd, found.latency_s) == ("", ("small", "large"), 1.6, 6.0)


def test_agrees_asks_the_other_models_own_answer(tmp_path):
    graph = graph_of(tmp_path, "policy main = cascade [small until agrees(middle), large]")
    same = {"small": answer("The answer is 8."), "middle": answer("8"), "large": answer("9")}
    other = {**same, "middle": answer("The answer is 7.")}
    first, second = replayed(graph, record(same), record(other, line=2))
    assert (first.path, second.path) == (("small",), ("small", "large"))
    each_usd = 100e-6 * 1 + 10e-6 * 5, 100e-6 * 2 + 10e-6 * 10
    assert first.cost_usd == pytest.approx(sum(each_usd))


def test_hedges_and_votes_take_their_time(tmp_path):
    graph = graph_of(
        tmp_path, "policy main = hedge small after 1s with large\npolicy vote3 = vote [small, middle, large]"
    )
    slow = record(
        {"small": answer("a", latency_s=5), "large": answer("b", latency_s=1.5), "middle": answer("b", latency_s=4)}
    )
    (hedged,) = replayed(graph, slow)
    assert (hedged.model, hedged.latency_s) == ("large", 2.5)
    (voted,) = replayed(graph, slow, policy="vote3")
    assert (voted.model, voted.latency_s) == ("middle", 5.0)


def test_an_answer_that_took_too_long_is_none(tmp_path):
    graph = graph_of(tmp_path, "policy main = cascade [small, large] with { timeout: 2s } until not empty")
    (found,) = replayed(graph, record({"small": answer(latency_s=9), "large": answer(latency_s=1)}))
    assert (found.path, found.model, found.latency_s) == (("small", "large"), "large", 3.0)


def test_an_answer_that_fails_is_worth_nothing(tmp_path):
    graph = graph_of(tmp_path, "policy main = cascade [small] until json otherwise fail")
    (found,) = replayed(graph, record({"small": answer("no", 0.9)}))
    assert (found.status, found.model, found.quality, found.missing) == ("failed", "", 0.0, "")


def test_costs_that_are_not_known(tmp_path):
    graph = graph_of(tmp_path, "policy main = small")
    (bare, estimated) = replayed(
        graph, record({"small": {"quality": 1}}), record({"small": {"text": "eight"}}, line=2)
    )
    assert (bare.cost_usd, bare.estimated) == (None, False)
    assert estimated.cost_usd is not None
    assert estimated.estimated


def test_shadows_ask_nothing_and_the_cache_gives_nothing(tmp_path):
    graph = graph_of(tmp_path, "policy main = shadow small with large\npolicy kept = small cached 1d")
    only = {"small": answer(cost_usd=0.25)}
    assert replayed(graph, record(only))[0].missing == ""
    again = replayed(graph, record(only), record(only, line=2), policy="kept")
    assert [found.cost_usd for found in again] == [0.25, 0.25]


TEXTS = st.sampled_from(["{}", "8", "I'm not sure", "", '{"a": 1', "I cannot help with that"])
ANSWERS = st.fixed_dictionaries(
    {
        name: st.builds(lambda t, q: answer(t, q, latency_s=0.5), TEXTS, st.floats(0, 1))
        for name in ("small", "middle", "large")
    }
)
POLICIES = (
    "cascade [small, middle, large] until json and not empty",
    "cascade [small until not hedges, middle until not refuses, large] otherwise best",
    "route words > 3 -> large else cascade [small, middle] until json otherwise fail",
    "cascade [small until agrees(middle), middle until agrees(previous), large]",
    "fallback [cascade [small] until json otherwise fail, large]",
    "vote [small, middle, large]",
    "cascade [small, large] until json within $0.07",
)


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    return [graph_of(tmp_path_factory.mktemp("p"), f"policy main = {each}") for each in POLICIES]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), answers=ANSWERS, query=st.sampled_from(["why?", "one two three four five"]))
def test_a_replay_says_what_a_run_with_the_same_answers_says(graphs, data, answers, query):
    graph = data.draw(st.sampled_from(graphs))
    (found,) = replayed(graph, record(answers, query))
    queues = {
        f"{name}-1": [
            ScriptedReply(a["text"], input_tokens=100, output_tokens=10, purpose=purpose)
            for purpose in ("answer", "sample")
        ]
        for name, a in answers.items()
    }
    made = Interpreter(graph, providers={"openai": Scripted(queues)}, make_check=make_check, make_signal=make_signal)
    ran = asyncio.run(made.run(Query((Message("user", query),)), seed=1))
    assert found.missing == ""
    assert (found.status, found.model, sorted(found.path)) == (ran.status, ran.model, sorted(ran.path))
    assert found.cost_usd == pytest.approx(ran.cost_usd)
    assert found.quality == (answers[ran.model]["quality"] if ran.model else 0.0)


def test_the_order_of_records_does_not_matter(tmp_path):
    graph = graph_of(
        tmp_path, "policy main = split { 50% -> small, 50% -> cascade [middle, large] until not hedges }"
    )
    chance = random.Random(3)  # noqa: S311 - test data
    texts = ["8", "I'm not sure", "It is 9"]
    records = [
        record({name: answer(chance.choice(texts), chance.random()) for name in ("small", "middle", "large")}, line=n)
        for n in range(60)
    ]
    made = Replayer(graph, "main", named={}, make_check=make_check, make_signal=make_signal)

    def tallied(order: list[Record]) -> Tally:
        tally = Tally(graph, made.names)
        for each, found in zip(order, replayed(graph, *order), strict=True):
            tally.add(each, found)
        return tally

    first, second = tallied(records), tallied(chance.sample(records, len(records)))
    for what in ("paths", "arms", "reached", "escalated", "verdicts", "statuses", "asked", "answered"):
        assert getattr(first, what) == getattr(second, what), what
    assert 10 < first.arms["policy.main", "1"] + first.asked["small"] < 100
    assert sorted(first.own.quality) == sorted(second.own.quality)
    drawn = {each.id for each in sampled(records, 20, 1)}
    assert len(drawn) == 20
    assert drawn == {each.id for each in sampled(reversed(records), 20, 1)}
    assert drawn != {each.id for each in sampled(records, 20, 2)}


def test_escalations_are_counted_of_those_that_came_to_a_rung(tmp_path):
    graph = graph_of(tmp_path, "policy main = cascade [small, middle, large] until not hedges")
    unsure, sure = answer("I'm not sure"), answer("It is 9")
    records = [
        record({"small": a, "middle": b, "large": sure}, line=n)
        for n, (a, b) in enumerate([(sure, sure), (unsure, sure), (unsure, unsure), (unsure, sure)])
    ]
    tally = Tally(graph, {name: (name,) for name in graph.models})
    for each, found in zip(records, replayed(graph, *records), strict=True):
        tally.add(each, found)
    (cascade,) = {node for node, _ in tally.reached}
    assert tally.reached == {(cascade, "small"): 4, (cascade, "middle"): 3, (cascade, "large"): 1}
    assert tally.escalated == {(cascade, "small", "middle"): 3, (cascade, "middle", "large"): 1}
    assert tally.verdicts["not hedges", "failed"] == 4
    assert Decimal(tally.asked["middle"]) == 3
    assert json.dumps(list(tally.singles)) == '["small", "middle", "large"]'


@pytest.mark.parametrize(
    "rung",
    [
        "small until not hedges within $1",
        "small cached 1d",
        "small retry 1",
        "small with { max_tokens: 200 }",
        "small until not hedges within $1 cached 1d",
        "(shadow small with large on 10%)",
        "(shadow small with large on 10%) within 5s",
        "(fallback [small, large])",
        "(hedge small after 2s with large) within $1",
    ],
)
def test_who_came_to_a_first_rung_is_counted_whatever_is_around_it(tmp_path, rung):
    graph = graph_of(tmp_path, f"policy main = cascade [{rung}, middle] until not hedges")
    unsure, sure = answer("I'm not sure", latency_s=1), answer("It is 9", latency_s=1)
    records = [record({"small": one, "middle": sure, "large": sure}, line=n) for n, one in enumerate([sure, unsure])]
    tally = Tally(graph, {name: (name,) for name in graph.models})
    for each, found in zip(records, replayed(graph, *records), strict=True):
        tally.add(each, found)
    ((cascade, first, _),) = tally.escalated
    assert tally.reached == {(cascade, first): 2, (cascade, "middle"): 1}


def test_a_model_alone_costs_what_the_policy_that_asks_it_costs(tmp_path):
    graph = graph_of(tmp_path, 'policy main = small\npolicy said = large with { system: "be brief" }')
    records = [
        record({"small": {"text": "It is eight."}, "large": {"quality": 1.0}}),
        record({"small": {"text": "8", "output_tokens": 3}, "large": answer(cost_usd=0.5)}, line=2),
    ]
    tally = Tally(graph, {name: (name,) for name in graph.models})
    for each, found in zip(records, replayed(graph, *records), strict=True):
        tally.add(each, found)
    tally.close()
    assert list(tally.singles["small"].cost_usd) == list(tally.own.cost_usd)
    assert all(usd > 0 for usd in tally.own.cost_usd)
    unknown, known = tally.singles["large"].cost_usd
    assert math.isnan(unknown)
    assert known == 0.5


# ---- Answers that are filled in ---------------------------------------------------------------------------------

LADDER = "policy main = cascade [small, large] until not hedges"
UNSURE = answer("I'm not sure, maybe 7", 0.0, cost_usd=0.01, latency_s=0.5)
PARTIAL = (
    record({"small": UNSURE, "large": answer(quality=1.0, cost_usd=0.2, latency_s=2)}, line=1),
    record({"small": UNSURE, "large-1": answer(quality=0.5, cost_usd=0.4, latency_s=6)}, line=2),
    record({"small": UNSURE}, line=3),
    record({"small": answer(quality=0.75, cost_usd=0.01, latency_s=0.5)}, line=4),
)


def filled(graph: Graph, method: Method, *records: Record) -> tuple[list[Replayed], Imputed]:
    made = Replayer(graph, "main", named={}, make_check=make_check, make_signal=make_signal)
    imputed = made.impute(records, method)

    async def work() -> list[Replayed]:
        return [await made.replay(each) for each in records]

    return asyncio.run(work()), imputed


@pytest.mark.parametrize(
    ("method", "figures"),
    [("mean", (0.75, 0.31, 4.5)), ("worst", (0.0, 0.41, 6.5)), ("best", (1.0, 0.21, 2.5))],
)
def test_an_answer_nobody_looks_at_is_filled_in_when_asked(tmp_path, method, figures):
    graph = graph_of(tmp_path, LADDER)
    found, imputed = filled(graph, method, *PARTIAL)
    assert [each.imputed for each in found] == [(), (), ("large",), ()]
    assert not any(each.missing for each in found)
    assert (found[2].path, found[2].model) == (("small", "large"), "large")
    assert (found[2].quality, found[2].cost_usd, found[2].latency_s) == pytest.approx(figures)
    assert (imputed.stand_ins["large"].of, imputed.stand_ins["small"].of) == (2, 4)
    assert [each.quality for each in found if not each.imputed] == [1.0, 0.5, 0.75]
    assert [each.status for each in found] == ["accepted", "accepted", "unchecked", "accepted"]


def test_nothing_is_filled_in_unasked(tmp_path):
    found = replayed(graph_of(tmp_path, LADDER), *PARTIAL)
    assert [each.missing for each in found] == ["", "", "no answer of `large`", ""]


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        ("cascade [large, small] until not hedges", "no text of the answer of `large`"),
        ("cascade [large, small] until words < 10", "no text of the answer of `large`"),
        ("cascade [large, small] until tokens < 500", "no text of the answer of `large`"),
        ("cascade [large, small] until not truncated", "no text of the answer of `large`"),
        ("cascade [large, small] until logprob(mean) > -1", "no log probabilities of the answer of `large`"),
        ('cascade [large, small] until judge(small, "good?") >= 0.5', "no text of the answer of `large`"),
        ("cascade [small, large] until agrees(large)", "no text of the answer of `large`"),
        ("cascade [small, large] until not hedges otherwise fail", "no text of the answer of `large`"),
        ("cascade [small, large] until not hedges otherwise best", "no text of the answer of `large`"),
        ("cascade [cascade [small, large] until not hedges, middle] until json", "no text of the answer of `large`"),
        ("vote [small, large]", "no text of the answer of `large`"),
        ("middle", "no answer of `middle`"),
    ],
)
def test_what_somebody_looks_at_is_never_filled_in(tmp_path, policy, missing):
    (*_, third, _), _ = filled(graph_of(tmp_path, f"policy main = {policy}"), "mean", *PARTIAL)
    assert third.missing.startswith(missing)


def test_a_cost_that_is_not_recorded_is_by_the_mean_of_tokens(tmp_path):
    graph = graph_of(tmp_path, "policy main = large")
    records = [
        record({"large": {"input_tokens": 100, "output_tokens": 10}}, line=1),
        record({"large": {"input_tokens": 201, "output_tokens": 30}}, line=2),
        record({}, line=3),
    ]
    (*_, third), imputed = filled(graph, "mean", *records)
    assert imputed.stand_ins["large"].answer.input_tokens == 150
    assert third.cost_usd == pytest.approx(150 * 10e-6 + 20 * 50e-6)
    assert third.quality is None
