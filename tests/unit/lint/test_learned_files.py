"""What rules say of learned files, wherever a policy uses them."""

from __future__ import annotations

import json

import pytest

USES = {
    "label": 'signal kind = learned("file.json")\npolicy main = route kind == easy -> haiku else opus',
    "score": 'check good = learned("file.json") >= 0.5\npolicy main = cascade [haiku, opus] until good within 60s',
    "scores": 'policy main = cascade [haiku, opus] until json order by learned("file.json") within 60s',
}
OUTPUTS = {"label": ["easy", "hard"], "score": ["score"], "scores": ["haiku", "opus"]}


def written(path, gives: str, *, on: str = "2026-11-24", records=None) -> None:
    outputs = OUTPUTS[gives]
    numbers = {"kind": "numbers", "names": ["query.words"], "mean": [30], "scale": [20]}
    file = {
        "cascadelang": "learned 1",
        "gives": gives,
        "outputs": outputs,
        "bias": [0.0] * len(outputs),
        "features": [numbers | {"weights": [[1.0]] * len(outputs)}],
        "made": {"on": on, "records": records or {}},
    }
    (path / "file.json").write_text(json.dumps(file), encoding="utf-8")


@pytest.mark.parametrize("gives", sorted(USES))
def test_a_file_of_few_records_is_told_wherever_it_is_used(linted, tmp_path, gives: str):
    written(tmp_path, gives, on="2099-01-01", records={"one": 7, "other": 8})
    (found,) = linted(USES[gives]).diagnostics
    assert found.name == "few-examples"
    assert found.message == "`learned` was trained on too few records: 7 of `one`"
    assert found.help == "train it on 8 of each at least"


@pytest.mark.parametrize("gives", sorted(USES))
def test_an_old_file_is_told_wherever_it_is_used(linted, tmp_path, gives: str):
    written(tmp_path, gives, on="2020-01-01")
    (found,) = linted(USES[gives]).diagnostics
    assert found.name == "old-learned"
    assert found.message == "`file.json` was made on 2020-01-01, more than 90 days ago"


@pytest.mark.parametrize("gives", sorted(USES))
def test_a_file_of_enough_and_new_records_is_not_told(linted, tmp_path, gives: str):
    written(tmp_path, gives, on="2099-01-01", records={"one": 8, "other": 8})
    assert linted(USES[gives]).diagnostics == ()


@pytest.mark.parametrize(
    ("gives", "text", "why"),
    [
        ("label", 'policy main = cascade [haiku, opus] until learned("file.json") == easy within 60s', "`score`"),
        ("scores", USES["score"], "`score`"),
        ("scores", USES["label"], "`order by learned(…)`"),
    ],
)
def test_a_file_for_something_else_is_one_error_at_its_name(linted, tmp_path, gives: str, text: str, why: str):
    written(tmp_path, gives, on="2099-01-01")
    (found,) = linted(text).diagnostics
    assert found.name == "invalid-learned"
    assert found.message.startswith("`file.json` can't be used: ")
    assert why in found.message
