"""Signals by meaning whose vectors a model gives."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli.main import main
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Embedded, Query, Reply
from cascadelang.signals.nearest import SIGNAL as NEAREST
from cascadelang.signals.similar import SIGNAL as SIMILAR
from cascadelang.workspace.load import load

VECTORS = {"my bill": (2.0, 0.0), "it crashes": (0.0, 5.0), "an invoice": (1.0, 0.25), "x": (-1.0, -1.0)}
TOPICS = {"file": "t.yaml", "topics": {"billing": ["my bill"], "technical": ["it crashes"]}}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "cache"))


class Service:
    """Embeds what it knows, and remembers what it was asked."""

    def __init__(self, by="https://a.example/v1/embeddings m"):
        self.by = by
        self.asked: list[tuple[str, ...]] = []

    async def __call__(self, name, request):
        assert (name, request.embed, request.purpose) == ("small", True, "ask")
        texts = tuple(message.text for message in request.messages)
        self.asked.append(texts)
        return Reply("", embedded=Embedded(self.by, tuple(VECTORS[text] for text in texts)))


def nearest(**fields):
    return NEAREST({"topics": TOPICS, "least": 0.4, "by": "small", **fields})


def read(signal, service, text="an invoice"):
    return asyncio.run(signal.read_paid(Query.of(text), service))


def test_the_query_is_embedded_and_the_examples_once():
    service = Service()
    signal = nearest()
    assert not signal.slow
    found = read(signal, service)
    assert (found.value, found.reason) == ("billing", "0.97 to `my bill`")
    assert service.asked == [("an invoice",), ("my bill", "it crashes")]
    read(signal, service, "it crashes")
    assert service.asked[2:] == [("it crashes",)]


def test_the_examples_are_kept_on_disk_for_what_made_them():
    read(nearest(), Service())
    again = Service()
    assert read(nearest(), again).value == "billing"
    assert again.asked == [("an invoice",)]
    other = Service("https://b.example/v1/embeddings m")
    read(nearest(), other)
    assert len(other.asked) == 2


def test_near_to_nothing_and_without_text():
    service = Service()
    assert read(nearest(), service, "x").value is None
    assert read(nearest(), service, " \n").reason == "the query has no text"
    assert len(service.asked) == 2


def test_similar():
    signal = SIMILAR({"examples": {"file": "e.txt", "texts": ["my bill", "it crashes"]}, "by": "small"})
    assert read(signal, Service()).value == pytest.approx(0.9701, abs=1e-4)


def test_a_failing_call_is_raised_for_the_runtime():
    async def fails(name, request):
        raise CallFailed("server", "down")

    with pytest.raises(CallFailed):
        read(nearest(), fails)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-200, 1.0, 1e39, 1e200])
def test_vectors_of_any_length_point_somewhere(size: float):
    class Odd(Service):
        async def __call__(self, name, request):
            reply = await super().__call__(name, request)
            rows = tuple(tuple(number * size for number in row) for row in reply.embedded.rows)
            return Reply("", embedded=Embedded(self.by, rows))

    found = read(nearest(), Odd())
    assert (found.value, found.reason) == ("billing", "0.97 to `my bill`")


def test_vectors_of_two_lengths_are_no_vectors():
    class Odd(Service):
        async def __call__(self, name, request):
            reply = await super().__call__(name, request)
            rows = reply.embedded.rows if len(request.messages) == 1 else ((1.0, 2.0, 3.0),) * 2
            return Reply("", embedded=Embedded(self.by, rows))

    assert "can't be compared" in read(nearest(), Odd()).reason


def test_without_a_model_it_asks_nobody():
    signal = nearest(by=None)
    assert signal.slow
    assert not hasattr(signal, "read_paid")
    assert not hasattr(signal, "requests")


def test_a_model_takes_a_thousand_examples():
    many = {"file": "e.txt", "texts": [str(number) for number in range(1001)]}
    assert SIMILAR.problems({"examples": many, "by": "small"})
    assert not SIMILAR.problems({"examples": many, "by": None})


POLICY = """
model small = openai("text-embedding-3-small") { price: $0.02 / $0 }
model a = openai("gpt-a") { price: $1 / $2 }
model b = openai("gpt-b") { price: $3 / $4 }
signal topic = nearest("t.yaml", by: small)
policy main = route topic == billing -> a else b
require main { calls <= 3 }
test "billing" { query "my bill" ask small billing reply a "x" expect path == [a] and calls == 2 }
test "down" { query "my bill" ask small error server reply b "x" expect path == [b] }
test "no label" { query "my bill" ask small poetry reply b "x" expect path == [b] }
"""


def test_bounds_and_tests_know_its_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("t.yaml").write_text("billing: [my bill]\ntechnical: [it crashes]\n")
    Path("p.cl").write_text(POLICY)
    tested = CliRunner().invoke(main, ["test", "p.cl"])
    assert "3 passed" in tested.output, tested.output
    (use,) = [use for use in load("p.cl").graph.uses.values() if use.entry == "nearest"]
    assert (use.calls, use.model_args) == (2, ["by"])
    Path("p.cl").write_text(POLICY.replace("calls <= 3", "calls <= 2"))
    assert "`main` can make 3 calls" in CliRunner().invoke(main, ["lint", "p.cl"]).output


def test_a_provider_without_embeddings_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "made-up")
    Path("t.yaml").write_text("billing: [my bill]\ntechnical: [it crashes]\n")
    Path("p.cl").write_text('use "std/anthropic"\nroute nearest("t.yaml", by: haiku) == billing -> haiku else opus\n')
    ran = CliRunner().invoke(main, ["run", "p.cl", "--query", "my bill"])
    assert ran.exit_code == 4
    assert "`haiku` is of a provider that gives no embeddings" in ran.stderr
