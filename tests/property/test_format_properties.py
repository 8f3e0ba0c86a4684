"""Whatever a policy looks like: its layout says the same, keeps every comment, and is the layout of itself."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from random_policies import policies

from cascadelang.format.format import format_source
from cascadelang.format.page import WIDTH
from cascadelang.source import SourceFile
from cascadelang.syntax.parse import parse
from cascadelang.syntax.tokens import tokenize

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    [
        *ROOT.glob("examples/**/*.cl"),
        *ROOT.glob("cascadelang/std/*.cl"),
        *ROOT.glob("cascadelang/workspace/first/*.cl"),
        *ROOT.glob("tests/corpus/**/*.cl"),
    ]
)
GOOD = [
    text for path in SHIPPED if not parse(SourceFile("x.cl", text := path.read_text(encoding="utf-8"))).diagnostics
]
TEXTS = st.sampled_from(GOOD)
PIECES = ["(", ")", "[", "]", "{", "}", ",", "->", "=", ":", '"', '"""', "/", "#", "\n", "\r\n", "5", "route", "else"]
PIECES += ["until", "test", "use", "x", "not", "with", "é", "\u202e", "\0", "\ufeff", "# c\n", "'", "\r"]
GAPS = (
    "",
    " ",
    " ",
    "\n",
    "\n\n",
    "\n\n\n",
    "  \t",
    "\r\n",
    " # a comment\n",
    "\n  # on its own\n\n",
    "#\n",
    "\n#!\r\n",
)


def parsed(text):
    return parse(SourceFile("x.cl", text))


def check(text):
    """Format a text and hold what must be so; gives the layout, ``None`` for a text with errors."""
    before = parsed(text)
    done = format_source(SourceFile("x.cl", text))
    assert not done.unsafe, text
    if before.diagnostics:
        assert done.text is None
        assert done.diagnostics == before.diagnostics
        return None
    assert done.text is not None
    after = parsed(done.text)
    assert not after.diagnostics
    assert after.file.decls == before.file.decls
    assert [c.text for c in after.file.comments] == [c.text for c in before.file.comments]
    assert format_source(SourceFile("x.cl", done.text)).text == done.text
    check_lines(done.text)
    return done.text


def check_lines(text):
    """No space at the end of a line but in long texts; beyond the width only what had to begin before it."""
    assert not text or text.endswith("\n")
    tokens = tokenize(SourceFile("x.cl", text))
    long = [(s, e) for k, s, e in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True) if k == "LONG_TEXT"]
    start = 0
    for written in text.split("\n"):
        line = written.rstrip("\r")
        if not any(s < start + len(line) < e for s, e in long):
            assert line == line.rstrip(" ")
        start += len(written) + 1
    for kind, at in zip(tokens.kinds, tokens.starts, strict=True):
        column = at - (text.rfind("\n", 0, at) + 1)
        assert column < WIDTH or kind in AFTER_TOO_LONG, text[at - column : at + 20]


AFTER_TOO_LONG = {"COMMA", "RIGHT_PAREN", "RIGHT_BRACKET", "RIGHT_BRACE", "$END", "LEFT_BRACE", "LEFT_BRACKET"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_shipped_file(path):
    check(path.read_text(encoding="utf-8"))


@given(st.text())
@example("")
@example("\ufeff")
@example("# only this")
@example("\r\n\r\n# only this\r\n\r\n")
def test_any_text(text):
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_any_pieces(text):
    check(text)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies())
def test_any_policy(text):
    assert check(text)


@cache
def words_of(text):
    """The tokens of a text as written, comments left out."""
    found = tokenize(SourceFile("x.cl", text))
    return [text[s:e] for s, e in zip(found.starts, found.ends, strict=True)][:-1]


def needs_gap(left, right):
    """Whether two tokens would be read as one, or as others, without a space between them."""
    return bool(re.search(r"[\w$.%<>=!:/#\"-]$", left) and re.match(r"[\w$.%<>=!:/#\"-]", right))


@st.composite
def relaid(draw, texts):
    """The tokens of a policy with any space and comments between them."""
    words = words_of(draw(texts))
    often = draw(st.integers(0, 30))
    parts = []
    for number, word in enumerate(words):
        gap = " "
        if draw(st.integers(0, 30)) <= often:
            gap = draw(st.sampled_from(GAPS))
        if not gap and number and needs_gap(words[number - 1], word):
            gap = " "
        if number and word in NEWLINE_BEFORE and "\n" not in gap:
            gap += "\n"
        parts += [gap, word]
    parts.append(draw(st.sampled_from(GAPS)))
    return "".join(parts)


NEWLINE_BEFORE = {"use", "test", "alert", "require", "query", "meta", "reply", "judge", "expect"}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(relaid(TEXTS))
def test_any_layout_of_what_is_shipped(text):
    assert check(text) is not None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(relaid(policies()))
def test_any_layout_of_any_policy(text):
    assert check(text) is not None


@pytest.mark.parametrize("text", GOOD, ids=lambda text: text[:30].strip())
def test_without_comments_and_empty_lines_there_is_one_layout(text):
    """However else a policy was written."""
    words = words_of(text)
    assert check("\n".join(words)) == check("\n".join(f"  {word}  " for word in words)) is not None
