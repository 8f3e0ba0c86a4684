"""Runs the recorded answers through the ladder and each single model, and prints the table of docs/ladder.md.

``python examples/data/measure.py`` asks no model: it replays answers.jsonl. Accuracy is by grade.py. Tokens are those
the models counted: every call of a run, rejected answers included.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from grade import grade

from cascadelang import Policy

HERE = Path(__file__).parent
LADDER = ("smollm", "qwen_small", "qwen")
LABELS = {
    **{f"single_{model}": f"only {model}" for model in LADDER},
    "main": "the ladder",
    "two_rungs": "the ladder without smollm",
}


def measure(policy: Policy, prompts: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """What one policy made of all prompts: counts and sums by name."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    rungs: Counter[str] = Counter()
    accepted: dict[str, list[float]] = defaultdict(list)
    tokens_in = tokens_out = 0
    latency_s = 0.0
    for prompt in prompts:
        result = policy.run(prompt["query"], policy=name)
        good = grade(prompt, result.answer)
        asked[prompt["meta"]["category"]] += 1
        right[prompt["meta"]["category"]] += int(good)
        rungs.update(result.path)
        if result.status == "accepted":
            accepted[result.model].append(good)
        tokens_in += result.usage.input_tokens
        tokens_out += result.usage.output_tokens
        ids = {"smollm": "smollm2-135m", "qwen_small": "qwen2.5-coder-0.5b", "qwen": "qwen2.5-coder-1.5b"}
        latency_s += sum(prompt["answers"][ids[model]]["latency_s"] for model in result.path)
    return {
        "right": right,
        "asked": asked,
        "rungs": rungs,
        "accepted": accepted,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "latency_s": latency_s,
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The results as two Markdown tables."""
    categories = list(rows["main"]["asked"])
    lines = [
        "| policy | right | " + " | ".join(categories) + " | calls per rung | tokens in / out | seconds |",
        "|---|---|" + "---|" * len(categories) + "---|---|---|",
    ]
    for name, row in rows.items():
        total = sum(row["asked"].values())
        calls = " + ".join(str(row["rungs"][model]) for model in LADDER if row["rungs"][model])
        per_category = " | ".join(f"{row['right'][c]}/{row['asked'][c]}" for c in categories)
        lines.append(
            f"| {LABELS[name]} | {sum(row['right'].values())}/{total} | {per_category} | {calls} "
            f"| {row['tokens_in']:,} / {row['tokens_out']:,} | {row['latency_s']:.0f} |"
        )
    head = "| policy | rung | called | accepted | of those right | escalation rate |"
    lines += ["", head, "|---|---|---|---|---|---|"]
    for name in ("main", "two_rungs"):
        for model in LADDER:
            called, good = rows[name]["rungs"][model], rows[name]["accepted"][model]
            if called:
                share = f"{(called - len(good)) / called:.0%}"
                lines.append(f"| {LABELS[name]} | {model} | {called} | {len(good)} | {sum(good):.0f} | {share} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    records = (HERE / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    prompts = [json.loads(line) for line in records]
    with Policy.load(HERE / "recorded_ladder.cl") as policy:
        print(table({name: measure(policy, prompts, name) for name in LABELS}))


if __name__ == "__main__":
    main()
