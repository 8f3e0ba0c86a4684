"""Known models: the data is what genai-prices says, and what isn't known is None."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cascadelang.catalog import models
from cascadelang.catalog.models import KnownModel, data_source, find, listed

DATA = Path(models.__file__).parent / "known"
KINDS = {"anthropic": ("anthropic", ""), "google": ("gemini", ""), "openai": ("openai", "")}
ADDRESSES = {
    "deepseek": "https://api.deepseek.com",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "together": "https://api.together.xyz/v1",
}


def test_the_files_are_small_and_say_where_they_come_from():
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 300_000
    source, as_of = data_source()
    assert source.startswith("genai-prices 0.")
    assert date.fromisoformat(as_of) >= date(2026, 11, 1)


@pytest.mark.parametrize("vendor", [*KINDS, *ADDRESSES])
def test_ids_find_the_models_that_genai_prices_finds(vendor: str):
    providers = pytest.importorskip("genai_prices.data").providers
    theirs = next(provider for provider in providers if provider.id == vendor)
    kind, address = KINDS.get(vendor) or ("openai", ADDRESSES[vendor])
    day = datetime.combine(date.fromisoformat(data_source()[1]), datetime.min.time(), UTC)
    compared = 0
    for listed_model in theirs.models:
        if vendor == "google" and listed_model.id.startswith("claude"):
            continue  # served by Vertex AI, not by the Gemini API
        for wanted in (listed_model.id, f"{listed_model.id}-20260101", listed_model.id.upper()):
            expected = theirs.find_model(wanted)
            found = find(kind, address, wanted)
            prices = expected.get_prices(day) if expected is not None else None
            if expected is None or prices.input_mtok is None or prices.output_mtok is None:
                assert found is None
                continue
            assert found is not None, wanted
            assert found.id == expected.id
            assert found.context == expected.context_window
            assert found.price is not None
            if not isinstance(expected.prices, list):
                assert found.price.input == getattr(prices.input_mtok, "base", prices.input_mtok)
                assert found.price.output == getattr(prices.output_mtok, "base", prices.output_mtok)
            compared += 1
    assert compared >= 8


def test_what_a_call_costs_is_what_genai_prices_says():
    genai_prices = pytest.importorskip("genai_prices")
    day = datetime.combine(date.fromisoformat(data_source()[1]), datetime.min.time(), UTC)
    for kind, vendor, model in (
        ("anthropic", "anthropic", "claude-haiku-5-5"),
        ("anthropic", "anthropic", "claude-sonnet-4-5"),
        ("openai", "openai", "gpt-6-luna"),
        ("gemini", "google", "gemini-2.5-pro"),
    ):
        known = find(kind, "", model)
        assert known is not None
        assert known.price is not None
        for tokens in (1_000, 99_999, 100_001, 150_000, 250_000, 300_000):
            usage = genai_prices.Usage(input_tokens=tokens, output_tokens=1_000)
            theirs = genai_prices.calc_price(usage, model_ref=model, provider_id=vendor, genai_request_timestamp=day)
            step = next((s for s in reversed(known.price.steps) if tokens > s.above), known.price)
            ours = (step.input * tokens + step.output * 1_000) / Decimal(1_000_000)
            assert ours == theirs.total_price, (model, tokens)


@pytest.mark.parametrize(
    ("provider", "address", "model"),
    [
        ("openai", "", "house-model"),
        ("openai", "http://localhost:8000/v1", "gpt-4.1"),
        ("local", "", "smollm2-135m"),
        ("replay", "", "gpt-4.1"),
        ("anthropic", "", ""),
        ("gemini", "", "claude-opus-4-5"),
    ],
)
def test_what_is_not_known_is_none(provider: str, address: str, model: str):
    assert find(provider, address, model) is None


@pytest.mark.parametrize(
    ("provider", "model", "logprobs"),
    [
        ("openai", "gpt-4o-mini", True),
        ("openai", "gpt-4o-2024-05-13", True),
        ("openai", "gpt-4.1-nano", True),
        ("openai", "gpt-5", False),
        ("openai", "gpt-5-mini-2025-08-07", False),
        ("openai", "o3", False),
        ("openai", "o4-mini", False),
        ("openai", "gpt-5.2", None),
        ("openai", "gpt-6-luna", None),
        ("anthropic", "claude-haiku-5-5", False),
        ("anthropic", "claude-sonnet-4-5-20250929", False),
        ("gemini", "gemini-2.5-flash", False),
        ("gemini", "models/gemini-3.8-flash", False),
        ("gemini", "gemini-2.0-flash", None),
    ],
)
def test_who_gives_log_probabilities(provider: str, model: str, logprobs: bool | None):
    known = find(provider, "", model)
    assert known is not None
    assert (None if known.can is None else "logprobs" in known.can) is logprobs


def test_listed_models_find_themselves():
    for provider in ("anthropic", "openai", "gemini"):
        rows = listed(provider)
        assert len(rows) > 20
        assert all(isinstance(row, KnownModel) and row.price is not None for row in rows)
    assert listed("local") == []


def test_deprecated_models_say_so():
    known = find("gemini", "", "gemini-2.0-flash")
    assert known is not None
    assert known.deprecated


def test_the_files_can_be_written_again():
    pytest.importorskip("genai_prices")
    from importlib.metadata import version

    from cascadelang.catalog.refresh import collect, render

    source, as_of = data_source()
    texts = render(collect(date.fromisoformat(as_of)))
    assert texts.keys() == {file.name for file in DATA.iterdir()}
    if source == f"genai-prices {version('genai-prices')} (MIT)":
        assert texts == {file.name: file.read_text(encoding="utf-8") for file in DATA.iterdir()}


def test_only_the_vendor_that_is_asked_for_is_read():
    code = (
        "import pathlib; read = pathlib.Path.read_text; names = []\n"
        "pathlib.Path.read_text = lambda self, **how: (names.append(self.name), read(self, **how))[1]\n"
        "from cascadelang.catalog.models import find\n"
        "assert find('anthropic', '', 'claude-haiku-4-5').price\n"
        "print(*sorted(names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["anthropic.json", "families.json"]


@pytest.mark.parametrize(
    ("pattern", "wanted", "said"),
    [
        (r"^gpt-5\.6-luna-\d{4}$", "gpt-4.1", False),
        (r"^gpt-5\.6-luna-\d{4}$", "gpt-5.6-luna-2026", True),
        (r"^o1s?-mini$", "o1-mini", True),
        (r"^o1{1,2}-mini$", "o1-mini", True),
        (r"^ab*$", "a", True),
        (r"^a|b", "b", True),
        (r"mini$", "gpt-mini", True),
        (r"^gpt$", "gpt", True),
        (r"^", "", True),
    ],
)
def test_what_can_be_seen_of_a_pattern_without_compiling_it(pattern: str, wanted: str, said: bool):
    assert models._may_begin(pattern, wanted) is said
    assert said or not re.search(pattern, wanted)
