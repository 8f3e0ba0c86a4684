"""The longest that 100 KB of anything keep lint busy: shapes that could be slow, each at full size.

    python tests/fuzz/measure_hangs.py [NAME...]

Prints, for each shape, the CPU time of parsing, of all of lint, and of rendering what it found, against the limit of
a second each; exit code 1 when one is over. Every shape also has to come without an exception and with all spans in
the text. CPU time, because other programs don't count in it; only shapes that look slow are taken a second time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

from cascadelang.diagnostics.render_text import render_all
from cascadelang.source import MemoryFiles, SourceFile
from cascadelang.syntax.parse import parse
from cascadelang.workspace.load import prove
from cascadelang.workspace.mistake import Mistake

SIZE = 100_000
LIMIT_S = 1.0
USE = 'use "std/anthropic"\n'


def filled(piece: Callable[[int], str], head: str = "", tail: str = "", size: int = SIZE) -> str:
    """Pieces until the text is as large as it may be."""
    parts, length, number = [head], len(head) + len(tail), 0
    while True:
        part = piece(number)
        if length + len(part) > size:
            return "".join([*parts, tail])
        parts.append(part)
        length += len(part)
        number += 1


def spelled(number: int) -> str:
    """A name that differs little from others."""
    return "name" + "".join(chr(97 + (number // 26**place) % 26) for place in range(4))


SHAPES: Mapping[str, Callable[[], str]] = {
    # Nesting
    "open parentheses": lambda: "signal a = " + "(" * SIZE,
    "closed parentheses": lambda: "signal a = " + "(" * 50_000 + "x" + ")" * 50_000,
    "brackets of all kinds": lambda: "signal a = " + "([{" * 33_000,
    "closing brackets": lambda: ")]}" * 33_000,
    "not not not": lambda: "signal a = " + "not " * 25_000 + "has_code\n",
    "minus minus": lambda: "signal a = " + "- " * 50_000 + "1\n",
    "routes in else": lambda: USE + filled(lambda n: f"route words > {n} -> haiku else ", "policy main = ", "opus\n"),
    "routes in arms": lambda: USE + filled(lambda n: f"(route words > {n} -> ", "policy main = ", "opus"),
    # Chains
    "a + b + c": lambda: filled(lambda n: f" + {n}", "signal a = 1", "\n"),
    "a and b and c": lambda: filled(lambda n: f" and words > {n}", "signal a = has_code", "\n"),
    "a or b and c": lambda: filled(lambda n: f" or words > {n} and chars < {n}", "signal a = has_code", "\n"),
    "a < b < c": lambda: filled(lambda n: f" < {n}", "signal a = 1", "\n"),
    "a.b.c": lambda: "signal a = x" + ".y" * 49_000 + "\n",
    "suffixes": lambda: USE + "policy main = haiku" + " retry 1" * 12_000 + "\n",
    "untils": lambda: USE + "policy main = cascade [haiku]" + " until json" * 9_000 + "\n",
    # Breadth
    "a route of many arms": lambda: (
        USE + filled(lambda n: f"\n  words == {n} -> haiku,", "policy main = route", " has_code -> opus else haiku\n")
    ),
    "a route of many booleans": lambda: (
        USE
        + filled(lambda n: f'signal s{n} = contains("w{n}")\n', size=40_000)
        + filled(
            lambda n: f"\n  s{n % 1100} and not s{(n * 7) % 1100} -> haiku,",
            "policy main = route",
            " has_code -> opus else haiku\n",
            55_000,
        )
    ),
    "a route of meta texts": lambda: (
        USE
        + filled(
            lambda n: f'\n  meta.plan == "p{n}" -> haiku,', "policy main = route", " has_code -> opus else haiku\n"
        )
    ),
    "a route by many labels": lambda: (
        USE
        + filled(lambda n: f"l{n}, ", "signal s: {", "z} = meta.x else z\n", 45_000)
        + filled(lambda n: f"l{n} -> haiku, ", "policy main = route by s ", " else opus\n", 50_000)
    ),
    "a cascade of many rungs": lambda: (
        USE + filled(lambda n: " haiku,", "policy main = cascade [", "opus] until json\n")
    ),
    "a cascade of many rungs that carry": lambda: (
        USE + filled(lambda n: " haiku,", "policy main = cascade [", "opus] until json carry draft\n")
    ),
    "a cascade of gated rungs": lambda: (
        USE + filled(lambda n: f" haiku until words > {n},", "policy main = cascade [", "opus] until json\n")
    ),
    "a cascade of judged rungs": lambda: (
        USE
        + filled(
            lambda n: f' haiku until judge(opus, "x{n}") >= 0.5,', "policy main = cascade [", "opus] until json\n"
        )
    ),
    "a cascade of rungs that agree": lambda: (
        USE + filled(lambda n: " haiku until agree(3) >= 0.5,", "policy main = cascade [", "opus] carry draft\n")
    ),
    "a cascade that starts by a label": lambda: (
        USE
        + filled(lambda n: f"m{n}, ", "signal s: {", "z} = meta.x else z\n", 20_000)
        + filled(lambda n: f'model m{n} = openai("x")\n', size=50_000)
        + filled(lambda n: f" m{n % 2_000},", "policy main = cascade [", "opus] until json from s\n", 30_000)
    ),
    "a vote of many": lambda: (
        USE + filled(lambda n: " haiku,", "policy main = vote [", 'opus] by judge(opus, "x")\n')
    ),
    "a fallback of many with limits": lambda: (
        USE + filled(lambda n: f" haiku within ${n + 1},", "policy main = fallback [", "opus]\n")
    ),
    "a fallback of many": lambda: USE + filled(lambda n: " haiku,", "policy main = fallback [", "opus]\n"),
    "a split of many": lambda: USE + filled(lambda n: " 1% -> haiku,", "policy main = split {", "1% -> opus}\n"),
    "a score of many": lambda: filled(lambda n: f"has_code: 0.{n}, ", "signal a = score(", "has_math: 0.1)\n"),
    "a band of many": lambda: filled(lambda n: f"l{n}: {n}, ", "signal a = band(words, ", "z)\n"),
    "a list of many texts": lambda: filled(lambda n: f'"word {n}", ', "signal a = contains([", '"z"])\n'),
    "a record of many": lambda: filled(lambda n: f"k{n}: {n}, ", 'model m = openai("x") {', "}\n"),
    "one key many times": lambda: filled(lambda n: "max_tokens: 5, ", 'model m = openai("x") {', "}\n"),
    # Names
    "many declarations": lambda: filled(lambda n: f"signal s{n} = has_code\n"),
    "declared again and again": lambda: filled(lambda n: "signal s = has_code\n"),
    "many unknown names": lambda: filled(lambda n: f"signal s{n} = {spelled(n)}\n"),
    "unknown names like known ones": lambda: filled(lambda n: f"signal {spelled(n)} = {spelled(n * 31 + 7)}x\n"),
    "one list of unknown models": lambda: filled(
        lambda n: f"{spelled(n)}, ", USE + "policy main = cascade [", "z] until json\n"
    ),
    "each needs the next": lambda: filled(lambda n: f"signal s{n} = s{n + 1} and has_code\n"),
    "each needs the one before": lambda: (
        "signal s0 = has_code\n" + filled(lambda n: f"signal s{n + 1} = s{n}\n", size=99_000)
    ),
    "tiers of tiers": lambda: (
        USE + "tier t0 = haiku\n" + filled(lambda n: f"tier t{n + 1} = fallback [t{n}, t{n}]\n", size=99_000)
    ),
    "cascades of tiers": lambda: (
        USE
        + "tier t0 = haiku\n"
        + filled(lambda n: f"tier t{n + 1} = cascade [t{n}, t{n}] until agree(2) >= 0.5\n", size=99_000)
        + "policy main = t1700\n"
    ),
    "policies of policies": lambda: (
        USE
        + "policy p0 = haiku\n"
        + filled(lambda n: f"policy p{n + 1} = route has_code -> p{n} else p{n}\n", size=99_000)
    ),
    "many policies with limits": lambda: (
        USE + filled(lambda n: f"policy p{n} = cascade [haiku, sonnet] until json within ${n + 1} and 300s\n")
    ),
    "many requirements": lambda: (
        USE
        + "policy main = cascade [haiku, opus] until json\n"
        + filled(lambda n: f"require main for input <= {n} {{ cost <= $1 }}\n", size=99_000)
    ),
    "many tests": lambda: (
        USE
        + "policy main = haiku\n"
        + filled(lambda n: f'test "t{n}" {{ query "q" reply haiku "a" expect passed }}\n', size=99_000)
    ),
    "many models": lambda: filled(lambda n: f'model m{n} = openai("gpt-{n}") {{ max_tokens: 5 }}\n'),
    "many uses": lambda: filled(lambda n: f'use "f{n}.cl" as m{n}\n'),
    "one use many times": lambda: filled(lambda n: 'use "std/openai"\n'),
    "many checks": lambda: (
        USE + filled(lambda n: f"check c{n} = words > {n} and not hedges\n", size=90_000) + "policy main = haiku\n"
    ),
    "many allows": lambda: (
        USE + "policy main = haiku\n" + filled(lambda n: f"# cl: allow(rule-{n}) because {n}\n", size=99_000)
    ),
    # Values
    "a huge number": lambda: "signal a = words > " + "9" * 99_000 + "\n",
    "a long fraction": lambda: "signal a = words > 0." + "9" * 99_000 + "\n",
    "a huge price": lambda: "policy main = x within $" + "9" * 99_000 + "\n",
    "many numbers": lambda: filled(lambda n: f"{n}, ", "signal a = [", "1]\n"),
    "a long text": lambda: 'signal a = contains("' + "x" * 99_000 + '")\n',
    "a long text of escapes": lambda: 'signal a = contains("' + "\\n" * 49_000 + '")\n',
    "a long text of bad escapes": lambda: 'signal a = contains("' + "\\q" * 49_000 + '")\n',
    "a text that isn't closed": lambda: 'signal a = contains("' + "x" * 99_000,
    "a long text that isn't closed": lambda: 'signal a = contains("""' + "x\n" * 49_000,
    "quotes": lambda: '"' * SIZE,
    "quotes and newlines": lambda: '"\n' * 50_000,
    "two quotes": lambda: '"" ' * 33_000,
    "a long name": lambda: "signal " + "x" * 99_000 + " = has_code\n",
    "a long unknown name": lambda: "signal a = " + "x" * 99_000 + "\n",
    "a long hyphened name": lambda: "model a = openai(" + "x-4" * 33_000 + ")\n",
    "a huge regex": lambda: "signal a = matches(/" + "(a|b)*" * 16_000 + "/)\n",
    "a huge regex of repeats": lambda: "signal a = matches(/" + "(x{1,1000}){1,1000}" * 5_000 + "/)\n",
    "many regexes": lambda: filled(lambda n: f"signal s{n} = matches(/(a{n}|b)+c*/i)\n"),
    "a regex of slashes": lambda: "signal a = matches(" + "/" * 99_000 + ")\n",
    "a huge comment": lambda: "#" * 99_000 + "\n",
    "many comments": lambda: "# x\n" * 25_000,
    "blank lines": lambda: "\n" * SIZE,
    "spaces": lambda: " " * SIZE,
    # Mistakes
    "words": lambda: "word " * 20_000,
    "signs": lambda: "-> " * 33_000,
    "commas": lambda: "," * SIZE,
    "characters without meaning": lambda: "@ " * 50_000,
    "other scripts": lambda: "größe 漢字 " * 10_000,
    "letters that look alike": lambda: "signal а = hаs\n" * 6_000,
    "bidirectional controls": lambda: "# \u202e\n" * 25_000,
    "one line of bidirectional controls": lambda: "# " + "\u202e" * 30_000,
    "invisible characters": lambda: "\u200b" * 30_000,
    "a mistake in every declaration": lambda: filled(lambda n: f"signal s{n} = = has_code\n"),
    "a mistake in every arm": lambda: (
        USE + filled(lambda n: f"\n  words > {n} > haiku,", "policy main = route", "\n")
    ),
    "a mistake in every test": lambda: USE + filled(lambda n: f'test "t{n}" {{ query reply expect }}\n'),
    "a type mistake in every declaration": lambda: filled(lambda n: f'signal s{n} = words > "x"\n'),
    "no comma in a long list": lambda: filled(lambda n: f"a{n} ", USE + "policy main = cascade [", "]\n"),
    "half a declaration": lambda: "signal a = " * 9_000,
    "keywords": lambda: "route cascade until else policy tier " * 2_700,
    "policies without a value": lambda: "policy main =\n" * 7_000,
    "records that don't close": lambda: 'model m = openai("x") { ' * 4_000,
    "arrows in a line": lambda: USE + "policy main = route " + "has_code -> " * 8_000,
}


def measured(text: str) -> tuple[float, float, float, int]:
    """Seconds of CPU of parsing, of all of lint, and of rendering; and how much was found."""
    start_s = time.process_time()
    parse(SourceFile("p.cl", text))
    parsed_s = time.process_time()
    try:
        proved = prove("p.cl", MemoryFiles({"p.cl": text}))
    except Mistake:
        return parsed_s - start_s, time.process_time() - parsed_s, 0.0, 0
    linted_s = time.process_time()
    for found in proved.diagnostics:
        spans = [found.span, *(label.span for label in found.related), *([found.fix.span] if found.fix else [])]
        assert all(0 <= span.start <= span.end <= len(proved.sources[span.path].text) for span in spans), found
    checked_s = time.process_time()
    render_all(proved.diagnostics, proved.sources)
    rendered_s = time.process_time()
    return parsed_s - start_s, linted_s - parsed_s, rendered_s - checked_s, len(proved.diagnostics)


def main() -> int:
    """Measure and print; exit code 1 when a shape is over the limit."""
    names = sys.argv[1:] or list(SHAPES)
    worst = 0.0
    measured("")
    for name in names:
        text = SHAPES[name]()
        assert len(text) <= SIZE * 1.2, (name, len(text))
        taken = measured(text)
        if max(taken[:3]) > LIMIT_S / 2:
            taken = min(taken, measured(text), key=lambda one: max(one[:3]))
        parse_s, lint_s, render_s, found = taken
        over = "  OVER" if max(taken[:3]) > LIMIT_S else ""
        print(
            f"{name:38} parse {parse_s:5.2f} s  lint {lint_s:5.2f} s  render {render_s:5.2f} s  {found:6,} found{over}",
            flush=True,
        )
        worst = max(worst, *taken[:3])
    print(f"worst {worst:.2f} s (limit {LIMIT_S:g} s)")
    return int(worst > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
