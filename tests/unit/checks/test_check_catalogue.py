from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascadelang.checks
from cascadelang.contracts.check import Answer
from cascadelang.contracts.estimate import estimate_tokens, most_tokens
from cascadelang.contracts.messages import Query, Reply, TokenLogprob

ROOT = Path(__file__).parents[3]
FOLDER = Path(cascadelang.checks.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
HEAVY = {"re2", "jsonschema", "yaml", "json_repair", "numpy", "pydantic", "httpx", "asyncio", "rich", "referencing"}
GIVEN = {
    "contains": {"texts": ["total", "合計"]},
    "matches": {"pattern": {"pattern": r"(a+)+\d$", "flags": "im"}},
    "schema": {"file": {"type": ["object", "array"], "items": {"pattern": "^(a|aa)+$"}}},
    "logprob": {"over": "p10"},
    "judge": {"model": "m", "rubric": "r"},
    "agree": {"samples": 3},
    "learned": {
        "scorer": {
            "file": "scorer.json",
            "learned": json.loads((ROOT / "examples/data/scorer.json").read_text(encoding="utf-8")),
        }
    },
    "cites": {"sources": ["handbook", "[1]", "acme.com/x"], "least": 1},
    "code_parses": {"language": "python"},
    "math_equals": {"expected": "1/2"},
    "agrees": {"model": "previous"},
    "command": {"program": "check.sh", "timeout": 10.0, "sandboxed": False},
    "python_tests": {"tests": "assert answer() == 1", "timeout": 10.0, "memory": 256},
}
VALUES = {
    "bool": (bool,),
    "count": (int,),
    "logprob": (float,),
    "perplexity": (float,),
    "score": (float,),
    "language": (str,),
}
"""The types of values that a check gives."""

ODD = {
    "words": "a " * 2_500_000,
    "open brackets": "[" * 5_000_000,
    "open objects": '{"a":' * 10_000,
    "quotes": '"' * 1_000_000,
    "backticks": "`" * 1_000_000,
    "fences": "```\n" * 200_000,
    "fences in fences": "````\n```json\n{}\n```\n````",
    "half a block": "```json\n{",
    "han": "日" * 500_000,
    "controls": "\0\x01\x1b[31m\x7f\r\n",
    "surrogates": '\ud800{"a": "\udfff"}',
    "bomb": "a" * 100_000 + "!",
    "hedge bomb": "i am " * 200_000,
    "quoted hedges": '"i am not sure" ' * 20_000,
    "broken json": "{'a': [" * 5_000,
    "loose json": "{a: " + "'x', " * 10_000 + "}",
}


def entry(name):
    return importlib.import_module(f"cascadelang.checks.{name}").CHECK


CHECKS = {name: entry(name)(GIVEN.get(name, {})) for name in NAMES}
FREE = {name: check for name, check in CHECKS.items() if hasattr(check, "judge")}


@pytest.mark.parametrize("name", NAMES)
def test_entry_is_whole(name):
    spec = entry(name).spec
    assert spec.name == name
    assert spec.kind == "check"
    assert spec.summary
    assert spec.doc.strip()
    assert spec.examples
    assert all(name in example for example in spec.examples)
    assert all(param.doc for param in spec.params)
    ways = ("judge", "judge_timed", "judge_paid", "judge_samples")
    assert spec.supported or any(hasattr(CHECKS[name], way) for way in ways)


def test_importing_entries_imports_nothing_heavy():
    code = (
        "import importlib, sys\n"
        f"for name in {NAMES!r}: importlib.import_module('cascadelang.checks.' + name)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PIECES = st.sampled_from(
    ['{"a":', "[", "]", "}", '"', "```", "\n", "```json\n", ",", "1", "I'm not sure", "1e999", "'"]
)
TEXTS = st.one_of(st.text(st.characters(), max_size=300), st.lists(PIECES, max_size=30).map("".join))


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(st.floats(), max_size=4))
def test_no_check_ever_raises(text, logprobs):
    tokens = tuple(TokenLogprob("t", value, (("u", -0.5),)) for value in logprobs)
    answer = Answer(Query.of(text), Reply(text, logprobs=tokens or None))
    for check in FREE.values():
        found = check.judge(answer)
        assert found.reason or found.value is not None
    CHECKS["judge"].requests(answer)["m"].messages[0].text.encode()


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_and_large_answers(text):
    answer = Answer(Query.of("q"), Reply(text))
    for name, check in FREE.items():
        found = check.judge(answer)
        assert found.value is None or type(found.value) in VALUES[check.spec.gives], name
        assert found.value is not None or found.reason, name


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_estimates_stay_within_the_bound(text):
    assert 0 <= estimate_tokens(text) <= most_tokens(text)
    assert (estimate_tokens(text) == 0) == (text == "")


def test_estimates_are_near_known_counts():
    # Counts by o200k_base, in the same order.
    known = {"Hi": 1, "What is 12 * 7?": 8, "Reply as JSON.": 4, "Traceback (most recent call last): ...": 9}
    for text, count in known.items():
        assert abs(estimate_tokens(text) - count) <= 1
