"""One mistake gives one error: for 95 of 100 slips of each kind in the example policies, through all of lint."""

from __future__ import annotations

import random

import pytest
from single_mistakes import KINDS, examples, lint_errors, measure, parse_errors

SHARES = {"left out": 0.12, "put in": 0.02, "doubled": 0.1, "swapped": 0.12}


@pytest.mark.parametrize("kind", KINDS)
def test_one_slip_is_one_error(kind: str):
    rng = random.Random(7)  # noqa: S311 - not for secrets
    total, good, bad = measure(examples(), kind, lint_errors, rng, sample=SHARES[kind])
    assert total > 90
    assert good >= 0.95 * total, bad[:3]


@pytest.mark.parametrize(
    "text",
    [
        'use "std/anthropic"\npolicy main = cascade haiku, sonnet until json\n',
        'use "std/anthropic"\npolicy main = route has_code > opus\n',
        'use "std/anthropic"\npolicy main = route has_code > opus else haiku\n',
        '"std/anthropic"\npolicy main = cascade [haiku, sonnet] until json\n',
        'use "std/anthropic"\ntier = opus\npolicy main = cascade [tier3, haiku] until json\n',
        'use "std/anthropic"\nsignal a = or contains(["x"])\npolicy main = route a -> opus else haiku\n',
        'use "std/anthropic"\npolicy main = haiku\ntest "x" {\n  query "q"\n  expect path == [haiku\n}\n',
        'use "std/anthropic"\npolicy main = route has_code -> -> opus,\n  has_math -> sonnet\n  else haiku\n',
        # the labels of a broken signal, called as models are
        'use "std/anthropic"\nsignal a: {opus, b} = band(words 5, opus: 9, b)\nroute a == opus -> opus else haiku\n',
        'use "std/anthropic"\nsignal a: {opus, b} = band(words 5, opus: 9, b)\nroute opus != a -> opus else haiku\n',
        'use "std/anthropic"\npolicy main = route level == opus -> opus else haiku\n',
        'use "std/anthropic"\nsignal a = has_code within .5parsecs\npolicy main = route a -> opus else haiku\n',
    ],
)
def test_a_mistake_is_told_once(text: str):
    assert len(lint_errors("p.cl", text)) == 1


def test_two_mistakes_in_two_declarations_are_two():
    text = 'use "std/anthropic"\nsignal a = has_code has_math\nsignal b = nothing\nroute a -> opus els haiku\n'
    assert len(parse_errors("p.cl", text)) == 2
    assert len(lint_errors("p.cl", text)) == 3


@pytest.mark.parametrize("number", ["$.5", "$.5k", ".5sec", ".5nsure", ".5USD", ".5", ".5%", "$.5.5", "5.5.5k"])
def test_numbers_that_are_none(number: str):
    assert len(parse_errors("p.cl", f"policy main = a within {number}\n")) == 1
