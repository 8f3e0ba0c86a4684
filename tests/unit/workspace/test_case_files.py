"""Case files: what is read, and that what is wrong in them is told with its line."""

from __future__ import annotations

import pytest

from cascadelang.workspace.case_file import MAX_VALUES, read_cases
from cascadelang.workspace.mistake import Mistake


def told(path: str, text: str) -> str:
    with pytest.raises(Mistake) as error:
        read_cases(path, text.encode())
    return error.value.message


def test_rows_know_their_lines():
    rows = read_cases("c.yaml", b"# head\n- query: a\n  meta: {plan: gold}\n\n- query: b\n")
    assert [(row.at, row.fields["query"]) for row in rows] == [("c.yaml:2", "a"), ("c.yaml:5", "b")]
    rows = read_cases("c.csv", b'query,meta.plan\n"two\nlines",gold\n\nb,\n')
    assert [(row.at, row.fields) for row in rows] == [
        ("c.csv:2", {"query": "two\nlines", "meta": {"plan": "gold"}}),
        ("c.csv:5", {"query": "b"}),
    ]
    rows = read_cases("c.json", b'[\n  {"query": "a", "n": 1.5},\n  {"query": "b"}\n]')
    assert [(row.at, row.fields) for row in rows] == [
        ("c.json:2", {"query": "a", "n": 1.5}),
        ("c.json:3", {"query": "b"}),
    ]


def test_cells_are_what_they_look_like_but_texts_are_texts():
    text = "query,name,path,calls,ok,reply.small\n007,01,small large,2,true,42\n"
    (row,) = read_cases("c.csv", text.encode())
    assert row.fields == {
        "query": "007",
        "name": "01",
        "path": "small large",
        "calls": 2,
        "ok": True,
        "reply": {"small": "42"},
    }


def test_dates_are_texts_and_anchors_and_merges_are_yaml():
    text = "- &a {query: hi, day: 2026-11-24, meta: {plan: gold}}\n- <<: *a\n  query: ho\n"
    first, second = read_cases("c.yaml", text.encode())
    assert first.fields == {"query": "hi", "day": "2026-11-24", "meta": {"plan": "gold"}}
    assert second.fields == {**first.fields, "query": "ho"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- query: a\n- query: b\n  query: c\n", "c.yaml:3: `query` is there twice"),
        ("- query: a\n- meta: {x: 1, x: 2}\n", "c.yaml:2: `x` is there twice"),
        (
            "- query: a\n  name: n\n- query: b\n  name: n\n",
            "c.yaml:3: the case is called `n`, as the one in c.yaml:1",
        ),
        ("- query: a\n- 3\n", "c.yaml:2: case 2 must be fields with names"),
        ("- query: a\n- {1: b}\n", "c.yaml:2: case 2 must be fields with names"),
        ("- {query: a, n: .inf}\n", "c.yaml:1: `n` is a number that isn't finite"),
        ("- {query: a, n: !!binary aGk=}\n", "c.yaml:1: `n` is neither a text nor a number"),
        ("- {query: a, meta: {2: b}}\n", "c.yaml:1: `meta` must be fields with names"),
        ("query: a\n", "`c.yaml` must be a list of cases"),
        ("- {query: &a [*a]}\n", "c.yaml:1: a value holds itself"),
        ("", "`c.yaml` holds no case"),
        ("[]", "`c.yaml` holds no case"),
        ("- [\n", "`c.yaml` is not YAML"),
        ("- {? [a] : b}", "`c.yaml` is not YAML"),
    ],
)
def test_yaml_that_can_not_be_used(text: str, said: str):
    assert told("c.yaml", text).startswith(said)


def test_aliases_can_not_blow_up():
    lines = ["- &a0 {query: [x, x, x, x, x, x, x, x, x, x]}"]
    lines += [f"- &a{n} {{query: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)]
    assert f"more than {MAX_VALUES:,} values" in told("c.yaml", "\n".join(lines))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("query,path\na,small\nb\n", "c.csv:3: the row has 1 cells, and there are 2 headings"),
        ("query,path\na,small,large\n", "c.csv:2: the row has 3 cells, and there are 2 headings"),
        ("query,query\na,b\n", "c.csv:1: two columns are called `query`"),
        ("query;path\na;b\n", "c.csv:1: the columns are separated by `;`"),
        ("query\tpath\na\tb\n", "c.csv:1: the columns are separated by tabs"),
        ("query,reply,reply.small\na,b,c\n", "c.csv:1: there is a column `reply` and a column `reply.small`"),
        ("query,name\na,n\nb,n\n", "c.csv:3: the case is called `n`, as the one in c.csv:2"),
        ('query\n"a\n', "`c.csv` is not CSV that can be read"),
        ("query\n", "`c.csv` holds no case"),
        ("\n\n", "`c.csv` holds no case"),
    ],
)
def test_csv_that_can_not_be_used(text: str, said: str):
    assert told("c.csv", text).startswith(said)


def test_empty_columns_of_a_spreadsheet_are_none():
    (row,) = read_cases("c.csv", b"\xef\xbb\xbfquery,path,,\r\na,small,,\r\n")
    assert row.fields == {"query": "a", "path": "small"}


def test_other_files_are_told():
    assert told("c.toml", "a = 1") == "`c.toml` is neither YAML nor CSV"
    with pytest.raises(Mistake, match="is not UTF-8 text"):
        read_cases("c.csv", b"\xff\xfe")


def test_many_rows():
    text = "query,meta.plan,path\n" + "".join(f"q{n},gold,large\n" for n in range(10_000))
    rows = read_cases("c.csv", text.encode())
    assert (len(rows), rows[-1].at) == (10_000, "c.csv:10001")
