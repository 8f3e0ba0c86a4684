"""Checks and signals of other packages: what their mistakes come to."""

from __future__ import annotations

import sys
import threading

import pytest

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import Query, Reply
from cascadelang.contracts.spec import Spec
from cascadelang.workspace import catalog, foreign, makers
from cascadelang.workspace.foreign import held
from cascadelang.workspace.mistake import Mistake

ANSWER = Answer(Query.of("q"), Reply("a"))


class Plugin:
    spec = Spec("odd", "check", "does as it is told")

    def __init__(self, do):
        self._do = do

    def judge(self, answer):
        return self._do()

    def read(self, query):
        return self._do()


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    monkeypatch.setattr(foreign, "LIMIT_S", 60.0)


def judged(do) -> Finding:
    return held("check", "odd", Plugin(do)).judge(ANSWER)


def fail(error):
    raise error


def test_what_is_right_is_handed_on():
    found = Finding(0.5, "so so", {"a": 1})
    assert judged(lambda: found) == found
    assert held("signal", "odd", Plugin(lambda: found)).read(Query.of("q")) == found


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        (lambda: fail(ValueError("no such\n word")), "the check `odd` raised ValueError: no such word"),
        (lambda: fail(KeyError()), "the check `odd` raised KeyError"),
        (lambda: sys.exit(3), "the check `odd` raised SystemExit: 3"),
        (lambda: None, "the check `odd` gave a `NoneType`, not a `Finding`"),
        (lambda: True, "the check `odd` gave a `bool`, not a `Finding`"),
        (lambda: Finding([1]), "the check `odd` gave a value that is a `list`"),
        (lambda: Finding(float("nan")), "the check `odd` gave a value that is not a number"),
    ],
    ids=range(7),
)
def test_a_mistake_is_unknown_with_its_reason(do, reason):
    assert judged(do) == Finding(None, reason)


def test_one_that_hangs_is_given_up_and_not_called_again(monkeypatch):
    monkeypatch.setattr(foreign, "LIMIT_S", 0.05)
    back = threading.Event()
    calls = []

    def hang():
        calls.append(1)
        back.wait(60)
        return Finding(value=True)

    check = held("check", "odd", Plugin(hang))
    assert check.judge(ANSWER) == Finding(None, "the check `odd` took longer than 0.05s")
    assert check.judge(ANSWER) == Finding(None, "the check `odd` still hasn't come back from an earlier call")
    assert len(calls) == 1
    back.set()
    for thread in threading.enumerate():
        if thread.name == "cascadelang-plugin":
            thread.join()
    monkeypatch.setattr(foreign, "LIMIT_S", 60.0)
    assert check.judge(ANSWER).value is True


def test_one_that_waits_is_left_to_the_runtime():
    class Timed(Plugin):
        async def judge_timed(self, answer):
            return Finding(value=True)

    plugin = Timed(None)
    assert held("check", "odd", plugin) is plugin


def test_one_that_cannot_be_made_is_told_before_the_run(monkeypatch):
    monkeypatch.setattr(catalog, "_foreign", lambda kind, name: Plugin if name == "odd" else None)
    made = makers.make_check("odd", lambda: Finding(value=True))
    assert made.judge(ANSWER).value is True
    monkeypatch.setattr(Plugin, "__init__", lambda self, do: fail(ValueError("no such file")))
    with pytest.raises(Mistake, match="the check `odd` of another package can't be made: no such file"):
        makers.make_check("odd", {})


def test_the_package_that_an_entry_is_from_is_told_with_its_version(monkeypatch):
    class Package:
        name, version = "words", "1.2"

    points = {"odd": type("Point", (), {"dist": Package}), "homeless": type("Point", (), {"dist": None})}
    monkeypatch.setattr(catalog, "_entry_points", lambda kind: points if kind == "check" else {})
    told = [catalog.made_by("check", name) for name in ("odd", "homeless", "nobody", "json")]
    assert told == ["words 1.2", "", "", ""]
    assert catalog.made_by("provider", "odd") == ""
