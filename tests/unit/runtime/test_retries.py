from __future__ import annotations

import random

import pytest

from cascadelang.contracts.failure import FAILURE_KINDS, RETRYABLE, CallFailed
from cascadelang.contracts.messages import Reply, Usage
from cascadelang.graph import model as g
from cascadelang.runtime.retry import wait_before_retry


class Fails:
    """Fails with what it is given, then answers."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.timeouts = []

    async def send(self, request):
        self.timeouts.append(request.timeout_s)
        if self.failures:
            raise self.failures.pop(0)
        return Reply("fine", request.model, Usage(1, 1))

    async def count_tokens(self, request):
        return 7


def test_a_call_is_tried_again(kit, answer_of, tell):
    a = kit.model("a", answer_of(error="server"), answer_of(error="rate_limit"), "good", retry=2)
    result = kit.run(a)
    assert (result.status, result.path) == ("unchecked", ("a",))
    assert [e.kind for e in result.events] == ["call_failed", "retry", "call_failed", "retry", "call", "end"]
    assert [r["because"] for r in tell(result, "retry")] == ["server", "rate_limit"]
    assert tell(result, "call")[0]["attempt"] == 3
    assert 0.25 <= kit.clock.waits[0] <= 0.5
    assert 0.5 <= kit.clock.waits[1] <= 1.0


def test_the_last_failure_stands(kit, answer_of):
    result = kit.run(kit.model("a", answer_of(error="server"), answer_of(error="rate_limit"), retry=1))
    assert result.failure.kind == "rate_limit"


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_only_faults_that_may_pass(kit, answer_of, kind):
    kit.run(kit.model("a", answer_of(error=kind), "good", retry=1))
    assert kit.scripted.calls("a") == (2 if kind in RETRYABLE else 1)


def test_the_same_seed_waits_the_same(kit, answer_of):
    waits = []
    for seed in (1, 1, 2):
        kit.seed = seed
        kit.clock.waits.clear()
        kit.run(kit.model("a", answer_of(error="server"), "good", retry=1))
        waits.append(kit.clock.waits[0])
    assert waits[0] == waits[1] != waits[2]


def test_retry_after_is_honoured_when_it_fits(kit):
    kit.providers = {"fake": Fails(CallFailed("rate_limit", "slow down", retry_after_s=4.0))}
    assert kit.run(kit.model("a", retry=1, timeout_s=10.0)).status == "unchecked"
    assert kit.clock.waits == [4.0]
    assert kit.providers["fake"].timeouts == [10.0, 6.0]


def test_retry_after_that_doesnt_fit_fails_at_once(kit):
    kit.providers = {"fake": Fails(CallFailed("rate_limit", "slow down", retry_after_s=60.0))}
    result = kit.run(kit.model("a", retry=3, timeout_s=10.0))
    assert (result.failure.kind, kit.clock.waits) == ("rate_limit", [])


def test_everything_happens_inside_the_timeout(kit, answer_of):
    a = kit.model("a", *[answer_of(error="server", latency_s=3.0)] * 9, retry=9, timeout_s=10.0)
    result = kit.run(a)
    assert result.latency_s <= 10.0
    assert kit.scripted.calls("a") == 3


def test_retry_of_a_strategy_overrides_the_models_own(kit, answer_of):
    a = kit.model("a", *[answer_of(error="server")] * 9, retry=3)
    kit.run(kit.add(g.RetryNode, a, 0))
    assert kit.scripted.calls("a") == 1
    kit.run(kit.add(g.RetryNode, kit.add(g.RetryNode, a, 2), 5))
    assert kit.scripted.calls("a") == 3


def test_waiting_grows_and_is_capped():
    rng = random.Random(0)  # noqa: S311 - jitter
    failed = CallFailed("server", "down")
    for attempt in range(1, 30):
        wait_s = wait_before_retry(failed, attempt, 1e9, rng)
        whole = min(20.0, 0.5 * 2 ** (attempt - 1))
        assert whole / 2 <= wait_s <= whole
    assert wait_before_retry(failed, 1, 0.1, rng) is None
