"""Trains scorer.json on the recorded answers of this folder: ``python examples/data/train_scorer.py``.

Needs scikit-learn (`pip install "cascadelang[learn]"`). Takes the 180 answers of answers.jsonl, and says how likely
an answer is right from what a gate sees of it: its form, how sure the model was, and whether the rung before says the
same. Logistic regression, so that the file is one weight a number. The same records give the same file.

It prints how well scorers so made do on what they haven't seen: trained and judged on different prompts (six parts,
in each of which every category is), and on different categories (five parts). The first is in docs/evidence.md. The
scorer that is written is trained on all of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from auroc import Judged, Scores
from recorded import HERE, Record, read, reply_of
from sklearn.linear_model import LogisticRegression

from cascadelang.checks._answer_numbers import ANSWER_NUMBERS, answer_numbers
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query
from cascadelang.learned.read import read_learned
from cascadelang.learned.serve import Facts, Predictor

RECORDS = HERE / "answers.jsonl"
SCORER = HERE / "scorer.json"
LADDER = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
LOG = frozenset({"answer.chars", "answer.words", "answer.lines", "answer.tokens", "answer.digits"})
LEFT_OUT = frozenset({"answer.tokens", "answer.cut_off"})
"""Numbers that not every provider gives, and that say little beside ``answer.words`` and ``answer.truncated``."""
IMPUTED = frozenset({"answer.agrees_previous"})
"""Numbers that are taken as their mean where they aren't known; without any other, the scorer says nothing."""
STRENGTH = 0.1
"""scikit-learn's ``C``: less is a stronger pull of the weights towards zero. With 1.0 the
figures on prompts it hasn't seen are 0.02 lower."""
DIGITS = 6
Example = dict[str, Any]


def examples_of(records: Sequence[Record]) -> list[Example]:
    """One example an answer, each with the answer of the rung before as what went before it."""
    found = []
    for record in records:
        previous = None
        for model in LADDER:
            reply = reply_of(model, record["answers"][model])
            judged = Answer(Query.of(record["query"]), reply, model, previous)
            found.append(
                {
                    "id": record["id"],
                    "category": record["meta"]["category"],
                    "model": model,
                    "right": record["answers"][model]["quality"] >= 0.5,
                    "numbers": answer_numbers(judged, ANSWER_NUMBERS),
                }
            )
            previous = reply
    return found


def train(examples: Sequence[Example]) -> dict[str, Any]:
    """The parts of a learned file that are learned: ``bias`` and ``features``."""
    known = [
        name
        for name in ANSWER_NUMBERS
        if name not in LEFT_OUT
        and len({example["numbers"][name] for example in examples} - {None}) > 1
        and (name in IMPUTED or all(example["numbers"][name] is not None for example in examples))
    ]
    columns = [[logged(name, example["numbers"][name]) for example in examples] for name in known]
    means = [float(np.mean([value for value in column if value is not None])) for column in columns]
    filled = np.array(
        [[mean if v is None else v for v in column] for mean, column in zip(means, columns, strict=True)]
    )
    scales = filled.std(axis=1)
    even = ((filled.T - means) / scales).T
    fitted = LogisticRegression(C=STRENGTH, tol=1e-10, max_iter=10_000)
    fitted.fit(even.T, [example["right"] for example in examples])
    return {
        "bias": rounded(fitted.intercept_),
        "features": [
            {
                "kind": "numbers",
                "names": known,
                "log": [name in LOG for name in known],
                "mean": rounded(means),
                "scale": rounded(scales),
                "missing": [
                    rounded([mean])[0] if name in IMPUTED else None for name, mean in zip(known, means, strict=True)
                ],
                "weights": [rounded(fitted.coef_[0])],
            }
        ],
    }


def logged(name: str, value: float | None) -> float | None:
    """A number as it is counted: sizes by their logarithm."""
    return math.log1p(value) if value is not None and name in LOG else value


def rounded(values: Sequence[float]) -> list[float]:
    """Numbers with as many digits as a file needs."""
    return [float(f"{value:.{DIGITS}g}") for value in values]


def file_of(examples: Sequence[Example], on: str) -> dict[str, Any]:
    """The whole learned file."""
    right = sum(example["right"] for example in examples)
    return {
        "cascadelang": "learned 1",
        "gives": "score",
        "outputs": ["score"],
        **train(examples),
        "made": {
            "on": on,
            "records": {"right": right, "wrong": len(examples) - right},
            "data": "sha256:" + hashlib.sha256(RECORDS.read_bytes()).hexdigest(),
            "models": list(LADDER),
            "by": "examples/data/train_scorer.py",
        },
    }


def score(file: dict[str, Any], example: Example) -> float:
    """What a scorer gives for an example: as it is served."""
    found = Predictor(read_learned(file, ANSWER_NUMBERS)).predict(Facts("", "", example["numbers"]))
    return found.values["score"]


def out_of_fold(examples: Sequence[Example], fold: Callable[[Example], Hashable]) -> list[float]:
    """For each example, what a scorer gives that was trained on the other folds."""
    folds = [fold(example) for example in examples]
    scores = [0.0] * len(examples)
    for part in dict.fromkeys(folds):
        file = file_of([e for e, one in zip(examples, folds, strict=True) if one != part], "2000-01-01")
        for at, example in enumerate(examples):
            if folds[at] == part:
                scores[at] = score(file, example)
    return scores


def by_prompt(example: Example) -> int:
    """Six parts by prompt; two prompts of each category are in each, and all answers to a prompt in one."""
    return int(example["id"].rsplit("-", 1)[1]) % 6


def by_category(example: Example) -> str:
    """Five parts by category."""
    return str(example["category"])


def main() -> None:
    """Train, tell, write."""
    parser = argparse.ArgumentParser(description="Train a scorer on the recorded answers of the local ladder.")
    parser.add_argument("--on", default=datetime.now(tz=UTC).date().isoformat(), help="the day to write down")
    parser.add_argument("-o", "--output", type=Path, default=SCORER)
    given = parser.parse_args()
    examples = examples_of(read(RECORDS))
    for said, fold in (("prompts", by_prompt), ("categories", by_category)):
        scores = out_of_fold(examples, fold)
        told = Scores(
            Judged(e["model"], e["id"], e["right"], value) for e, value in zip(examples, scores, strict=True)
        )
        low, high = told.interval(1_000)
        hits = sum((value >= 0.5) == e["right"] for e, value in zip(examples, scores, strict=True))
        found = f"AUROC {told.auroc():.3f} ({low:.3f} to {high:.3f}), right {hits / len(scores):.1%}"
        print(f"on {said} it hasn't seen: {found}")
    given.output.write_text(json.dumps(file_of(examples, given.on), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {given.output}")


if __name__ == "__main__":
    main()
