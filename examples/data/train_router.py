"""Trains a small router on texts with labels: logistic regression over embeddings and words, as a learned file.

Takes: a file of labels with examples (as `nearest` reads them). Writes: a learned file, whose form is told in
docs/learned.md. Prints: how many of a CSV of other queries it tells rightly, and how sure it was. What is trained
doesn't change from one machine to the next: there is no chance in it.

    python examples/data/train_router.py examples/support_topics.yaml examples/support_router.json \
        --check examples/data/topic_queries.csv --on 2026-11-24

It needs scikit-learn (`pip install 'cascadelang[embed,learn]'`).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from cascadelang.embedding.built_in import built_in
from cascadelang.learned.grams import grams
from cascadelang.learned.model import FORMAT
from cascadelang.learned.read import read_learned
from cascadelang.learned.serve import Facts, Predictor
from cascadelang.semantics.example_files import topics_in

BITS, LENGTHS = 14, (1, 2)
LEAST = 0.35


def trained(topics: dict[str, list[str]], on: str) -> dict[str, Any]:
    """The learned file, as JSON has it.

    Args:
        topics: labels with their examples.
        on: the day to write down.
    """
    labels = list(topics)
    texts = [(label, text) for label in labels for text in topics[label]]
    wanted = [labels.index(label) for label, _ in texts]
    counts = [grams(text, "words", LENGTHS, BITS) for _, text in texts]
    buckets = sorted({bucket for count in counts for bucket in count})
    words = np.array([[count.get(bucket, 0.0) for bucket in buckets] for count in counts])
    dense = built_in().embed([text for _, text in texts])
    model = LogisticRegression(max_iter=2000).fit(np.hstack([dense, words]), wanted)
    split = dense.shape[1]
    rows = model.coef_ if len(labels) > 2 else np.vstack([-model.coef_ / 2, model.coef_ / 2])
    bias = model.intercept_ if len(labels) > 2 else np.array([-model.intercept_[0] / 2, model.intercept_[0] / 2])
    data = json.dumps(topics, ensure_ascii=False, sort_keys=True).encode()
    return {
        "cascadelang": FORMAT,
        "gives": "label",
        "outputs": labels,
        "bias": plain(bias),
        "least": LEAST,
        "features": [
            {"kind": "embedding", "embedder": built_in().name, "weights": [plain(row[:split]) for row in rows]},
            {
                "kind": "words",
                "n": list(LENGTHS),
                "bits": BITS,
                "at": buckets,
                "weights": [plain(row[split:]) for row in rows],
            },
        ],
        "made": {
            "on": on,
            "records": {label: len(topics[label]) for label in labels},
            "data": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "by": "examples/data/train_router.py",
        },
    }


def plain(values: Sequence[float]) -> list[float]:
    """Numbers as a file shows them: four places are enough for a probability's third."""
    return [round(float(value), 4) for value in values]


def checked(file: dict[str, Any], queries: Path) -> str:
    """How well a learned file tells the queries of a CSV, in words."""
    predictor = Predictor(read_learned(file))
    with queries.open(encoding="utf-8", newline="") as opened:
        rows = [(row["label"], row["text"]) for row in csv.DictReader(opened)]
    found = [(label, predictor.predict(Facts(text))) for label, text in rows]
    least = predictor.learned.least
    about = [(label, one.best, one.values[one.best] >= least) for label, one in found if label]
    taken = [right for right in about if right[2]]
    others = [one.values[one.best] >= least for label, one in found if not label]
    right = sum(label == best for label, best, _ in about)
    sure = sum(label == best for label, best, _ in taken)
    return (
        f"of {len(about)} queries about a topic, {right} are told rightly; {len(taken)} at a probability of "
        f"{least:g} or more, of which {sure} rightly; of {len(others)} about none, {sum(others)} are told a topic"
    )


def main() -> None:
    """Train, write and check."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("topics", type=Path)
    parser.add_argument("router", type=Path)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--on", default=datetime.now(UTC).date().isoformat())
    given = parser.parse_args()
    file = trained(topics_in(given.topics.name, given.topics.read_text(encoding="utf-8")), given.on)
    read_learned(file)
    given.router.write_text(written(file), encoding="utf-8")
    if given.check is not None:
        print(checked(file, given.check))


def written(file: dict[str, Any]) -> str:
    """The file's text, with a list of numbers or words in one line."""
    text = json.dumps(file, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


if __name__ == "__main__":
    main()
