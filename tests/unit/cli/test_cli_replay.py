from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

DOCS = Path(__file__).parents[3] / "docs"
POLICY = """
model small = openai("small-1") { price: $1 / $5 }
model large = openai("large-1") { price: $10 / $50 }
signal long = words > 3
policy main = route long -> large else cascade [small, large] until not hedges
policy all = large
"""


def answer(text: str, quality: float | None, cost_usd: float, latency_s: float) -> dict:
    said = {"text": text, "cost_usd": cost_usd, "latency_s": latency_s}
    return said if quality is None else {**said, "quality": quality}


def records(many: int = 12) -> list[dict]:
    """Of three kinds: sure and right, unsure and wrong, and long."""
    found = []
    for n in range(many):
        unsure = n % 3 == 1
        small = answer("I'm not sure, perhaps 9" if unsure else "It is 8.", float(not unsure), 0.001, 0.5)
        large = answer("It is 8.", 1.0, 0.01, 2.0)
        query = "what is four plus four?" if n % 3 == 2 else "four plus four?"
        found.append({"id": f"r{n}", "query": query, "answers": {"small": small, "large-1": large}})
    return found


@pytest.fixture(autouse=True)
def _files(cl):
    Path("r.cl").write_text(POLICY, encoding="utf-8")
    write(records())


def write(lines: list[dict], name: str = "r.jsonl") -> None:
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((DOCS / name).read_text(encoding="utf-8")))


def test_a_policy(cl, snapshot):
    ran = cl("replay", "r.cl", "--on", "r.jsonl", "--resamples", "200")
    assert (ran.code, ran.err) == (0, "")
    assert _without_intervals(ran.out) == snapshot


def _without_intervals(text: str) -> str:
    """Without the figures that are drawn by chance, which two libraries may draw in two ways."""
    import re

    return re.sub(r"(\S) +", r"\1 ", re.sub(r"\d[\d.,]*%? to \d[\d.,]*%?", "LOW to HIGH", text))


def test_as_json(cl):
    ran = cl("replay", "r.cl", "--on", "r.jsonl", "--output", "json", "--weak", "small", "--strong", "large")
    assert ran.code == 0
    value = json.loads(ran.out)
    schema("replay.schema.json").validate(value)
    assert (value["read"], value["observed"], value["unobserved"]) == (12, 12, {"count": 0, "because": []})
    assert value["quality"]["value"] == 1.0
    assert value["cost_usd"]["value"] == pytest.approx((0.001 + 0.011 + 0.01) / 3)
    assert value["latency_s"]["value"] == pytest.approx((0.5 + 2.5 + 2.0) / 3)
    assert (value["latency_s"]["p50"], value["latency_s"]["p95"]) == (2.0, 2.5)
    assert value["paths"] == [
        {"path": ["small"], "count": 4},
        {"path": ["small", "large"], "count": 4},
        {"path": ["large"], "count": 4},
    ]
    assert value["models"] == [
        {"model": "small", "asked": 8, "answered": 4},
        {"model": "large", "asked": 8, "answered": 8},
    ]
    assert [each["count"] for each in value["escalations"]] == [4]
    assert value["escalations"][0]["of"] == 8
    singles = {each["name"]: each for each in value["singles"]}
    assert singles["small"]["quality"]["value"] == pytest.approx(2 / 3)
    assert singles["large"]["model"] == value["best"] == "large-1"
    assert singles["large"]["of_cost"]["value"] == pytest.approx(0.022 / 0.03)
    assert value["gap"] == {"weak": "small", "strong": "large", "recovered": value["gap"]["recovered"]}
    assert value["gap"]["recovered"]["value"] == pytest.approx(1.0)
    low, high = value["cost_usd"]["low"], value["cost_usd"]["high"]
    assert low < value["cost_usd"]["value"] < high


def test_what_is_unobserved_is_shown_and_in_no_figure(cl):
    lines = records()
    del lines[1]["answers"]["large-1"]
    del lines[4]["answers"]["small"]["text"]
    del lines[0]["answers"]["small"]["quality"]
    write(lines)
    ran = cl("replay", "r.cl", "--on", "r.jsonl")
    assert ran.code == 0
    assert "2 unobserved, and not in what follows (10 are)" in ran.out
    assert "1  no answer of `large`" in ran.out
    assert "1  no text of the answer of `small`" in ran.out
    assert "quality is known of 9 of 10" in ran.out


def without_some_of_large() -> list[dict]:
    lines = records()
    for at in (1, 2):  # one that goes up, and one that goes there at once
        del lines[at]["answers"]["large-1"]
    lines[4]["answers"]["large-1"]["quality"] = 0.0
    return lines


def test_what_was_filled_in_is_shown_above_all_figures(cl):
    write(without_some_of_large())
    ran = cl("replay", "r.cl", "--on", "r.jsonl", "--impute", "mean")
    assert ran.code == 0
    assert "unobserved" not in ran.out
    assert ran.out.splitlines()[1:3] == [
        "  2 records with an answer that isn't recorded and was filled in, by the mean of what its model has:",
        "          2  large: quality 90.0%, $0.01, 2.00 s (of 10 recorded)",
    ]
    assert "seed 0; which know nothing of what was filled in" in ran.out
    plain = cl("replay", "r.cl", "--on", "r.jsonl")
    assert "2 unobserved" in plain.out
    assert "filled in" not in plain.out
    write(records())
    assert "no answer had to be filled in" in cl("replay", "r.cl", "--on", "r.jsonl", "--impute", "best").out


def test_what_was_filled_in_as_json(cl):
    write(without_some_of_large())
    found = {}
    for method in ("worst", "mean", "best"):
        ran = cl("replay", "r.cl", "--on", "r.jsonl", "--output", "json", "--impute", method)
        value = json.loads(ran.out)
        schema("replay.schema.json").validate(value)
        assert (value["observed"], value["imputed"]["records"]) == (12, 2)
        found[method] = value["quality"]["value"]
        (model,) = value["imputed"]["models"]
        assert (model["model"], model["count"], model["of"]) == ("large", 2, 10)
    assert found == pytest.approx({"worst": 9 / 12, "mean": 10.8 / 12, "best": 11 / 12})
    ran = cl("diff", "r.cl", "r.cl", "--on", "r.jsonl", "--output", "json", "--impute", "mean")
    value = json.loads(ran.out)
    schema("diff.schema.json").validate(value)
    sides = value["on_records"]["imputed"]
    assert sides["old"]["records"] == sides["new"]["records"] == 2
    text = cl("diff", "r.cl", "r.cl", "--on", "r.jsonl", "--impute", "mean").out
    assert "  old: 2 records with an answer that isn't recorded and was filled in" in text


def test_nothing_observed(cl):
    write([{**line, "answers": {"luna": line["answers"]["small"]}} for line in records()])
    ran = cl("replay", "r.cl", "--on", "r.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert "none of the 12 records of `r.jsonl` holds what `main` asks for: no answer of `small` (8)" in ran.err
    assert "they hold answers of `luna`" in ran.err
    assert cl("replay", "r.cl", "--on", "r.jsonl", "--model", "small=luna", "--model", "large=luna").code == 0


def test_some_of_the_records(cl):
    def observed(*args: str) -> tuple[int, dict]:
        value = json.loads(cl("replay", "r.cl", "--on", "r.jsonl", "--output", "json", *args).out)
        return value["read"], value["paths"]

    assert observed("--limit", "2")[0] == 2
    assert observed("--sample", "5") == observed("--sample", "5")
    assert observed("--sample", "99")[0] == 12


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("r.cl",), 2, "missing option '--on'"),
        (("r.cl", "--on", "gone.jsonl"), 1, "`gone.jsonl` can't be read: there is no such file"),
        (("r.cl", "--on", "bad.jsonl"), 1, "`bad.jsonl`, line 2 is no JSON"),
        (("r.cl", "--on", "r.jsonl", "--policy", "mian"), 2, "did you mean `main`?"),
        (("r.cl", "--on", "r.jsonl", "--model", "smal=x"), 2, "did you mean `small`?"),
        (("r.cl", "--on", "r.jsonl", "--model", "small"), 2, "names no model"),
        (("r.cl", "--on", "r.jsonl", "--weak", "small"), 2, "are given together"),
        (("r.cl", "--on", "r.jsonl", "--weak", "small", "--strong", "small"), 2, "there is no gap between"),
        (("r.cl", "--on", "r.jsonl", "--seed", "-1"), 2, "-1 is not in the range x>=0"),
        (
            ("r.cl", "--on", "r.jsonl", "--weak", "small", "--strong", "opus"),
            2,
            "no record holds an answer of `opus`",
        ),
        (("wrong.cl", "--on", "r.jsonl"), 1, "error[unknown-name]"),
    ],
)
def test_mistakes(cl, args, code, said):
    Path("bad.jsonl").write_text('{"query": "a", "answers": {}}\n{', encoding="utf-8")
    Path("wrong.cl").write_text("policy main = nobody\n", encoding="utf-8")
    ran = cl("replay", *args)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_two_policies(cl, snapshot):
    Path("new.cl").write_text(POLICY.replace("route long -> large else ", ""), encoding="utf-8")
    ran = cl("diff", "r.cl", "new.cl", "--on", "r.jsonl", "--resamples", "200")
    assert (ran.code, ran.err) == (1, "")
    assert "4 take another way (33.3%), 4 are answered by another model (33.3%)" in ran.out
    assert "0 answers are better, 0 worse (McNemar's exact test: p = 1.0000)" in ran.out
    assert "    large (100.0%, $0.01)\n    small (100.0%, $0.001)" in ran.out
    value = json.loads(cl("diff", "r.cl", "new.cl", "--on", "r.jsonl", "--output", "json").out)
    schema("diff.schema.json").validate(value)
    found = value["on_records"]
    assert (found["observed"], found["other_path"], found["mcnemar_p"]) == (12, 4, 1.0)
    assert found["cost_usd"]["change"]["value"] == pytest.approx((0.001 - 0.01) / 3)
    assert found["cost_usd"]["change"]["high"] <= 0
    assert [change["old"]["path"] for change in found["changes"]] == [["large"]] * 4


def test_the_same_policy_twice(cl):
    ran = cl("diff", "r.cl", "r.cl", "--on", "r.jsonl")
    assert ran.code == 0
    assert "0 take another way" in ran.out


def test_which_answers_are_better_is_not_known_where_none_is_graded(cl):
    records = [json.loads(line) for line in Path("r.jsonl").read_text(encoding="utf-8").splitlines()]
    for one in records:
        for answer in one["answers"].values():
            answer.pop("quality", None)
    Path("bare.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    ran = cl("diff", "r.cl", "r.cl", "--on", "bare.jsonl")
    assert ran.code == 0
    assert "how many answers are better isn't known: no quality is recorded" in ran.out
    assert "0 worse" not in ran.out


def test_texts_of_records_do_not_drive_the_terminal(cl):
    lines = records()
    for line in lines:
        line["query"] = "\x1b[31mred\x1b[0m\r\n" + line["query"]
        line["id"] += "\x1b]0;title\x07"
    write(lines)
    Path("new.cl").write_text(POLICY.replace("route long -> large else ", ""), encoding="utf-8")
    assert "\x1b" not in cl("diff", "r.cl", "new.cl", "--on", "r.jsonl").out


def test_no_key_and_no_call(cl, monkeypatch):
    import socket

    def refused(*args: object) -> None:
        raise AssertionError("something is called")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert cl("replay", "r.cl", "--on", "r.jsonl").code == 0
