"""How often one mistake gives one error: every single-token slip in the example policies, tried.

    python tests/property/single_mistakes.py            # all slips, the parser alone
    python tests/property/single_mistakes.py --lint     # all of lint: names, types, bounds
    python tests/property/single_mistakes.py --show 5   # with five of those that give more than one error

Four kinds of slip: a token left out, a token put in (so many at every gap, drawn from a vocabulary of all signs,
words and kinds of values, and from the file's own words), a token written twice, and two neighbours swapped. A slip
that leaves the file right counts as well: there is nothing to tell. Prints, for each kind, how many slips gave at
most one error.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cascadelang.source import MemoryFiles, SourceFile
from cascadelang.syntax.parse import parse
from cascadelang.syntax.tables import load_tables
from cascadelang.syntax.tokens import tokenize

ROOT = Path(__file__).parents[2]
KINDS = ("left out", "put in", "doubled", "swapped")
VALUES = ("name", '"text"', "/regex/", "42", "4k", "60%", "$0.02", "8s")


def examples() -> dict[str, str]:
    """The example policies, by path."""
    return {str(file): file.read_text(encoding="utf-8") for file in sorted((ROOT / "examples").glob("*.cl"))}


def slips(text: str, kind: str, rng: random.Random, many: int = 6) -> Iterator[str]:
    """Every text with one slip of a kind; ``many`` are put in at each gap."""
    found = tokenize(SourceFile("x.cl", text))
    places = list(zip(found.starts, found.ends, strict=True))[:-1]
    tables = load_tables()
    vocabulary = [*tables.words, *tables.signs, *VALUES]
    own = sorted({text[start:end] for start, end in places})
    for number, (start, end) in enumerate(places):
        if kind == "left out":
            yield text[:start] + text[end:]
        elif kind == "put in":
            for piece in [*rng.sample(vocabulary, many - many // 3), *rng.sample(own, min(many // 3, len(own)))]:
                yield f"{text[:start]}{piece} {text[start:]}"
        elif kind == "doubled":
            yield f"{text[:end]} {text[start:end]}{text[end:]}"
        elif number + 1 < len(places):
            after, stop = places[number + 1]
            yield text[:start] + text[after:stop] + text[end:after] + text[start:end] + text[stop:]


def parse_errors(path: str, text: str) -> list[str]:
    """What the parser says of a text."""
    return [f"{d.span.start}: {d.message}" for d in parse(SourceFile(path, text)).diagnostics]


def lint_errors(path: str, text: str) -> list[str]:
    """What all of lint says of a text that stands at a path; warnings aren't counted."""
    from cascadelang.workspace.load import prove

    found = prove(path, _Beside(path, text)).diagnostics
    return [f"{d.span.start}: {d.message}" for d in found if d.severity == "error"]


class _Beside(MemoryFiles):
    """One text in the place of a file; the files beside it are read from the disk."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__({path: text})

    def read_bytes(self, path: str) -> bytes:
        from cascadelang.source import DiskFiles, FileMissing

        try:
            return super().read_bytes(path)
        except FileMissing:
            return DiskFiles().read_bytes(path)


def measure(
    texts: dict[str, str], kind: str, errors: Callable[[str, str], list[str]], rng: random.Random, sample: float = 1.0
) -> tuple[int, int, list[tuple[str, str, list[str]]]]:
    """How many slips there were, how many gave at most one error, and those that gave more."""
    total, bad = 0, []
    for path, text in texts.items():
        for slipped in slips(text, kind, rng):
            if sample < 1.0 and rng.random() >= sample:
                continue
            total += 1
            told = errors(path, slipped)
            if len(told) > 1:
                bad.append((path, slipped, told))
    return total, total - len(bad), bad


def main() -> int:
    """Measure and print; exit code 1 when a kind is under 95%."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lint", action="store_true", help="all of lint, not the parser alone")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="show N slips that gave more than one error")
    parser.add_argument("--sample", type=float, default=1.0, metavar="SHARE", help="the share of slips tried")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)  # noqa: S311 - not for secrets
    lowest = 1.0
    for kind in KINDS:
        total, good, bad = measure(
            examples(), kind, lint_errors if asked.lint else parse_errors, rng, sample=asked.sample
        )
        lowest = min(lowest, good / total)
        print(f"{kind:9} {good:6} of {total:6} give at most one error: {good / total:.1%}")
        for path, slipped, told in rng.sample(bad, min(asked.show, len(bad))):
            _show(path, slipped, told)
    return int(lowest < 0.95)


def _show(path: str, slipped: str, told: list[str]) -> None:
    """A slip with its errors, and the lines round it."""
    original = examples()[path]
    at = next((i for i, (a, b) in enumerate(zip(original, slipped, strict=False)) if a != b), 0)
    begin, end = slipped.rfind("\n", 0, max(0, at - 60)) + 1, slipped.find("\n", at + 60)
    print(f"--- {Path(path).name} at {at}\n{slipped[begin : end if end > 0 else None]}")
    for line in told:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
