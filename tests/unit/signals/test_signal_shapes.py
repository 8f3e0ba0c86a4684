from __future__ import annotations

import pytest

from cascadelang.contracts.messages import Image, Message, Query, Tool
from cascadelang.signals.chars import SIGNAL as CHARS
from cascadelang.signals.has_code import SIGNAL as HAS_CODE
from cascadelang.signals.has_image import SIGNAL as HAS_IMAGE
from cascadelang.signals.has_math import SIGNAL as HAS_MATH
from cascadelang.signals.has_tools import SIGNAL as HAS_TOOLS
from cascadelang.signals.has_url import SIGNAL as HAS_URL
from cascadelang.signals.lines import SIGNAL as LINES
from cascadelang.signals.tokens import SIGNAL as TOKENS
from cascadelang.signals.turns import SIGNAL as TURNS
from cascadelang.signals.wants_json import SIGNAL as WANTS_JSON
from cascadelang.signals.words import SIGNAL as WORDS

TALK = Query(
    (
        Message("user", "first question"),
        Message("assistant", "an answer"),
        Message("user", "second\nquestion 日本"),
    )
)


def value(signal, query, scope="query"):
    if isinstance(query, str):
        query = Query.of(query)
    return signal({"scope": scope}).read(query).value


def test_counts_over_the_last_user_message():
    assert value(CHARS, TALK) == len("second\nquestion 日本")
    assert value(WORDS, TALK) == 4
    assert value(LINES, TALK) == 2
    assert value(TURNS, TALK) == 2
    assert value(TOKENS, TALK) > 3


def test_counts_over_the_conversation():
    assert value(WORDS, TALK, "conversation") == 8
    assert value(LINES, TALK, "conversation") == 4
    assert value(TOKENS, TALK, "conversation") > value(TOKENS, TALK)


def test_nothing_counts_zero():
    for signal in (CHARS, WORDS, LINES, TOKENS):
        assert value(signal, "") == 0
    assert value(TURNS, Query(())) == 0


def test_a_last_line_end_starts_no_line():
    assert value(LINES, "a\nb\n") == 2


def test_images():
    shown = Query((Message("user", "what is it?", (Image(url="https://example.com/a.png"),)),))
    assert value(HAS_IMAGE, shown) is True
    later = Query((*shown.messages, Message("assistant", "a cat"), Message("user", "and its age?")))
    assert value(HAS_IMAGE, later) is False
    assert value(HAS_IMAGE, later, "conversation") is True
    assert value(HAS_IMAGE, "look: data:image/png;base64,AAAA") is True


def test_tools():
    assert value(HAS_TOOLS, Query((), tools=(Tool("f", "", {}),))) is True
    assert value(HAS_TOOLS, "hi") is False


@pytest.mark.parametrize("text", ["see https://example.com/x?y=1", "go to www.example.org", "HTTP://EXAMPLE.COM"])
def test_url(text):
    assert value(HAS_URL, text) is True


@pytest.mark.parametrize("text", ["example.com", "http:// is a scheme", "www. stands for", "ratio 3://4", ""])
def test_no_url(text):
    assert value(HAS_URL, text) is False


CODE = [
    "```python\nprint(1)\n```",
    'Why does this fail?\nTraceback (most recent call last):\n  File "a.py", line 3',
    "Traceback (most recent call last): ...",
    "def add(a, b):\n    return a + b",
    "class Dog(Animal):\n    pass",
    "from os import path\nwhat does it do",
    "import numpy as np\nx = np.zeros(3)",
    "#include <stdio.h>\nint main() { return 0; }",
    "const x = 5; why is it constant",
    "arr.map(x => x * 2) returns undefined",
    "SELECT name FROM users WHERE id = 3",
    "select * from users",
    "<div class='a'>hi</div> is not centred",
    "public static void main(String[] args) {",
    "func main() {\n\tfmt.Println(1)\n}",
    'fn main() { println!("hi"); }',
    "console.log('hi') prints nothing",
    "TypeError: 'int' object is not callable",
    "$ pip install x\nfails",
    "for i in range(3):\n    print(i)",
    "java.lang.NullPointerException: x is null\n    at com.acme.Main.run(Main.java:12)",
    "x = foo(3)\ny = [1, 2]",
]


@pytest.mark.parametrize("text", CODE)
def test_code(text):
    assert value(HAS_CODE, text) is True


PROSE = [
    "What is the capital of France?",
    "Please import taxes from the table and select the best from these offers.",
    "My class: Monday, Wednesday (and Friday); bring a pen.",
    "I was charged twice (order 1234); can you refund me?",
    "From Paris import duties apply, e.g. on wine (see p. 4).",
    "Write a function that sorts a list in Python.",
    "if you could help me: I need a gift",
    'He said: "let us go"; she stayed; they wept.',
    "Let me know = soon. a = b is not what I meant",
    "I paid $ 5 for it and $10 for shipping.",
    "To-do list:\n- milk;\n- eggs;\n- bread.",
    "Le prix est de 5 € ; la livraison (gratuite) prend 3 jours.",
    "请问法国的首都是哪里？（谢谢）",
    "The error: it doesn't turn on. Exception: on Sundays.",
    "Meet at 5 p.m. (U.S. time), i.e. e.g.(roughly) noon",
    "import export business in Ghana",
    "The function (see above) is private property",
    "> quoted mail\n> second line",
    "Mr. Smith (Jr.) bought A.B.C. (Inc.); nice",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_no_code(text):
    assert value(HAS_CODE, text) is False


MATH = [
    "What is 12 * 7?",
    "12 + 30",
    "What is 144 / 12?",
    "Solve 3x + 5 = 20.",
    "solve for x",
    "\\frac{1}{2} of what",
    "Let $x^2 + 1$ be",
    "the integral of sin(x)",
    "∑ over n",
    "What is 15% of 80?",
    "17 times 3",
    "x² is",
    "Is 91 divisible by 7?",
    "factorise the number",
    "x = 4 and y = 2, find",
]


@pytest.mark.parametrize("text", MATH)
def test_math(text):
    assert value(HAS_MATH, text) is True


@pytest.mark.parametrize(
    "text",
    [
        *PROSE,
        "It costs $5 and $10 more.",
        "Open 24/7, call 555-1234 or +1 415 555 0100.",
        "On 2024-05-01 at 10:30 we met, 3-4 people.",
        "Version 1.2.3 vs 1.3.0",
        "C++ and C# are languages",
        "I have 3 cats and 2 dogs",
        "A+ grade, plus 5 stars",
        "pages 10 - 20 please",
        "my password is abc=123x",
    ],
)
def test_no_math(text):
    assert value(HAS_MATH, text) is False


@pytest.mark.parametrize(
    "text",
    [
        "Reply as JSON.",
        "Extract the invoice as JSON: total 12",
        "Return valid JSON only",
        "List the fields in a JSON object with keys a and b",
        "Output JSON",
        "Answer with a single JSON object",
        "Respond only with JSON, no prose",
        "Use this: name, age. Format the result in JSON",
        "Name and age, JSON only",
        "Antworte als JSON",
        "réponds en JSON",
        "responde en formato JSON",
        "请以JSON格式返回",
        "JSON形式で答えて",
        "Give the capital of France, as JSON",
    ],
)
def test_wants_json(text):
    assert value(WANTS_JSON, text) is True


@pytest.mark.parametrize(
    "text",
    [
        "What is JSON?",
        "How do comments work in JSON?",
        "Write a Python function that returns JSON",
        "I have a JSON file and need to find the error",
        "Jason wants an answer",
        "Convert this to XML",
        "Is JSON better than YAML?",
        "",
    ],
)
def test_does_not_want_json(text):
    assert value(WANTS_JSON, text) is False


def test_the_caller_may_want_json():
    assert value(WANTS_JSON, Query((Message("user", "hi"),), wants_json=True)) is True
