"""The interpreter and the naive evaluator agree on policies that are made of everything the language has.

Queries are asked one after the other, so that answers may have been kept, or at the same time, so that some wait for
others. ``DIFFERENTIAL_EXAMPLES`` sets how many random policies are tried; run as a script it tries as many as it is
told, and prints what was in them: ``python tests/differential/test_whole_language.py 20000``.
"""

from __future__ import annotations

import os
import re
import sys
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

if __name__ == "__main__":
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent / "property")]

import numpy as np
from behaviours import plays
from both import Begun, Plays, compare
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from keeping import World, everything
from outcomes import Told
from random_policies import MODELS, files_of, policies, queries
from slow_check import installed
from whole_language import WHOLE, holds

from cascadelang.catalog.models import find
from cascadelang.contracts.messages import Message, Query
from cascadelang.embedding import built_in
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.syntax import ast
from cascadelang.workspace.catalog import InstalledCatalog

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "300"))
IDS = [name.removeprefix("lib.") for name in MODELS]
DEGREES = (0, 10, 18, 24, 90)
"""Where texts lie on the circle that the scripted encoder knows. All but the last are alike, none of two as much."""

SHORT = ("please", "yes please", "yes 4", "please 4", "def f(x): pass")


class Encoder:
    """An encoder that makes of a text a place on a circle."""

    name = "scripted"
    size = 2
    ready = True

    def embed(self, texts: list[str]) -> Any:
        return np.asarray([vector_of(text) for text in texts], dtype=np.float32)


def vector_of(text: str) -> tuple[float, float]:
    angle = np.radians(DEGREES[zlib.crc32(text.encode("utf-8", "surrogatepass")) % len(DEGREES)])
    return float(np.cos(angle)), float(np.sin(angle))


@st.composite
def begun(draw: st.DrawFn) -> Begun:
    """One query, or two or three, that are the same, or differ in their words or in what the caller says."""
    query = draw(queries())
    if draw(st.booleans()):
        query = said(query, draw(st.sampled_from(SHORT)))
    found = [(0.0, query)]
    for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
        after_s = draw(st.sampled_from((0.0, 0.2, 4.0, 3000.0, 4000.0)))
        other = query
        if draw(st.booleans()):
            other = said(query, draw(st.sampled_from(SHORT)))
        if draw(st.integers(0, 3)) == 0:
            other = replace(other, meta={**query.meta, draw(st.sampled_from(("level", "other"))): "a"})
        found.append((after_s, other))
    return found


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Policies, with ``carry`` or ``cached``.

    Why an answer was rejected, which ``carry`` hands on, is a part of the next request, by which answers are kept,
    and only the interpreter puts it into words.
    """
    text = draw(policies(breadth=WHOLE))
    again = draw(st.sampled_from(("", "", "", " cached 1h", " cached 1h similar 0.9")))
    if again:
        text = re.sub(r"(?m)^policy main = (.*)$", rf"policy main = (\1){again}", text)
    if "carry" in text and "cached" in text:
        text = re.sub(r" carry (draft|reasons)" if draw(st.booleans()) else r" cached \w+( similar 0.9)?", "", text)
    return text


def said(query: Query, words: str) -> Query:
    """The query with these words."""
    return replace(query, messages=(*query.messages[:-1], Message("user", words)))


class Tally:
    """How many cases held what, and how many runs ended how."""

    def __init__(self) -> None:
        self.cases = Counter[str]()
        self.ends = Counter[str]()

    def met(self, told: list[Told], world: World) -> None:
        for one in told:
            self.ends[one.status if not one.kind else f"{one.status} {one.kind}"] += 1
            self.ends["unknown"] += one.verdict[2]
            self.ends["in nothing but kept answers"] += one.cached and not one.path
        for kind, one in world.recorded:
            self.ends[f"beside: {kind} {one.status}"] += 1
        self.ends.update(world.seen)


def held(checked: CheckedPolicy) -> set[str]:
    """What the policies hold, with all that they name."""
    roots = [ast.NameStrategy(ast.Name((name,))) for name in checked.policies]
    nodes = [node for root in roots for node in everything(checked, root, checked.path)]
    required = [each for each in checked.modules[checked.path].file.decls if isinstance(each, ast.RequireDecl)]
    return set(holds(checked, [*nodes, *required]))


def look(text: str, asked: Begun, turns: Plays, tally: Tally) -> None:
    with installed(), patch.object(built_in, "built_in", Encoder):
        checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
        if not checked.ok:  # a limit in dollars over a model without a price
            event("refused")
            found = {found.name for found in checked.diagnostics if found.severity == "error"}
            assert found <= {"unpriced-model"}, [d.message for d in checked.diagnostics]
            return
        tally.cases.update(held(checked))
        tally.cases["all"] += 1
        vectors = {query.text: vector_of(query.text) for _, query in asked}
        compare(checked, asked, turns, at_once=True, vectors=vectors, met=tally.met)


def tried(examples: int, **more: Any) -> Tally:
    """So many cases."""
    tally = Tally()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), **more)
    @given(texts(), begun(), plays(IDS))
    def agree(text: str, asked: Begun, turns: Plays) -> None:
        look(text, asked, turns, tally)

    agree()
    return tally


CASES = """
cascade|a gate of a rung's own|carry draft|carry reasons|from|order by|otherwise best|otherwise fail|otherwise last
otherwise strategy|fallback|fallback when|route|routeby|split|split by|hedge|vote|vote by|shadow|cached|cached similar
within money|within time|retry|with|require|a policy or model of another file
check agree(2)|check agree(3)|check agree(4)|check agrees(model)|check agrees(previous)|check judge|check learned
check logprob|check margin|check perplexity|check that takes time|check json|check schema|check contains|check empty
check hedges|check refuses|check repeats|check matches|check truncated|check words|check chars|check tokens
signal ask|signal learned|signal band|signal score|signal contains|signal has_code|signal words
"""
"""What policies are made of."""

ENDS = """
accepted|unchecked|unmet|unknown|failed unmet|failed over_budget|failed rate_limit|failed timeout|failed connection
failed server|failed context_length|failed content_filter|failed auth|failed bad_request|failed policy
in nothing but kept answers|kept|waited
"""
"""How runs end, and what happened on the way."""

RARE = """
beside: shadow accepted|beside: shadow unchecked|beside: shadow unmet|beside: shadow failed
"""
"""What takes many cases to be met at all."""


def check_counts(tally: Tally, examples: int) -> None:
    """Nothing is missing in what was tried; of many cases a hundredth, which is hundreds, hold each of all things."""
    least = examples // 100 if examples >= 10_000 else 1 if examples >= 300 else 0
    rare = [(tally.ends, RARE)] if examples >= 10_000 else []
    for counted, names in ((tally.cases, CASES), (tally.ends, ENDS), *rare):
        for name in names.strip().replace("\n", "|").split("|"):
            assert counted[name] >= least, (name, counted[name])


def test_they_agree_on_the_whole_language():
    tally = tried(EXAMPLES, derandomize="DIFFERENTIAL_EXAMPLES" not in os.environ)
    check_counts(tally, EXAMPLES)


MEANT = """
use "base.cl"
model a = x("a") { max_tokens: 40, timeout: 9s, retry: 2, price: $1 / $5 }
model b = x("b") { max_tokens: 40, timeout: 9s, price: $4 / $2 }
policy plain = a cached 5s similar 0.9
policy main = fallback [(cascade [a, plain, b] until words > 1 otherwise last), e] cached 1h similar 0.9
"""


def test_they_agree_on_answers_to_queries_that_mean_the_same():
    tally = Tally()
    words = st.lists(st.sampled_from(SHORT), min_size=2, max_size=4)

    @settings(
        max_examples=max(100, EXAMPLES // 3),
        deadline=None,
        derandomize="DIFFERENTIAL_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(words, st.sampled_from((0.0, 2.0, 7.0, 2000.0)), plays(IDS))
    def agree(asked: list[str], pause_s: float, turns: Plays) -> None:
        look(MEANT, [(at * pause_s, Query.of(text)) for at, text in enumerate(asked)], turns, tally)

    agree()
    assert tally.ends["meant the same"] >= 10


if __name__ == "__main__":
    tally = tried(int(sys.argv[1]), database=None, phases=[Phase.generate, Phase.shrink])
    check_counts(tally, int(sys.argv[1]))
    for counted in (tally.cases, tally.ends):
        for name, count in sorted(counted.items()):
            print(f"{count:>8,}  {name}")  # noqa: T201
