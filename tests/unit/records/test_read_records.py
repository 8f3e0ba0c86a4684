from __future__ import annotations

import gzip
import json
import math
import sys
from pathlib import Path

import pytest

from cascadelang.records.read import RecordsUnusable, read_records

GOOD = '{"id": "a", "query": "hi", "answers": {"m": {"text": "yo", "quality": 1}}}\n'


def written(tmp_path: Path, text: str | bytes, name: str = "r.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(path: Path) -> str:
    with pytest.raises(RecordsUnusable) as caught:
        list(read_records(path))
    return str(caught.value).replace(str(path), path.name)


def test_all_that_a_record_may_hold(tmp_path):
    said = {
        "id": 7,
        "query": "ignored where there are messages",
        "messages": [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "reference": "B",
        "meta": {"plan": "gold", "nested": {"left": "out"}},
        "answers": {
            "m": {
                "text": "yo",
                "quality": True,
                "cost_usd": 0.5,
                "input_tokens": 3,
                "output_tokens": 4.0,
                "latency_s": 1.5,
                "logprobs": [-0.1, -2],
                "finish_reason": "length",
                "judgements": {"j": {"score": 0.4, "reason": "meh"}},
                "parsed": "what others put beside it",
            },
            "none": None,
        },
    }
    (record,) = read_records(written(tmp_path, json.dumps(said)))
    assert (record.id, record.line, record.reference) == ("7", 1, "B")
    assert [(m.role, m.text) for m in record.query.messages] == [("system", "be brief"), ("user", "hi")]
    assert record.query.meta == {"plan": "gold"}
    assert list(record.answers) == ["m"]
    answer = record.answers["m"]
    assert (answer.quality, answer.cost_usd, answer.input_tokens, answer.output_tokens) == (1.0, 0.5, 3, 4)
    assert (answer.latency_s, answer.logprobs, answer.finish_reason) == (1.5, (-0.1, -2.0), "length")
    assert answer.judgements["j"]["score"] == 0.4


def test_what_is_missing_is_missing(tmp_path):
    (record,) = read_records(written(tmp_path, '\ufeff{"query": "hi", "answers": {"m": {}}}\n\n'))
    answer = record.answers["m"]
    assert record.id == "line 1"
    assert [answer.text, answer.quality, answer.cost_usd, answer.latency_s, answer.logprobs] == [None] * 5
    assert (answer.finish_reason, answer.judgements) == (None, {})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"query": "hi", "answers": ', "line 3 is no JSON: "),
        ('{"query": "hi", "answers": {"m": {"quality": NaN}}}', "line 3 is no JSON: "),
        ("[1, 2]", "line 3 is no record: it isn't an object"),
        ('{"answers": {}}', "it has no `query`"),
        ('{"query": "hi"}', "it has no `answers` by model"),
        ('{"query": "hi", "answers": {"m": 3}}', "the answer of `m` is no object"),
        (
            '{"query": "hi", "answers": {"m": {"quality": 7}}}',
            "the answer of `m`: `quality` is 7, and has to be from 0",
        ),
        ('{"query": "hi", "answers": {"m": {"quality": "good"}}}', "`quality` is no number: good"),
        ('{"query": "hi", "answers": {"m": {"quality": 1e999}}}', "line 3"),
        ('{"query": "hi", "answers": {"m": {"cost_usd": -1}}}', "`cost_usd` is less than 0"),
        ('{"query": "hi", "answers": {"m": {"latency_s": []}}}', "`latency_s` is no number"),
        ('{"query": "hi", "answers": {"m": {"logprobs": [null]}}}', "`logprobs` is no number"),
        ('{"query": "hi", "answers": {"m": {"text": 3}}}', "`text` is no text"),
        ('{"query": "hi", "answers": {"m": {"judgements": {"j": 1}}}}', "`judgements` are no objects by model"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}], "answers": {}}', "another content"),
        ('{"messages": [{"role": "assistant", "content": "x"}], "answers": {}}', "no message is from the user"),
        ('{"messages": [{"role": "king", "content": "x"}], "answers": {}}', "no `role` that is known"),
        (GOOD.strip(), "line 3: the id `a` stands in line 1, too"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, words):
    said = refused(written(tmp_path, GOOD + GOOD.replace('"a"', '"b"') + line + "\n"))
    assert said.startswith("`r.jsonl`, line 3")
    assert words in said


def test_a_long_line_is_read(tmp_path):
    long = "x" * 5_000_000
    (record,) = read_records(written(tmp_path, GOOD.replace("hi", long)))
    assert record.query.text == long


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file(tmp_path, text):
    assert refused(written(tmp_path, text)) == "`r.jsonl` holds no records"


def test_files_that_are_none(tmp_path):
    assert refused(tmp_path / "gone.jsonl") == "`gone.jsonl` can't be read: there is no such file"
    assert (
        refused(written(tmp_path, "a,b", "r.xlsx"))
        == "`r.xlsx` can't be read: records are `.jsonl`, `.jsonl.gz`, `.csv`, `.csv.gz` or `.parquet` files"
    )
    (tmp_path / "folder.jsonl").mkdir()
    assert "can't be read: is a directory" in refused(tmp_path / "folder.jsonl")
    assert "not a gzipped file" in refused(written(tmp_path, GOOD, "r.jsonl.gz"))


def test_compressed_whole_and_cut(tmp_path):
    lines = "".join(GOOD.replace('"a"', f'"{n}"').replace("yo", str(math.sin(n))) for n in range(5_000))
    whole = gzip.compress(lines.encode())
    told: list[tuple[int, int]] = []
    found = list(read_records(written(tmp_path, whole, "r.jsonl.gz"), lambda done, of: told.append((done, of))))
    assert len(found) == 5_000
    assert told
    assert all(0 < done <= of == len(whole) for done, of in told)
    cut = written(tmp_path, whole[: len(whole) // 2], "cut.jsonl.gz")
    assert "`cut.jsonl.gz` is damaged after line " in refused(cut)


@pytest.mark.parametrize("name", ["r.parquet", "r[1]*?.parquet"])
def test_rows_of_a_parquet_file(tmp_path, name):
    duckdb = pytest.importorskip("duckdb")
    lines = [
        {
            "id": "a",
            "query": "hi",
            "meta": {"plan": "gold"},
            "answers": {"m": {"text": "yo", "quality": 0.5, "logprobs": [-1]}},
        },
        {"id": "b", "query": "ho", "answers": {"n": {"cost_usd": 0.25, "judgements": {"j": {"score": 1}}}}},
        {
            "id": "c",
            "messages": [{"role": "user", "content": "hey"}],
            "answers": {"n": {"judgements": {"k": {"score": 0}}}},
        },
    ]
    path = tmp_path / name
    made = written(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "made.jsonl")
    plain = tmp_path / "plain.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_json('{made}')) TO '{plain}' (FORMAT parquet)")  # noqa: S608 - ours
    plain.rename(path)
    told: list[tuple[int, int]] = []
    found = list(read_records(path, lambda done, of: told.append((done, of))))
    for record, same in zip(found, read_records(made), strict=True):
        assert (record.id, record.line, record.query) == (same.id, same.line, same.query)
        assert list(record.answers) == list(same.answers)
        for model, answer in record.answers.items():
            for what in answer.__slots__:
                if what != "judgements":
                    assert getattr(answer, what) == getattr(same.answers[model], what), what
            assert {j: v["score"] for j, v in answer.judgements.items()} == {
                j: v["score"] for j, v in same.answers[model].judgements.items()
            }
    assert told[-1] == (path.stat().st_size,) * 2
    path.write_bytes(path.read_bytes()[:-9])
    assert refused(path).startswith(f"`{path.name}` can't be read: ")
    assert refused(tmp_path / "gone.parquet") == "`gone.parquet` can't be read: there is no such file"


def test_parquet_without_its_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / "r.parquet").touch()
    assert '`pip install "cascadelang[data]"`' in refused(tmp_path / "r.parquet")


TABLE = (
    "\ufeffid,query,reference,meta.plan,meta.seats,answers.gpt-4.1.text,answers.gpt-4.1.quality,"
    "answers.gpt-4.1.cost_usd,answers.m.quality,answers.m.logprobs,answers.m.finish_reason,"
    "answers.m.judgements.j.5.score,answers.m.judgements.j.5.reason,of the team\r\n"
    '007,"one, and\n""two""",12,gold,3,a,1,1e-3,TRUE,"[-0.5, -1]",length,0.5,meh,left alone\r\n'
    "\r\n"
    "8,next,,,,,0.25,,false,,,,,\r\n"
    "9,last,,,,,,,,,,,,\r\n"
)


def test_rows_of_a_csv_file(tmp_path):
    path = written(tmp_path, TABLE, "r.csv")
    zipped = written(tmp_path, gzip.compress(TABLE.encode()), "r.csv.gz")
    assert [record.id for record in read_records(zipped)] == ["007", "8", "9"]
    one, two, three = read_records(path)
    assert (one.id, one.line, one.query.text, one.reference) == ("007", 2, 'one, and\n"two"', "12")
    assert one.query.meta == {"plan": "gold", "seats": 3}
    first, second = one.answers["gpt-4.1"], one.answers["m"]
    assert (first.text, first.quality, first.cost_usd) == ("a", 1.0, 0.001)
    assert (second.text, second.quality, second.logprobs) == (None, 1.0, (-0.5, -1.0))
    assert second.finish_reason == "length"
    assert second.judgements == {"j.5": {"score": 0.5, "reason": "meh"}}
    assert (two.line, two.query.meta) == (5, {})
    assert (two.answers["gpt-4.1"].text, two.answers["gpt-4.1"].quality, two.answers["m"].quality) == (
        None,
        0.25,
        0.0,
    )
    assert three.answers == {}


def test_messages_in_a_cell(tmp_path):
    said = json.dumps([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}])
    doubled = said.replace('"', '""')
    (record,) = read_records(written(tmp_path, f'messages,answers.m.text\n"{doubled}",yo\n', "r.csv"))
    assert [(m.role, m.text) for m in record.query.messages] == [("user", "hi"), ("assistant", "yes?")]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("query;answers.m.text\n", "line 1: the columns are separated by `;`; separate them by commas"),
        ("query,query,answers.m.text\n", "line 1: two columns are called `query`"),
        ("query,answer\na,b\n", "line 1: no column is an answer's; write `answers.MODEL.text`"),
        ("query,answers.gpt-4.1\na,b\n", "line 1: `answers.gpt-4.1` ends in no field of an answer: they are `text`"),
        ("query,answers.text\na,b\n", "line 1: `answers.text` ends in no field of an answer"),
        ("query,answers.m.judgements.score\na,b\n", "`answers.m.judgements.score` is no judgement's"),
        ("query,answers.m.text\na,b\na,b,c\n", "line 3: the row has 3 cells, and there are 2 headings"),
        ("query,answers.m.text\na\n", "line 2: the row has 1 cells, and there are 2 headings"),
        ('query,answers.m.text\na,"b\n\n', "line 2: it is no CSV: unexpected end of data"),
        (
            "query,answers.m.quality\na,1\nb,good\n",
            "line 3 is no record: the answer of `m`: `quality` is no number: good",
        ),
        ("query,answers.m.quality\nb,nan\n", "`quality` is no number: nan"),
        ("query,answers.m.cost_usd\nb,1_0\n", "`cost_usd` is no number: 1_0"),
        ("query,answers.m.quality\n,1\n", "line 2 is no record: it has no `query`"),
        ("query,answers.m.logprobs\na,[1\n", "line 2: `answers.m.logprobs` is no JSON"),
        (f"query,answers.m.logprobs\na,{'[' * 100_000}\n", "line 2: `answers.m.logprobs` is no JSON"),
        ("id,query,answers.m.text\n1,a,b\n1,c,d\n", "line 3: the id `1` stands in line 2, too"),
        ("query,answers.m.text\n\n", "holds no records"),
    ],
)
def test_a_table_that_is_none(tmp_path, table, words):
    assert words in refused(written(tmp_path, table, "r.csv"))


def test_text_that_is_not_utf_8(tmp_path):
    said = refused(written(tmp_path, b"query,answers.m.text\na,\xff\n", "r.csv"))
    assert said == "`r.csv`, line 2 isn't UTF-8 text"


def test_a_long_cell_is_read_and_the_limit_of_others_stays(tmp_path):
    import csv

    before = csv.field_size_limit()
    (record,) = read_records(written(tmp_path, f"query,answers.m.text\na,{'x' * 1_000_000}\n", "r.csv"))
    assert len(record.answers["m"].text or "") == 1_000_000
    assert csv.field_size_limit() == before
