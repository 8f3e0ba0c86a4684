"""Bad answers, shown to every built-in check: none raises, each says why, time grows no faster than the answer."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from pathlib import Path

import pytest

import cascadelang.checks
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Query, Reply, TokenLogprob

NAMES = sorted(
    path.stem
    for path in Path(cascadelang.checks.__file__).parent.glob("*.py")
    if not path.stem.startswith("_")
    and not importlib.import_module(f"cascadelang.checks.{path.stem}").CHECK.spec.supported
)

SCORER = Path(__file__).parents[2] / "examples" / "data" / "scorer.json"

BY_TYPE = {
    "text": "1/2",
    "text_or_meta": "x + 1",
    "text_or_file": "Is it true?",
    "texts": ["handbook", "[1]", "acme.com/x"],
    "number": 0.5,
    "count": 3,
    "bool": True,
    "regex": {"pattern": r"(a+)+\d$", "flags": "im"},
    "file": "assert answer() == 1",
    "json_file": {},
    "schema_file": {"type": ["object", "array"], "items": {"pattern": "^(a|aa)+$"}},
    "model": "m",
    "labels": ["a", "b"],
    "duration": 3.0,
}

SMALL = {
    "empty": "",
    "only whitespace": " \t\r\n\u00a0\u2003" * 50,
    "nul": "\0",
    "nul inside": "The answer is 4\0 2.",
    "controls": "\x01\x02\x1b[31mred\x1b[0m\x7f\x85\u2028\b\b\b",
    "lone surrogates": "\ud800 the answer \udfff is \ud83d 42",
    "surrogates in json": '{"a": "\ud800"}',
    "right to left": "\u202eתשובה: 42\u202c \u2067שלום = 1 + 1\u2069",
    "combining": "a" + "\u0301" * 5_000,
    "half a block": "```python\ndef f(:",
    "half a json": '```json\n{"a": [1, 2',
    "fences in fences": "`````md\n````\n```python\nx = (\n```\n````\n`````",
    "fences that cross": "```a\n~~~b\n```\n~~~\n```",
    "deep json": "[" * 10_000 + "]" * 10_000,
    "deep objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "deep json in a fence": "```json\n" + "[" * 10_000 + "\n```",
    "long number": "9" * 5_000 + " = " + "9" * 5_000 + " + 1",
    "powers": "9^9^9^9 = 9**9**9**9",
    "regex bomb": "a" * 50_000 + "!",
    "hedging bomb": "i am " * 20_000,
    "latex bomb": "$" + "\\frac{" * 2_000 + "1" + "}{2}" * 2_000 + "$",
    "boxes": "\\boxed{" * 2_000 + "1" + "}" * 2_000,
    "deep sql": "SELECT " + "(" * 5_000,
    "deep python": "```python\n" + "-" * 100_000 + "1\n```",
    "bom": "\ufeff{}",
    "not a number": '{"a": NaN, "b": 1e999}',
}

LARGE = {
    "words": "so it is. ",
    "one line": "a",
    "empty lines": "\n",
    "brackets": "[",
    "sums": "1 + 1 = 2; ",
    "fences": "```\nx\n```\n",
    "han": "\u65e5\u672c",
    "surrogates": "\ud800a",
}


def args_of(spec, folder: Path) -> dict[str, object]:
    """Arguments for a check, as a policy that names what is required gives them."""
    script = folder / "check.sh"
    script.write_text("#!/bin/sh\ncat > /dev/null\n")
    script.chmod(0o755)
    args: dict[str, object] = {}
    for param in spec.params:
        if param.name == "timeout":
            args[param.name] = 3.0
        elif not param.required:
            args[param.name] = param.default
        elif param.type == "program":
            args[param.name] = str(script)
        elif param.type == "learned_file":
            args[param.name] = {"file": SCORER.name, "learned": json.loads(SCORER.read_text())}
        else:
            args[param.name] = param.choices[0] if param.choices else BY_TYPE[param.type]
    return args


def made(name: str, folder: Path) -> list[object]:
    check = importlib.import_module(f"cascadelang.checks.{name}").CHECK
    missing = getattr(check, "missing", str)()
    if missing:
        pytest.skip(missing)
    args = args_of(check.spec, folder)
    found = [check(args)]
    if name == "code_parses":
        found += [check({**args, "language": language}) for language in ("python", "json", "javascript")]
    if name == "agrees":
        found.append(check({"model": "other"}))
    return found


async def judged(check, text: str) -> Finding:
    """What a check finds of an answer; its own judge, and further samples, answer with the same text."""
    tokens = tuple(TokenLogprob(text[:5], value, (("u", -0.5),)) for value in (-0.1, float("nan"), float("-inf")))
    answer = Answer(Query.of("q"), Reply(text, logprobs=tokens), "m", Reply(text))
    if hasattr(check, "judge_samples"):
        return check.judge_samples(answer, [answer.reply] * (check.samples - 1))
    if hasattr(check, "judge_timed"):
        return await check.judge_timed(answer)
    if hasattr(check, "judge_paid"):

        async def call(name, request):
            return answer.reply

        try:
            return await check.judge_paid(answer, call)
        except CallFailed as failed:
            return Finding(None, failed.message)
    return check.judge(answer)


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    worker = sys.modules.get("cascadelang.checks._worker")
    if worker is not None:
        worker.end_idle()


@pytest.mark.parametrize("name", NAMES)
def test_every_check_says_something_of_every_answer(name, tmp_path):
    async def all_of_them() -> None:
        for check in made(name, tmp_path):
            for shape, text in SMALL.items():
                found = await asyncio.wait_for(judged(check, text), 120)
                assert isinstance(found, Finding), shape
                assert found.reason or found.value is not None, shape
                assert found.value is None or isinstance(found.value, bool | int | float | str), shape

    asyncio.run(all_of_them())


async def time_s(check, text: str) -> float:
    begun = time.perf_counter()
    found = await judged(check, text)
    assert found.reason or found.value is not None
    return time.perf_counter() - begun


@pytest.mark.parametrize("name", [name for name in NAMES if name != "judge"])
def test_time_grows_no_faster_than_the_answer(name, tmp_path):
    async def compare() -> None:
        check = made(name, tmp_path)[0]
        await judged(check, "warm")
        for shape, unit in LARGE.items():
            short, long = (unit * (chars // len(unit)) for chars in (500_000, 5_000_000))
            ratio_of = 0.0, 0.0
            for _ in range(10):  # the machine may be busy with something else
                ratio_of = await time_s(check, short), await time_s(check, long)
                if ratio_of[1] <= 20 * ratio_of[0] + 0.2:
                    break
            assert ratio_of[1] <= 20 * ratio_of[0] + 0.2, shape

    asyncio.run(compare())
