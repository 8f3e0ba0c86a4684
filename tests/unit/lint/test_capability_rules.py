"""What the rules about models' abilities say beyond their examples."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cascadelang
from cascadelang.catalog.models import families_date, find, listed
from cascadelang.source import MemoryFiles
from cascadelang.workspace.load import prove

RULES = {"refused-setting", "no-room-for-prompt", "input-beyond-context", "model-cannot-take", "judge-without-json"}
FAMILIES = json.loads((Path(cascadelang.__file__).parent / "catalog" / "families.json").read_text())


def told(text: str) -> list[tuple[str, str]]:
    """Name and the text underlined of each finding of these rules."""
    found = prove("p.cl", MemoryFiles({"p.cl": text}))
    assert all(d.severity != "error" or d.name in RULES for d in found.diagnostics), found.diagnostics
    return [(d.name, text[d.span.start : d.span.end]) for d in found.diagnostics if d.name in RULES]


def test_an_inner_with_wins():
    mini = 'model mini = openai("gpt-5-mini") { temperature: 0 }\n'
    assert told(f"{mini}policy main = mini with {{ temperature: 1 }}") == []
    assert told(f"{mini}policy main = mini with {{ temperature: 1 }} with {{ temperature: 0 }}") == []
    text = 'model mini = openai("gpt-5-mini")\npolicy main = mini with { temperature: 0 } with { temperature: 1 }'
    assert told(text) == [("refused-setting", "temperature: 0")]


def test_a_setting_is_told_once_for_a_model_however_often_it_is_asked():
    text = """
model mini = openai("gpt-5-mini") { top_p: 0.5 }
model nano = openai("gpt-5-nano")
tier both = fallback [mini, nano]
policy main = cascade [both, mini, (fallback [both, nano]) with { temperature: 0.5 }] until json
"""
    assert told(text) == [
        ("refused-setting", "top_p: 0.5"),
        ("refused-setting", "temperature: 0.5"),
        ("refused-setting", "temperature: 0.5"),
    ]


def test_a_judge_is_asked_with_its_own_settings():
    text = """
model mini = openai("gpt-4.1-mini")
model big = openai("gpt-5") { temperature: 0 }
tier   both = cascade [mini until judge(big, "Is it right?") >= 0.8, mini with { max_tokens: 2k }]
policy main = both with { top_p: 0.5 }
"""
    assert told(text) == [("refused-setting", "temperature: 0")]


def test_nothing_is_said_of_a_model_elsewhere():
    text = """
provider mine = openai { base_url: "https://models.example/v1", key: env("KEY") }
model mini = mine("gpt-5-mini") { temperature: 0, effort: max }
policy main = mini
"""
    assert told(text) == []


@pytest.mark.parametrize(
    ("model", "setting"),
    [
        ('openai("gpt-5-chat-latest")', "temperature: 0"),
        ('openai("gpt-5.1")', "temperature: 0"),  # it depends on the effort
        ('openai("o3")', "temperature: 1"),
        ('anthropic("claude-opus-4-6")', "temperature: 0"),
        ('anthropic("claude-sonnet-4-6")', "temperature: 0, top_p: 0.5"),
        ('gemini("gemini-2.5-flash")', "temperature: 0, top_p: 0.5, effort: low"),
    ],
)
def test_what_isnt_known_to_be_refused_isnt_told(model, setting):
    assert told(f"model m = {model} {{ {setting} }}\npolicy main = m") == []


def test_every_family_is_one_that_known_models_are_of_and_has_its_sources():
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", families_date())
    kinds = {"openai": "openai", "anthropic": "anthropic", "google": "gemini"}
    for family in FAMILIES["families"]:
        assert family["sources"]
        assert all(source.startswith("https://") for source in family["sources"])
        assert set(family) <= {
            *("vendor", "match", "can", "only_default", "one_of", "efforts", "temperature_max", "sources")
        }
        ids = [known.id for known in listed(kinds[family["vendor"]])]
        assert any(re.match(family["match"], id_) for id_ in ids), family["match"]


def test_families_say_the_same_of_dated_ids():
    for one, other in (("gpt-5-mini", "gpt-5-mini-2025-08-07"), ("claude-opus-4-8", "claude-opus-4-8-20260601")):
        kind = "openai" if one.startswith("gpt") else "anthropic"
        first, second = find(kind, "", one), find(kind, "", other)
        assert first is not None
        assert second is not None
        assert (first.only_default, first.can, first.efforts) == (second.only_default, second.can, second.efforts)
        assert first.only_default == ("temperature", "top_p")
