"""Runs ../agreement.cl over recorded answers and prints its table of docs/evidence.md.

``python examples/data/agreement.py [RECORDS]`` calls no model. RECORDS is `mmlu_pro.jsonl.gz`, looked for in
``../shared/data`` unless given; it is not part of the repository (docs/evidence.md says how to make it). The policy
runs as it stands, only that each provider gives recorded answers. Costs are those of every call of a run: of the
answers that were compared with, too.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recorded import HERE, SHARED, Record, interval, read, replayed

from cascadelang import Policy

POLICY = HERE.parent / "agreement.cl"
MODELS = {"flash": "gemini-1.5-flash-002", "pro": "gemini-1.5-pro-002", "gpt4o": "gpt-4o-2024-05-13"}
TOP = "only_gpt4o"
LABELS = {
    "only_flash": "only flash",
    "only_pro": "only pro",
    TOP: "only gpt-4o",
    "plain": "`flash until agrees(pro)`, else gpt-4o",
    "main": "`flash until names_an_option and agrees(pro)`, else gpt-4o",
}
RESAMPLES = 400


@dataclass(frozen=True)
class Ran:
    """One policy over all records, one value a record: quality 0..1, US dollars, and who answered."""

    quality: list[float]
    cost_usd: list[float]
    model: list[str]
    cpu_s: float


async def run(graph: Path, records: Sequence[Record]) -> dict[str, Ran]:
    """Run every policy of a graph over the records, one query after the other."""
    # A query that stands twice is answered as it was the first time.
    qualities: dict[str, dict[str, float]] = {}
    for record in records:
        given = {name: record["answers"][id_]["quality"] for name, id_ in MODELS.items()}
        qualities.setdefault(record["query"], given)
    found = {}
    async with Policy.load(graph, traces=False) as policy:
        for name in LABELS:
            quality, cost_usd, model = [], [], []
            await policy.arun(records[0]["query"], policy=name)  # so that no time holds the loading
            began_s = time.process_time()
            for record in records:
                result = await policy.arun(record["query"], policy=name)
                if result.failure is not None or result.cost is None:
                    raise SystemExit(f"{record['id']}: {result.failure}")
                quality.append(qualities[record["query"]][result.model])
                cost_usd.append(result.cost)
                model.append(result.model)
            found[name] = Ran(quality, cost_usd, model, time.process_time() - began_s)
    return found


def table(ran: dict[str, Ran], which: Sequence[int]) -> str:
    """What the policies came to on some of the records, as a Markdown table."""
    lines = [
        "| policy | right | of gpt-4o's | $ per 1,000 | of gpt-4o's | asked gpt-4o |",
        "|---|---|---|---|---|---|",
    ]
    top = ran[TOP]
    for name, label in LABELS.items():
        it = ran[name]
        good, cost = sum(it.quality[i] for i in which), sum(it.cost_usd[i] for i in which)
        asked = sum(it.model[i] == "gpt4o" for i in which)
        lines.append(
            f"| {label} | {good / len(which):.1%} | {good / sum(top.quality[i] for i in which):.1%} "
            f"| {1000 * cost / len(which):.3f} | {cost / sum(top.cost_usd[i] for i in which):.1%} "
            f"| {asked / len(which):.1%} |"
        )
    return "\n".join(lines)


def intervals(ran: dict[str, Ran], name: str) -> str:
    """How far quality and cost, as shares of the top model's, may be off by the choice of questions."""
    it, top = ran[name], ran[TOP]
    alone = [[i] for i in range(len(it.quality))]

    def quality(which: Sequence[int]) -> float:
        return sum(it.quality[i] for i in which) / sum(top.quality[i] for i in which)

    def cost(which: Sequence[int]) -> float:
        return sum(it.cost_usd[i] for i in which) / sum(top.cost_usd[i] for i in which)

    (q_low, q_high), (c_low, c_high) = (interval(figure, alone, RESAMPLES) for figure in (quality, cost))
    return (
        f"95% intervals of the last row: {q_low:.1%} to {q_high:.1%} of gpt-4o's quality, "
        f"{c_low:.1%} to {c_high:.1%} of its cost."
    )


def main() -> None:
    """Print the tables: of all records, and of both halves of them."""
    parser = argparse.ArgumentParser(description="The agreement policy over recorded answers.")
    parser.add_argument("records", nargs="?", type=Path, default=SHARED / "mmlu_pro.jsonl.gz")
    path = parser.parse_args().records
    if not path.is_file():
        print(f"nothing to measure: there is no {path}; docs/evidence.md says where the records come from")
        return
    records = read(path)
    with tempfile.TemporaryDirectory() as folder:
        ran = asyncio.run(run(replayed(POLICY, path, Path(folder)), records))
    half = [hashlib.sha256(record["id"].encode()).digest()[0] % 2 for record in records]
    print(f"All {len(records):,} questions:\n\n{table(ran, range(len(records)))}\n\n{intervals(ran, 'main')}")
    for number, said in enumerate(("One", "The other")):
        which = [i for i, side in enumerate(half) if side == number]
        if which:
            print(f"\n{said} half of them, by a hash of their ids ({len(which):,}):\n\n{table(ran, which)}")
    rates = ", ".join(f"{name} {len(records) / it.cpu_s:,.0f}" for name, it in ran.items() if it.cpu_s)
    print(f"\nRuns a second of CPU, here and now: {rates}.")


if __name__ == "__main__":
    main()
