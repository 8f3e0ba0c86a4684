"""What the events of many runs have in common is kept once; what comes back is what went in."""

from __future__ import annotations

import json
import sqlite3
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascadelang.contracts.trace_sink import Event
from cascadelang.trace.facts import facts_of
from cascadelang.trace.forms import events_of
from cascadelang.trace.json_text import encode
from cascadelang.trace.query import StoreUnusable, show_run, whole_runs
from cascadelang.trace.search import Search
from cascadelang.trace.sql import reading
from cascadelang.trace.store import TraceStore
from tests.unit.conftest import run as a_run

CALL = {"model": "a", "purpose": "answer", "attempt": 1, "input_tokens": 7, "output_tokens": 3, "cost_usd": None}
CHECK = {"check": "ok", "model": "a", "outcome": "failed", "reason": "score 3"}

words = st.sampled_from(["a", "b", "main", ""])
values = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 9) | st.text(max_size=3) | st.just([1, "x"])
data = st.one_of(
    st.fixed_dictionaries(
        {"model": words, "purpose": words, "input_tokens": st.just(1), "output_tokens": st.just(2)},
        optional={"cost_usd": st.none() | st.just(0.5), "text": st.text(max_size=3), "extra": values},
    ).map(lambda data: ("call", data)),
    st.fixed_dictionaries(
        {"check": words},
        optional={"outcome": words, "reason": words, "unknown": st.sampled_from([True]), "score": values},
    ).map(lambda data: ("check", data)),
    st.fixed_dictionaries({"arm": words, "because": st.dictionaries(words, values)}).map(
        lambda data: ("route", data)
    ),
    st.fixed_dictionaries({}, optional={"model": words, "kind": words, "cost_usd": st.just(0.1)}).map(
        lambda data: ("call_failed", data)
    ),
    st.fixed_dictionaries({}, optional={"to": words, "of": values, "share": values}).map(
        lambda data: ("shadow", data)
    ),
)
events = st.lists(
    st.builds(lambda told, node, at_s: Event(told[0], node, at_s, told[1]), data, words, st.floats(0, 9))
)


def back(run):
    """The events, by way of JSON."""
    facts = facts_of(run)
    texts = json.loads(encode([None if text == run.answer else text for text in facts.texts]))
    return events_of(encode(facts.way.form), json.loads(encode(facts.own)), texts, run.answer)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events)
def test_what_goes_in_comes_out(told):
    run = a_run(1, events=tuple(told), model="", answer="ab")
    assert back(run) == run.events


@given(events, st.randoms())
def test_the_order_of_keys_makes_no_difference(told, chance):
    other = []
    for kind, node, at_s, each in told:
        names = list(each)
        chance.shuffle(names)
        other.append(Event(kind, node, at_s, {name: each[name] for name in names}))
    assert (
        back(a_run(1, events=tuple(told), model="")) == back(a_run(1, events=tuple(other), model="")) == tuple(told)
    )


def test_runs_whose_events_have_other_keys_have_each_their_own():
    for name in ("score", "took_s", "reason", "score"):
        run = a_run(1, events=(Event("check", "main", 0.5, {"check": "ok", "outcome": "passed", name: 0.25}),))
        assert back(run) == run.events


def test_runs_that_went_the_same_way_share_a_form_and_none_of_what_was_said(anywhere, make_run):
    def told(number):
        return (
            Event("call", "main", number / 7, {**CALL, "attempt": number, "text": f"SAID {number}"}),
            Event("check", "main", 0.5, {**CHECK, "reason": f"SAID {number}"}),
            Event("skip", "main", 0.6, {"model": "b", "because": "over_budget", "left_usd": number}),
        )

    runs = [make_run(number, events=told(number), query="SAID", answer="SAID 1") for number in range(1, 40)]
    for some in (runs[:20], runs[20:]):
        store = TraceStore(anywhere)
        for run in some:
            store.record(run)
        store.close()
    with reading(anywhere) as reader:
        assert len(reader.rows("SELECT id FROM forms")) == 1
        assert "SAID" not in str(reader.rows("SELECT * FROM forms"))
    assert [run for run, _ in whole_runs(anywhere, Search())] == runs[::-1]


def test_a_text_that_is_the_answer_is_kept_once(tmp_path, make_run):
    store = TraceStore(tmp_path / "t.sqlite")
    store.record(make_run(1, answer="an answer"))
    store.close()
    connection = sqlite3.connect(store.path)
    assert connection.execute("SELECT texts FROM payloads").fetchone() == ("[null]",)
    connection.close()
    assert show_run(store.path, "last") == make_run(1, answer="an answer")


def test_data_that_is_no_dictionary_is_kept(tmp_path, make_run):
    told = make_run(1).events
    store = TraceStore(tmp_path / "t.sqlite")
    store.record(make_run(1, events=[Event(e.kind, e.node, e.at_s, MappingProxyType(e.data)) for e in told]))
    store.close()
    assert show_run(store.path, "last").events == told


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM forms",
        "UPDATE forms SET form = '[]'",
        "UPDATE forms SET form = '{not json'",
        "UPDATE forms SET form = '[[1, 2]]'",
        "UPDATE forms SET form = '[{}]'",
        "UPDATE events SET events = '[1, [0.1]]'",
        "UPDATE events SET events = '[1, 2, 3]'",
        "UPDATE events SET events = '[9, []]'",
        "UPDATE payloads SET texts = '[null, null]'",
    ],
)
def test_what_another_hand_spoilt_is_told(tmp_path, make_run, spoil):
    store = TraceStore(tmp_path / "t.sqlite")
    store.record(make_run(1))
    store.close()
    connection = sqlite3.connect(store.path)
    connection.execute(spoil)
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnusable, match="not what was recorded"):
        show_run(store.path, "last")
