"""The plugin's own tests: `pytest examples/plugin`, once it is installed."""

from __future__ import annotations

from acme_support.has_order import HasOrder
from acme_support.promises import Promises

from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply


def test_promises() -> None:
    check = Promises({"phrases": ["guarantee"]})
    assert check.judge(Answer(Query.of("q"), Reply("I GUARANTEE it"))).value is True
    assert check.judge(Answer(Query.of("q"), Reply(""))).value is False
    assert Promises.problems({"phrases": [" "]}) == ["a phrase is empty"]


def test_has_order() -> None:
    assert HasOrder({"scope": "query"}).read(Query.of("AC-123456?")).reason == "order AC-123456"
    assert HasOrder({"scope": "query"}).read(Query.of("AC-12?")).value is False
