"""What bounds count with beside the caller's words: runtime and paid checks keep to `cascadelang.graph.limits`."""

from __future__ import annotations

import json

import pytest

from cascadelang.checks.judge import Judge
from cascadelang.contracts.check import Answer, Verdict
from cascadelang.contracts.estimate import most_tokens
from cascadelang.contracts.messages import Message, Query, Reply, Request
from cascadelang.graph.limits import (
    CARRY_REASON_TOKENS,
    CARRY_WORDS_TOKENS,
    MESSAGE_TOKENS,
    PAID_CHECK_ANSWER_TOKENS,
    PAID_CHECK_TOKENS,
    QUOTING,
    carried_tokens,
)
from cascadelang.runtime.carry import exchange
from cascadelang.signals.ask import Ask


def test_a_judges_own_words():
    [request] = Judge({"model": "m", "rubric": ""}).requests(Answer(Query.of(""), Reply(""))).values()
    words = request.system + "".join(m.text for m in request.messages) + json.dumps(request.json_schema)
    assert most_tokens(words) + 4 * MESSAGE_TOKENS <= PAID_CHECK_TOKENS


HISTORIES = [
    ["ok"] * 400,
    [""] * 400,
    ['x\n"\\\t' * 100] * 3,
    ["\x00\x01\x1b\x7f" * 500],
    ["語\ud800" * 200] * 2,
]


@pytest.mark.parametrize("texts", HISTORIES, ids=["short", "empty", "quoted", "controls", "surrogates"])
@pytest.mark.parametrize("roles", [("user", "assistant"), ("system", "assistant")])
def test_what_a_judge_quotes(texts, roles):
    said = tuple(Message(roles[at % 2], text) for at, text in enumerate(texts))
    query, reply = Query((*said, Message("user", texts[0]))), Reply(texts[0])
    [request] = Judge({"model": "m", "rubric": texts[0]}).requests(Answer(query, reply)).values()
    words = request.system + "".join(m.text for m in request.messages) + json.dumps(request.json_schema)
    asked = sum(most_tokens(m.text) + MESSAGE_TOKENS for m in query.messages)
    most = QUOTING * (asked + 2 * most_tokens(texts[0])) + PAID_CHECK_TOKENS
    assert most_tokens(words) + 4 * MESSAGE_TOKENS <= most


@pytest.mark.parametrize("texts", HISTORIES, ids=["short", "empty", "quoted", "controls", "surrogates"])
def test_what_a_router_quotes(texts):
    said = tuple(Message("assistant", text) for text in texts)
    query = Query((*said, Message("user", texts[0])))
    args = {"model": "m", "question": "which?", "labels": ["a", "b"], "scope": "conversation"}
    [request] = Ask(args).requests(query).values()
    words = request.system + "".join(m.text for m in request.messages) + json.dumps(request.json_schema)
    asked = sum(most_tokens(m.text) + MESSAGE_TOKENS for m in query.messages)
    assert most_tokens(words) + 4 * MESSAGE_TOKENS <= QUOTING * asked + PAID_CHECK_TOKENS


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
