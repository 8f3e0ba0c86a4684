"""What the naive evaluator says comes of a random policy's scripted replies, a ``test`` of the language expects.

A third way to the same meaning: the policy and its replies are one text, and so is what is expected of it.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from behaviours import ERRORS
from both import dealer
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from keeping import World
from naive import Naive
from outcomes import Told
from random_policies import FILES, MODELS, policies
from slow_check import installed
from test_whole_language import Encoder, vector_of
from whole_language import WHOLE

from cascadelang.catalog.models import find
from cascadelang.contracts.messages import Request
from cascadelang.embedding import built_in
from cascadelang.graph.compile import compile_policy
from cascadelang.providers.scripted import ScriptedReply
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.syntax import ast
from cascadelang.workspace.case_run import case_of
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.load import prove
from cascadelang.workspace.testing import test_paths

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "300")) // 3

ONE_AFTER_THE_OTHER = replace(WHOLE, at_once=("hedge", "shadow"))
"""Replies are taken in order, so who is asked first must not hang on chance."""

LEFT_OUT = re.compile(r" within \$[\d.]++(?! and)|(?<=within )\$[\d.]+ and |, retry: \d+| retry \d+")
"""Limits in dollars hang on words that each runtime has of its own; and a test draws how long a retry waits."""


@st.composite
def replies(draw: st.DrawFn) -> dict[str, list[str]]:
    """Some lines for every model."""
    lines: dict[str, list[str]] = {}
    for name in MODELS:
        score = st.sampled_from(("0.9", "0.5", "0.2", "0")).map(lambda score: f'{score} "so it is"')
        label = st.sampled_from(("a", "b", "c", "x", "y", "yes", "no", "other"))
        sure = st.sampled_from(("", " { logprob: -0.1 }", " { logprob: -0.9 }"))
        lines[name] = [
            *(f"reply {name} {draw(answers() | errors())}" for _ in range(draw(st.integers(1, 3)))),
            *(f"judge {name} {draw(score | errors())}" for _ in range(draw(st.integers(1, 2)))),
            f"ask {name} {draw(st.tuples(label, sure).map(''.join) | errors())}",
        ]
    return lines


def errors() -> st.SearchStrategy[str]:
    return st.sampled_from((*ERRORS, "auth")).map(lambda kind: f"error {kind}")


@st.composite
def answers(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(("yes", "Yes.", "", "I'm not sure of it", "the answer is yes", "word " * 60)))
    details = {
        "logprob": draw(st.sampled_from((None, "-0.1", "-0.9"))),
        "margin": draw(st.sampled_from((None, "0.3", "0.9"))),
        "latency": draw(st.sampled_from((None, "300ms", "1900ms", "4s", "100s"))),
        "finish_reason": draw(st.sampled_from((None, '"length"'))),
        "input_tokens": draw(st.sampled_from(("10", "400"))),
        "output_tokens": draw(st.sampled_from(("3", "60"))),
    }
    given = ", ".join(f"{key}: {value}" for key, value in details.items() if value is not None)
    return f'"{text}" {{ {given} }}'


def filed(text: str) -> MemoryFiles:
    """A policy with the files it reads."""
    return MemoryFiles({**FILES, "lib.cl": LEFT_OUT.sub("", FILES["lib.cl"]), "policy.cl": text})


class Script:
    """The replies of a test: those of a model and a purpose in order, of which the last repeats."""

    def __init__(self, replies: Mapping[str, Sequence[ScriptedReply]], ids: Mapping[str, str]) -> None:
        self._replies = {ids[name]: given for name, given in replies.items()}
        self._taken: Counter[tuple[str, str]] = Counter()
        self.calls = 0

    def next(self, request: Request, at_s: float) -> ScriptedReply:
        del at_s
        purpose = "answer" if request.purpose == "sample" else request.purpose
        left = [reply for reply in self._replies[request.model] if reply.purpose == purpose]
        taken = self._taken[request.model, purpose]
        self._taken[request.model, purpose] += 1
        self.calls += 1
        return left[min(taken, len(left) - 1)]


def expected(told: Told, names: Mapping[str, str], calls: int) -> list[str]:
    """What a test may expect of a run that came to this."""
    found = [f"path == [{', '.join(names[id_] for id_ in told.path)}]", f"calls == {calls}"]
    found += [f"latency >= {max(0.0, told.at_s - 1e-6):.7f}s", f"latency <= {told.at_s + 1e-6:.7f}s"]
    if told.cost_usd is not None:
        found += [f"cost >= ${max(0.0, told.cost_usd - 1e-9):.12f}", f"cost <= ${told.cost_usd + 1e-9:.12f}"]
    if told.status == "failed":
        return [*found, f"failure == {told.kind}", "status == failed"]
    said = {"accepted": "passed", "unmet": "failed"}.get(told.status, "unchecked")
    return [*found, said, f"model == {names[told.model]}", f'answer == "{told.answer}"']


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(breadth=ONE_AFTER_THE_OTHER), st.sampled_from(("please", "def f(x): pass", "2 and 2")), replies())
def test_a_test_expects_what_the_naive_evaluator_says(text: str, query: str, lines: dict[str, list[str]]):
    if "split" in text:  # a test draws its share
        return
    with installed(), patch.object(built_in, "built_in", Encoder):
        told, full = written(LEFT_OUT.sub("", text), query, lines)
        report = test_paths(["policy.cl"], files=filed(full))
        if never_happens(full):
            return
    (file,) = report.files
    assert file.error is None, file.error
    (result,) = file.cases
    assert result.passed, (result.problem, [unmet.looked for unmet in result.unmet])
    event(f"{told.status} {told.kind}")


def never_happens(text: str) -> bool:
    """Whether lint refuses the policy because something in it can't happen."""
    errors = {found.name for found in prove("policy.cl", filed(text)).diagnostics if found.severity == "error"}
    assert errors <= {"constant-condition", "unreachable-arm", "unreachable-else", "unreachable-rung"}
    return bool(errors)


def written(text: str, query: str, lines: Mapping[str, Sequence[str]]) -> tuple[Told, str]:
    """What the naive evaluator says of the policy, and the policy with a test that expects it."""
    models = compile_policy(check("policy.cl", filed(text), InstalledCatalog(), find)).models
    text = f'{text}\ntest "it" {{\n  query "{query}"\n  meta {{ level: "a", words: 4, flag: true }}\n'
    text += "".join(f"  {line}\n" for name in models for line in lines[name])
    told, calls, names = said(f"{text}}}\n", query)
    text += "".join(f"  expect {each}\n" for each in expected(told, names, calls))
    return told, f"{text}}}\n"


def said(text: str, query: str) -> tuple[Told, int, dict[str, str]]:
    """What a test's run comes to, how many calls it made, and the models' names by id."""
    checked = check("policy.cl", filed(text), InstalledCatalog(), find)
    assert checked.ok, [found.message for found in checked.diagnostics]
    decls = checked.modules[checked.path].file.decls
    case = case_of(next(decl for decl in decls if isinstance(decl, ast.CaseDecl)))
    ids = {name: name.removeprefix("lib.") for name in MODELS}
    script = Script(case.replies, ids)
    dealt: Any = dealer(compile_policy(checked), checked.path)
    world = World(vectors={query: vector_of(query)})
    run = Naive(checked, case.query, script, 5, dealt, world)  # type: ignore[arg-type]
    run.strand = world.time.main
    told = run.run("main")
    calls = script.calls
    world.settle(run.strand, [])
    return told, calls, {id_: name for name, id_ in ids.items()}
