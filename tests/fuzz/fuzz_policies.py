"""Fuzzes parsing, linting and formatting with atheris (libFuzzer), guided by the coverage of our own modules.

    pip install atheris
    python tests/fuzz/fuzz_policies.py parse corpus/ -max_total_time=600
    python tests/fuzz/fuzz_policies.py lint  corpus/ -max_total_time=600
    python tests/fuzz/fuzz_policies.py fmt   corpus/ -max_total_time=600

The first word says what is fuzzed, the rest goes to libFuzzer. An empty corpus folder is filled with the policy files
of this repository. What must hold: no exception, every span inside its text, every diagnostic rendered in every form,
and under a second of CPU time for 100 KB (three while coverage is counted); `fmt` keeps the tree and is idempotent.
Inputs are changed token by token as often as byte by byte, since most byte changes only find the same few errors.
"""

from __future__ import annotations

import random
import re
import sys
import time
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["cascadelang"]):
    import cascadelang.workspace.lint
    import cascadelang.workspace.load
    from cascadelang.catalog.models import find
    from cascadelang.diagnostics.render_json import diagnostic_data
    from cascadelang.diagnostics.render_text import render
    from cascadelang.format.format import format_source
    from cascadelang.graph import bounds, compile, requirements  # noqa: A004, F401 - imported here to be instrumented
    from cascadelang.semantics.check import check
    from cascadelang.source import MemoryFiles, SourceFile
    from cascadelang.syntax import explain, parse, recover  # noqa: F401 - the same
    from cascadelang.syntax.visit import walk
    from cascadelang.workspace.catalog import InstalledCatalog
    from cascadelang.workspace.mistake import Mistake

CPU_S_MAX = 3.0
BYTES_MAX = 100_000
SEEDS = [
    file.read_bytes() for folder in ("examples", "tests/corpus") for file in sorted((ROOT / folder).rglob("*.cl"))
]
TOKEN = re.compile(rb'"[^"\n]*"|\w+|->|==|!=|<=|>=|\.\.|[^\w\s]|\s+')
TOKENS = sorted({token for seed in SEEDS for token in TOKEN.findall(seed)})
BESIDE = {"answer.schema.json": "{}", "rubric.md": "Be polite.", "used/models.cl": 'model small = local("x")'}


def look_at(text: str, diagnostics, sources) -> None:
    """What must hold of every diagnostic."""
    for found in diagnostics:
        spans = [found.span, *(label.span for label in found.related), *([found.fix.span] if found.fix else [])]
        for span in spans:
            source = sources.get(span.path)
            assert source is not None or span.start == span.end == 0, found
            assert source is None or 0 <= span.start <= span.end <= len(source.text), found
        assert render(found, sources)
        assert diagnostic_data(found, sources)
    assert isinstance(text, str)


def fuzz_parse(text: str) -> None:
    source = SourceFile("policy.cl", text)
    result = parse.parse(source)
    look_at(text, result.diagnostics, {"policy.cl": source})
    for decl in result.file.decls:
        for node in walk(decl):
            assert 0 <= node.span.start <= node.span.end <= len(text)


def fuzz_lint(text: str) -> None:
    files = MemoryFiles({"policy.cl": text, **BESIDE})
    try:
        proved = cascadelang.workspace.load.prove("policy.cl", files, needs_graph=True)
    except Mistake:  # beyond the limits of a graph: one sentence for the user
        checked = check("policy.cl", files, InstalledCatalog(), find)
        look_at(text, checked.diagnostics, {path: module.source for path, module in checked.modules.items()})
        return
    look_at(text, proved.diagnostics, proved.sources)


def fuzz_fmt(text: str) -> None:
    formatted = format_source(SourceFile("policy.cl", text))
    assert not formatted.unsafe
    look_at(text, formatted.diagnostics, {"policy.cl": SourceFile("policy.cl", text)})
    if formatted.text is not None:
        assert format_source(SourceFile("policy.cl", formatted.text)).text == formatted.text


TARGETS = {"parse": fuzz_parse, "lint": fuzz_lint, "fmt": fuzz_fmt}


def target(name: str):
    """The function libFuzzer calls."""
    chosen = TARGETS[name]

    def one(data: bytes) -> None:
        text = data[:BYTES_MAX].decode("utf-8", "replace")
        start_s = time.process_time()
        chosen(text)
        took_s = time.process_time() - start_s
        assert took_s < CPU_S_MAX, f"{took_s:.1f} s for {len(text)} characters"

    return one


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """libFuzzer's own change, or, more often, tokens put in, left out, replaced, moved or doubled."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    if rng.random() < 0.4:
        return atheris.Mutate(data, max_size)
    tokens = TOKEN.findall(data)
    for _ in range(rng.randint(1, 4)):
        at, other = (rng.randrange(len(tokens) + 1) for _ in "ab")
        kind = rng.randrange(6)
        if kind == 0:
            tokens.insert(at, rng.choice(TOKENS))
        elif kind == 1 and tokens:
            del tokens[min(at, len(tokens) - 1)]
        elif kind == 2 and tokens:
            tokens[min(at, len(tokens) - 1)] = rng.choice(TOKENS)
        elif kind == 3 and tokens:
            tokens.insert(other, tokens.pop(min(at, len(tokens) - 1)))
        elif kind == 4:
            tokens[at:at] = tokens[other : other + rng.randint(1, 12)]
        elif kind == 5:
            donor = TOKEN.findall(rng.choice(SEEDS))
            begin = rng.randrange(len(donor))
            tokens[at:at] = donor[begin : begin + rng.randint(2, 30)]
    return b"".join(tokens)[:max_size]


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        sys.exit(__doc__)
    name, corpus = sys.argv[1], Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for number, seed in enumerate(SEEDS):
            (corpus / f"seed-{number:03}.cl").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target(name), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
