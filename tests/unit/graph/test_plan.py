from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import cascadelang
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import Decision, Known
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.errors import GraphError
from cascadelang.graph.node_bounds import moved
from cascadelang.graph.plan import Plan
from cascadelang.graph.plan_json import plan_json
from cascadelang.graph.plan_text import duration, plan_text
from cascadelang.graph.wording import dollars
from cascadelang.workspace.explain import plan

ROOT = Path(cascadelang.__file__).parent.parent

POLICY = """
tier cheap = fallback [haiku, mini]
signal size = band(tokens, short: 200, long)
check good = judge(sonnet, "Is it right?") >= 0.8 and json
policy main = route has_code -> cheap,
                    meta.plan == "gold" -> (route by size short -> haiku else opus within $0.1)
              else  cascade [cheap, opus] until good
policy other = opus
require main for input <= 4k { calls <= 4 }
"""
DECISIONS = (
    Decision("main", "route", "2", "main.arm2", (Known("has_code", value=False), Known("meta.plan", "gold"))),
    Decision("main.arm2", "route_by", "else", "main.arm2.else.within", (Known("size", None, "no words"),)),
)


def test_a_plan_with_decisions(graph_of, snapshot: SnapshotAssertion):
    graph = graph_of(POLICY)
    assert plan_text(Plan(graph, decisions=DECISIONS, input_tokens=1200)) == snapshot


def test_only_the_taken_rows_are_marked(graph_of):
    graph = graph_of(POLICY)
    text = plan_text(Plan(graph, decisions=DECISIONS))
    marked = [line for line in text.splitlines() if line.startswith(">")]
    assert len(marked) == 2
    assert "meta.plan == gold" in marked[0]
    assert "else opus" in marked[1]


def test_a_plan_shows_one_policy_and_what_it_needs(graph_of):
    graph = graph_of(POLICY)
    text = plan_text(Plan(graph, policy="other"))
    assert "policy other" in text
    assert "tier cheap" not in text


def test_a_policy_that_isnt_there(graph_of):
    graph = graph_of(POLICY)
    with pytest.raises(GraphError, match="there is no policy `mian`: the file has `main`, `other`"):
        Plan(graph, policy="mian")


def test_as_json(graph_of):
    graph = graph_of(POLICY)
    plan = json.loads(json.dumps(plan_json(Plan(graph, decisions=DECISIONS, input_tokens=1000))))
    assert plan["version"] == 1
    node = plan["nodes"]["main.else"]
    assert node["calls"] == {"least": 1, "most": 4}
    assert [use["calls"] for use in node["reads"]] == [0, 1]
    assert node["cost_usd"]["most"]["at_input"] > 0
    assert plan["decisions"][0]["signals"][1] == {"name": "meta.plan", "value": "gold", "reason": ""}


ALERTS = """
tune often = 40% in 10% .. 90%
policy main = cascade [haiku, opus] until json
policy other = opus
alert "opus is asked too often" when escalation(opus)   > often over 500 queries
alert "dear" when cost.mean > $0.01 or
                  failures > 2%
"""


def test_the_alerts_of_the_file_are_told_with_the_tunes_they_use(graph_of):
    graph = graph_of(ALERTS)
    for policy in ("main", "other"):
        text = plan_text(Plan(graph, policy=policy))
        assert lines(text, "alerts, ") == [
            '  "opus is asked too often" when escalation(opus) > often over 500 queries',
            '  "dear" when cost.mean > $0.01 or failures > 2% over 1,000 queries',
        ]
        assert lines(text, "tunes") == ["  often = 0.4"]


def test_so_they_are_as_json(graph_of):
    value = json.loads(json.dumps(plan_json(Plan(graph_of(ALERTS)))))
    validator().validate(value)
    assert value["alerts"] == [
        {"words": "opus is asked too often", "condition": "escalation(opus) > often", "over": 500},
        {"words": "dear", "condition": "cost.mean > $0.01 or failures > 2%", "over": 1000},
    ]


def test_an_alert_whose_words_are_not_kept_is_told_in_ours(graph_of):
    graph = graph_of(ALERTS)
    graph = replace(graph, alerts=[replace(alert, said="") for alert in graph.alerts])
    assert '"dear" when (cost.mean > 0.01) or (failures > 0.02) over' in plan_text(Plan(graph))


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("policy", ["main", "other"])
@pytest.mark.parametrize("decisions", [(), DECISIONS])
def test_the_json_fits_its_schema(graph_of, policy, decisions):
    validator().validate(
        json.loads(json.dumps(plan_json(Plan(graph_of(POLICY), policy=policy, decisions=decisions))))
    )


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.cl")), ids=lambda path: path.stem)
def test_so_does_that_of_the_examples(path):
    for query in (None, Query.of("I was charged twice", {"plan": "gold"})):
        validator().validate(json.loads(json.dumps(plan(str(path), query, form="json"))))


def test_the_schema_refuses_what_it_does_not_name(graph_of):
    value = plan_json(Plan(graph_of(POLICY)))
    assert list(validator().iter_errors({**value, "more": 1}))
    value["nodes"]["main"]["more"] = 1
    assert list(validator().iter_errors(value))


def lines(text: str, start: str) -> list[str]:
    """The lines of the block that starts so."""
    block = next(block for block in text.split("\n\n") if block.startswith(start))
    return block.splitlines()[1:]


WRITTEN = """
tune strict = 0.8 in 0.5 .. 0.99
signal long = tokens > 200
check good = judge(sonnet, "Is it right?") >= strict and (json and not hedges)
check same = json and not hedges
policy main = route long or has_code -> cascade [haiku until good, sonnet until same, opus] otherwise best
              else cascade [mini until judge(opus, "Is it?") >= 0.5 or json, haiku until good]
"""


@pytest.fixture(name="explained")
def _explained(checked_of):
    def explain(text: str, **more: int) -> str:
        checked = checked_of(text)
        assert checked.ok, checked.diagnostics
        written = compile_policy(checked, as_written=True)
        return plan_text(Plan(compile_policy(checked), written=written, declared={"strict": 0.7}), **more)

    return explain


def test_the_order_that_was_written_is_shown_where_it_differs(explained):
    text = explained(WRITTEN)
    assert lines(text, "checks") == [
        '  good = json and not hedges and (judge(sonnet, "Is it right?") >= strict)',
        '    written: (judge(sonnet, "Is it right?") >= strict) and json and not hedges',
        '    paid: judge(sonnet, "Is it right?"), 1 call, <= $0.053',
        "  same = json and not hedges",
    ]
    assert lines(text, "conditions, in") == [
        '  main.else, rung 1: json or (judge(opus, "Is it?") >= 0.5)',
        '    written: (judge(opus, "Is it?") >= 0.5) or json',
    ]
    assert lines(text, "tunes") == ["  strict = 0.8  (of the lock; declared 0.7)"]
    assert lines(text, "signals") == ["  long = tokens > 200"]


def test_so_is_that_of_an_arm(explained):
    text = explained(
        'signal kind = ask(mini, "Which?", [a, b])\n'
        "policy main = route has_code -> opus, kind == a and tokens > 3 -> haiku else mini\n"
    )
    assert lines(text, "conditions, in") == [
        "  main, arm 2: (tokens > 3) and (kind == a)",
        "    written: (kind == a) and (tokens > 3)",
    ]


def test_a_gate_that_changes_nothing_is_not_asked(explained):
    rows = [line.split() for line in explained(WRITTEN).splitlines() if "until good" in line]
    assert rows[0][-3:] == ["0..1", "$0.053", "20s"]
    assert rows[1][-3:] == ["0", "not", "asked"]


def test_what_with_and_retry_make_of_calls(explained):
    text = explained(
        "policy main = fallback [haiku, (cascade [mini, opus] until json)] with { max_tokens: 300 } retry 2\n"
        "policy other = haiku\n"
    )
    rows = {line.split("haiku")[1].split("  ")[0]: line for line in text.splitlines() if "─ first haiku" in line}
    assert list(rows) == [" (max_tokens 300, retry 2)"]
    assert rows[" (max_tokens 300, retry 2)"].split()[7] == "1..3"


def test_a_tier_reached_with_several_settings(explained):
    text = explained("tier t = fallback [haiku, mini]\npolicy main = route has_code -> t else (t retry 3)\n")
    assert text.count("(settings differ by the way here)") == 2
    assert text.count("tier t\n└─ fallback") == 1


def test_rungs_that_are_handed_drafts_cost_what_the_whole_counts_for_them(explained, graph_of):
    inner = "(fallback [sonnet, opus])"
    text = f"policy main = cascade [haiku, {inner}, opus retry 1] until json carry draft\n"
    shown = explained(text)
    tokens = [int(t.replace(",", "")) for t in re.findall(r"\+([\d,]+) tokens carried", shown)]
    assert len(tokens) == 2
    assert plan_json(Plan(graph_of(text)))["nodes"]["main"]["carried_tokens"] == [0, *tokens]
    plan = Plan(graph_of(text))
    rungs = [rung.node for rung in plan.graph.nodes["main"].rungs]
    parts = [moved(plan.bounds[rung], more) for rung, more in zip(rungs, [0, *tokens], strict=True)]
    whole = plan.bounds["main"].cost_most.at(4_000)
    assert sum(part.cost_most.at(4_000) for part in parts) == pytest.approx(whole)
    for part in parts:
        assert dollars(part.cost_most.at(4_000)) in shown
    (of_sonnet,) = [line for line in shown.splitlines() if "first sonnet" in line]
    assert dollars(moved(plan.bounds["main.rung2.member1"], tokens[0]).cost_most.at(4_000)) in of_sonnet


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_asked(explained, width: int):
    least = 28 + len("  calls  cost at 4k  latency")  # the tree, and what stands beside it
    assert max(map(len, explained(WRITTEN, width=width).splitlines())) <= max(width, least)


def test_what_was_not_evaluated_is_said(graph_of):
    graph = graph_of(
        'policy main = route has_code or meta.plan == "x" -> haiku, tokens > 3 -> mini, tokens > 2 -> opus '
        "else sonnet"
    )
    decision = Decision("main", "route", "1", "main.arm1", (Known("has_code", value=True, reason="a fence"),))
    assert lines(plan_text(Plan(graph, decisions=[decision])), "for this query") == [
        "  main takes arm 1, `has_code or (meta.plan == x)` -> main.arm1",
        "    has_code is true: a fence",
        "    meta.plan isn't evaluated: it was decided before",
        "    arms 2 to 3 aren't evaluated: arm 1 is taken",
    ]
    assert plan_json(Plan(graph, decisions=[decision]))["decisions"][0]["not_evaluated"] == ["meta.plan", "tokens"]
    unknown = (Known("has_code", value=False), Known("meta.plan", None, "the caller gave no `meta.plan`"))
    decision = Decision("main", "route", "else", "main.else", (*unknown, Known("tokens", 1)), "")
    assert lines(plan_text(Plan(graph, decisions=[decision])), "for this query") == [
        "  main takes else -> main.else",
        "    has_code is false",
        "    meta.plan is unknown: the caller gave no `meta.plan`",
        "    tokens is 1",
    ]


def test_a_decision_that_needs_a_call(graph_of):
    graph = graph_of('signal kind = ask(mini, "Which?", [a, b])\npolicy main = route by kind a -> haiku else opus')
    decision = Decision("main", "route_by", "", "", (), "ask(mini): it needs a call, and nothing is called here")
    text = plan_text(Plan(graph, decisions=[decision]))
    assert lines(text, "for this query") == [
        "  main can't be decided without a run",
        "    kind isn't evaluated: it needs a call, or what comes before it does",
        "    ask(mini): it needs a call, and nothing is called here",
    ]
    assert not any(line.startswith(">") for line in text.splitlines())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (20, "20s"),
        (119, "119s"),
        (120, "2m"),
        (330, "5m30s"),
        (3600, "1h"),
        (3661, "1h1m1s"),
    ],
)
def test_durations(value: float, said: str):
    assert duration(value) == said


def test_a_plan_tells_what_takes_time(graph_of, snapshot: SnapshotAssertion):
    graph = graph_of("""
check right = runs(limit: 30s) and json
policy main = cascade [haiku, opus] until right
""")
    assert plan_text(Plan(graph)) == snapshot
    schema = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
    said = plan_json(Plan(graph))
    jsonschema.validate(said, schema)
    assert {use["words"]: use["time_s"] for use in said["nodes"]["main"]["reads"]} == {"json": 0, "runs": 30}
