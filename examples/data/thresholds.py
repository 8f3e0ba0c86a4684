"""What a threshold of `nearest` and `similar` does, measured: the table of docs/signals.md.

Takes: ``examples/support_topics.yaml``, and the queries of ``topic_queries.csv``, which aren't among its examples: 75
about one of its topics, in other words or another language, and 50 about none. Prints: for each threshold how many of
the first are told a topic, how many of those the right one, and how many of the others are told one all the same.

    python examples/data/thresholds.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import yaml

from cascadelang.embedding.built_in import built_in

HERE = Path(__file__).parent
THRESHOLDS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)


def table() -> str:
    """The table, in Markdown."""
    topics = yaml.safe_load((HERE.parent / "support_topics.yaml").read_text(encoding="utf-8"))
    examples = [(label, text) for label, texts in topics.items() for text in texts]
    with (HERE / "topic_queries.csv").open(encoding="utf-8", newline="") as file:
        queries = [(row["label"], row["text"]) for row in csv.DictReader(file)]
    known = built_in().embed([text for _, text in examples])
    asked = built_in().embed([text for _, text in queries])
    alike = asked @ known.T
    near = alike.max(axis=1)
    told = [examples[at][0] for at in alike.argmax(axis=1)]
    about = np.array([bool(label) for label, _ in queries])
    right = np.array([label == guess for (label, _), guess in zip(queries, told, strict=True)])
    lines = [
        "| `least` | about a topic: told one | of these, the right one | about none: told one |",
        "|---|---|---|---|",
    ]
    for least in THRESHOLDS:
        taken = near >= least
        of_topics = taken & about
        lines.append(
            f"| {least:g} | {of_topics.sum() / about.sum():.0%} | {(of_topics & right).sum() / of_topics.sum():.0%} "
            f"| {(taken & ~about).sum() / (~about).sum():.0%} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
