"""What of a run gets into the store: everything, hashes, or numbers; and nothing that a pattern blacks out."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.patterns import BadPattern
from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.trace.privacy import BLACKED_OUT, Privacy
from cascadelang.trace.query import list_runs, show_run
from cascadelang.trace.sql import reading
from cascadelang.trace.store import TraceStore

SECRET = "Zanzibar"
KEY = b"k" * 32


def telling_run(secret: str = SECRET, status: str = "accepted") -> RunRecord:
    """A run with the secret wherever people and models can say something."""
    because = {"topic": secret, "n": 3, "b": True}
    call = {"model": "a", "purpose": "answer"}
    check = {"check": "ok", "model": "a", "outcome": "failed", "reason": f"it says {secret}"}
    events = (
        Event("route", "main", 0.1, {"arm": "1", "to": "a", "because": because, "unknown": [secret]}),
        Event("call", "main.r", 0.2, {**call, "text": secret, "id": secret, "cost_usd": 0.1}),
        Event("check", "main", 0.3, check),
        Event("call_failed", "main.q", 0.4, {**call, "kind": "timeout", "message": secret}),
        Event("retry", "main.q", 0.4, {"model": "b", "attempt": 2, "because": "timeout", "wait_s": 0.5}),
        Event("news", "main.q", 0.4, {"what": [secret, {secret: (secret,)}], "figure": 7}),  # type: ignore[arg-type]
        Event("vote", "main", 0.5, {"model": "a", "votes": 2, "of": 3, "members": 3, "groups": [["a", "b"], ["c"]]}),
        Event("end", "", 0.6, {"status": status, "kind": "", "message": secret}),
    )
    return RunRecord(
        *("00ff", "main", "p.cl", "0" * 64, 1_000.0, 0.6, status, "", "a", ("a",), 0.1, 12, 5),
        f"where is {secret}?",
        f"in {secret}",
        {"plan": secret, "deep": {"er": [secret], secret: 1}, "card": 4111111111111111},
        events,
    )


def everything(where) -> str:
    """All that stands in any table."""
    tables = (
        "policies",
        "shapes",
        "steps",
        "runs",
        "events",
        "payloads",
        "tallies",
        "latencies",
        "reasons",
        "signals",
    )
    with reading(where) as store:
        return "\n".join(str(store.rows(f"SELECT * FROM {table}")) for table in tables)  # noqa: S608


def kept(where, privacy: Privacy) -> RunRecord:
    store = TraceStore(where, privacy=privacy)
    store.record(telling_run())
    store.close()
    assert store.dropped == 0
    return show_run(where, "last")


def test_everything_is_kept_unless_told_otherwise(anywhere):
    assert kept(anywhere, Privacy()).query == "where is Zanzibar?"
    assert everything(anywhere).count(SECRET) >= 9


@pytest.mark.parametrize("privacy", [Privacy("hashes", key=KEY), Privacy("numbers"), Privacy("text", [SECRET])])
def test_a_secret_gets_into_no_table(anywhere, privacy):
    run = kept(anywhere, privacy)
    assert SECRET not in everything(anywhere)
    assert (run.cost_usd, run.input_tokens, run.path, run.model) == (0.1, 12, ("a",), "a")
    assert [event.kind for event in run.events] == [event.kind for event in telling_run().events]
    assert run.events[0].data["because"]["n"] == 3
    assert run.events[0].data["because"]["b"] is True
    assert run.events[4].data["because"] == "timeout"
    assert run.events[6].data["groups"] == [["a", "b"], ["c"]]
    assert run.events[2].data["outcome"] == "failed"


def test_numbers_keep_nothing_of_what_was_said(anywhere):
    run = kept(anywhere, Privacy("numbers"))
    assert (run.query, run.answer, run.meta) == ("", "", {})
    assert "4111111111111111" not in everything(anywhere)
    assert run.events[2].data["reason"] == ""


def test_equal_texts_have_equal_hashes_under_one_key_only(tmp_path):
    one = kept(tmp_path / "1.sqlite", Privacy("hashes", key=KEY))
    two = kept(tmp_path / "2.sqlite", Privacy("hashes", key=KEY))
    other = kept(tmp_path / "3.sqlite", Privacy("hashes", key=b"another key of another machine"))
    assert re.fullmatch(r"hmac:[0-9a-f]{32}", one.query)
    assert one.query == two.query != other.query
    assert one.meta["plan"] == one.events[0].data["because"]["topic"] == one.events[1].data["text"]
    assert one.meta["card"] == 4111111111111111
    with pytest.raises(ValueError, match="a key"):
        Privacy("hashes")


def test_patterns_black_out_before_anything_is_written(anywhere):
    run = kept(anywhere, Privacy("text", ["(?i)zanz[a-z]*", "[0-9]{13,19}"]))
    assert run.query == f"where is {BLACKED_OUT}?"
    assert run.meta == {"plan": BLACKED_OUT, "deep": {"er": [BLACKED_OUT], BLACKED_OUT: 1}, "card": BLACKED_OUT}
    assert run.events[5].data["what"] == [BLACKED_OUT, {BLACKED_OUT: [BLACKED_OUT]}]
    assert run.events[5].data["figure"] == 7
    with reading(anywhere) as store:
        assert store.rows("SELECT reason FROM reasons") == [(f"it says {BLACKED_OUT}",)]


def test_the_hash_of_a_reason_is_counted_as_it_is_kept(anywhere):
    run = kept(anywhere, Privacy("hashes", key=KEY))
    with reading(anywhere) as store:
        assert store.rows("SELECT reason FROM reasons") == [(run.events[2].data["reason"],)]


def test_why_an_answer_was_stopped_keeps_its_figures_and_no_text():
    stopped = {"by": "not hedges", "because": f"it says {SECRET}", "after_tokens": 31}
    run = RunRecord(
        *("00ff", "main", "p.cl", "0" * 64, 1_000.0, 0.6, "unmet", "", "a", ("a",), 0.1, 12, 5, "", "", {}),
        (Event("call", "main", 0.2, {"model": "a", "stopped": stopped}),),
    )
    assert Privacy("numbers").clean(run).events[0].data["stopped"] == {**stopped, "because": ""}
    hashed = Privacy("hashes", key=KEY).clean(run).events[0].data["stopped"]
    assert (hashed["by"], hashed["after_tokens"], hashed["because"][:5]) == ("not hedges", 31, "hmac:")


@pytest.mark.parametrize(
    ("arm", "value", "there"), [("code", "code", "code"), ("code", "prose", ""), ("1", "1", ""), ("else", "else", "")]
)
def test_the_label_that_an_arm_was_taken_by_is_the_policys_word(arm, value, there):
    route = Event("route", "main", 0.1, {"arm": arm, "to": "a", "because": {"topic": value}, "unknown": []})
    run = RunRecord(
        *("00ff", "main", "p.cl", "0" * 64, 1_000.0, 0.6, "unmet", "", "a", ("a",), 0.1, 12, 5, "", "", {}), (route,)
    )
    assert Privacy("numbers").clean(run).events[0].data["because"] == {"topic": there}


def test_what_is_no_pattern_is_told():
    with pytest.raises(BadPattern):
        Privacy("text", ["("])


def test_what_is_waiting_is_not_written_uncleaned_by_the_file_system_either(tmp_path):
    path = tmp_path / "t.sqlite"
    kept(path, Privacy("text", [SECRET]))
    assert all(SECRET.encode() not in file.read_bytes() for file in tmp_path.iterdir())


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=6), st.sampled_from(["hashes", "numbers"]))
def test_no_text_of_any_form_gets_past(secret, keep):
    cleaned = Privacy(keep, key=KEY).clean(telling_run(f"⟦{secret}⟧"))
    said = [cleaned.query, cleaned.answer, dict(cleaned.meta), cleaned.events]
    assert f"⟦{secret}⟧" not in json.dumps(said, ensure_ascii=False)


def test_a_sample_keeps_every_failure_and_the_rates(anywhere, make_run):
    statuses = ["accepted"] * 6 + ["unchecked"] * 2 + ["unmet", "failed"]
    runs = [make_run(n, trace_id=f"{n * 7919:020x}", status=statuses[n % 10]) for n in range(3_000)]
    store = TraceStore(anywhere, sample=0.25)
    for run in runs:
        store.record(run)
    store.close()
    assert store.dropped == 0
    found = list_runs(anywhere, limit=None)
    assert sum(run.status in {"unmet", "failed"} for run in found) == 600
    assert 450 < sum(run.status in {"accepted", "unchecked"} for run in found) < 750
    with reading(anywhere) as reader:
        weights = dict(
            reader.rows(
                "SELECT status, sum(weight) FROM tallies JOIN shapes ON shapes.id = tallies.shape GROUP BY status"
            )
        )
        assert reader.rows("SELECT DISTINCT weight FROM runs ORDER BY 1") == [(1.0,), (4.0,)]
    assert weights["unmet"] == weights["failed"] == 300
    assert sum(weights.values()) == pytest.approx(3_000, rel=0.08)
    again = TraceStore(anywhere, sample=0.25)
    for run in runs:
        again.record(run)
    again.close()
    assert len(list_runs(anywhere, limit=None)) == len(found), "the same runs are chosen wherever it is done"


def test_a_shadows_run_is_kept_with_its_live_one(tmp_path, make_run):
    store = TraceStore(tmp_path / "t.sqlite", sample=0.3)
    for n in range(200):
        live = make_run(n, trace_id=f"{n * 104729:020x}")
        shadow = make_run(n, trace_id=f"s{n}", events=(Event("shadow", "main", 0.0, {"of": live.trace_id}),))
        store.record(live)
        store.record(shadow)
    store.close()
    ids = {run.trace_id for run in list_runs(store.path, limit=None)}
    assert 20 < len(ids) < 200
    assert {n for n in range(200) if f"s{n}" in ids} == {n for n in range(200) if f"{n * 104729:020x}" in ids}


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_what_is_no_share_is_refused(tmp_path, share):
    with pytest.raises(ValueError, match="share"):
        TraceStore(tmp_path / "t.sqlite", sample=share)


def test_a_deleted_text_is_overwritten(tmp_path):
    from cascadelang.trace.retention import prune

    path = tmp_path / "t.sqlite"
    store = TraceStore(path)
    store.record(telling_run())
    store.close()
    assert SECRET.encode() in path.read_bytes()
    assert prune(path, 1e9) == 1
    assert SECRET.encode() not in path.read_bytes()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
