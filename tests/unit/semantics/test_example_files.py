"""Files of examples, in every form and wrong in every way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.semantics.example_files import MOST, WrongExamples, examples_in, topics_in


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "one thing\n# a remark\n\n  another  \none thing\n"),
        ("a.TXT", "one thing\r\nanother"),
        ("a.json", '["one thing", "another", "one thing"]'),
        ("a.yaml", "- one thing\n- another # said\n"),
        ("a.yml", "[one thing, another]"),
        ("a.csv", 'id,text\n1,one thing\n2,"another"\n'),
    ],
)
def test_examples(name: str, text: str):
    assert examples_in(name, text) == ["one thing", "another"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "yes:\n- 'a: b'\n- 12\nno: [x]\n"),
        ("t.json", '{\n\t"yes": ["a: b", "12"], "no": ["x"]}'),
        ("t.csv", 'label,text\nyes,a: b\nno,x\nyes,"12"\nno,x\n'),
    ],
)
def test_topics(name: str, text: str):
    assert topics_in(name, text) == {"yes": ["a: b", "12"], "no": ["x"]}


def test_texts_of_all_kinds():
    assert topics_in("t.json", '{"a": ["\\ud83d\\ude00", "x\\/y"]}') == {"a": ["😀", "x/y"]}
    assert examples_in("a.csv", 'text\n"two\nlines"\n') == ["two\nlines"]
    assert examples_in("a.yaml", "- |\n  two\n  lines\n- x\n") == ["two\nlines", "x"]


EXAMPLES = [
    ("a.txt", "", 0, "there is no example in it"),
    ("a.txt", "# only a remark\n", 0, "there is no example in it"),
    ("a.md", "x", 0, "examples are read from"),
    ("a", "x", 0, "examples are read from"),
    ("a.json", '["x",\n', 2, "it isn't JSON: expecting value"),
    ("a.json", '{"a": ["x"]}', 1, "aren't a list of texts"),
    ("a.json", '["x",\n\n""]', 3, "an example is empty"),
    ("a.json", '["x",\n {"y": 1}]', 1, "an example isn't a text"),
    ("a.json", "[" * 100_000, 0, "nested too deeply"),
    ("a.yaml", "just text", 1, "aren't a list of texts"),
    ("a.yaml", "- x\n- y: z\n", 2, "an example isn't a text"),
    ("a.yaml", "- x\n-\n", 2, "an example is empty"),
    ("a.yaml", "- [x\n", 2, "it isn't YAML"),
    ("a.yaml", "[" * 100_000, 1, "it isn't YAML"),
    ("a.yaml", "- a\0b", 0, "characters that a text file doesn't have"),
    ("a.csv", "text\n", 0, "there is no example in it"),
    ("a.csv", "", 1, "it has no column `text`"),
    ("a.csv", "label,words\na,x\n", 1, "it has no column `text`"),
    ("a.csv", 'text\nx\n\n"y\nz\n', 4, "a quote that begins here has no end"),
    ("a.csv", 'text\nx\n"y" z\n', 3, "it isn't CSV"),
    ("a.csv", "text\n\nI was charged, twice\n", 3, "a row has more cells than columns"),
    ("a.csv", "text,id,text\nx,1,y\n", 1, "it has the column `text` twice"),
]


@pytest.mark.parametrize(("name", "text", "line", "said"), EXAMPLES)
def test_wrong_examples(name: str, text: str, line: int, said: str):
    with pytest.raises(WrongExamples) as caught:
        examples_in(name, text)
    assert said in str(caught.value)
    assert caught.value.line == line
    assert caught.value.help


TOPICS = [
    ("t.yaml", "", 0, "there is no label in it"),
    ("t.txt", "x", 0, "labels with examples are read from"),
    ("t.yaml", "a: [x]\nb: [y, x]", 2, "`x` is an example of `b`, and of `a` in line 1"),
    ("t.yaml", "a: x", 1, "the examples of `a` aren't a list"),
    ("t.yaml", "a: [x]\nb:\n", 2, "`b` has no example"),
    ("t.yaml", "a: [x]\nb: []\n", 2, "`b` has no example"),
    ("t.yaml", "a: [x]\ntwo words: [y]", 2, "`two words` can't be a label"),
    ("t.yaml", "a: [x]\n'': [y]", 2, "an example has no label"),
    ("t.yaml", "12: [y]", 1, "`12` can't be a label"),
    ("t.yaml", "true: [y]", 1, "`true` can't be a label"),
    ("t.yaml", "a: [x]\na: [y]", 2, "the label `a` stands there twice, first in line 1"),
    ("t.yaml", "a:\n- x: y\n", 2, "an example of `a` isn't a text"),
    ("t.yaml", "- a\n", 1, "it isn't labels with lists of examples"),
    ("t.yaml", "[a: [x]]", 1, "it isn't labels with lists of examples"),
    ("t.yaml", "&a {a: *a}", 1, "aren't a list of texts"),
    ("t.yaml", "a: &x [p]\nb: *x\n", 1, "`p` is an example of `b`, and of `a`"),
    ("t.json", '{"a": ["x"],\n"a": ["y"]}', 2, "stands there twice"),
    ("t.json", "3", 1, "it isn't labels with lists of examples"),
    ("t.json", '{"a": {"b": ["x"]}}', 1, "the examples of `a` aren't a list"),
    ("t.csv", "text\nx\n", 1, "it has no column `label`"),
    ("t.csv", "label,text\na,x\n,y\n", 3, "an example has no label"),
    ("t.csv", "label,text\na,x\nb,\n", 3, "an example of `b` is empty"),
    ("t.csv", "label,text\na b,x\n", 2, "`a b` can't be a label"),
    ("t.csv", 'label,text\na,"x\ny"\nb,"z\nz", z\n', 4, "a row has more cells than columns"),
]


@pytest.mark.parametrize(("name", "text", "line", "said"), TOPICS)
def test_wrong_topics(name: str, text: str, line: int, said: str):
    with pytest.raises(WrongExamples) as caught:
        topics_in(name, text)
    assert said in str(caught.value)
    assert caught.value.line == line
    assert caught.value.help


def test_what_names_itself_again_and_again_is_read_once():
    text = "a: &a [x]\n" + "".join(f"l{n}: *a\n" for n in range(1000))
    with pytest.raises(WrongExamples, match="is an example of"):
        topics_in("t.yaml", text)
    laughs = "- &a0 [x, x]\n" + "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    with pytest.raises(WrongExamples, match="isn't a text"):
        examples_in("a.yaml", laughs)


def test_too_many():
    with pytest.raises(WrongExamples, match="it has 50,001 examples"):
        examples_in("a.txt", "\n".join(str(number) for number in range(MOST + 1)))


@given(st.sampled_from(["txt", "json", "yaml", "csv"]), st.text(st.characters(), max_size=60))
def test_any_text_is_read_or_told(ending: str, text: str):
    for read in (examples_in, topics_in):
        told = ""
        found = None
        try:
            found = read(f"f.{ending}", text)
        except WrongExamples as wrong:
            told = wrong.help
        assert bool(found) != bool(told)
