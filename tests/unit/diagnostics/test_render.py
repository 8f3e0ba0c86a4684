from __future__ import annotations

from cascadelang.diagnostics.model import Diagnostic, Fix, Label
from cascadelang.diagnostics.render_json import report_data
from cascadelang.diagnostics.render_text import render, render_all
from cascadelang.source import NO_SPAN, SourceFile, Span

TEXT = 'use "std/anthropic"\n\tsignal 漢字 = "日本" # tab\npolicy main =\n  route code -> opus\n  else sonet\n'


def place(text, word, path="support.cl"):
    start = text.index(word)
    return Span(path, start, start + len(word))


def shown(diagnostic, text=TEXT, path="support.cl", **options):
    return render(diagnostic, {path: SourceFile(path, text)}, **options)


def test_one_place(snapshot):
    found = Diagnostic(
        "unknown-name",
        "error",
        "no model, tier or policy is named `sonet`",
        place(TEXT, "sonet"),
        'not declared in this file or in "std/anthropic"',
        "did you mean `sonnet`?",
        ("`sonnet` comes with `std/anthropic`", "two lines\nof a note"),
    )
    assert shown(found) == snapshot


def test_wide_letters_and_tabs_are_underlined_where_they_stand(snapshot):
    found = Diagnostic(
        "x", "warning", "wide", place(TEXT, '"日本"'), "here", related=(Label(place(TEXT, "漢字"), "and here"),)
    )
    assert shown(found) == snapshot


def test_several_lines(snapshot):
    start, end = TEXT.index("route"), TEXT.index("sonet") + 5
    found = Diagnostic("x", "error", "all of it", Span("support.cl", start, end), "ends here")
    assert shown(found) == snapshot


def test_far_apart_and_in_two_files(snapshot):
    other = SourceFile("other.cl", "a\nb\nc\n")
    found = Diagnostic(
        "x",
        "error",
        "two files",
        place(TEXT, "sonet"),
        related=(Label(place(TEXT, "use"), "the first line"), Label(Span("other.cl", 2, 3), "elsewhere")),
    )
    assert render(found, {"support.cl": SourceFile("support.cl", TEXT), "other.cl": other}) == snapshot


def test_a_long_line_is_clipped_round_the_place():
    text = "a" * 500 + " here " + "b" * 500
    lines = shown(Diagnostic("x", "error", "long", place(text, "here")), text).split("\n")
    assert max(map(len, lines)) < 200
    line, under = lines[3], lines[4]
    assert line[under.index("^") : under.rindex("^") + 1] == "here"


def test_control_characters_never_reach_the_terminal():
    text = 'policy "\x1b[31m\x07\u202e" x\r\n'
    out = shown(Diagnostic("x", "error", "bad \x1b[2J\u202e", place(text, "x"), "\x1b"), text)
    assert not any(ord(c) < 32 and c != "\n" for c in out)
    assert "\u202e" not in out
    assert "<U+202E>" in out


def test_colour_only_when_asked_for():
    found = Diagnostic("x", "error", "m", place(TEXT, "sonet"), "l", "h")
    assert "\x1b" not in shown(found)
    coloured = shown(found, colour=True)
    assert "\x1b[1;31m" in coloured
    plain = "".join(part.split("m", 1)[-1] if i else part for i, part in enumerate(coloured.split("\x1b[")))
    assert plain == shown(found)


def test_places_at_the_edges():
    for text, start, end in [("", 0, 0), ("a", 1, 1), ("a\n", 2, 2), ("\n\n", 0, 2), ("a\r\nb", 1, 3)]:
        assert "error[x]" in shown(Diagnostic("x", "error", "m", Span("support.cl", start, end)), text)


def test_no_place_and_no_source():
    assert render(Diagnostic("x", "error", "m", NO_SPAN), {}) == "error[x]: m\n │\n = docs: cascadelang explain x"
    assert "gone.cl" in render(Diagnostic("x", "error", "m", Span("gone.cl", 0, 1)), {})


def test_several_are_parted_by_an_empty_line():
    found = Diagnostic("x", "error", "m", NO_SPAN)
    assert render_all([found, found], {}).count("\n\n") == 1


def test_json():
    source = SourceFile("support.cl", TEXT)
    span = place(TEXT, "sonet")
    found = Diagnostic("unknown-name", "error", "m", span, "", "h", ("n",), (), Fix(span, "sonnet", "write `sonnet`"))
    place_data = {"start": {"line": 5, "column": 8}, "end": {"line": 5, "column": 13}}
    assert report_data([("support.cl", [found]), ("clean.cl", [])], {"support.cl": source}) == {
        "version": 1,
        "files": [
            {
                "path": "support.cl",
                "diagnostics": [
                    {
                        "name": "unknown-name",
                        "severity": "error",
                        "message": "m",
                        "range": place_data,
                        "help": "h",
                        "notes": ["n"],
                        "fix": {"title": "write `sonnet`", "range": place_data, "text": "sonnet"},
                        "url": "docs/rules/unknown-name.md",
                    }
                ],
            },
            {"path": "clean.cl", "diagnostics": []},
        ],
    }


def test_a_file_without_text_has_no_frame():
    empty = Diagnostic(
        "not-text", "error", "it can't be read", Span("a.cl", 0, 0), "byte 3", help="save it as UTF-8 text"
    )
    assert render(empty, {"a.cl": SourceFile("a.cl", "")}).splitlines()[1:5] == [
        " ┌─ a.cl",
        " │",
        " = help: save it as UTF-8 text",
        " = note: byte 3",
    ]
