"""Asks the two smaller local models all 60 prompts, with gates that end answers early, and compares with whole ones.

``python examples/data/stop_early.py`` runs stop_early.cl for real and writes what each call came to into
stop_early.jsonl; ``--table`` only prints the table of docs/ladder.md from that file. The whole answers come from
recorded_stop_early.cl, the same gates over answers.jsonl, which has those of the same models to the same prompts and
settings, whole; decoding is greedy. Tokens are counted: those that came before the cut. Time saved is estimated, for
how long a call takes hangs on what else the machine does: the tokens that weren't generated, times the seconds that
one more token takes (the slope of a least-squares line through the latencies and tokens of the recorded answers, so
that reading the prompt isn't in it).
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import linear_regression
from typing import Any

from cascadelang import Policy

HERE = Path(__file__).parent
RESULTS = HERE / "stop_early.jsonl"
LADDER = {"smollm": "smollm2-135m", "qwen_small": "qwen2.5-coder-0.5b"}


def steps(result: Any) -> list[dict[str, Any]]:
    """Every answer of a run: who gave it, what its gate said, and what it took."""
    found: list[dict[str, Any]] = []
    for event in result.events:
        data = event.data
        if event.kind == "call":
            stopped = data.get("stopped") or {}
            found.append(
                {
                    "model": data["model"],
                    "output_tokens": data["output_tokens"],
                    "latency_s": round(data["latency_s"], 3),
                    "stopped_by": stopped.get("by", ""),
                    "because": stopped.get("because", ""),
                    "text": data["text"],
                }
            )
        elif event.kind == "check":
            found[-1]["outcome"] = data["outcome"]
    return found


def measure() -> None:
    """Run every prompt both ways and write what came of it."""
    prompts = [json.loads(line) for line in (HERE / "prompts.jsonl").read_text(encoding="utf-8").splitlines()]
    with (
        Policy.load(HERE / "stop_early.cl", traces=False) as policy,
        Policy.load(HERE / "recorded_stop_early.cl", traces=False) as recorded,
        RESULTS.open("w", encoding="utf-8") as out,
    ):
        for prompt in prompts:
            real = policy.run(prompt["query"], meta=prompt["meta"])
            whole = recorded.run(prompt["query"], meta=prompt["meta"])
            line = {
                "id": prompt["id"],
                "status": [real.status, whole.status],
                "early": steps(real),
                "whole": [{k: v for k, v in step.items() if k != "text"} for step in steps(whole)],
                "begins_alike": all(
                    other["text"].startswith(one["text"])
                    for one, other in zip(steps(real), steps(whole), strict=False)
                ),
            }
            for step in line["early"]:
                del step["text"]
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
            print(prompt["id"], line["status"], [step["output_tokens"] for step in line["early"]], flush=True)


def table() -> str:
    """The results as Markdown."""
    runs = [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]
    early: dict[str, list[dict[str, Any]]] = defaultdict(list)
    whole: dict[str, list[dict[str, Any]]] = defaultdict(list)
    other = 0
    for run in runs:
        for step in run["early"]:
            early[step["model"]].append(step)
        for step in run["whole"]:
            whole[step["model"]].append(step)
        ways = [[(step["model"], step["outcome"]) for step in run[way]] for way in ("early", "whole")]
        other += ways[0] != ways[1] or run["status"][0] != run["status"][1] or not run["begins_alike"]
    head = (
        "| rung | called | stopped | by | tokens, whole | tokens, stopped early | not generated | seconds a token |"
    )
    lines = [
        f"{head} seconds saved, about |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    sums: Counter[str] = Counter()
    for model, id_ in LADDER.items():
        told, before = tokens(early[model]), tokens(whole[model])
        seconds = seconds_a_token(id_)
        by = Counter(step["stopped_by"] for step in early[model] if step["stopped_by"])
        named = ", ".join(f"`{name}` {count}" for name, count in by.most_common())
        saved = (before - told) * seconds
        sums.update(called=len(early[model]), stopped=sum(by.values()), before=before, told=told, saved=round(saved))
        lines.append(
            f"| {model} | {len(early[model])} | {sum(by.values())} | {named} | {before:,} | {told:,} "
            f"| {1 - told / max(1, before):.0%} | {seconds:.3f} | {saved:.0f} |"
        )
    share = 1 - sums["told"] / max(1, sums["before"])
    lines.append(
        f"| all | {sums['called']} | {sums['stopped']} | | {sums['before']:,} | {sums['told']:,} | {share:.0%} | "
        f"| {sums['saved']} |"
    )
    lines += ["", f"{len(runs)} prompts; runs that went another way, or answers that began otherwise: {other}."]
    return "\n".join(lines)


def seconds_a_token(model: str) -> float:
    """What one more token of the answer takes, by the recorded answers."""
    records = [json.loads(line) for line in (HERE / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    counts = [record["answers"][model]["output_tokens"] for record in records]
    return linear_regression(counts, [record["answers"][model]["latency_s"] for record in records]).slope


def tokens(found: list[dict[str, Any]]) -> int:
    """The output tokens of all answers."""
    return sum(step["output_tokens"] for step in found)


if __name__ == "__main__":
    if "--table" not in sys.argv:
        measure()
    print(table())
