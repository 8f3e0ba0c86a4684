"""What decides an answer: what changes the digest of a node, and what doesn't."""

from __future__ import annotations

import pytest

from cascadelang.graph.fingerprint import facts_below, fingerprint

POLICY = """
tune strict = 0.8 in 0.5 .. 0.99
signal gold = meta.plan == "gold" and meta.user is not missing
check sound = json and judge(opus, "Is it right?") >= strict
tier cheap = haiku with { max_tokens: 100 }
policy main = (route gold -> opus else cascade [cheap, opus] until sound) cached 1d
policy other = route meta.other == 1 -> haiku else opus
"""


def of(graph):
    return fingerprint(graph, graph.nodes[graph.policies["main"]].child)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strict = 0.8 in", "strict = 0.7 in"),
        ('"gold" and', '"silver" and'),
        ("Is it right?", "Is it wrong?"),
        ("max_tokens: 100", "max_tokens: 101"),
        ("[cheap, opus]", "[opus, cheap]"),
        ("else cascade", "else cascade [opus] until json otherwise cascade"),
        ("judge(opus", "judge(haiku"),
    ],
)
def test_what_changes_answers_changes_it(graph_of, old, new):
    assert old in POLICY
    assert of(graph_of(POLICY)) != of(graph_of(POLICY.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("policy main", "# a remark\npolicy main"),
        ("cached 1d", "cached 2d"),
        ("cached 1d", "cached 1d within $1"),
        ("meta.other == 1", "meta.other == 2"),
        ("check sound = json and", "check sound =\n   json   and"),
    ],
)
def test_what_changes_nothing_below_doesnt(graph_of, old, new):
    first, second = graph_of(POLICY), graph_of(POLICY.replace(old, new))
    node = "main"
    assert fingerprint(first, node) == fingerprint(second, node)


def test_facts_are_those_that_are_looked_at_below(graph_of):
    graph = graph_of(POLICY)
    assert facts_below(graph, "main") == ("plan", "user")
    assert facts_below(graph, graph.policies["other"]) == ("other",)
    assert facts_below(graph, "tier.cheap.with") == ()


def test_a_fact_that_is_an_argument_counts(graph_of):
    graph = graph_of("policy main = cascade [haiku, opus] until equals(meta.answer) cached 1d")
    assert facts_below(graph, "main") == ("answer",)


@pytest.mark.parametrize("entry", [("check", "judge"), ("signal", "tokens"), ("provider", "anthropic")])
def test_another_version_of_a_package_that_is_asked_changes_it(graph_of, entry):
    graph = graph_of(POLICY.replace("json and judge", "json and query.tokens > 3 and judge"))
    node = graph.nodes[graph.policies["main"]].child

    def digest(version: str, of: tuple[str, str] = entry) -> str:
        return fingerprint(graph, node, lambda kind, name: version if (kind, name) == of else "")

    assert digest("words 1.0") == digest("words 1.0")
    assert len({digest("words 1.0"), digest("words 1.1"), digest("")}) == 3
    assert digest("words 1.0", ("check", "nobody asks")) == digest("") == fingerprint(graph, node)
