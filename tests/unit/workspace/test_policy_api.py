"""The Python API: what it gives, in a loop and out of one, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import collections.abc
import gc
import json
import re
import subprocess
import sys
import threading
import time
import typing
from pathlib import Path
from typing import Any

import pytest

import cascadelang
from cascadelang import Image, Message, Mistake, Policy, PolicyError, Query, Result
from cascadelang.contracts.messages import Reply, Request
from cascadelang.providers.scripted import Scripted
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.trace.query import list_runs
from cascadelang.trace.store import TraceStore
from cascadelang.workspace import resources

TEXT = r"""
provider fake = scripted { replies: { small: "I'm not sure", large: "{\"city\": \"Paris\"}" } }
model small = fake("small") { price: $1 / $5 }
model large = fake("large") { price: $10 / $50 }
check ok = json
signal gold = meta.plan == "gold"
policy main   = route has_image -> large, gold -> large else cascade [small, large] until ok
policy strict = cascade [small] until ok otherwise fail
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.cl"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_public_names():
    assert set(cascadelang.__all__) == {
        "AnswerStream",
        "Diagnostic",
        "Event",
        "Failure",
        "FailureKind",
        "Image",
        "Message",
        "Mistake",
        "Policy",
        "PolicyError",
        "Query",
        "Result",
        "RunRecord",
        "Status",
        "Tool",
        "ToolCall",
        "Usage",
        "Verdict",
        "__version__",
    }
    assert all(getattr(cascadelang, name) is not None for name in cascadelang.__all__)
    assert dir(cascadelang) == sorted(cascadelang.__all__)
    with pytest.raises(AttributeError):
        _ = cascadelang.nothing  # type: ignore[attr-defined]


def test_what_is_handed_out_can_be_named(file: Path):
    """The types in the annotations of what is public are public, or Python's own."""
    named: set[str] = set()
    for thing in (Policy, Result, cascadelang.AnswerStream, cascadelang.PolicyError, cascadelang.Verdict):
        members = [member for name, member in vars(thing).items() if not name.startswith("_")]
        for member in (thing, *members):
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            for annotation in getattr(function, "__annotations__", {}).values():
                named |= set(re.findall(r"[A-Z]\w+", str(annotation)))
    ours = {name for name in named if not hasattr(collections.abc, name) and not hasattr(typing, name)}
    ours -= {"None", "True", "PathLike"}
    ours -= {"Asked", "Messages"}  # unions of what is public and of Python's own
    ours -= {"Value"}  # what a signal or a check finds: Python's own
    ours -= {"CollectorRegistry"}  # prometheus-client's: it is taken, never handed out
    assert {"Failure", "Event"} <= ours <= set(cascadelang.__all__)
    with Policy.load(file, traces=False) as policy:
        result = policy.run("Where?", policy="strict")
    assert isinstance(result.failure, cascadelang.Failure)
    assert all(isinstance(event, cascadelang.Event) for event in result.events)
    assert isinstance(result.record, cascadelang.RunRecord)
    assert result.status in typing.get_args(cascadelang.Status)


def test_importing_it_imports_nothing_heavy():
    code = (
        "import sys, cascadelang; print([m for m in sys.modules if m.startswith('cascadelang.') or m == 'asyncio'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run(file: Path):
    with Policy.load(file) as policy:
        assert policy.policies == ("main", "strict")
        result = policy.run("Where?")
    assert isinstance(result, Result)
    assert (result.answer, result.status, result.ok, result.model) == ('{"city": "Paris"}', "accepted", True, "large")
    assert result.path == ("small", "large")
    assert result.data == {"city": "Paris"}
    assert result.extracted == {"ok": {"city": "Paris"}}
    assert result.cost is not None
    assert result.cost > 0
    assert result.latency > 0
    assert result.usage.output_tokens > 0
    assert result.verdict.outcome == "passed"
    assert result.verdict.reason == "valid JSON"
    assert result.failure is None
    assert result.policy == "main"
    assert json.loads(json.dumps(result.to_json()))["trace_id"] == result.trace_id
    assert repr(result) == "<Result accepted: small -> large>"


def test_a_failure_is_a_result(file: Path):
    with Policy.load(file) as policy:
        result = policy.run("Where?", policy="strict")
    assert (result.status, result.answer, result.model, result.ok) == ("failed", "", "", False)
    assert result.failure is not None
    assert result.failure.kind == "unmet"


def test_ways_to_ask(file: Path):
    image = Message("user", "What is this?", (Image(url="https://example.com/x.png"),))
    openai = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}
    ]
    with Policy.load(file, traces=False) as policy:
        for asked in (Query((image,)), [image], openai, {"messages": openai}):
            assert policy.run(asked).path == ("large",)
        assert policy.run("Where?", messages=[Message("system", "Be brief")]).path == ("small", "large")
        assert policy.run("Where?", meta={"plan": "gold"}).path == ("large",)
        assert policy.run(Query.of("Where?"), meta={"plan": "gold"}).path == ("large",)
        with pytest.raises(Mistake, match="no query"):
            policy.run()
        with pytest.raises(Mistake, match="given twice"):
            policy.run([image], messages=[image])
        with pytest.raises(Mistake, match="did you mean `main`"):
            policy.run("hi", policy="mian")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"query": 5}, "neither a text nor messages"),
        ({"query": b"hi"}, "neither a text nor messages"),
        ({"query": [5]}, "must be an object"),
        ({"query": "hi", "messages": "before"}, "neither a text nor messages"),
        ({"query": "hi", "meta": {"a": object()}}, "`meta.a` is neither"),
        ({"query": "hi", "meta": {5: "a"}}, "facts by name"),
        ({"query": "hi", "meta": "gold"}, "facts by name"),
        ({"query": Query.of("hi"), "meta": {"a": []}}, "`meta.a` is neither"),
        ({"query": [Message("user", 5)]}, "is no text"),
        ({"query": "hi", "policy": 5}, "name of a policy"),
        ({"query": "hi", "policy": ["main"]}, "name of a policy"),
        ({"query": "hi", "meta": {"a": float("nan")}}, "`meta.a` is no finite number"),
        ({"query": Query.of("hi", {"a": float("inf")})}, "`meta.a` is no finite number"),
        ({"query": "hi", "seed": "x"}, "whole number"),
        ({"query": "hi", "seed": True}, "whole number"),
    ],
)
def test_arguments_of_another_type_are_a_mistake(file: Path, asked: dict[str, Any], said: str):
    with Policy.load(file, traces=False) as policy:
        for ask in (policy.run, policy.astream, lambda **given: asyncio.run(policy.arun(**given))):
            with pytest.raises(Mistake, match=said):
                ask(**asked)


def test_a_policy_with_errors(tmp_path: Path):
    (tmp_path / "bad.cl").write_text('use "std/anthropic"\npolicy main = sonet\n')
    with pytest.raises(PolicyError) as caught:
        Policy.load(tmp_path / "bad.cl")
    assert [d.name for d in caught.value.diagnostics] == ["unknown-name"]
    assert isinstance(caught.value.diagnostics[0], cascadelang.Diagnostic)
    assert "did you mean `sonnet`?" in str(caught.value)
    assert "^^^^^" in str(caught.value)


def test_asynchronous_runs_overlap(file: Path):
    async def many() -> list[Result]:
        async with Policy.load(file, traces=False) as policy:
            return await asyncio.gather(*(policy.arun(f"Where? {n}") for n in range(20)))

    assert {result.model for result in asyncio.run(many())} == {"large"}


def test_a_stream(file: Path):
    async def texts(policy: str) -> tuple[list[str], Result]:
        async with Policy.load(file, traces=False) as loaded:
            stream = loaded.astream("Where?", policy=policy)
            with pytest.raises(RuntimeError, match="take all of its texts"):
                _ = stream.result
            return [text async for text in stream], stream.result

    parts, result = asyncio.run(texts("main"))
    assert "".join(parts) == result.answer
    parts, result = asyncio.run(texts("strict"))
    assert (parts, result.status) == ([], "failed")


def test_a_stream_that_is_left_is_cancelled(file: Path, tmp_path: Path):
    store = tmp_path / "t.sqlite"

    async def leave() -> None:
        async with Policy.load(file, traces=store) as policy:
            stream = policy.astream("Where?", meta={"plan": "gold"})
            async for _ in stream:
                break
            await stream.aclose()
            await stream.aclose()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(leave())
    assert len(list_runs(store)) == 1


def test_synchronous_runs_keep_one_loop_and_take_turns(file: Path):
    with Policy.load(file, traces=False) as policy:
        results: list[Result] = []
        threads = [threading.Thread(target=lambda: results.append(policy.run("Where?"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [result.model for result in results] == ["large"] * 8


def test_run_inside_a_loop_says_what_to_do(file: Path):
    async def inside() -> None:
        async with Policy.load(file, traces=False) as policy:
            with pytest.raises(RuntimeError, match="arun"):
                policy.run("Where?")
            with pytest.raises(RuntimeError, match="aclose"):
                policy.close()

    asyncio.run(inside())


def test_closed_is_closed(file: Path):
    policy = Policy.load(file, traces=False)
    policy.run("Where?")
    policy.close()
    policy.close()
    with pytest.raises(RuntimeError, match="was closed"):
        policy.run("Where?")


def test_a_policy_that_is_forgotten_closes_itself(file: Path, tmp_path: Path, until):
    store = tmp_path / "t.sqlite"
    policy = Policy.load(file, traces=store)
    policy.run("Where?")
    del policy
    until(lambda: list_runs(store))
    assert [run.status for run in list_runs(store)] == ["accepted"]


def test_a_policy_that_is_forgotten_in_a_loop_does_not_stop_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    gc.collect()  # what earlier tests have left says nothing here
    store = tmp_path / "t.sqlite"
    go_on, closed = threading.Event(), threading.Event()
    close_sink, close_provider = TraceStore.close, Scripted.close

    def slow(self: TraceStore) -> None:
        if self.path == store:  # what earlier tests have left is collected here, too
            go_on.wait(30)
        close_sink(self)
        if self.path == store:
            closed.set()

    provider_closed = threading.Event()

    async def watched(self: Scripted) -> None:
        provider_closed.set()
        await close_provider(self)

    monkeypatch.setattr(TraceStore, "close", slow)
    monkeypatch.setattr(Scripted, "close", watched)
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    monkeypatch.setattr(sys, "excepthook", lambda *error: unraisable.append(error))

    async def forget() -> None:
        policy = Policy.load(file, traces=store)
        assert (await policy.arun("Where?")).ok
        del policy
        gc.collect()
        assert not go_on.is_set()
        assert not closed.is_set()
        go_on.set()
        assert await asyncio.to_thread(closed.wait, 30)
        assert provider_closed.is_set()

    asyncio.run(forget())
    assert unraisable == []
    assert [run.status for run in list_runs(store)] == ["accepted"]


def test_a_stream_keeps_its_policy(file: Path):
    async def texts() -> list[str]:
        stream = Policy.load(file, traces=False).astream("Where?")
        gc.collect()
        texts = [text async for text in stream]
        assert stream._policy._resources in resources._OPEN
        assert stream.result.ok
        return texts

    assert asyncio.run(texts())


def test_the_end_of_the_process_closes_what_is_left(file: Path, tmp_path: Path):
    store = tmp_path / "t.sqlite"
    code = f"""
import asyncio, sys
from cascadelang import Policy
kept = Policy.load({str(file)!r}, traces={str(store)!r})
kept.run("Where?")
async def main():
    policy = Policy.load({str(file)!r}, traces={str(store)!r})
    await policy.arun("Where?")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert len(list_runs(store)) == 2


def test_each_policy_has_its_own_pulls_told(tmp_path: Path):
    path = tmp_path / "l.cl"
    path.write_text(
        'provider here = local\nmodel small = here("smollm2-135m")\npolicy main = small\n', encoding="utf-8"
    )
    told: list[tuple[str, str]] = []
    with (
        Policy.load(path, traces=False, on_pull=lambda _done, _total, what: told.append(("first", what))) as first,
        Policy.load(path, traces=False, on_pull=lambda _done, _total, what: told.append(("second", what))) as second,
        Policy.load(path, traces=False) as third,
    ):
        for policy in (second, first):
            policy._resources.providers["here"]._progress(1, 2, "fetching")  # type: ignore[attr-defined]
        assert third._resources.providers["here"]._progress is None  # type: ignore[attr-defined]
    assert told == [("second", "fetching"), ("first", "fetching")]


def test_text_as_it_comes(file: Path):
    texts: list[str] = []
    with Policy.load(file, traces=False) as policy:
        result = policy.run("Where?", meta={"plan": "gold"}, on_text=texts.append)
    assert "".join(texts) == result.answer
    assert len(texts) > 1


def test_a_store_that_can_not_be_written_warns_and_says_how_many(file: Path, tmp_path: Path):
    said: list[str] = []
    (tmp_path / "blocked").write_text("")
    with Policy.load(file, traces=tmp_path / "blocked" / "t.sqlite", warn=said.append) as policy:
        assert policy.run("Where?").ok
        assert policy.run("Where?").ok
    assert said[-1].startswith("2 runs were not recorded in ")
    assert all("can't be recorded" in each for each in said[:-1]), "told at once where the machine is slow"
    assert len(said) <= 2


def test_a_seed_reaches_models_that_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "seeds.cl"
    path.write_text(
        """
        provider fake = scripted { replies: { a: "no", b: "no", c: "no", j: "no" } }
        model a = fake("a")
        model b = fake("b") { seed: 3 }
        model c = fake("c")
        model j = fake("j")
        policy main   = cascade [a, b, c with { seed: 4 }] until json
        policy judged = cascade [a] until judge(j, "Is it right?") >= 0.8 otherwise fail
        """,
        encoding="utf-8",
    )
    seeds: list[tuple[str, int | None]] = []
    send = Scripted.send

    async def watched(self: Scripted, request: Request) -> Reply:
        seeds.append((request.model, request.seed))
        return await send(self, request)

    monkeypatch.setattr(Scripted, "send", watched)
    with Policy.load(path, traces=False) as policy:
        for seed in (7, 8, None):
            seeds.clear()
            policy.run("Where?", seed=seed)
            policy.run("Where?", policy="judged", seed=seed)
            assert dict(seeds) == {"a": seed, "b": 3, "c": 4, "j": seed}


def test_a_seed_makes_nothing_anew(file: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[Interpreter] = []
    make = Interpreter.__init__

    def counted(self: Interpreter, *args: Any, **named: Any) -> None:
        made.append(self)
        make(self, *args, **named)

    monkeypatch.setattr(Interpreter, "__init__", counted)
    with Policy.load(file, traces=False) as policy:
        for seed in (None, 7, 8):
            assert policy.run("Where?", seed=seed).ok
    assert len(made) == 1


def test_closing_in_a_loop_does_not_stop_the_loop(file: Path, monkeypatch: pytest.MonkeyPatch):
    asked, go_on = threading.Event(), threading.Event()
    send = Scripted.send

    async def held(self: Scripted, request: Request) -> Reply:
        asked.set()
        await asyncio.to_thread(go_on.wait, 30)
        return await send(self, request)

    monkeypatch.setattr(Scripted, "send", held)
    policy = Policy.load(file, traces=False)
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(policy.run("Where?")))
    thread.start()

    async def close() -> None:
        assert await asyncio.to_thread(asked.wait, 30)
        closing = asyncio.create_task(policy.aclose())
        done, _ = await asyncio.wait([closing], timeout=0.05)
        assert not done, "it waits for the run in the other thread"
        go_on.set()  # never comes to pass when the loop stands still
        await closing

    asyncio.run(close())
    thread.join()
    assert len(results) == 1


def test_threads_that_ask_at_once_share_what_is_made(file: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[object] = []
    for kind in (Scripted, Interpreter):

        def counted(self: object, *args: Any, _make: Any = kind.__init__, **named: Any) -> None:
            made.append(self)
            time.sleep(0.005)  # lets the others in
            _make(self, *args, **named)

        monkeypatch.setattr(kind, "__init__", counted)
    failed: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_value))
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(10):
            made.clear()
            with Policy.load(file, traces=False) as policy:
                start = threading.Barrier(4)

                def ask(seed: int, policy: Policy = policy, start: threading.Barrier = start) -> None:
                    start.wait()
                    assert asyncio.run(policy.arun("Where?", seed=seed)).ok

                threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            assert sorted(isinstance(thing, Scripted) for thing in made) == [False, True]
    finally:
        sys.setswitchinterval(interval_s)
    assert failed == []
