"""Files whose mistakes are marked where they stand: exactly those are told, each on its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cascadelang.source import SourceFile
from cascadelang.syntax.parse import parse

CORPUS = Path(__file__).parents[2] / "corpus" / "parse"


def expected(text: str) -> list[tuple[int, str]]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        found += [(number, name) for name in re.findall(r"# error: \[([a-z-]+)\]", line)]
        found += [(number + 1, name) for name in re.findall(r"# error below: \[([a-z-]+)\]", line)]
    return sorted(found)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.cl")), ids=lambda path: path.stem)
def test_errors_are_told_where_they_are(path):
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    result = parse(source)
    told = sorted((source.position(d.span.start).line, d.name) for d in result.diagnostics)
    assert told == expected(source.text)
