"""Where the money of a run went, and which way it took: counted from its events."""

from __future__ import annotations

import pytest

from cascadelang import Policy
from cascadelang.contracts.trace_sink import Event
from cascadelang.trace.facts import facts_of, signal_text
from cascadelang.trace.query import list_runs
from cascadelang.trace.rows import encode
from cascadelang.trace.schema import latency_at, place_of
from cascadelang.trace.sql import reading
from cascadelang.trace.store import TraceStore

SMALL, MIDDLE, LARGE = 2.4e-05, 4.2e-05, 7e-05
POLICIES = """
provider fake = scripted { replies: { small: ["I'm not sure"], middle: ["Perhaps"], large: ["Paris"] } }
model small = fake("small") { price: $1 / $5 }
model middle = fake("middle") { price: $3 / $15 }
model large = fake("large") { price: $5 / $25 }
policy inner = cascade [small, middle] until not hedges otherwise last
policy both = vote [small, middle]
policy nested = cascade [inner, large] until contains("Paris")
policy voted = cascade [vote [small, middle], large] until contains("Paris")
policy named = cascade [both, large] until contains("Paris")
policy last = cascade [small, middle] until contains("Rome") otherwise last
policy best = cascade [small, large, middle] until contains("Rome") otherwise best
policy other = cascade [small, middle] until contains("Rome") otherwise large
policy failing = cascade [small, middle] until contains("Rome") otherwise fail
policy agreed = vote [small, middle, large]
policy main = route contains("code") -> large else cascade [small, middle, large] until contains("Paris")
"""


class Memory:
    def __init__(self):
        self.runs = []

    def record(self, run):
        self.runs.append(run)

    def close(self):
        pass


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    path = tmp_path_factory.mktemp("facts") / "p.cl"
    path.write_text(POLICIES)
    memory = Memory()
    with Policy.load(path, traces=False) as policy:
        policy._interpreter()._sink = memory

        def asked(name):
            policy.run("capital of France", policy=name)
            return memory.runs[-1]

        yield asked


@pytest.mark.parametrize(
    ("policy", "answers", "rejected"),
    [
        ("main", LARGE, SMALL + MIDDLE),
        ("inner", MIDDLE, SMALL),
        ("nested", LARGE, SMALL + MIDDLE),
        ("voted", LARGE, SMALL + MIDDLE),
        ("named", LARGE, SMALL + MIDDLE),
        ("last", MIDDLE, SMALL),
        ("best", MIDDLE, SMALL + LARGE),
        ("other", LARGE, SMALL + MIDDLE),
        ("failing", 0.0, SMALL + MIDDLE),
        ("agreed", SMALL + MIDDLE + LARGE, 0.0),
    ],
)
def test_answers_and_rejected_answers(ask, policy, answers, rejected):
    run = ask(policy)
    facts = facts_of(run)
    assert facts.answers_usd == pytest.approx(answers)
    assert facts.rejected_usd == pytest.approx(rejected)
    assert facts.answers_usd + facts.rejected_usd == pytest.approx(run.cost_usd)
    assert (facts.answer_output_tokens > 0) == bool(run.model)


def test_every_part_of_the_cost(make_run):
    def call(purpose, usd, node="main.rung1", model="a"):
        data = {"model": model, "purpose": purpose, "cost_usd": usd, "input_tokens": 7, "output_tokens": 3}
        return Event("call", node, 0.1, data)

    failed = {"model": "a", "purpose": "answer", "kind": "bad_answer", "cost_usd": 16.0}
    events = (
        call("ask", 1.0, "main", "mini"),
        Event("call_failed", "main.rung1", 0.1, failed),
        Event("retry", "main.rung1", 0.1, {"model": "a", "attempt": 2, "because": "bad_answer", "wait_s": 0.1}),
        call("answer", 2.0),
        call("judge", 4.0, "main", "a"),
        call("sample", 8.0),
        Event("check", "main", 0.2, {"check": "j", "model": "a", "outcome": "failed", "reason": "score 3 of 10"}),
        call("answer", 32.0, "main.rung2", "b"),
        Event("check", "main", 0.2, {"check": "j", "model": "b", "outcome": "failed", "reason": "", "unknown": True}),
    )
    facts = facts_of(make_run(1, events=events, model="b", status="unmet", cost_usd=63.0))
    assert facts.classifiers_usd == 1.0
    assert facts.judges_usd == 12.0
    assert facts.retries_usd == 16.0
    assert facts.rejected_usd == 2.0
    assert facts.answers_usd == 32.0
    assert (facts.answer_input_tokens, facts.answer_output_tokens) == (7, 3)
    assert facts.reasons == (("j", "failed", "score # of #"), ("j", "unknown", ""))


def test_the_steps_of_a_run_stand_in_columns(anywhere, ask):
    store = TraceStore(anywhere)
    store.record(ask("main"))
    store.record(ask("main"))
    store.record(ask("agreed"))
    store.close()
    assert len(list_runs(anywhere)) == 3
    with reading(anywhere) as reader:
        assert reader.rows("SELECT count(*) FROM shapes") == [(2,)]
        rows = reader.rows(
            "SELECT kind, node, steps.name, steps.model, outcome, times * runs FROM tallies JOIN steps"
            " ON steps.shape = tallies.shape JOIN shapes ON shapes.id = tallies.shape"
            " JOIN policies ON policies.id = shapes.policy WHERE policies.name = ?",
            ("main",),
        )
    condition = 'contains(["Paris"])'
    found = {row[:5]: row[5] for row in rows}
    assert found["route", "main", "else", "main.else", ""] == 2
    assert found["call", "main.else.rung1", "answer", "small", ""] == 2
    assert found["escalate", "main.else", "small", "middle", "unmet"] == 2
    assert found["check", "main.else", condition, "large", "passed"] == 2
    assert found["check", "main.else", condition, "small", "failed"] == 2
    assert found["asked", "", "", "middle", ""] == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (7, "7"),
        (-3.0, "-3"),
        (1234, "1.2e+03"),
        (0.4321, "0.43"),
        (float("nan"), "null"),
        (float("inf"), "null"),
        ('it\'s "so"', '"it\'s \\"so\\""'),
        ("x" * 1_000, '"' + "x" * 64 + '"'),
    ],
)
def test_what_a_signal_is_counted_as(value, text):
    assert signal_text(value, encode) == text


@pytest.mark.parametrize("latency_s", [1e-6, 0.0123, 0.5, 1.0, 3.7, 61.0, 3_600.0])
def test_a_latency_comes_back_from_its_place_to_two_percent(latency_s):
    assert latency_at(place_of(latency_s)) == pytest.approx(latency_s, rel=0.0201)


def test_no_latency_is_too_small_or_wrong_to_be_counted():
    assert place_of(0.0) == place_of(-5.0) == place_of(1e-12)
