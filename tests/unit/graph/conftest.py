from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cascadelang.contracts.spec import Param, Spec
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.model import Graph
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles

SPECS = [
    Spec("openai", "provider", "a provider", params=(Param("base_url", "text", "address", default=""),)),
    Spec("anthropic", "provider", "a provider", params=(Param("base_url", "text", "address", default=""),)),
    Spec("json", "check", "is JSON", params=(Param("strict", "bool", "the whole", default=False),)),
    Spec("empty", "check", "is empty"),
    Spec("hedges", "check", "hedges"),
    Spec("words", "check", "number of words", gives="count"),
    Spec("schema", "check", "fits", params=(Param("file", "schema_file", "the schema", required=True),)),
    Spec(
        "logprob",
        "check",
        "how sure",
        gives="logprob",
        needs=frozenset({"logprobs"}),
        params=(Param("of", "choice", "which", required=True, choices=("mean", "min")),),
    ),
    Spec("lead", "check", "how far ahead, 0 to 1", gives="score", needs=frozenset({"logprobs", "top_logprobs"})),
    Spec("margin", "check", "how far ahead", gives="number", needs=frozenset({"logprobs", "top_logprobs"})),
    Spec(
        "judge",
        "check",
        "asks a model",
        gives="score",
        calls=1,
        needs=frozenset({"json"}),
        params=(
            Param("model", "model", "who", required=True),
            Param("rubric", "text_or_file", "by what", required=True),
        ),
    ),
    Spec(
        "agree",
        "check",
        "samples",
        gives="score",
        calls=None,
        samples="times",
        params=(Param("times", "count", "n", default=5),),
    ),
    Spec("command", "check", "a program", gives="score", calls=None),
    Spec("equals", "check", "the same", params=(Param("expected", "text_or_meta", "what", required=True),)),
    Spec(
        "runs",
        "check",
        "runs something",
        params=(Param("limit", "duration", "how long", default=10.0),),
        time_limit="limit",
    ),
    Spec(
        "rates",
        "check",
        "runs something that gives a score",
        gives="score",
        params=(Param("limit", "duration", "how long", default=10.0),),
        time_limit="limit",
    ),
    Spec("has_code", "signal", "code"),
    Spec("tokens", "signal", "tokens", gives="count"),
    Spec("contains", "signal", "words", params=(Param("words", "texts", "which", required=True),)),
    Spec("contains", "check", "words", params=(Param("words", "texts", "which", required=True),)),
    Spec("score", "signal", "sum", gives="score", params=(Param("parts", "bool_weights", "what", required=True),)),
    Spec(
        "band",
        "signal",
        "label",
        gives="label",
        params=(
            Param("value", "expr", "what", required=True, of="number"),
            Param("labels", "bands", "where", required=True),
        ),
    ),
    Spec(
        "agrees",
        "check",
        "another's final answer",
        calls=1,
        plain=True,
        params=(Param("model", "model", "who", required=True, choices=("previous",)),),
    ),
    Spec(
        "ask",
        "signal",
        "asks a model",
        gives="label",
        calls=1,
        params=(
            Param("model", "model", "who", required=True),
            Param("question", "text", "what", required=True),
            Param("labels", "labels", "answers", required=True),
        ),
    ),
]


class SmallCatalog:
    """A few entries of each kind, so that these tests depend on no real one."""

    def names(self, kind: str) -> list[str]:
        return sorted(spec.name for spec in SPECS if spec.kind == kind)

    def spec(self, kind: str, name: str) -> Spec | None:
        return next((spec for spec in SPECS if (spec.kind, spec.name) == (kind, name)), None)

    def fault(self, kind: str, name: str) -> str:
        return ""

    def problems(self, kind: str, name: str, args: Mapping[str, Any]) -> list[str]:
        return []

    def capabilities(self, provider: str) -> None:
        return None

    def models(self, provider: str) -> None:
        return None

    def key_env(self, provider: str) -> str:
        return ""


MODELS = """
model haiku  = anthropic("small") { price: $1 / $5, max_tokens: 1000, timeout: 10s, retry: 0, can: [json] }
model sonnet = anthropic("middle") { price: $3 / $15, max_tokens: 1000, timeout: 20s, retry: 0, can: [json] }
model opus   = anthropic("large") { price: $5 / $25, max_tokens: 2000, timeout: 30s, retry: 0, can: [json] }
model mini   = openai("mini") {
  price: $0.1 / $0.5, max_tokens: 500, timeout: 5s, retry: 0, can: [json, top_logprobs]
}
model odd    = openai("unheard-of") { max_tokens: 500, timeout: 5s, retry: 0 }
"""
"""Models for the tests' policies: `odd` has no known price."""


def graph_of(text: str, **files: str) -> Graph:
    """The graph of a policy text after `MODELS`; further files by name, ``__`` standing for a dot."""
    others: dict[str, str | bytes] = {name.replace("__", "."): content for name, content in files.items()}
    return graph_of_files({"models.cl": MODELS, "p.cl": f'use "models.cl"\n{text}', **others}, "p.cl")


def checked_of(text: str) -> Any:
    """A policy text after `MODELS`, checked."""
    texts: dict[str, str | bytes] = {"models.cl": MODELS, "p.cl": f'use "models.cl"\n{text}'}
    return check("p.cl", MemoryFiles(texts), SmallCatalog(), lambda *_: None)


def graph_of_files(texts: dict[str, str | bytes], path: str) -> Graph:
    """The graph of the policy file at ``path``."""
    checked = check(path, MemoryFiles(texts), SmallCatalog(), lambda *_: None)
    wrong = [f"{d.name}: {d.message}" for d in checked.diagnostics if d.severity == "error"]
    assert not wrong, wrong
    return compile_policy(checked)


@pytest.fixture(name="graph_of")
def _graph_of() -> Any:
    return graph_of


@pytest.fixture(name="graph_of_files")
def _graph_of_files() -> Any:
    return graph_of_files


@pytest.fixture(name="checked_of")
def _checked_of() -> Any:
    return checked_of
