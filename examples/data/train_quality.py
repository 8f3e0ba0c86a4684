"""Trains quality.json on the recorded answers of this folder: ``python examples/data/train_quality.py``.

Needs scikit-learn (`pip install "cascadelang[learn]"`). Takes the 60 prompts with the answers of three local models,
and says for a prompt how likely each model answers it right: for ``order by learned("data/quality.json")``. A
logistic regression for each model, over words and the shape of the query. The same records give the same file.

It prints how well files so made tell right from wrong on prompts that they haven't seen (six parts): the area under
the ROC curve of each model, 0.5 being chance.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from recorded import HERE, Record, read
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from train_scorer import rounded

from cascadelang.contracts.messages import Query
from cascadelang.learned.grams import grams
from cascadelang.learned.numbers import query_numbers
from cascadelang.learned.read import read_learned
from cascadelang.learned.serve import Facts, Predictor

RECORDS = HERE / "answers.jsonl"
QUALITY = HERE / "quality.json"
MODELS: Final = {"smollm": "smollm2-135m", "qwen_small": "qwen2.5-coder-0.5b", "qwen": "qwen2.5-coder-1.5b"}
"""What a policy calls the models, and what the records call them."""
NUMBERS: Final = ("query.chars", "query.digits", "query.wants_json", "query.has_code")
LOG: Final = (True, True, False, False)
BITS: Final = 10
STRENGTH: Final = 0.1
"""scikit-learn's ``C``, as for the scorer: for few records, not tuned."""


def features_of(record: Record) -> tuple[list[float], dict[int, float]]:
    """The numbers, sizes by their logarithm, and the hashed words of a prompt."""
    query = Query.of(record["query"])
    told = query_numbers(query, NUMBERS)
    values = [float(told[name] or 0.0) for name in NUMBERS]
    return [np.log1p(v) if log else v for v, log in zip(values, LOG, strict=True)], grams(
        query.text, "words", (1,), BITS
    )


def right(record: Record, model: str) -> bool:
    """Whether a model's recorded answer is right."""
    return bool(record["answers"][model]["quality"] >= 0.5)


def file_of(records: Sequence[Record], on: str) -> dict[str, Any]:
    """The whole learned file."""
    features = [features_of(record) for record in records]
    numbers = np.array([one for one, _ in features])
    means, scales = numbers.mean(axis=0), numbers.std(axis=0)
    scales[scales == 0] = 1.0
    at = sorted({bucket for _, words in features for bucket in words})
    words = np.array([[one.get(bucket, 0.0) for bucket in at] for _, one in features])
    even = np.hstack([(numbers - means) / scales, words])
    fits = [
        LogisticRegression(C=STRENGTH, tol=1e-10, max_iter=10_000).fit(even, [right(r, model) for r in records])
        for model in MODELS.values()
    ]
    count = len(NUMBERS)
    return {
        "cascadelang": "learned 1",
        "gives": "scores",
        "outputs": list(MODELS),
        "bias": [rounded(fit.intercept_)[0] for fit in fits],
        "features": [
            {
                "kind": "numbers",
                "names": list(NUMBERS),
                "log": list(LOG),
                "mean": rounded(means),
                "scale": rounded(scales),
                "weights": [rounded(fit.coef_[0][:count]) for fit in fits],
            },
            {
                "kind": "words",
                "n": [1],
                "bits": BITS,
                "at": at,
                "weights": [rounded(fit.coef_[0][count:]) for fit in fits],
            },
        ],
        "made": {
            "on": on,
            "records": {name: len(records) for name in MODELS},
            "data": "sha256:" + hashlib.sha256(RECORDS.read_bytes()).hexdigest(),
            "models": list(MODELS.values()),
            "by": "examples/data/train_quality.py",
        },
    }


def predicted(file: dict[str, Any], record: Record) -> list[float]:
    """What a file says of a prompt: as it is served."""
    query = Query.of(record["query"])
    predictor = Predictor(read_learned(file))
    return [*predictor.predict(Facts(query.text, numbers=query_numbers(query, predictor.wants))).values.values()]


def main() -> None:
    """Train, tell, write."""
    parser = argparse.ArgumentParser(description="Train a file of predicted qualities on the local ladder's records.")
    parser.add_argument("--on", default=datetime.now(tz=UTC).date().isoformat(), help="the day to write down")
    parser.add_argument("-o", "--output", type=Path, default=QUALITY)
    given = parser.parse_args()
    records = read(RECORDS)
    parts = [int(record["id"].rsplit("-", 1)[1]) % 6 for record in records]
    said = np.zeros((len(records), len(MODELS)))
    for part in sorted(set(parts)):
        file = file_of([r for r, one in zip(records, parts, strict=True) if one != part], "2000-01-01")
        for at, record in enumerate(records):
            if parts[at] == part:
                said[at] = predicted(file, record)
    for at, (name, model) in enumerate(MODELS.items()):
        truth = [right(record, model) for record in records]
        unseen = roc_auc_score(truth, said[:, at])
        print(f"{name:12} {sum(truth):3} of {len(truth)} right, AUROC on unseen prompts {unseen:.2f}")
    given.output.write_text(json.dumps(file_of(records, given.on)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
