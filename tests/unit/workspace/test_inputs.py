"""Settings, queries, providers and repairs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Request
from cascadelang.diagnostics.model import Diagnostic, Fix
from cascadelang.graph.model import ProviderSpec
from cascadelang.source import Span
from cascadelang.workspace.config import read
from cascadelang.workspace.fix import applied
from cascadelang.workspace.lint import lint
from cascadelang.workspace.mistake import Mistake
from cascadelang.workspace.providers import Providers
from cascadelang.workspace.query_file import meta_of, query_of


def test_settings_are_found_upwards(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[tool.cascadelang]\ntrace_store = "a.sqlite"\n')
    inner = tmp_path / "x" / "y"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text('[project]\nname = "uses-cascadelang"\n')
    config = read(inner / "p.cl", {})
    assert config.trace_where() == tmp_path / "a.sqlite"
    assert config.found == str(tmp_path / "pyproject.toml")
    (inner / "cascadelang.toml").write_text("keep_text = false\n")
    config = read(inner / "p.cl", {})
    assert (config.keep_text, config.trace_store) == (False, "")


def test_the_environment_wins(tmp_path: Path):
    (tmp_path / "cascadelang.toml").write_text('trace_store = "a.sqlite"\nkeep_text = true\n')
    config = read(tmp_path, {"CASCADELANG_TRACE_STORE": "off", "CASCADELANG_KEEP_TEXT": "0"})
    assert config.trace_where() is None
    assert not config.keep_text
    with pytest.raises(Mistake, match="CASCADELANG_KEEP_TEXT"):
        read(tmp_path, {"CASCADELANG_KEEP_TEXT": "perhaps"})


def test_facts():
    words = ["plan=gold", "age=7", "share=0.5", "new=true", 'code="7"', "empty=", "eq=a=b"]
    assert meta_of(words) == {
        "plan": "gold",
        "age": 7,
        "share": 0.5,
        "new": True,
        "code": "7",
        "empty": "",
        "eq": "a=b",
    }
    for wrong in (["a"], ["=b"], ["a-b=1"], ["a=1", "a=2"]):
        with pytest.raises(Mistake):
            meta_of(wrong)


def test_calls_of_tools_in_a_conversation_are_refused_in_words():
    called = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function"}]}
    with pytest.raises(Mistake, match=r"`messages\[1\]` calls tools"):
        query_of(None, [{"role": "user", "content": "hi"}, called])
    with pytest.raises(Mistake, match="roles are `system`, `developer`"):
        query_of(None, [{"role": "tool", "content": "5"}])


def test_whole_requests():
    function = {"name": "f", "description": "does", "parameters": {"type": "object"}}
    query = query_of(
        None,
        {
            "messages": [{"role": "user", "content": "hi"}],
            "tools": [{"type": "function", "function": function}],
            "response_format": {"type": "json_object"},
        },
    )
    assert (query.text, query.wants_json, query.tools[0].name) == ("hi", True, "f")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "text", "role"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "messages", "tools", "image_url"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values.filter(lambda v: isinstance(v, list | dict)))
def test_messages_of_any_form_are_understood_or_refused(value):
    with suppress(Mistake):
        assert any(message.role == "user" for message in query_of(None, value).messages)


def request() -> Request:
    return Request("m", ())


def test_a_key_that_is_not_set_fails_the_call_and_names_the_variable():
    async def ask(spec: ProviderSpec, environ: dict[str, str]) -> CallFailed:
        providers = Providers({"p": spec}, environ)
        with pytest.raises(CallFailed) as caught:
            await providers["p"].send(request())
        with pytest.raises(CallFailed):
            _ = [part async for part in providers["p"].stream(request())]
        assert await providers["p"].count_tokens(request()) is None
        await providers.close()
        await providers.close()
        return caught.value

    own = ProviderSpec("p", "openai", {"base_url": "http://127.0.0.1:1/v1"}, "ACME_KEY")
    failure = asyncio.run(ask(own, {}))
    assert (failure.kind, "`ACME_KEY`" in failure.message) == ("auth", True)
    assert asyncio.run(ask(own, {"ACME_KEY": "  "})).kind == "auth"
    assert asyncio.run(ask(ProviderSpec("p", "nothing"), {})).kind == "policy"


def test_providers_are_made_when_asked_for():
    providers = Providers({"a": ProviderSpec("a", "scripted"), "b": ProviderSpec("b", "nothing")}, {})
    assert sorted(providers) == ["a", "b"]
    assert providers["a"] is providers["a"]
    with pytest.raises(KeyError):
        _ = providers["c"]
    asyncio.run(providers.close())


def test_repairs_that_overlap_are_not_both_made():
    def found(start: int, end: int, new: str) -> Diagnostic:
        span = Span("p.cl", start, end)
        return Diagnostic("x", "error", "x", span, fix=Fix(span, new, f"write {new}"))

    text, made = applied("aaa bbb ccc", [found(0, 3, "A"), found(4, 7, "B"), found(5, 11, "C")])
    assert text == "A bC"
    assert len(made) == 2


@pytest.mark.parametrize("value", ["[" * 3000, "9" * 6000])
def test_settings_that_no_reader_can_hold_are_a_mistake(tmp_path: Path, value: str):
    (tmp_path / "cascadelang.toml").write_text(f"trace_store = {value}\n")
    with pytest.raises(Mistake):
        read(tmp_path, {})


def test_the_home_of_a_user_there_is_not_is_a_name_like_any_other(tmp_path: Path):
    (tmp_path / "cascadelang.toml").write_text('trace_store = "~no-such-user-here/t.sqlite"\n')
    config = read(tmp_path, {})
    assert config.trace_where() == tmp_path / "~no-such-user-here" / "t.sqlite"


def test_files_that_are_only_used_are_not_repaired(tmp_path: Path):
    named, used = tmp_path / "a" / "p.cl", tmp_path / "b" / "used.cl"
    slip = 'model {} = openai("gpt-4.1") {{ temprature: 0 }}\n'
    for file, text in (
        (used, slip.format("far")),
        (named, 'use "../b/used.cl"\n' + slip.format("near") + "policy main = cascade [near, far] until empty\n"),
    ):
        file.parent.mkdir()
        file.write_text(text)
    report = lint([str(named.parent)], fix=True)
    assert len(report.fixed) == 1
    assert "temperature" in named.read_text()
    assert used.read_text() == slip.format("far")
    assert [d.name for d in report.diagnostics] == ["unknown-field"]
    assert len(lint([str(named), str(used)], fix=True).fixed) == 1
    assert "temperature" in used.read_text()
