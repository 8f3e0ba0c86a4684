"""Every example does what its own header says: on paper, and through the command line against real HTTP servers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from servers import WIRES, Captured, Plan, Server

from cascadelang.graph import export
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.workspace.lint import lint
from cascadelang.workspace.load import load

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "examples").glob("*.cl"), *(ROOT / "examples" / "data").glob("*.cl")])
KEYS = {"ANTHROPIC_API_KEY": "made-up-anthropic-key", "OPENAI_API_KEY": "made-up-openai-key"}
INVOICE = '{"number": "A-7", "total": 12, "currency": "EUR"}'


def name_of(path: Path) -> str:
    return path.name


WRITTEN = date(2026, 11, 24)
"""The day of the examples: what was trained for them is called old some months later."""

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=name_of)

# ---- On paper ---------------------------------------------------------------------------------------------------


@every_example
def test_lints_without_a_word(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cascadelang.workspace.load.today", lambda: WRITTEN)
    assert lint([str(path)]).diagnostics == ()


@every_example
def test_begins_with_what_it_shows(path: Path):
    assert path.read_text(encoding="utf-8").startswith("# ")


@every_example
def test_passes_its_own_tests(path: Path, tmp_path: Path):
    done = command(tmp_path, {}, "test", str(path))
    assert done.code == 0, done.out + done.err
    assert "passed" in done.out


@every_example
def test_compiles_to_the_published_form(path: Path):
    graph = load(str(path)).graph
    text = to_json(graph)
    schema = json.loads((ROOT / "docs" / "graph.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    assert from_json(text) == graph


@every_example
def test_can_be_drawn_in_every_form(path: Path):
    graph = load(str(path)).graph
    assert export.to_text(graph).startswith("policy ")
    assert export.to_mermaid(graph).startswith("flowchart")
    assert export.to_dot(graph).startswith("digraph")
    assert "<svg" in export.to_svg(graph)


@every_example
def test_can_be_explained(path: Path, tmp_path: Path):
    done = command(tmp_path, {}, "explain", str(path))
    assert done.code == 0, done.err
    for model in load(str(path)).graph.models:
        assert model in done.out


# ---- Through the command line -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class Service(Server):
    """A server that answers each model as it was told, call by call; the last answer repeats."""

    def __init__(self, wire: str, plans: Mapping[str, list[Plan]]) -> None:
        self.plans = plans
        super().__init__(WIRES[wire], Plan())

    @property
    def plan(self) -> Plan:  # type: ignore[override]
        """What the request that came last is answered with."""
        model = self.requests[-1].body["model"]
        given = self.plans.get(model) or [Plan("error", status=404, error={"error": {"message": f"no {model}"}})]
        return given[min(sum(r.body["model"] == model for r in self.requests), len(given)) - 1]

    @plan.setter
    def plan(self, value: Plan) -> None:
        """There is none for all requests."""


Answer = str | Plan
"""A text, or what else the server does."""


def overloaded(wire: str, **headers: str) -> Plan:
    if wire == "anthropic":
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return Plan("error", status=529, error=error, headers=headers)
    return Plan("error", status=503, error={"error": {"message": "The server is overloaded"}}, headers=headers)


def environment(folder: Path, addresses: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "SYSTEMROOT", "LANG", "VIRTUAL_ENV"}}
    own = {"HOME": str(folder), "CASCADELANG_DATA": str(folder / "data"), "CASCADELANG_CACHE": str(folder / "cache")}
    return {**kept, **own, **KEYS, **addresses, "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1", "PYTHONWARNINGS": "error"}


def command(folder: Path, addresses: Mapping[str, str], *args: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "cascadelang", *args],
        cwd=ROOT,
        env=environment(folder, addresses),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert not any(key in done.stdout + done.stderr for key in KEYS.values())
    return Done(done.returncode, done.stdout, done.stderr)


def plans_by_id(path: Path, answers: Mapping[str, Answer | list[Answer]]) -> dict[str, dict[str, list[Plan]]]:
    """For each provider kind and model id, what is answered, from answers by the policy's names."""
    graph = load(str(path)).graph
    found: dict[str, dict[str, list[Plan]]] = {"anthropic": {}, "openai": {}}
    for name, given in answers.items():
        model = graph.models[name]
        plans = [Plan(pieces=(a,), model=model.id) if isinstance(a, str) else a for a in as_list(given)]
        found[graph.providers[model.provider].kind][model.id] = plans
    return found


def as_list(given: Answer | list[Answer]) -> list[Answer]:
    return given if isinstance(given, list) else [given]


def ask(
    folder: Path,
    example: str,
    query: str,
    answers: Mapping[str, Answer | list[Answer]],
    *options: str,
    path: str = "",
) -> tuple[Done, list[Captured]]:
    """`cascadelang run` of an example against servers that answer as given, and what they were asked, in order."""

    async def served() -> tuple[Done, list[Captured]]:
        plans = plans_by_id(ROOT / "examples" / example, answers)
        async with AsyncExitStack() as stack:
            services = {wire: await stack.enter_async_context(Service(wire, plans[wire])) for wire in plans}
            addresses = {f"{wire.upper()}_BASE_URL": service.base_url for wire, service in services.items()}
            args = ("run", path or f"examples/{example}", "--query", query, *options)
            done = await asyncio.to_thread(command, folder, addresses, *args)
            return done, [request for service in services.values() for request in service.requests]

    return asyncio.run(served())


def asked_models(requests: list[Captured]) -> list[str]:
    return [request.body["model"] for request in requests]


def test_smallest_sends_code_straight_to_the_top(tmp_path: Path):
    done, requests = ask(tmp_path, "smallest.cl", "Why?\n```python\nprint(1 / 0)\n```", {"opus": INVOICE})
    assert (done.code, done.out, done.err) == (0, INVOICE + "\n", "")
    assert asked_models(requests) == ["claude-opus-5-5"]
    assert requests[0].headers["x-api-key"] == KEYS["ANTHROPIC_API_KEY"]


def test_smallest_climbs_until_the_schema_fits(tmp_path: Path):
    answers = {"haiku": "Sure! Twelve euros.", "sonnet": INVOICE}
    done, _ = ask(tmp_path, "smallest.cl", "Invoice A-7 over 12 euros", answers, "--trace")
    assert (done.code, done.out) == (0, INVOICE + "\n")
    for said in ("haiku", "sonnet", "schema_ok", "$"):
        assert said in done.err
    assert "opus" not in done.err


def test_smallest_as_a_graph_gives_the_same_result(tmp_path: Path):
    compiled = command(tmp_path, {}, "compile", "examples/smallest.cl")
    assert compiled.code == 0
    graph = tmp_path / "graph.json"
    graph.write_text(compiled.out, encoding="utf-8")
    answers = {"haiku": "Twelve euros", "sonnet": "12", "opus": "So be it: 12 euros"}
    query = "Invoice A-7 over 12 euros"
    one, _ = ask(tmp_path, "smallest.cl", query, answers, "--output", "json")
    other, _ = ask(tmp_path, "smallest.cl", query, answers, "--output", "json", path=str(graph))
    assert one.code == other.code == 3
    assert lasting(one.result) == lasting(other.result)
    assert one.result["path"] == ["haiku", "sonnet", "opus"]


def lasting(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what differs from run to run."""
    events = [(e["kind"], e["node"], {**e["data"], "latency_s": None}) for e in result["events"]]
    return {**result, "trace_id": "", "latency_s": None, "events": events}


def test_the_result_as_json_has_the_documented_form(tmp_path: Path):
    done, _ = ask(tmp_path, "smallest.cl", "Invoice A-7", {"haiku": INVOICE}, "--output", "json")
    result = done.result
    names = {"version", "answer", "status", "model", "policy", "path", "verdict", "failure", "cost_usd", "latency_s"}
    assert set(result) == names | {"usage", "cached", "trace_id", "events"}
    assert (done.code, result["status"], result["model"]) == (0, "accepted", "haiku")
    assert result["verdict"]["data"] == {"schema_ok": json.loads(INVOICE)}
    assert result["usage"]["input_tokens"] == 120
    assert result["usage"]["output_tokens"] == 30
    assert result["cost_usd"] > 0
    assert [event["kind"] for event in result["events"]] == ["route", "call", "check", "end"]


def test_budget_never_spends_more_than_a_cent(tmp_path: Path):
    unsure = Plan(pieces=("I'm not sure.",), usage=(40, 400, 0))
    answers = {"haiku": unsure, "sonnet": unsure, "opus": "Paris."}
    done, requests = ask(tmp_path, "budget.cl", "What is the capital of France?", answers, "--output", "json")
    assert done.code == 3
    assert done.result["path"] == ["haiku", "sonnet"]
    assert done.result["cost_usd"] <= 0.01
    assert len(requests) == 2
    assert all(request.body["max_tokens"] == 400 for request in requests)
    skipped = [event["data"] for event in done.result["events"] if event["kind"] == "skip"]
    assert [(skip["model"], skip["because"]) for skip in skipped] == [("opus", "over_budget")]


def test_cascade_for_training_leaves_a_trace_of_every_rung(tmp_path: Path):
    answers = {"luna": "I'm sorry, but I can't help with that.", "terra": "It runs for two years."}
    done, requests = ask(tmp_path, "cascade_for_training.cl", "Summarise this contract", answers)
    assert (done.code, done.out) == (0, "It runs for two years.\n")
    assert requests[0].headers["authorization"] == f"Bearer {KEYS['OPENAI_API_KEY']}"
    listed = command(tmp_path, {}, "traces", "list", "--policy", "main", "--output", "json")
    rows = json.loads(listed.out)
    runs = rows if isinstance(rows, list) else rows["runs"]
    assert [run["path"] for run in runs] == [["luna", "terra"]]
    shown = command(tmp_path, {}, "traces", "show", "last")
    assert shown.code == 0
    assert "terra" in shown.out


def test_outage_moves_on_when_a_provider_is_down(tmp_path: Path):
    answers = {"haiku": [overloaded("anthropic", **{"retry-after": "0"})], "oa.luna": "Hello to you"}
    done, requests = ask(tmp_path, "outage.cl", "Hello", answers, "--output", "json")
    assert (done.code, done.result["model"], done.result["answer"]) == (0, "oa.luna", "Hello to you")
    assert asked_models(requests) == ["claude-haiku-5-5", "claude-haiku-5-5", "gpt-6-luna"]  # `retry 1`
    kinds = [event["kind"] for event in done.result["events"]]
    assert kinds == ["call_failed", "retry", "call_failed", "escalate", "call", "check", "end"]
    failed = [event["data"] for event in done.result["events"] if event["kind"] == "call_failed"]
    assert [(data["kind"], data["status"]) for data in failed] == [("server", 529)] * 2


def test_outage_of_all_is_a_failure(tmp_path: Path):
    down = {"oa.luna": overloaded("openai", **{"retry-after": "0"}), "oa.sol": overloaded("openai")}
    down |= {"haiku": overloaded("anthropic", **{"retry-after": "0"}), "opus": overloaded("anthropic")}
    done, _ = ask(tmp_path, "outage.cl", "Hello", down)
    assert (done.code, done.out) == (4, "")
    assert "(server)" in done.err


def test_outage_a_poor_answer_is_no_outage(tmp_path: Path):
    done, requests = ask(tmp_path, "outage.cl", "Hello", {"haiku": "I'm not sure what to say.", "opus": "Hello"})
    assert (done.code, done.out) == (0, "Hello\n")
    assert asked_models(requests) == ["claude-haiku-5-5", "claude-opus-5-5"]


def test_outage_a_wrong_key_ends_the_run(tmp_path: Path):
    error = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
    done, requests = ask(tmp_path, "outage.cl", "Hello", {"haiku": Plan("error", status=401, error=error)})
    assert (done.code, len(requests)) == (4, 1)
    assert "(auth)" in done.err
    assert "cascadelang doctor" in done.err


def test_router_then_cascade_starts_in_the_middle_and_is_corrected(tmp_path: Path):
    query = "Show that $\\int_0^1 x^2 dx = 1/3$"
    answers = {"sonnet": "I'm not sure.", "opus": "By the antiderivative x^3/3."}
    done, requests = ask(tmp_path, "router_then_cascade.cl", query, answers)
    assert (done.code, done.out) == (0, "By the antiderivative x^3/3.\n")
    assert asked_models(requests) == ["claude-sonnet-5-5", "claude-opus-5-5"]


def test_schema_ladder_tells_the_next_rung_why(tmp_path: Path):
    wrong = INVOICE.replace("EUR", "euros")
    done, requests = ask(tmp_path, "schema_ladder.cl", "Invoice A-7 over 12 euros", {"luna": wrong, "terra": INVOICE})
    assert (done.code, done.out) == (0, INVOICE + "\n")
    carried = json.dumps(requests[1].body["messages"])
    assert "currency" in carried
    assert wrong not in carried


def test_schema_ladder_fails_rather_than_answer_wrongly(tmp_path: Path):
    done, requests = ask(tmp_path, "schema_ladder.cl", "Invoice", {"luna": "No", "terra": "No", "sol": "No"})
    assert (done.code, done.out, len(requests)) == (4, "", 3)
    assert "(unmet)" in done.err


@pytest.mark.parametrize(
    ("query", "answers", "path"),
    [
        ("I was charged twice this month", {"haiku": "The second charge is on its way back."}, ["haiku"]),
        ("The app shows an error", {"sonnet": "I'm not sure.", "opus": "Update it."}, ["sonnet", "opus"]),
        ("List three colours as JSON", {"haiku": "red", "sonnet": '["red"]'}, ["haiku", "sonnet"]),
        ("Good morning!", {"haiku": "Good morning to you."}, ["haiku"]),
    ],
)
def test_topics_each_has_its_own_ladder(tmp_path: Path, query: str, answers: dict[str, Answer], path: list[str]):
    done, _ = ask(tmp_path, "topics.cl", query, answers, "--output", "json")
    assert done.code == 0
    assert done.result["path"] == path
    assert done.result["answer"] == answers[path[-1]]


def test_topics_streams_what_no_check_can_take_back(tmp_path: Path):
    answer = Plan(pieces=("Good ", "morning ", "to you."))
    done, requests = ask(tmp_path, "topics.cl", "Good morning!", {"haiku": answer}, "--stream")
    assert (done.code, done.out, requests[0].body["stream"]) == (0, "Good morning to you.\n", True)
    done, requests = ask(tmp_path, "topics.cl", "I was charged twice", {"haiku": answer}, "--stream")
    assert (done.code, done.out, "stream" in requests[0].body) == (0, "Good morning to you.\n", False)


# ---- Local examples, over answers that the models once gave -----------------------------------------------------


def recorded(tmp_path: Path, example: str) -> str:
    """The graph of a local example, with the recorded answers of its models in the models' place."""
    graph = json.loads(command(tmp_path, {}, "compile", f"examples/{example}").out)
    for provider in graph["providers"].values():
        assert provider["kind"] == "local"
        records = ROOT / "examples" / "data" / "answers.jsonl"
        provider |= {"kind": "replay", "settings": {"records": str(records), "latency": False}}
    path = tmp_path / "recorded.json"
    path.write_text(json.dumps(graph), encoding="utf-8")
    return str(path)


def test_quickstart_asks_the_larger_model_when_the_smaller_is_unsure(tmp_path: Path):
    graph = recorded(tmp_path, "quickstart.cl")
    query = "What is 17 + 26? Answer with the number only."
    done = command(tmp_path, {}, "run", graph, "--query", query, "--output", "json")
    assert done.code == 0, done.err
    assert (done.result["path"], done.result["answer"]) == (["smollm", "qwen_small"], "43")
    assert done.result["cost_usd"] == 0


def test_the_local_ladder_and_the_recorded_one_decide_alike(tmp_path: Path):
    graph = recorded(tmp_path, "local_ladder.cl")
    lines = (ROOT / "examples" / "data" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    for line in (lines[0], lines[12], lines[36]):
        query = json.loads(line)["query"]
        args = ("--query", query, "--output", "json")
        local = command(tmp_path, {}, "run", graph, *args).result
        replayed = command(tmp_path, {}, "run", "examples/data/recorded_ladder.cl", *args).result
        assert local["path"][0] == "smollm"
        for fact in ("answer", "status", "path", "model", "verdict", "usage"):
            assert local[fact] == replayed[fact]
