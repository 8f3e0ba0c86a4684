"""What the rules about reachability say, and where; what they may claim is held by the tests of `graph/reach`."""

from __future__ import annotations

import pytest

from cascadelang.source import MemoryFiles
from cascadelang.workspace.load import prove

HEAD = 'use "std/anthropic"\n'
RULES = {"constant-condition", "unreachable-arm", "unreachable-else", "unreachable-rung"}


def told(text: str, **others: str) -> list[tuple[str, str, str]]:
    """Name, message and the text underlined of each finding of these rules."""
    files = {"p.cl": HEAD + text, **{f"{name}.cl": HEAD + other for name, other in others.items()}}
    found = prove("p.cl", MemoryFiles(dict(files)))
    return [
        (d.name, d.message, files[d.span.path][d.span.start : d.span.end])
        for d in found.diagnostics
        if d.name in RULES
    ]


def test_one_mistake_is_told_once():
    text = "policy main = route words < 0 -> haiku, has_code -> sonnet else opus"
    assert told(text) == [("constant-condition", "`words < 0` is always false", "words < 0")]
    text = "policy main = route words >= 0 -> haiku, has_code -> sonnet, has_math -> opus else opus"
    assert told(text) == [("constant-condition", "`words >= 0` is always true", "words >= 0")]
    text = "signal long = words >= 0\npolicy main = route long -> haiku, has_code and long -> opus else haiku"
    assert [(name, at) for name, _, at in told(text)] == [
        ("constant-condition", "words >= 0"),
        ("unreachable-arm", "has_code and long"),  # whatever `long` is
    ]


def test_a_gate_that_rungs_share_is_told_once():
    text = "policy main = cascade [haiku, sonnet, opus] until chars >= 0"
    assert [(name, at) for name, _, at in told(text)] == [("constant-condition", "chars >= 0")]


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        ("has_code and (has_math or words >= 0)", "words >= 0"),
        ("not (words > 3 and words < 2) and has_code", "words > 3 and words < 2"),
        ("has_code or has_math or lines < 0", "lines < 0"),
        ("has_code and true", "true"),
    ],
)
def test_the_part_that_decides_nothing_is_underlined(condition, part):
    assert [at for _, _, at in told(f"policy main = route {condition} -> opus else haiku")] == [part]


def test_a_declaration_in_another_file_is_told_there():
    text = 'use "other.cl"\npolicy main = route long and has_code -> opus else haiku'
    assert told(text, other="signal long = words >= 0") == [
        ("constant-condition", "`words >= 0` is always true", "words >= 0")
    ]


def test_arms_behind_those_that_take_everything_are_told_at_the_first():
    text = "policy main = route has_code -> haiku, not has_code -> opus, has_math -> haiku, has_url -> opus else opus"
    message = "this arm can never be taken: nothing is left for it, nor for the arm behind it and the `else`"
    assert told(text) == [("unreachable-arm", message, "has_math")]


def test_the_reason_is_pointed_at():
    text = (
        HEAD + "policy main = route words > 9 -> haiku, has_code -> sonnet, words > 20 and has_math -> opus else opus"
    )
    (found,) = [d for d in prove("p.cl", MemoryFiles({"p.cl": text})).diagnostics if d.name in RULES]
    assert [text[label.span.start : label.span.end] for label in found.related] == ["words > 9"]
    assert found.notes == ("a query for which `words` is 21 and `has_math` is true fits it, and is taken before",)
