from __future__ import annotations

import pytest

from cascadelang.graph.compile import compile_policy
from cascadelang.graph.errors import GraphError
from cascadelang.graph.json_form import graph_sha256, to_json
from cascadelang.graph.model import (
    CallNode,
    CascadeNode,
    CheckValue,
    Const,
    InValue,
    MetaMissing,
    RouteByNode,
    TuneValue,
    UseValue,
    WithinNode,
)
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles


def test_a_bare_strategy_is_main(graph_of):
    graph = graph_of("cascade [haiku, opus] until json")
    assert graph.policies == {"main": "main"}
    first = graph.nodes["main.rung1"]
    assert first == CallNode("main.rung1", "haiku", first.place)


def test_ids_are_paths_through_the_source(graph_of):
    graph = graph_of("""
tier cheap = fallback [haiku, mini]
route has_code -> opus else cascade [cheap, sonnet retry 1] until json otherwise (route has_code -> opus else haiku)
""")
    assert list(graph.nodes) == [
        "main",
        "main.arm1",
        "main.else",
        "tier.cheap",
        "tier.cheap.member1",
        "tier.cheap.member2",
        "main.else.rung2.retry",
        "main.else.rung2",
        "main.else.otherwise",
        "main.else.otherwise.arm1",
        "main.else.otherwise.else",
    ]


def test_a_suffix_leaves_the_ids_inside_alone(graph_of):
    plain = graph_of("cascade [haiku, opus] until json")
    limited = graph_of("cascade [haiku, opus] until json within $1 retry 2 within 20s")
    assert set(limited.nodes) == {*plain.nodes, "main.within", "main.retry", "main.within2"}
    assert limited.policies == {"main": "main.within2"}
    assert limited.nodes["main.within2"] == WithinNode(
        "main.within2", "main.retry", None, 20.0, limited.nodes["main.within2"].place
    )


def test_another_name_is_no_node(graph_of):
    graph = graph_of("tier t = haiku\npolicy a = t\npolicy b = a\npolicy main = cascade [b, opus] until json")
    assert graph.policies == {"main": "main", "a": "tier.t", "b": "tier.t"}
    assert set(graph.nodes) == {"main", "tier.t", "main.rung2"}


def test_ids_stay_when_unrelated_declarations_move(graph_of):
    one = "check ok = json\nsignal code = has_code\ntier cheap = fallback [haiku, mini]\n"
    main = "policy main = route code -> opus else cascade [cheap, opus] until ok\n"
    before = graph_of(one + main)
    after = graph_of("signal unused = has_code\n" + main + "tier unused_too = opus\n" + one)
    assert before.nodes.keys() == after.nodes.keys()
    assert list(before.nodes) == list(after.nodes)
    assert graph_sha256(before) == graph_sha256(after)
    assert to_json(before) != to_json(after)  # places differ


def test_the_hash_changes_with_what_the_graph_does(graph_of):
    assert graph_sha256(graph_of("policy main = haiku")) != graph_sha256(graph_of("policy main = haiku within $1"))
    named = "signal {0} = has_code or tokens > {1}\nroute {0} -> opus else haiku"
    one, other = graph_of(named.format("path", 5)), graph_of(named.format("path", 6))
    assert graph_sha256(one) != graph_sha256(other)  # a signal called as an aside field still counts


def test_only_what_is_reached_is_in_it(graph_of):
    graph = graph_of("signal unused = has_code\ncheck unused_too = json\ntier t = opus\npolicy main = haiku")
    assert (set(graph.models), graph.signals, graph.checks, graph.uses) == ({"haiku"}, {}, {}, {})


def test_judges_are_reached(graph_of):
    graph = graph_of('check good = judge(sonnet, "Is it right?") >= 0.8\ncascade [haiku, opus] until good')
    assert set(graph.models) == {"haiku", "opus", "sonnet"}
    assert graph.checks["good"].paid
    cascade = graph.nodes["main"]
    assert isinstance(cascade, CascadeNode)
    assert cascade.rungs[0].paid
    assert not cascade.rungs[0].logprobs


def test_needs_reach_rungs_through_named_checks(graph_of):
    graph = graph_of("""
check deep = margin > 2
check sure = deep or hedges
policy main = cascade [mini until sure, mini until logprob(mean) >= -0.3, mini] until json
""")
    rungs = graph.nodes["main"].rungs
    assert [(r.logprobs, r.top_logprobs) for r in rungs] == [(True, True), (True, False), (False, False)]


def test_needs_reach_members_of_a_vote(graph_of):
    graph = graph_of("""
policy main = vote [mini, mini] by lead
policy plain = vote [mini, mini] by judge(opus, "Is it right?")
""")
    found = [graph.nodes[id_] for id_ in ("main", "policy.plain")]
    assert [(vote.logprobs, vote.top_logprobs) for vote in found] == [(True, True), (False, False)]


def test_equal_uses_are_one(graph_of):
    graph = graph_of("""
check a = contains("x") and json
check b = contains("x") or contains("y")
cascade [haiku until a, opus until b, opus]
""")
    entries = sorted(use.entry for use in graph.uses.values())
    assert entries == ["contains", "contains", "json"]


def test_free_checks_come_first(graph_of):
    graph = graph_of('check c = judge(sonnet, "ok?") > 0.5 and json and hedges\ncascade [haiku, opus] until c')
    values = graph.checks["c"].expr.values
    assert values[:2] == [UseValue("json"), UseValue("hedges")]


def test_expressions(graph_of):
    graph = graph_of("""
tune  low = -0.5 in -1 .. 0
check c = logprob(mean) >= low
signal s = meta.plan in ["a", "b"] or meta.user is not missing
route s -> (cascade [mini, mini] until c) else haiku
""")
    check = graph.checks["c"].expr
    assert check.right == TuneValue("low", -0.5)
    [first, second] = graph.signals["s"].expr.values
    assert isinstance(first, InValue)
    assert first.items == ["a", "b"]
    assert second == MetaMissing("user", negated=True)
    assert graph.nodes["main.arm1"].rungs[0].until == CheckValue("c")


def test_labels_are_words(graph_of):
    graph = graph_of("""
signal size = band(tokens, short: 200, long)
route size == short -> haiku else (route by size short -> haiku, long -> opus)
""")
    assert graph.nodes["main"].arms[0].condition.right == Const("short")
    inner = graph.nodes["main.else"]
    assert isinstance(inner, RouteByNode)
    assert inner.arms == {"short": "main.else.arm.short", "long": "main.else.arm.long"}
    assert inner.otherwise is None


def test_a_cascade_from_a_label_knows_its_rungs(graph_of):
    graph = graph_of("""
signal start: {haiku, opus} = band(tokens, haiku: 100, opus)
cascade [haiku, sonnet, opus] until json from start
""")
    assert graph.nodes["main"].start_at == {"haiku": 0, "sonnet": 1, "opus": 2}


def test_names_of_other_files(graph_of_files):
    model = 'model m = openai("{}") {{ price: $1 / $1 }}\n'
    graph = graph_of_files(
        {
            "p.cl": 'use "a.cl" as x\nuse "b.cl"\npolicy main = fallback [x.m, x.both, t, x.main]\n',
            "a.cl": 'use "c.cl"\n' + model.format("of a") + "tier both = fallback [m, hidden]\npolicy main = m\n",
            "b.cl": 'use "d.cl" as inner\ntier t = fallback [inner.m, inner.m]\n',
            "c.cl": 'model hidden = openai("of c") { price: $1 / $1 }\n',
            "d.cl": model.format("of d"),
        },
        "p.cl",
    )
    assert {name: model.id for name, model in graph.models.items()} == {
        "x.m": "of a",
        "x.hidden": "of c",
        "d:m": "of d",
    }
    assert {"tier.x.both", "tier.t", "policy.x.main"} <= set(graph.nodes)


def test_hidden_names_of_two_files_differ(graph_of_files):
    model = 'model m = openai("{}") {{ price: $1 / $1 }}\n'
    graph = graph_of_files(
        {
            "p.cl": 'use "a.cl"\nuse "b.cl"\npolicy main = fallback [ta, tb]\n',
            "a.cl": 'use "one/deep.cl"\ntier ta = m\n',
            "b.cl": 'use "two/deep.cl"\ntier tb = m\n',
            "one/deep.cl": model.format("first"),
            "two/deep.cl": model.format("second"),
        },
        "p.cl",
    )
    assert {name: model.id for name, model in graph.models.items()} == {
        "one/deep.cl:m": "first",
        "two/deep.cl:m": "second",
    }


def test_a_declared_provider_and_a_kind_of_its_name_are_two(graph_of_files):
    graph = graph_of_files(
        {
            "p.cl": 'use "other.cl"\nprovider openai = openai { base_url: "http://localhost:1" }\n'
            'model own = openai("x") { price: $0 / $0 }\npolicy main = fallback [own, plain]\n',
            "other.cl": 'model plain = openai("y") { price: $0 / $0 }\n',
        },
        "p.cl",
    )
    settings = {m.name: graph.providers[m.provider].settings["base_url"] for m in graph.models.values()}
    assert settings == {"own": "http://localhost:1", "plain": ""}


def test_a_provider_without_paths_is_one_for_files_of_all_folders(graph_of_files):
    graph = graph_of_files(
        {
            "p.cl": 'use "lib/other.cl"\nmodel own = openai("x") { price: $0 / $0 }\n'
            "policy main = fallback [own, plain]\n",
            "lib/other.cl": 'model plain = openai("y") { price: $0 / $0 }\n',
        },
        "p.cl",
    )
    assert [(p.name, p.folder) for p in graph.providers.values()] == [("openai", "")]


def test_requirements(graph_of):
    [cost, calls] = graph_of(
        "policy main = haiku\nrequire main for input <= 4k { cost <= $0.3, calls < 2 }"
    ).requirements
    assert (cost.policy, cost.node, cost.what, cost.op, cost.limit, cost.input_tokens) == (
        "main",
        "main",
        "cost",
        "<=",
        0.3,
        4000,
    )
    assert (calls.what, calls.op, calls.limit) == ("calls", "<", 2.0)


def test_a_required_policy_of_another_file_is_in_the_graph(graph_of):
    graph = graph_of(
        'use "other.cl" as o\npolicy main = haiku\nrequire o.main { calls <= 1 }',
        other__cl='model x = openai("x") { price: $1 / $1 }\npolicy main = x\n',
    )
    assert graph.requirements[0].node in graph.nodes
    assert "o.x" in graph.models


def doubling(levels: int) -> str:
    lines = ["policy p0 = cascade [haiku, sonnet] until json"]
    lines += [f"policy p{n} = cascade [p{n - 1}, p{n - 1}] until json carry draft" for n in range(1, levels)]
    return "\n".join(lines)


def test_a_doubling_chain_stays_small(graph_of):
    graph = graph_of(doubling(60))
    assert len(graph.nodes) == 62
    assert len(to_json(graph)) < 200_000


def test_a_long_chain_needs_no_stack(graph_of):
    lines = ["check c0 = json", "tier t0 = haiku"]
    lines += [f"check c{n} = c{n - 1} and hedges" for n in range(1, 400)]
    lines += [f"tier t{n} = t{n - 1} retry 1" for n in range(1, 400)]
    graph = graph_of("\n".join(lines) + "\ncascade [t399, opus] until c399")
    assert len(graph.checks) == 400


def test_a_policy_with_errors_is_refused():
    checked = check("p.cl", MemoryFiles({"p.cl": "policy main = nobody"}), _Nothing(), lambda *_: None)
    with pytest.raises(GraphError, match="has errors"):
        compile_policy(checked)


class _Nothing:
    def names(self, kind):
        return []

    def spec(self, kind, name):
        return None
