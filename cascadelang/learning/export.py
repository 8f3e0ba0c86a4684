"""Recorded runs as records: what each model was asked for and answered, for learning and replay.

Takes: runs of a trace store, newest first, each with how many it stands for. Gives: records as JSON values, of the
form that `cascadelang.records.read` reads. Guarantees: nothing is in a record that isn't in the store: where
texts aren't kept, or as hashes only, there are none; no quality is made up, for a trace has none.

Such records are partial: nobody knows what a model would have said that wasn't asked. What a `shadow` asked beside a
run is put into the run's own record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cascadelang.contracts.trace_sink import RunRecord

_HASH: Final = "hmac:"
_HASH_CHARS: Final = len(_HASH) + 32


def records_of(runs: Iterable[tuple[RunRecord, float]]) -> Iterator[dict[str, Any]]:
    """A record for each run that asked a model for an answer.

    Args:
        runs: newest first, so that what ran beside a run comes before it.
    """
    beside: dict[str, list[RunRecord]] = {}
    for run, weight in runs:
        live = _live_of(run)
        if live:
            beside.setdefault(live, []).append(run)
            continue
        record = _record(run, weight, beside.pop(run.trace_id, ()))
        if record["answers"]:
            yield record
    for others in beside.values():  # whose live runs aren't among these
        for run in others:
            record = _record(run, 1.0, ())
            if record["answers"]:
                yield record


def _live_of(run: RunRecord) -> str:
    """The run that a shadow ran beside; empty where it is a run of its own."""
    for event in run.events[:1]:
        if event.kind == "shadow" and "of" in event.data:
            return str(event.data["of"])
    return ""


def _record(run: RunRecord, weight: float, beside: Iterable[RunRecord]) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = {}
    for part in (run, *beside):
        for model, answer in _answers(part).items():
            answers.setdefault(model, answer)
    record: dict[str, Any] = {"id": run.trace_id, "query": run.query if _is_text(run.query) else None}
    meta = {name: value for name, value in run.meta.items() if not _is_hash(value)}
    if meta:
        record["meta"] = meta
    record["answers"] = answers
    record["run"] = {
        "policy": run.policy,
        "path": list(run.path),
        "status": run.status,
        "model": run.model or None,
        "cost_usd": run.cost_usd,
        "latency_s": run.latency_s,
        "weight": weight,
    }
    return record


def _answers(run: RunRecord) -> dict[str, dict[str, Any]]:
    """What each model answered in a run."""
    texts = _is_text(run.query)  # else an empty text is none that is kept, too
    found: dict[str, dict[str, Any]] = {}
    judged: list[tuple[str, dict[str, Any]]] = []
    last = ""
    for event in run.events:
        data = event.data
        if event.kind == "call":
            model, purpose = str(data.get("model", "")), data.get("purpose", "answer")
            if purpose == "judge":
                judgement = _judgement(data)
                if judgement:
                    judged.append((model, judgement))
            elif purpose in {"answer", "sample"} and "stopped" not in data:
                if purpose == "answer":
                    last = model
                if purpose == "answer" or model not in found:
                    found[model] = _answer(data, texts=texts)
        elif event.kind == "check":
            _judge(found, str(data.get("model", "")) or last, data, judged)
        elif event.kind == "cached" and texts and _is_text(run.answer) and data.get("model") == run.model:
            found.setdefault(run.model, {"text": run.answer})
    return found


def _answer(data: Mapping[str, Any], *, texts: bool) -> dict[str, Any]:
    """One answer, as far as it is recorded."""
    answer: dict[str, Any] = {}
    text = data.get("text")
    if texts and isinstance(text, str) and not _is_hash(text):
        answer["text"] = text
    for name in ("cost_usd", "latency_s", "finish_reason"):
        if data.get(name) is not None:
            answer[name] = data[name]
    if not data.get("estimated"):
        for name in ("input_tokens", "output_tokens"):
            if data.get(name) is not None:
                answer[name] = data[name]
    return answer


def _judge(
    found: dict[str, dict[str, Any]], model: str, data: Mapping[str, Any], judged: list[tuple[str, dict[str, Any]]]
) -> None:
    """Add a verdict, and what judges said for it, to the answer it is about."""
    answer = found.get(model)
    if answer is not None:
        outcome = "unknown" if data.get("unknown") else data.get("outcome")
        verdict = {"check": data.get("check"), "outcome": outcome}
        if data.get("score") is not None:
            verdict["score"] = data["score"]
        answer.setdefault("verdicts", []).append(verdict)
        for judge, judgement in judged:
            answer.setdefault("judgements", {})[judge] = judgement
    judged.clear()


def _judgement(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """A judge's score with what it cost; ``None`` where its words aren't kept or say nothing."""
    try:
        said = json.loads(data["text"])
        score = said["score"]
    except (KeyError, TypeError, ValueError):
        return None
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        return None
    judgement = {"score": score, "reason": str(said.get("reason") or "")}
    return {**judgement, **{k: v for k, v in _answer(data, texts=False).items() if k != "finish_reason"}}


def _is_text(value: str) -> bool:
    return bool(value) and not _is_hash(value)


def _is_hash(value: Any) -> bool:
    """Whether it stands for a text that isn't kept."""
    return isinstance(value, str) and len(value) == _HASH_CHARS and value.startswith(_HASH)
