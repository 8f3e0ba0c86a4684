"""Fills a trace store with plausible runs, and times what statistics ask of it.

Run as a script: ``python tests/benchmarks/fill_store.py WHERE [RUNS] [DAYS]``; a million runs of the last thirty
days unless said. WHERE is a path or a ``postgresql://`` URL. The runs are of one policy, a route before a cascade of
three rungs with a judge: arms, verdicts, failures, retries, unknown signals and reasons come as often as they might.
The same numbers give the same runs. Then it prints how long the sums take: read off the roll-ups, and for comparison
off the rows of the runs themselves; the best of three.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.stats.count import count
from cascadelang.stats.sums import Window, sums_of_window
from cascadelang.trace.rows import counted
from cascadelang.trace.sql import Connection, database, reading
from cascadelang.trace.tally import Shapes
from cascadelang.trace.write import write_batch

BATCH = 4_096
DAY_S = 86_400
NOW_S = 1_790_000_000.0
PRICES = {"small": (1.0, 5.0), "middle": (3.0, 15.0), "large": (15.0, 75.0), "judge": (1.0, 5.0)}
TOPICS = ("billing", "code", "refund", "smalltalk")
REASONS = (
    "hedges: “I'm not sure” is how the answer hedges",
    "json: there is no JSON in the answer",
    "judge: {} of 10, below 7: the amount is missing",
    "judge: {} of 10, below 7: it answers another question",
    "length: {} words, more than 200",
)
QUERIES = ("I was charged twice for order {}", "How do I cancel plan {}?", "Write a function that sorts {} names")

BY_SHAPE = {
    "rolled up": (
        "SELECT shape, sum(runs), sum(weight), sum(priced), sum(latency_s), sum(cost_usd), sum(answers_usd),"
        " sum(judges_usd), sum(classifiers_usd), sum(retries_usd), sum(rejected_usd), sum(answer_input_tokens),"
        " sum(answer_output_tokens) FROM tallies GROUP BY shape"
    ),
    "every run": (
        "SELECT shape, count(*), sum(weight), count(cost_usd), sum(latency_s), sum(cost_usd), sum(answers_usd),"
        " sum(judges_usd), sum(classifiers_usd), sum(retries_usd), sum(rejected_usd), sum(answer_input_tokens),"
        " sum(answer_output_tokens) FROM runs GROUP BY shape"
    ),
}
OTHERS = {
    "latency percentiles": "SELECT policy, place, sum(weight) FROM latencies GROUP BY policy, place",
    "reasons": "SELECT policy, name, reason, sum(times) FROM reasons GROUP BY policy, name, reason",
    "signals": "SELECT policy, name, value, sum(weight) FROM signals GROUP BY policy, name, value",
    "steps of all shapes": "SELECT shape, kind, node, name, model, outcome, times FROM steps",
}


def runs(number: int, days: float) -> Iterator[RunRecord]:
    """So many runs, in order of time."""
    rng = random.Random(20261124)  # noqa: S311 - not a secret
    for at in range(number):
        yield _run(rng, at, NOW_S - days * DAY_S * (1 - at / number))


def _run(rng: random.Random, at: int, wall_s: float) -> RunRecord:
    events: list[Event] = []
    path: list[str] = []
    now_s = cost_usd = 0.0
    tokens = [0, 0]

    def call(node: str, model: str, purpose: str, out: int, attempt: int = 1) -> None:
        nonlocal now_s, cost_usd
        took_s, used = rng.lognormvariate(0.1, 0.5) * (2 if model == "large" else 1), rng.randrange(40, 900)
        now_s += took_s
        usd = (used * PRICES[model][0] + out * PRICES[model][1]) / 1e6
        cost_usd += usd
        tokens[0] += used
        tokens[1] += out
        data = {"model": model, "purpose": purpose, "attempt": attempt, "finish_reason": "stop", "input_tokens": used}
        told = {"output_tokens": out, "cost_usd": usd, "latency_s": took_s, "text": f"answer {at} of {model}"}
        events.append(Event("call", node, now_s, {**data, **told}))

    topic = rng.choices((*TOPICS, None), (40, 25, 15, 18, 2))[0]
    unknown = [] if topic else ["`topic`: the label can't be told"]
    arm = "1" if topic == "code" else "else"
    because = {"topic": topic, "tokens": rng.randrange(5, 400)}
    to = "large" if arm == "1" else "main.else"
    events.append(Event("route", "main", 0.0, {"arm": arm, "to": to, "because": because, "unknown": unknown}))
    status, failure, answered = "failed", "", ""
    rungs = ("large",) if arm == "1" else ("small", "middle", "large")
    for rung, model in enumerate(rungs, 1):
        node = "main.arm1" if arm == "1" else f"main.else.rung{rung}"
        path.append(model)
        if rng.random() < 0.02:
            told = {
                "model": model,
                "purpose": "answer",
                "attempt": 1,
                "kind": "timeout",
                "message": "no answer in 30 s",
            }
            events.append(Event("call_failed", node, now_s, {**told, "latency_s": 30.0}))
            events.append(
                Event("retry", node, now_s, {"model": model, "attempt": 2, "because": "timeout", "wait_s": 1.0})
            )
        call(node, model, "answer", rng.randrange(10, 600))
        answered = model
        if arm == "1":
            status = "unchecked"
            break
        call("main.else", "judge", "judge", 30)
        passed = rng.random() < (0.7, 0.6, 0.8)[rung - 1]
        reason = "judge: 9 of 10" if passed else rng.choice(REASONS).format(rng.randrange(1, 7))
        verdict = {
            "check": "judge >= 7",
            "model": model,
            "outcome": "passed" if passed else "failed",
            "reason": reason,
        }
        events.append(Event("check", "main.else", now_s, verdict))
        if passed:
            status = "accepted"
            break
        status = "unmet"
        if rung < len(rungs):
            onward = {"from": model, "to": rungs[rung], "because": "unmet"}
            events.append(Event("escalate", "main.else", now_s, onward))
    if rng.random() < 0.005:
        status, failure, answered = "failed", "server", ""
    events.append(Event("end", "", now_s, {"status": status, "kind": failure, "message": ""}))
    return RunRecord(
        trace_id=f"{int(wall_s):08x}{rng.getrandbits(48):012x}",
        policy="main",
        policy_path="support.cl",
        graph_sha256="0" * 64,
        started_wall_s=wall_s,
        latency_s=now_s,
        status=status,
        failure=failure,
        model=answered,
        path=tuple(path),
        cost_usd=cost_usd,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        query=rng.choice(QUERIES).format(at),
        answer=f"answer {at} of {answered}" if answered else "",
        meta={"plan": rng.choice(("free", "gold"))},
        events=events,
    )


def fill(where: str, number: int, days: float) -> None:
    """Write the runs."""
    at = database(where)
    connection = at.connect()
    shapes, batch = Shapes(at.storable), []
    for run in runs(number, days):
        batch.append(counted(run))
        if len(batch) == BATCH:
            write_batch(connection, at, batch, shapes)
            batch = []
    if batch:
        write_batch(connection, at, batch, shapes)
    connection.close()


def _best_s(store: Connection, sql: str) -> tuple[float, int]:
    times, rows = [], 0
    for _ in range(3):
        begun_s = time.perf_counter()
        rows = len(store.rows(sql))
        times.append(time.perf_counter() - begun_s)
    return min(times), rows


def main() -> None:
    """Fill, then measure."""
    where = sys.argv[1]
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    days = float(sys.argv[3]) if len(sys.argv) > 3 else 30.0
    begun_s = time.perf_counter()
    with reading(where) as store:
        there = 0 if store is None else store.rows("SELECT count(*) FROM runs")[0][0]
    if not there:
        fill(where, number, days)
        print(f"{number:,} runs written in {time.perf_counter() - begun_s:.0f} s")
    with reading(where) as store:
        if store is None:
            raise SystemExit("nothing was written")
        total_s = 0.0
        for name, sql in (*BY_SHAPE.items(), *OTHERS.items()):
            took_s, rows = _best_s(store, sql)
            total_s += 0 if name == "every run" else took_s
            print(f"  {name:<20} {took_s:7.3f} s, {rows:,} rows")
        print(f"  all but the rows of every run: {total_s:.3f} s")
    times = []
    for _ in range(3):
        begun_s = time.perf_counter()
        with reading(where) as store:
            found = [] if store is None else sums_of_window(store, Window(0.0, 1e11), lambda _name, _path: True)
        pages = [count(sums) for sums in found]
        times.append(time.perf_counter() - begun_s)
    queries = sum(page.queries for page in pages)
    print(f"  statistics of {queries:,.0f} runs, as `stats --since all` has them: {min(times):.3f} s")


if __name__ == "__main__":
    main()
