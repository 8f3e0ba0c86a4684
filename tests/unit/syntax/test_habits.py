"""What is said to those who write as other languages do."""

from __future__ import annotations

import pytest

from cascadelang.source import SourceFile
from cascadelang.syntax.parse import parse

ARMS = "further conditions are further arms, before the one `else`"


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("policy p = route a -> x else b -> y else z", ARMS),
        ("policy p = route a -> x else if b -> y else z", ARMS),
        ("policy p = route a -> x else words > 5 -> y else z", ARMS),
        ("policy p = route a -> x else b and c -> y else z", ARMS),
        ("policy p = route a -> x elif b -> y else z", ARMS),
        ("policy p = route a -> x, else -> y", "`else` has no arrow"),
        ("policy p = if a -> x else y", "a choice is written `route condition"),
        ("policy p = route else x", "a `route` without conditions is a strategy alone"),
        ("policy p = cascade [x, y] unless json", "what a good answer is follows `until`"),
        ("policy p = x timeout 30s", "a limit in time is written `within 30s`"),
        ("policy p = x budget $0.02", "a limit in money is written `within $0.05`"),
        ("policy p = x within 30s or $0.02", "limits are joined by `and`"),
        ('model m = "gpt-4o"', "say at which provider: `model m = openai("),
        ('model m = openai("gpt-4o", temperature: 0)', "settings stand in braces behind it"),
    ],
)
def test_a_habit_is_answered_in_one_error(text: str, help_: str):
    told = parse(SourceFile("p.cl", text)).diagnostics
    assert len(told) == 1
    assert help_ in told[0].help


@pytest.mark.parametrize("text", ["signal s = meta.plan else free -> gold", "check c = json else pass and empty"])
def test_an_else_that_is_no_routes_has_no_arms(text: str):
    told = parse(SourceFile("p.cl", text)).diagnostics
    assert told
    assert all(ARMS not in d.help for d in told)
