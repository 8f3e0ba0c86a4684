"""The names that are written out here are those of the conventions."""

from __future__ import annotations

import pytest

from cascadelang.telemetry import conventions


def test_attributes_are_spelled_as_the_conventions_spell_them():
    # the package still has the names from before the conventions got a repository of their own
    known = pytest.importorskip("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    names = {value for name, value in vars(known).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
    ours = {value for value in vars(conventions).values() if isinstance(value, str) and value.startswith("gen_ai.")}
    assert len(ours) > 15
    assert ours - names == {conventions.EVALUATION}, "an event, no attribute"
    assert set(conventions.PROVIDERS.values()) <= {one.value for one in known.GenAiProviderNameValues}
    operations = {one.value for one in known.GenAiOperationNameValues}
    assert {conventions.CHAT, conventions.EMBEDDINGS} <= operations
