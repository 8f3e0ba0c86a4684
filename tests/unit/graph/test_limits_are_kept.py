"""What bounds count with beside the caller's words: runtime and paid checks keep to `cascadelang.graph.limits`."""

from __future__ import annotations

import json

import pytest

from cascadelang.checks.judge import Judge
from cascadelang.contracts.check import Answer, Verdict
from cascadelang.contracts.estimate import most_tokens
from cascadelang.contracts.messages import Query, Reply, Request
from cascadelang.graph.limits import (
    CARRY_REASON_TOKENS,
    CARRY_WORDS_TOKENS,
    MESSAGE_TOKENS,
    PAID_CHECK_ANSWER_TOKENS,
    PAID_CHECK_TOKENS,
    carried_tokens,
)
from cascadelang.runtime.carry import exchange


def test_a_judges_own_words():
    [request] = Judge({"model": "m", "rubric": ""}).requests(Answer(Query.of(""), Reply(""))).values()
    words = request.system + "".join(m.text for m in request.messages) + json.dumps(request.json_schema)
    assert most_tokens(words) + 4 * MESSAGE_TOKENS <= PAID_CHECK_TOKENS


def test_a_judges_answer():
    [request] = Judge({"model": "m", "rubric": ""}).requests(Answer(Query.of(""), Reply(""))).values()
    assert request.max_tokens <= PAID_CHECK_ANSWER_TOKENS
    assert Request("", ()).max_tokens <= PAID_CHECK_ANSWER_TOKENS


@pytest.mark.parametrize("what", ["draft", "reasons"])
@pytest.mark.parametrize("reason", ["", "too short", "x" * 10_000, "a\n" * 5_000, "語" * 10_000])
def test_what_is_carried_on(what, reason):
    draft = "an answer of so many tokens " * 50
    messages = exchange(what, Reply(draft), Verdict("failed", reason))
    added = sum(most_tokens(message.text) + MESSAGE_TOKENS for message in messages)
    assert added <= carried_tokens(most_tokens(draft), what)


def test_the_words_around():
    messages = exchange("reasons", Reply("x"), Verdict("failed", "y"))
    assert sum(most_tokens(message.text) for message in messages) <= CARRY_WORDS_TOKENS
    assert CARRY_REASON_TOKENS > 0
