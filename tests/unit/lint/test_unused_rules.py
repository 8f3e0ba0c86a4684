"""Names that are used, in whatever way, aren't told; those that aren't, are."""

from __future__ import annotations

from pathlib import Path

import pytest

UNUSED = {"unused-declaration", "unused-tune", "unused-use"}


def told(report) -> list[str]:
    return [f"{found.name}: {found.message}" for found in report.diagnostics if found.name in UNUSED]


@pytest.mark.parametrize(
    "text",
    [
        (
            "signal long = words > 50\nsignal hard = score(long: 0.6, has_code: 0.4) > 0.5\n"
            "policy main = route hard -> opus else haiku\n"
        ),
        (
            "signal level: {low, high} = meta.level else low\ntier low = haiku\ntier high = opus\n"
            "policy main = cascade [low, high] until json from level\n"
        ),
        (
            "signal short = words < 9\ncheck brief = not query.short or words < 50\n"
            "policy main = cascade [haiku, opus] until brief and json\n"
        ),
        (
            'tune least = 0.8 in 0.5 .. 0.9\ncheck right = json and judge(haiku, "Right?") >= least\n'
            "policy main = cascade [sonnet, opus] until right\n"
        ),
        (
            'model top = anthropic("claude-opus-5-5")\ncheck right = json and judge(top, "Right?") >= 0.8\n'
            "policy main = cascade [haiku, sonnet] until right\n"
        ),
        (
            'provider mine = anthropic { key: env("MINE") }\nmodel top = mine("claude-opus-5-5")\n'
            "policy main = fallback [top, haiku]\n"
        ),
        "signal key = meta.user\npolicy main = split { 90% -> haiku, 10% -> opus } by key\n",
        "tier cheap = haiku\npolicy quick = cheap\npolicy main = route has_code -> quick else opus\n",
        (
            'signal kind: {a, b} = ask(haiku, "Which?", [a, b]) else a\n'
            "policy main = route by kind a -> haiku, b -> opus\n"
        ),
    ],
)
def test_names_that_are_used(linted, text: str):
    assert told(linted(text)) == []


def test_a_file_without_main_is_for_others(linted):
    text = "signal long = words > 50\ntune least = 0.8 in 0.5 .. 0.9\ntier cheap = haiku\ncheck ok = json\n"
    assert told(linted(text)) == []
    assert told(linted(f"{text}policy quick = haiku\n")) == []
    assert len(told(linted(f"{text}policy main = haiku within 9s\n"))) == 4


def test_what_only_a_test_names_is_not_used(linted):
    case = 'test "t" { query "x" reply opus "y" expect model == opus }'
    text = f"tier cheap = haiku\npolicy main = opus within 9s\n{case}\n"
    assert told(linted(text)) == ["unused-declaration: nothing names the tier `cheap`"]


def test_uses(linted, tmp_path: Path):
    (tmp_path / "lib.cl").write_text('use "std/openai"\ncheck fine = json\n')
    (tmp_path / "more.cl").write_text('use "std/openai"\npolicy other = luna\n')
    main = "policy main = cascade [haiku, opus] until json\n"
    assert told(linted(f'use "lib.cl"\n{main}')) == ['unused-use: nothing names what "lib.cl" brings in']
    assert told(linted(f'use "lib.cl" as lib\n{main}')) == ['unused-use: nothing names what "lib.cl" brings in']
    assert told(linted(f'use "lib.cl" as lib\n{main.replace("json", "lib.fine")}')) == []
    assert told(linted(f'use "lib.cl"\n{main.replace("haiku", "luna")}')) == []  # handed on by lib.cl
    assert told(linted(f'use "more.cl"\n{main}')) == []  # callers may ask for `other`
    assert told(linted(f'use "std/openai.cl"\n{main}')) == [
        'unused-use: nothing names what "std/openai.cl" brings in'
    ]


def names(report) -> list[str]:
    return [found.name for found in report.diagnostics]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("policy main = cascade [haiku, sonnet, opus] until json", False),
        ("policy main = cascade [haiku retry 1, sonnet, opus] until json", True),
        ("policy main = cascade [haiku retry 1, sonnet, opus] until json within $1", False),
        ("policy main = route has_code -> cascade [haiku retry 3, opus] until json else haiku within 9s", True),
        ("policy main = route has_code -> cascade [haiku retry 3, opus] until json within $1 else haiku", False),
        ("tier t = cascade [haiku retry 3, opus] until json within $1\npolicy main = t", False),
        ("policy main = haiku retry 3\nrequire main { latency <= 61s }", False),
        ("policy main = haiku retry 3\nrequire main { calls <= 4 }", True),
    ],
)
def test_limits(linted, text: str, found: bool):
    report = linted(text + "\n")
    assert not report.errors, names(report)
    assert ("unlimited-calls" in names(report)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('use "std/openai"\npolicy main = fallback [haiku, luna]', False),
        ("tier two = fallback [haiku, sonnet]\npolicy main = fallback [two, opus]", True),
        (
            'use "std/openai"\ntier two = cascade [luna, sol] until json\npolicy main = fallback [haiku, two]',
            False,
        ),
        ("policy main = fallback [haiku, sonnet] when context_length", False),
        ("policy main = fallback [haiku, sonnet] when context_length or server", True),
        ("policy main = fallback [haiku]", False),
        (
            (
                'provider eu = anthropic { base_url: "https://eu.example.org" }\n'
                'model spare = eu("claude-haiku-5-5") { price: $1 / $5 }\npolicy main = fallback [haiku, spare]'
            ),
            False,
        ),
    ],
)
def test_providers_of_a_fallback(linted, text: str, found: bool):
    report = linted(text + "\n")
    assert not report.errors, names(report)
    assert ("one-provider-fallback" in names(report)) is found
