"""How well each check tells right answers from wrong ones; prints the tables of docs/evidence.md.

``python examples/data/evidence.py [DATA ...]`` calls no model. DATA are some of `ladder` (the 60 prompts of this
folder, three local models), `mmlu_pro` and `routellm_gsm8k` (looked for in ``../shared/data``, and no part of the
repository); all of them unless given. With ``--page`` the tables are written into the page instead.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auroc import Judged, Scores
from recorded import HERE, SHARED, Record, read, reply_of

from cascadelang.contracts.check import Answer, Value
from cascadelang.contracts.messages import Query
from cascadelang.workspace.makers import make_check
from cascadelang.workspace.mistake import Mistake

PAGE = HERE.parents[1] / "docs" / "evidence.md"


@dataclass(frozen=True)
class Data:
    """One set of recorded answers.

    Attributes:
        name: on the command line.
        title: what it is, in words.
        path: of the records.
        models: in order of price.
        resamples: how many a bootstrap draws.
    """

    name: str
    title: str
    path: Path
    models: tuple[str, ...]
    resamples: int


DATA = (
    Data(
        "ladder",
        "60 prompts of our own, three local models",
        HERE / "answers.jsonl",
        ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"),
        1_000,
    ),
    Data(
        "mmlu_pro",
        "7,209 questions of MMLU-Pro, seven models",
        SHARED / "mmlu_pro.jsonl.gz",
        (
            "gemini-1.5-flash-002",
            "Meta-Llama-3_1-8B-Instruct",
            "Phi-3-mini-4k-instruct",
            "Mixtral-8x7B-Instruct-v0.1",
            "Meta-Llama-3_1-70B-Instruct",
            "gemini-1.5-pro-002",
            "gpt-4o-2024-05-13",
        ),
        200,
    ),
    Data(
        "routellm_gsm8k",
        "1,307 questions of GSM8K, two models",
        SHARED / "routellm_gsm8k.jsonl.gz",
        ("mixtral-8x7b", "gpt-4-1106-preview"),
        500,
    ),
)


@dataclass(frozen=True)
class Row:
    """One check of the tables.

    Attributes:
        shown: the check as a policy writes it, with its threshold, or without where it has none of its own.
        check: its name in the catalogue.
        args: its arguments.
        passes: whether a value passes; ``None`` where the check has no threshold of its own.
        unknown: whether what can't be known passes.
        higher: a higher value is better.
        applies: to which records.
        other: whose answer it looks at beside the one it judges: the next cheaper model's (-1), which a cascade has
            already, or the next dearer one's (+1), which is a call.
        needs: the field of an answer that there is nothing to judge without; with none of them recorded, the row is
            left out.
    """

    shown: str
    check: str
    args: Mapping[str, Any] = field(default_factory=dict)
    passes: Callable[[Any], bool] | None = None
    unknown: bool = False
    higher: bool = True
    applies: Callable[[Record], bool] = lambda record: True  # noqa: ARG005 - all of them
    other: int = 0
    needs: str = "text"


def _true(value: Any) -> bool:
    return value is True


def _false(value: Any) -> bool:
    return value is False


def _wants_json(record: Record) -> bool:
    return record["meta"].get("grade") == "json"


def _asks_for_a_number(record: Record) -> bool:
    return record["meta"].get("grade") == "number"


def _has_options(record: Record) -> bool:
    reference = record.get("reference", "")
    return f"\n{reference}. " in record["query"] and len(reference) == 1


_NAMES_AN_OPTION = {"pattern": {"pattern": r"answer is [*(]*[A-J]\b", "flags": "i"}}


ROWS = (
    Row("`json`, where JSON is asked for", "json", passes=_true, applies=_wants_json),
    Row("`json(strict: true)`, likewise", "json", {"strict": True}, _true, applies=_wants_json),
    Row("`matches(/answer is [*(]*[A-J]\\b/i)`", "matches", _NAMES_AN_OPTION, _true, applies=_has_options),
    Row(
        "`math_equals(meta.answer)`, of numbers",
        "math_equals",
        {"expected": {"meta": "answer"}},
        _true,
        applies=_asks_for_a_number,
    ),
    Row("`arithmetic else pass`", "arithmetic", passes=_true, unknown=True),
    Row("`not empty`", "empty", passes=_false, higher=False),
    Row("`not truncated`", "truncated", passes=_false, higher=False),
    Row("`not repeats`", "repeats", passes=_false, higher=False),
    Row("`not hedges`", "hedges", passes=_false, higher=False),
    Row("`not refuses`", "refuses", passes=_false, higher=False),
    Row("`words`, fewer is better", "words", higher=False),
    Row("`chars`, fewer is better", "chars", higher=False),
    Row("`tokens`, fewer is better", "tokens", higher=False),
    Row("`logprob(mean) >= -0.35`", "logprob", {"over": "mean"}, lambda v: v >= -0.35, needs="logprobs"),
    Row("`logprob(min) >= -4`", "logprob", {"over": "min"}, lambda v: v >= -4, needs="logprobs"),
    Row("`logprob(p10) >= -1.5`", "logprob", {"over": "p10"}, lambda v: v >= -1.5, needs="logprobs"),
    Row("`perplexity <= 1.5`", "perplexity", passes=lambda v: v <= 1.5, higher=False, needs="logprobs"),
    Row("`agrees(previous)`, the next cheaper", "agrees", {"model": "previous"}, _true, other=-1),
    Row("`agrees(MODEL)`, the next dearer", "agrees", {"model": "previous"}, _true, other=+1),
)

LEARNED = Row('`learned("scorer.json") >= 0.7`, on prompts it has not seen', "learned", passes=lambda v: v >= 0.7)


@dataclass(frozen=True)
class Judgement:
    """One answer and what a check found: its value, ``None`` for unknown; what a call for it cost, US dollars."""

    model: str
    query: str
    right: bool
    value: Value
    cost_usd: float


async def judge(row: Row, data: Data, records: Sequence[Record]) -> list[Judgement]:
    """Judge every recorded answer that a check applies to; none where a package that it needs isn't installed."""
    judgements: list[Judgement] = []
    try:
        made: Any = make_check(row.check, row.args)
    except Mistake as mistake:
        print(f"left out: {mistake}", file=sys.stderr)
        return judgements
    for record in records:
        if not row.applies(record):
            continue
        query = Query.of(record["query"], {"answer": record.get("reference")})
        for at, model in enumerate(data.models):
            answer = record["answers"].get(model)
            beside = data.models[at + row.other] if 0 <= at + row.other < len(data.models) else None
            other = record["answers"].get(beside) if row.other else None
            if answer is None or (row.other and other is None):
                continue
            previous = reply_of(str(beside), other) if other else None
            judged = Answer(query, reply_of(model, answer), model, previous)
            found = await made.judge_timed(judged) if hasattr(made, "judge_timed") else made.judge(judged)
            cost_usd = other["cost_usd"] if other and row.other > 0 else 0.0
            judgements.append(Judgement(model, record["id"], answer["quality"] >= 0.5, found.value, cost_usd))
    return judgements


def line(row: Row, data: Data, judged: Sequence[Judgement]) -> str:
    """One line of a table."""
    known = [one for one in judged if one.value is not None]
    sign = 1.0 if row.higher else -1.0
    scores = Scores(Judged(one.model, one.query, one.right, sign * float(one.value or 0)) for one in known)
    low, high = scores.interval(data.resamples)
    accuracy = passed = caught = "-"
    if row.passes is not None:
        verdicts = [row.unknown if one.value is None else row.passes(one.value) for one in judged]
        hits = sum(said == one.right for said, one in zip(verdicts, judged, strict=True))
        accuracy, passed = f"{hits / len(judged):.1%}", f"{sum(verdicts) / len(judged):.1%}"
        down = [not one.right for said, one in zip(verdicts, judged, strict=True) if not said]
        caught = f"{sum(down) / len(down):.0%}" if down else "-"
    calls = f"1, ${1000 * sum(one.cost_usd for one in judged) / len(judged):.3f}" if row.other > 0 else "0"
    return (
        f"| {row.shown} | {scores.auroc():.3f} | {low:.3f} to {high:.3f} | {accuracy} | {passed} "
        f"| {caught} | {len(known) / len(judged):.0%} | {calls} | {len(judged):,} |"
    )


def learned(records: Sequence[Record]) -> list[Judgement]:
    """What scorers give that were trained on other prompts; nothing where scikit-learn isn't installed."""
    if find_spec("sklearn") is None:
        return []
    import train_scorer

    examples = train_scorer.examples_of(records)
    scores = train_scorer.out_of_fold(examples, train_scorer.by_prompt)
    return [
        Judgement(one["model"], one["id"], one["right"], value, 0.0)
        for one, value in zip(examples, scores, strict=True)
    ]


def table(data: Data, records: Sequence[Record]) -> str:
    """What each check is worth on one set of recorded answers, as a Markdown table."""
    answers = [answer for record in records for answer in record["answers"].values()]
    right = sum(answer["quality"] >= 0.5 for answer in answers)
    lines = [
        f"{data.title}: {len(answers):,} answers, {right / len(answers):.1%} of them right.",
        "",
        "| check | AUROC | 95% | accuracy | passes | wrong of the others | known | calls, $ per 1,000 | n |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        if not any(row.needs in answer for answer in answers):
            continue
        if judged := asyncio.run(judge(row, data, records)):
            lines.append(line(row, data, judged))
    if data.name == "ladder" and (judged := learned(records)):
        lines.append(line(LEARNED, data, judged))
    return "\n".join(lines)


def main() -> None:
    """Print the tables of the data that is here, or write them into the page."""
    parser = argparse.ArgumentParser(description="How well each check tells right answers from wrong ones.")
    parser.add_argument("data", nargs="*", metavar="DATA", help=f"of {', '.join(data.name for data in DATA)}")
    parser.add_argument("--page", action="store_true", help="write the tables into docs/evidence.md")
    given = parser.parse_args()
    if unknown := set(given.data) - {data.name for data in DATA}:
        parser.error(f"there is no data named {', '.join(sorted(unknown))}")
    for data in DATA:
        if given.data and data.name not in given.data:
            continue
        if not data.path.is_file():
            print(f"{data.title}: left out, there is no {data.path}\n")
        elif given.page:
            write(data.name, table(data, read(data.path)))
        else:
            print(f"{table(data, read(data.path))}\n")


def write(name: str, made: str) -> None:
    """Put a table between its marks in the page."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    PAGE.write_text(f"{head}{begin}{made}{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
