"""Layouts: read the snapshots, a source, then what it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascadelang.format.format import format_source
from cascadelang.format.page import WIDTH
from cascadelang.source import SourceFile
from cascadelang.syntax.parse import MAX_FILE_CHARACTERS, parse

ROOT = Path(__file__).parents[3]
CORPUS = sorted((ROOT / "tests" / "corpus" / "format").glob("*.cl"))


def formatted(text: str) -> str:
    done = format_source(SourceFile("x.cl", text))
    assert not done.diagnostics, done.diagnostics
    assert done.text is not None
    assert format_source(SourceFile("x.cl", done.text)).text == done.text
    return done.text


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_layouts(path: Path, snapshot: SnapshotAssertion):
    source = path.read_text(encoding="utf-8")
    assert f"{source}\n---- becomes\n\n{formatted(source)}" == snapshot


OURS = [
    *ROOT.glob("examples/**/*.cl"),
    *ROOT.glob("cascadelang/std/*.cl"),
    *ROOT.glob("cascadelang/workspace/first/*.cl"),
]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_our_own_files_are_laid_out_so(path: Path):
    source = path.read_text(encoding="utf-8")
    assert formatted(source) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("\n\n \n", ""),
        ("\ufeff", ""),
        ("# a", "# a\n"),
        ("\n\n# a  \n\n\n\n# b\n\n", "# a\n\n# b\n"),
        ("policy main = haiku", "policy main = haiku\n"),
        ("\ufeffpolicy main=haiku\r\n# c\r\n", "policy main = haiku\r\n# c\r\n"),
        ("policy main=haiku\n# c\r\n", "policy main = haiku\n# c\n"),
        ('signal a="""x\r\ny"""\r\n', 'signal a = """x\r\ny"""\r\n'),
        ('signal a="""x\r\ny"""\n', 'signal a = """x\r\ny"""\r\n'),
        ('# lf\nsignal a="""x\r\ny"""\n', '# lf\nsignal a = """x\ny"""\n'),
        ("signal a\u00a0=\f1", "signal a = 1\n"),
    ],
)
def test_ends_of_lines_and_files(source: str, expected: str):
    assert formatted(source) == expected


@pytest.mark.parametrize(
    "kept",
    ["0.80", "4k", "1.50", "$0.10", "60%", "250ms", '"\\u00e9 \\n"', '"""a "quoted" text"""', "/a\\/b/i", "-0"],
)
def test_what_was_written_stays_as_it_was_written(kept: str):
    assert formatted(f"signal a={kept}") == f"signal a = {kept}\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("((a))", "(a)"),
        ("(((a or b))) and c", "(a or b) and c"),
        ("((a) and b)", "((a) and b)"),
        ("(a or b) and (c or d)", "(a or b) and (c or d)"),
        ("not ((a and b))", "not (a and b)"),
        ("f((a))", "f(a)"),
        ("f((a), b)", "f((a), b)"),
        ("((a)) + 1", "(a) + 1"),
    ],
)
def test_only_parentheses_in_parentheses_are_dropped(source: str, expected: str):
    assert formatted(f"signal x = {source}") == f"signal x = {expected}\n"


def test_commas_trail_where_items_have_lines():
    names = ", ".join(f"model_number_{n}" for n in range(8))
    broken = formatted(f"tier t = fallback [{names}]")
    assert broken.endswith("  model_number_7,\n]\n")
    assert formatted("tier t = fallback [a, b,]") == "tier t = fallback [a, b]\n"


def test_columns_give_way_to_the_width():
    long = "a" * 60
    text = formatted(f"tier {long} = x\ntier b = fallback [{long}, c]\n")
    assert text == f"tier {long} = x\ntier b = fallback [{long}, c]\n"
    assert formatted("tier aa = x\ntier b = fallback [y, c]\n") == "tier aa = x\ntier b  = fallback [y, c]\n"


def test_a_line_is_as_wide_as_it_may_be():
    name = "a" * (WIDTH - len("policy main = "))
    assert formatted(f"policy main = {name}") == f"policy main = {name}\n"
    assert formatted(f"policy main = {name}a") == f"policy main =\n  {name}a\n"


def test_a_file_with_errors_is_refused_with_them():
    done = format_source(SourceFile("x.cl", "policy main = cascade [a b]\n"))
    assert (done.text, done.unsafe) == (None, False)
    assert [d.name for d in done.diagnostics] == ["missing-comma"]


def test_a_name_that_would_begin_a_declaration_on_a_line_of_its_own():
    """`require with {` at the start of a line is read as a declaration, so this one can't be broken there."""
    others = ", ".join(f"model_number_{n}" for n in range(8))
    source = f"policy main = cascade [require with {{ temperature: 0 }}, {others}]\n"
    assert not parse(SourceFile("x.cl", source)).diagnostics
    done = format_source(SourceFile("x.cl", source))
    assert (done.text, done.unsafe) == (None, True)


def test_as_large_a_file_as_there_may_be():
    line = 'signal s{} = has_code and contains(["one", "two"])  # {}\n'
    text = "".join(line.format(n, n) for n in range(4_000))
    laid_out = formatted(text)
    assert laid_out.count("\n") == 4_000
    laid_out += "#" * (MAX_FILE_CHARACTERS - len(laid_out) - 1) + "\n"
    assert formatted(laid_out) == laid_out
    assert format_source(SourceFile("x.cl", laid_out + "#")).diagnostics[0].name == "file-too-large"
    told = format_source(SourceFile("x.cl", f"{text}\n" + "#" * (MAX_FILE_CHARACTERS - len(text) - 1))).diagnostics[0]
    assert told.message == "laid out, the file would have more than 1,000,000 characters"


def test_as_deep_as_there_may_be():
    for source in (
        "signal x = " + "not (" * 49 + "a" + ")" * 49,
        "signal x = " + "(" * 99 + "a" + ")" * 99,
        "signal x = " + "[" * 97 + "a" + "]" * 97,
        "policy main = " + "fallback [" * 97 + "a" + "]" * 97,
        "policy main = " + "route a -> b else " * 96 + "c",
        "signal x = " + " + ".join("a" * 1 for _ in range(97)),
        "check x = " + " and ".join("a" for _ in range(3000)),
    ):
        assert formatted(source)
