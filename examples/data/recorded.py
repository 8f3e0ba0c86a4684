"""Records and policies over them, for the scripts beside this file.

A record is a line of a `.jsonl` or `.jsonl.gz` file: a query, and by model id what each model answered.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cascadelang.contracts.messages import Reply, TokenLogprob, Usage
from cascadelang.graph.json_form import to_json
from cascadelang.workspace.load import load

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"
"""Where larger recordings are looked for: beside the repository, and never in it."""

Record = dict[str, Any]
Figure = Callable[[Sequence[int]], float]
"""A figure of a sample, given the numbers of its members."""


def read(path: Path) -> list[Record]:
    """All records of a file."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def reply_of(model: str, answer: Mapping[str, Any]) -> Reply:
    """A recorded answer, as a provider gives it."""
    logprobs = answer.get("logprobs")
    return Reply(
        answer["text"],
        model,
        Usage(answer["input_tokens"], answer["output_tokens"]),
        answer.get("finish_reason", "unknown"),
        tuple(TokenLogprob("", value) for value in logprobs) if logprobs else None,
    )


def replayed(policy: Path, records: Path, folder: Path) -> Path:
    """Write the graph of a policy whose models all answer from records; everything else in it stays as it is.

    Args:
        policy: a policy file.
        records: holds the answers of its models, by their ids.
        folder: where the graph is written.

    Returns:
        The path of the graph, for `Policy.load`.
    """
    graph = json.loads(to_json(load(str(policy)).graph))
    for provider in graph["providers"].values():
        provider.update(kind="replay", key_env="", settings={"records": str(records.resolve()), "latency": False})
    path = folder / f"{policy.stem}.json"
    path.write_text(json.dumps(graph), encoding="utf-8")
    return path


def interval(figure: Figure, groups: Sequence[Sequence[int]], resamples: int) -> tuple[float, float]:
    """A 95% interval of a figure by the bootstrap's percentiles (Efron, 1979), the same in every run.

    Args:
        figure: of a sample; a sample for which it is not a number is left out.
        groups: the numbers of the sample's members, by what is drawn together: the answers to one query, say.
        resamples: how many samples are drawn.
    """
    chance = random.Random(20_261_124)  # noqa: S311 - nothing secret is drawn
    found = []
    for _ in range(resamples):
        value = figure([member for group in chance.choices(groups, k=len(groups)) for member in group])
        if value == value:  # noqa: PLR0124 - not a number
            found.append(value)
    found.sort()
    return found[int(0.025 * len(found))], found[min(len(found) - 1, int(0.975 * len(found)))]
