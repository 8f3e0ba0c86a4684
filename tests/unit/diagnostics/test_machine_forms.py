"""SARIF, GitHub's workflow commands and JUnit: valid whatever is in a file, and true to what was found."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.diagnostics.codes import all_codes
from cascadelang.diagnostics.model import Diagnostic, Fix, Label
from cascadelang.diagnostics.render_github import github_line, github_lines
from cascadelang.diagnostics.render_junit import junit_document
from cascadelang.diagnostics.render_sarif import FINGERPRINT, sarif_log
from cascadelang.source import SourceFile, Span

SCHEMA = Path(__file__).parent / "sarif" / "sarif-2.1.0-rtm.5.json"
TEXT = 'use "std/anthropic"\nsignal a = contains("𝕏 漢")\npolicy main =\n  route a -> opus\n  else sonet\n'


@cache
def validator():
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def place(word, text=TEXT, path="a b/support.cl"):
    start = text.index(word)
    return Span(path, start, start + len(word))


def found(text=TEXT, path="a b/support.cl", severity="error"):
    here = place("sonet", text, path)
    return Diagnostic(
        "unknown-name",
        severity,
        "no model, tier or policy is named `sonet`",
        here,
        "not declared in this file",
        "did you mean `sonnet`?",
        ("100% sure, here: there",),
        (Label(place("route", text, path), "in this route"), Label(Span("std/anthropic.cl", 0, 3), "it declares")),
        Fix(here, "sonnet", "change to `sonnet`"),
    )


def log(text=TEXT, path="a b/support.cl", **more):
    sources = {path: SourceFile(path, text), "std/anthropic.cl": SourceFile("std/anthropic.cl", "use\n")}
    made = sarif_log([path], [found(text, path)], sources, root="/home/ada/tree", **more)
    validator().validate(made)
    return made


def test_sarif(snapshot):
    made = log(allowed=[(found(severity="warning"), "the judge is cheap")])
    made["runs"][0]["tool"]["driver"].update(version="0", semanticVersion="0")
    assert f"{TEXT}\n{json.dumps(made, indent=1, ensure_ascii=False)}" == snapshot


def test_sarif_points_at_code_points():
    (run,) = log()["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region["snippet"]["text"] == "sonet"
    line = TEXT.split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "sonet"


@pytest.mark.parametrize(
    ("path", "uri", "base"),
    [
        ("a b/ü.cl", "a%20b/%C3%BC.cl", "%SRCROOT%"),
        ("./x/../p.cl", "p.cl", "%SRCROOT%"),
        ("/home/ada/tree/in/p.cl", "in/p.cl", "%SRCROOT%"),
        ("../p.cl", "file:///home/ada/p.cl", None),
        ("/etc/p#1?.cl", "file:///etc/p%231%3F.cl", None),
        ("100%.cl", "100%25.cl", "%SRCROOT%"),
        ("bad\udcff.cl", "bad%FF.cl", "%SRCROOT%"),
    ],
)
def test_sarif_paths_are_uris(path, uri, base):
    (run,) = log(path=path)["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert (location["uri"], location.get("uriBaseId")) == (uri, base)
    assert run["artifacts"][location["index"]]["location"]["uri"] == uri
    assert unquote(urlsplit(uri).path, errors="surrogateescape").endswith(path.split("/")[-1])


def test_a_fingerprint_stays_when_lines_move_and_differs_between_lines():
    def prints(text):
        return [result["partialFingerprints"][FINGERPRINT] for result in log(text)["runs"][0]["results"]]

    before = prints(TEXT)
    assert prints("# a new first line\n\n" + TEXT.replace("  else", "      else")) == before
    assert prints(TEXT.replace("else sonet", "else cascade [sonet]")) != before
    twice = sarif_log(["a.cl"], [found(path="a.cl")] * 2, {"a.cl": SourceFile("a.cl", TEXT)})["runs"][0]["results"]
    assert len({result["partialFingerprints"][FINGERPRINT] for result in twice}) == 2


def test_every_diagnostic_makes_a_valid_rule():
    told = [Diagnostic(name, entry.severity, "x", Span("p.cl", 0, 1)) for name, entry in all_codes().items()]
    made = sarif_log(["p.cl"], told, {"p.cl": SourceFile("p.cl", "x")}, docs_url="https://example.org/d/")
    validator().validate(made)
    rules = made["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(all_codes())
    for rule in rules:
        assert rule["helpUri"] == f"https://example.org/d/docs/rules/{rule['id']}.md"
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n")
    results = made["runs"][0]["results"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [result["ruleId"] for result in results]


def test_a_file_that_cannot_be_read_has_no_region():
    made = sarif_log(["no.cl"], [Diagnostic("missing-file", "error", "x", Span("no.cl", 0, 0))], {})
    validator().validate(made)
    assert "region" not in made["runs"][0]["results"][0]["locations"][0]["physicalLocation"]


def test_github():
    sources = {"a b/support.cl": SourceFile("a b/support.cl", TEXT)}
    assert github_line(found(), sources) == (
        "::error file=a b/support.cl,line=5,endLine=5,col=8,endColumn=13,title=unknown-name::"
        "no model, tier or policy is named `sonet`%0Anot declared in this file%0Ahelp: did you mean `sonnet`?%0A"
        "note: 100%25 sure, here: there"
    )


def test_github_over_several_lines_has_no_columns():
    whole = Diagnostic("x", "warning", "m", Span("p.cl", 0, len(TEXT)))
    assert github_line(whole, {"p.cl": SourceFile("p.cl", TEXT)}) == (
        "::warning file=p.cl,line=1,endLine=6,title=x::m"
    )


def test_github_escapes_what_separates_a_commands_parts():
    told = Diagnostic("x", "error", "a\r\nb%0A::error::c\x1b", Span("C:\\a,b%\n::error::.cl", 0, 0))
    assert github_line(told, {}) == (
        "::error file=C%3A\\a%2Cb%25%0A%3A%3Aerror%3A%3A.cl,title=x::a%0Ab%250A::error::c␛"
    )


def test_junit():
    other = SourceFile("w.cl", TEXT)
    files = [("ok.cl", []), ("a b/support.cl", [found()]), ("w.cl", [found(path="w.cl", severity="warning")])]
    sources = {"a b/support.cl": SourceFile("a b/support.cl", TEXT), "w.cl": other}
    root = ET.fromstring(junit_document(files, sources))  # noqa: S314 - our own document
    assert (root.attrib["tests"], root.attrib["failures"]) == ("3", "1")
    cases = root.findall("./testsuite/testcase")
    assert [case.attrib["name"] for case in cases] == ["ok.cl", "a b/support.cl", "w.cl"]
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "no model, tier or policy is named `sonet`", "type": "unknown-name"}
    assert "┌─ a b/support.cl:5:8" in (failure.text or "")
    assert (cases[2].find("failure"), cases[2].find("system-out") is not None) == (None, True)
    strict = ET.fromstring(junit_document(files, sources, strict=True))  # noqa: S314 - the same
    assert strict.attrib["failures"] == "2"


WORDS = st.text(st.characters(codec=None), max_size=20)


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, WORDS, WORDS, st.data())
def test_any_text_is_well_formed_in_every_form(text, message, path, title, data):
    start = data.draw(st.integers(0, len(text)))
    span = Span(path, start, data.draw(st.integers(start, len(text))))
    told = Diagnostic(
        "x", "error", message, span, title, title, (title,), (Label(span, title),), Fix(span, text, title)
    )
    sources = {path: SourceFile(path, text)}
    root = ET.fromstring(junit_document([(path, [told])], sources).encode("utf-8", "strict"))  # noqa: S314 - ours
    assert len(root.findall(".//failure")) == 1
    assert len(github_lines([told, told], sources).splitlines()) == 2
    if "\0" not in path and not any("\ud800" <= c <= "\udc7f" or "\udd00" <= c <= "\udfff" for c in path):
        validator().validate(sarif_log([path], [told], sources))
