from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Message, Request, TokenLogprob
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.providers.replay import Replay

RECORDS = [
    {
        "id": "1",
        "query": "2 + 2?",
        "reference": "4",
        "answers": {
            "small": {"text": "5", "quality": 0.0, "input_tokens": 6, "output_tokens": 2, "latency_s": 0.5},
            "large": {
                "text": "It is 4",
                "quality": 1.0,
                "cost_usd": 0.01,
                "logprobs": [-0.1, -0.2],
                "finish_reason": "length",
            },
            "judged": {"quality": 1.0},
        },
    },
    {
        "id": "2",
        "query": "And 3 + 3?",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "2 + 2?"},
            {"role": "assistant", "content": "4"},
            {"role": "user", "content": "And 3 + 3?"},
        ],
        "answers": {"small": {"text": "6"}},
    },
    {"id": "3", "query": "2 + 2?", "answers": {"small": {"text": "later"}, "third": {"text": "four"}}},
]


class NoWait:
    def __init__(self):
        self.waited = []

    async def sleep(self, seconds):
        self.waited.append(seconds)


def provider(folder, name="records.jsonl", lines=None, clock=None, **settings):
    text = "\n".join(json.dumps(record) for record in RECORDS) if lines is None else lines
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return Replay(ProviderConfig("past", {"records": name} | settings, folder=str(folder)), clock=clock)


def ask(replay, model, *messages, **fields):
    talk = tuple(Message(*message) for message in messages) or (Message("user", "2 + 2?"),)
    return asyncio.run(replay.send(Request(model=model, messages=talk, **fields)))


def failure(replay, model, *messages):
    with pytest.raises(CallFailed) as caught:
        ask(replay, model, *messages)
    assert caught.value.kind == "policy"
    return caught.value.message


@pytest.mark.parametrize("name", ["records.jsonl", "records.jsonl.gz"])
def test_answers_from_the_record(tmp_path, name):
    replay = provider(tmp_path, name)
    small = ask(replay, "small")
    assert (small.text, small.model, small.finish_reason) == ("5", "small", "stop")
    assert (small.usage.input_tokens, small.usage.output_tokens, small.usage.estimated) == (6, 2, False)
    large = ask(replay, "large", logprobs=0)
    assert large.logprobs == (TokenLogprob("", -0.1), TokenLogprob("", -0.2))
    assert large.finish_reason == "length"
    assert large.usage.estimated
    assert ask(replay, "large").logprobs is None
    assert ask(replay, "third").text == "four"


def test_streams_what_is_recorded(tmp_path):
    async def run():
        asked = Request(model="large", messages=(Message("user", "2 + 2?"),))
        return [part.text async for part in provider(tmp_path).stream(asked)]

    assert asyncio.run(run()) == ["It ", "is ", "4", "It is 4"]


def test_a_conversation_is_found_whole_or_not_at_all(tmp_path):
    replay = provider(tmp_path)
    talk = [("user", "2 + 2?"), ("assistant", "4"), ("user", "And 3 + 3?")]
    assert ask(replay, "small", *talk).text == "6"
    assert "no record of the query “And 3 + 3?”" in failure(replay, "small", ("user", "And 3 + 3?"))
    draft = [("user", "2 + 2?"), ("assistant", "5"), ("user", "2 + 2?")]
    assert "no record" in failure(replay, "large", *draft)


def test_what_is_missing_is_said(tmp_path):
    replay = provider(tmp_path)
    assert failure(replay, "huge") == "`records.jsonl` holds no answer of `huge` to this query"
    assert failure(replay, "judged") == "`records.jsonl` holds no text of the answer of `judged`"
    assert failure(replay, "small", ("user", "5 + 5?" * 40)).startswith(
        "`records.jsonl` holds no record of the query"
    )


def test_latency_is_replayed_when_wanted(tmp_path):
    clock = NoWait()
    ask(provider(tmp_path, clock=clock), "small")
    assert clock.waited == []
    replay = provider(tmp_path, clock=clock, latency=True)
    ask(replay, "small")
    with pytest.raises(CallFailed) as caught:
        ask(replay, "small", timeout_s=0.25)
    assert caught.value.kind == "timeout"
    assert clock.waited == [0.5, 0.25]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('{"query": "a"', "1 is no JSON: "),
        ('\n{"query": "a", "answers": []}', "2 is no record: it has no `answers` by model"),
        ("[]", "1 is no record: it isn't an object"),
        ('{"answers": {}}', "1 is no record: it has no `query`"),
        ("\x00\x01", "1 is no JSON: "),
    ],
)
def test_a_broken_line_is_named(tmp_path, lines, said):
    assert failure(provider(tmp_path, lines=lines), "small").startswith(f"`records.jsonl`, line {said}")


def test_a_record_without_a_query_answers_none(tmp_path):
    nameless = '{"query": null, "answers": {"small": {"text": "whose?"}}}\n{"query": "a", "answers": {}}'
    assert "holds no record" in failure(provider(tmp_path, lines=nameless), "small", ("user", "None"))
    assert "holds no record" in failure(provider(tmp_path, lines=nameless), "small", ("user", ""))


def test_files_that_cannot_be_replayed(tmp_path):
    def of(name):
        return Replay(ProviderConfig("past", {"records": name}, folder=str(tmp_path)))

    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b"x" * 5000)[:20])
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "plain.jsonl.gz").write_bytes(b"{}")
    assert failure(of("none.jsonl"), "m") == "`none.jsonl` can't be read: there is no such file"
    assert "can't be read" in failure(of("folder.jsonl"), "m")
    assert "`cut.jsonl.gz` is damaged after line 0" in failure(of("cut.jsonl.gz"), "m")
    assert "can't be read" in failure(of("plain.jsonl.gz"), "m")
    assert "can't be read" in failure(of("none.parquet"), "m")
    (tmp_path / "records.csv").write_text("a,b\n1,2\n")
    assert "line 1: no column is an answer's" in failure(of("records.csv"), "m")
    assert "records are `.jsonl`, `.jsonl.gz`, `.csv`, `.csv.gz` or `.parquet` files" in failure(
        of("records.xls"), "m"
    )
    assert failure(of(""), "m") == "provider `past` has no `records`"


def test_many_first_calls_read_the_file_once(tmp_path, monkeypatch):
    replay = provider(tmp_path)
    reads = []
    real = replay._read
    monkeypatch.setattr(replay, "_read", lambda: reads.append(1) or real())

    async def run():
        asked = Request(model="small", messages=(Message("user", "2 + 2?"),))
        return await asyncio.gather(*(replay.send(asked) for _ in range(20)))

    assert {reply.text for reply in asyncio.run(run())} == {"5"}
    assert len(reads) == 1
