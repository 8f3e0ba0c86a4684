"""The names that are written out here are those of the conventions."""

from __future__ import annotations

import pytest

from cascadelang.telemetry import conventions as c


def test_attributes_are_spelled_as_the_conventions_spell_them():
    # the package still has the names from before the conventions got a repository of their own
    known = pytest.importorskip("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    names = {value for name, value in vars(known).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
    ours = {value for value in vars(c).values() if isinstance(value, str) and value.startswith("gen_ai.")}
    assert len(ours) > 15
    assert ours - names == {c.EVALUATION}, "an event, no attribute"
    assert set(c.PROVIDERS.values()) <= {one.value for one in known.GenAiProviderNameValues}
    operations = {one.value for one in known.GenAiOperationNameValues}
    assert {c.CHAT, c.EMBEDDINGS, c.WORKFLOW} <= operations


def test_attributes_that_all_conventions_share_are_spelled_as_they_are():
    error = pytest.importorskip("opentelemetry.semconv.attributes.error_attributes")
    from opentelemetry.semconv.attributes import http_attributes, server_attributes

    assert c.ERROR_TYPE == error.ERROR_TYPE
    assert c.HTTP_STATUS == http_attributes.HTTP_RESPONSE_STATUS_CODE
    assert (c.SERVER_ADDRESS, c.SERVER_PORT) == (server_attributes.SERVER_ADDRESS, server_attributes.SERVER_PORT)
