from __future__ import annotations

import asyncio
import math

import pytest

from cascadelang.checks.logprob import CHECK as LOGPROB
from cascadelang.checks.margin import CHECK as MARGIN
from cascadelang.checks.perplexity import CHECK as PERPLEXITY
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Message, Query, Reply, Request, TokenLogprob
from cascadelang.providers.scripted import Scripted, ScriptedReply


def answer(*logprobs):
    return Answer(Query.of("q"), Reply("x", logprobs=tuple(TokenLogprob("t", value) for value in logprobs)))


def logprob(over, *values):
    return LOGPROB({"over": over}).judge(answer(*values)).value


def test_logprob():
    assert logprob("mean", -1.0, -3.0) == -2.0
    assert logprob("min", -1.0, -3.0, -0.5) == -3.0
    assert logprob("p10", *[-float(i) for i in range(10)]) == -9.0
    assert logprob("p10", *[-float(i) for i in range(20)]) == -18.0
    assert logprob("p10", -1.5) == -1.5


def test_impossible_tokens_stay_finite():
    assert logprob("min", -0.1, -math.inf) == -9999.0
    assert logprob("mean", 1e-9) == 0.0
    assert math.isfinite(PERPLEXITY({}).judge(answer(-math.inf)).value)


def test_perplexity():
    assert PERPLEXITY({}).judge(answer(math.log(0.5), math.log(0.5))).value == pytest.approx(2.0)
    assert PERPLEXITY({}).judge(answer(0.0)).value == 1.0


def test_margin():
    tokens = (
        TokenLogprob("a", math.log(0.9), (("a", math.log(0.9)), ("b", math.log(0.1)))),
        TokenLogprob("c", math.log(0.3), (("d", math.log(0.5)), ("e", math.log(0.2)))),
        TokenLogprob("f", math.log(0.3)),
    )
    found = MARGIN({}).judge(Answer(Query.of("q"), Reply("x", logprobs=tokens)))
    assert found.value == pytest.approx((0.8 + 0.2) / 2)
    assert "2 tokens" in found.reason


@pytest.mark.parametrize("check", [LOGPROB({"over": "mean"}), PERPLEXITY({}), MARGIN({})])
@pytest.mark.parametrize("logprobs", [None, (), (TokenLogprob("t", math.nan),)])
def test_no_logprobs_is_unknown(check, logprobs):
    found = check.judge(Answer(Query.of("q"), Reply("x", logprobs=logprobs)))
    assert found.value is None
    assert "logprobs" in found.reason


def test_margin_without_alternatives_is_unknown():
    assert "alternatives" in MARGIN({}).judge(answer(-0.1)).reason


def test_a_scripted_margin_is_what_the_check_finds():
    for given, alternatives, found in ((0.9, 2, 0.9), (0.0, 2, 0.0), (1.0, 2, 1.0), (0.9, 0, None)):
        scripted = Scripted({"m": [ScriptedReply("two words", margin=given, logprob=-0.4)]})
        request = Request("m", (Message("user", "q"),), logprobs=alternatives)
        reply = asyncio.run(scripted.send(request))
        value = MARGIN({}).judge(Answer(Query.of("q"), reply)).value
        assert value == (None if found is None else pytest.approx(found))
        assert LOGPROB({"over": "mean"}).judge(Answer(Query.of("q"), reply)).value == -0.4


def test_a_scripted_margin_alone_says_how_sure_the_tokens_were():
    scripted = Scripted({"m": [ScriptedReply("yes", margin=0.5)]})
    reply = asyncio.run(scripted.send(Request("m", (Message("user", "q"),), logprobs=2)))
    assert PERPLEXITY({}).judge(Answer(Query.of("q"), reply)).value == pytest.approx(1 / 0.75)
