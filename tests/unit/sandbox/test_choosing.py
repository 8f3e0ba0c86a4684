"""A sandbox is used only after it was seen to work; without one, nothing is run."""

from __future__ import annotations

import asyncio
import sys

import pytest

from cascadelang.checks.python_tests import PythonTests
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply
from cascadelang.sandbox import choose
from cascadelang.sandbox.bubblewrap import Bubblewrap
from cascadelang.sandbox.limits import Ended
from cascadelang.workspace.doctor import examine
from cascadelang.workspace.makers import make_check
from cascadelang.workspace.mistake import Mistake

ARGS = {"tests": "assert add(1, 2) == 3", "timeout": 10.0, "memory": 256}
NONE = choose.Choice(None, "no sandbox works here (bubblewrap: no permissions)")


class Leaky:
    """A sandbox that contains nothing, or fails."""

    name = "leaky"

    def __init__(self, said):
        self.said = said

    async def python(self, source, given, limits):
        if isinstance(self.said, Exception):
            raise self.said
        return Ended("itself", 1, self.said, "bwrap: setting up uid map: Permission denied")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"reads /etc/passwd, connects\n", "what is run in it reads /etc/passwd, connects"),
        (b"", '"bwrap: setting up uid map: Permission denied"'),
        (OSError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (ValueError(), "ValueError"),
        (b"contained\n", ""),
    ],
)
def test_one_that_doesnt_contain_isnt_used(said, why):
    assert asyncio.run(choose._why_not(Leaky(said))) == why


def test_a_program_that_isnt_one_isnt_used(tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text(
        f"#!{sys.executable}\nimport os, sys\nargs = sys.argv\nos.execv(sys.executable, [sys.executable, "
        "*args[args.index('--') + 2:]])\n",
        encoding="utf-8",
    )  # runs what it is given, uncontained
    fake.chmod(0o755)
    why = asyncio.run(choose._why_not(Bubblewrap(str(fake), "fake")))
    assert "reads /etc/passwd" in why
    assert "connects" in why


def test_without_one_the_check_is_refused_before_the_first_call(monkeypatch):
    monkeypatch.setattr(choose, "_CHOSEN", [NONE])
    with pytest.raises(Mistake) as refused:
        make_check("python_tests", ARGS)
    assert refused.value.message == f"the check `python_tests` can't be used: {NONE.why}"
    assert [item.detail for item in examine() if item.name == "sandbox"] == [f"the check `python_tests`: {NONE.why}"]


def test_without_one_nothing_is_run(monkeypatch):
    monkeypatch.setattr(choose, "_CHOSEN", [NONE])
    check = PythonTests(ARGS)
    found = asyncio.run(check.judge_timed(Answer(Query.of("q"), Reply("open('/tmp/never', 'w')"))))
    assert (found.value, found.reason) == (None, NONE.why)


def test_asking_with_a_loop_running_is_fine(monkeypatch):
    monkeypatch.setattr(choose, "_CHOSEN", [])

    async def ask():
        return choose.chosen()

    first = asyncio.run(ask())
    assert first is choose.chosen()
    assert first.sandbox is not None or first.why
