"""Equations in answers: which are found, which hold, and what is passed over."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.checks._equations import equations
from cascadelang.checks.arithmetic import CHECK
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import Query, Reply


def judged(text: str) -> Finding:
    return CHECK({}).judge(Answer(Query.of("q"), Reply(text)))


RIGHT = """
48 / 2 = 24
She sold 48 / 2 = 24 clips in May. In total 48 + 24 = 72 clips.
17+26=43
$5 × 3 = $15
5 x 3 = 15
5x3 = 15
(5 + 3) * 2 = 16
2(3 + 4) = 14
-5 + 3 = -2
2^10 = 1024
2 ** 10 = 1024
-2^2 = -4
2^3^2 = 512
5² + 1 = 26
17 % 5 = 2
1,234 + 766 = 2,000
1 000 000 * 2 = 2 000 000
1.234,5 + 0,5 = 1.235
1,5 + 2,5 = 4
3.5 million / 2 = 1.75 million
2 1/2 + 1 1/2 = 4
½ + ¼ = 0.75
20% of 50 = 10
1/2 of 60 = 30
15/60 × 100 = 25%
1/4 = 0.25 = 25%
10/3 = 3.33
2/3 = 0.66
1/3 = 33%
10/3 ≈ 3
1234 * 567 ≈ 700,000
22 / 7 = about 3.14
100 / 7 = 14 (rounded)
0.1 + 0.2 = 0.30000000000000004
1020.31 × 1.08 = 1101.94
3 × 10^8 / 0.14 = 2.14 × 10^9
1e3 + 1 = 1001
1e7 / 3 = 3.33e6
1.5E-3 * 2 = 3e-3
6.02e23 / 2 = 3.01e+23
60 miles / 2 hours = 30 mph
60 miles/hour × 2 hours = 120 miles
12 people × $3/person = $36
10 = 2 × 5
Total cost = 5 × 3 = 15
x = 5 + 3 = 8
60 - 20 + 3 = 50 - 7 = 43
**48 + 24 = 72**
48 + 24 = **72** apples
- 5 + 3 = 8
2) 4 * 2 = 8
<<48/2=24>>24 clips
(so 48 / 2 = 24)
5 plus 3 = 8
$\\frac{1}{2} \\times 6 = 3$
\\[ 3 \\times (4 + 5) = 27 \\]
2\\frac{1}{2} + 1 = 3.5
5 \\text{ cm}^2 \\times 2 \\text{ cm} = 10 \\text{ cm}^3
5 \\text{ apples} + 3 \\text{ apples} &= 8 \\text{ apples} \\\\
5 m × 3 m = 15 m²
""".strip().splitlines()

WRONG = {
    "48/2 = 25 clips": "`48/2 = 25 clips` is wrong: `48/2` is 24",
    "17 + 26 = 38": "`17 + 26 = 38` is wrong: `17 + 26` is 43",
    "5x3=16": "`5x3=16` is wrong: `5x3` is 15",
    "3 + 4 = 7 = 8": "`7 = 8` is wrong",
    "1e3 + 1 = 1002": "`1e3 + 1 = 1002` is wrong: `1e3 + 1` is 1,001",
    "10/3 = 3": "`10/3 = 3` is wrong: `10/3` is about 3.333333",
    "2/3 = 0.68": "`2/3 = 0.68` is wrong: `2/3` is about 0.666667",
    "48.75 × 3 = 146.26": "`48.75 × 3 = 146.26` is wrong: `48.75 × 3` is 146.25",
    "x = 5 + 3 = 9": "`5 + 3 = 9` is wrong: `5 + 3` is 8",
    "10 = 2 × 6": "`10 = 2 × 6` is wrong: `2 × 6` is 12",
    "20% of 50 = 12": "`20% of 50 = 12` is wrong: `20% of 50` is 10",
    "60 miles / 2 hours = 40 mph": "`60 miles / 2 hours = 40 mph` is wrong: `60 miles / 2 hours` is 30",
    "12 people × $3/person = $37": "`12 people × $3/person = $37` is wrong: `12 people × $3/person` is 36",
    "2,5 × 2 = 6": "`2,5 × 2 = 6` is wrong: `2,5 × 2` is 5",
    "(48 / 2 = 25)": "`48 / 2 = 25` is wrong: `48 / 2` is 24",
    "$3 \\times (4 + 5) = 28$": "`3 \\times (4 + 5) = 28` is wrong: `3 \\times (4 + 5)` is 27",
    "1/4 = 30%": "`1/4 = 30%` is wrong: `1/4` is 25%",
    "5 + 3\n= 9": "`5 + 3 = 9` is wrong: `5 + 3` is 8",
    "1 apple + 2 apples = 5 apples": "`1 apple + 2 apples = 5 apples` is wrong: `1 apple + 2 apples` is 3",
    "5 apples + 3 pears = 9 fruits": "`5 apples + 3 pears = 9 fruits` is wrong: `5 apples + 3 pears` is 8",
    "1 + 1 = 3\n2 + 2 = 4\n3 + 3 = 7": "`1 + 1 = 3` is wrong: `1 + 1` is 2; so is one other equation",
    "1234 × 567 ≈ 600,000": "`1234 × 567 ≈ 600,000` is wrong: `1234 × 567` is 699,678",
}

PASSED_OVER = """
2x + 3 = 7
3x - 10 = 200
speed × 3 = 12
3 × speed = 12
x = 5
sqrt(16) + 1 = 4
f(2) + 3 = 9
log 10 + 1 = 3
5! = 100
x_2 = 3 + 4
15C_1 + 20C_2 = 18C_1 + 18C_2
Day 2 = 3 × 4
Weeks 1-4 = 40
1 hour = 60 minutes
2 × 60 minutes = 2 hours
50 cents × 4 = $2
1/2 cup = 8 tablespoons
2.14 × 10^9 Hz = 2.14 GHz
17 ÷ 5 = 3 remainder 2
7 ÷ 2 = 3 r1
2 hours + 30 minutes = 2.5 hours
1 hour + 20 minutes = 1.33 hours
5 feet + 6 inches = 66 inches
$1 - 50 cents = $0.50
150 cents = 1 dollar + 50 cents
0x10 + 1 = 17
7 + 8 = 3 (mod 12)
1 + 1 = 10 in binary
2 + 2 == 5
2 + 2 ≠ 5
2 + 2 < 5
100 - 20% = 80
5 m × 3 m = 16 m
8 / 0 = 0
9**9**9 = 3
9^9^9^9 = 1
2^99999 = 1
1:30 + 2 = 32
version 1.2.3 + 1 = 5
the fence (4 × 10 boards) = $270
= 5
5 =
==== 5 + 3 ====
""".strip().splitlines()


@pytest.mark.parametrize("text", RIGHT)
def test_right(text):
    found = judged(text)
    assert found.value is True, found.reason


@pytest.mark.parametrize(("text", "reason"), WRONG.items())
def test_wrong_says_which_and_what_it_comes_to(text, reason):
    assert judged(text) == Finding(value=False, reason=reason)


@pytest.mark.parametrize("text", PASSED_OVER)
def test_passed_over(text):
    assert judged(text) == Finding(None, "there is no equation between numbers in the answer")


def test_code_is_passed_over():
    assert judged("```python\n1 + 1 = 3\n```\nso 1 + 1 = 2").reason == "the only equation is right"


def test_long_answers_are_not_worked_out():
    assert judged("1 + 1 = 2 " * 30_000) == Finding(None, "the answer is longer than 50,000 characters")


NUMBERS = st.integers(-999, 999)
SIGNS = st.sampled_from("+-*/")


@settings(max_examples=300, deadline=None)
@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(SIGNS, SIGNS), st.integers(-5, 5))
def test_is_what_python_says(numbers, signs, off):
    (a, b, c), (first, second) = numbers, signs
    text = f"({a}) {first} ({b}) {second} ({c})"
    try:
        exact = eval(text.replace("(", "Fraction("), {"Fraction": Fraction})  # noqa: S307 - our own text
    except ZeroDivisionError:
        return
    (found,) = equations(f"{text} = 0 + {exact.numerator + off}/{exact.denominator}")
    assert found.holds == (off == 0)


PIECES = st.sampled_from(
    [
        "1",
        "2.5",
        " + ",
        "-",
        "*",
        "/",
        "^",
        "(",
        ")",
        " = ",
        "≈",
        "%",
        " of ",
        "x",
        "\\frac",
        "{",
        "}",
        "$",
        "\n",
        "²",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=100)))
def test_never_raises(text):
    for found in equations(text):
        assert found.holds or (found.worked and found.comes_to)


SHAPES = {
    "sums": "1 + 1 = 2\n",
    "one sum": "1 + ",
    "brackets": "(",
    "closing": "1)",
    "signs": "-",
    "powers": "2^",
    "digits": "7",
    "groups": "111,",
    "spaced": "111 ",
    "relations": "=",
    "chain": "1=",
    "fractions": "\\frac{1}{",
    "nested": "\\frac{\\frac{1}{2}}{",
    "words": "and so on ",
    "million": "1 million million ",
    "stars": "1*",
    "thirds": "1/3 + 1/7 + ",
}


@pytest.mark.parametrize("unit", SHAPES.values(), ids=SHAPES.keys())
def test_time_is_linear(unit):
    def taken(chars: int) -> float:
        text = (unit * (chars // len(unit))) + " = 2"
        runs = []
        for _ in range(3):
            begun = time.process_time()
            equations(text)
            runs.append(time.process_time() - begun)
        return min(runs)

    assert taken(80_000) <= 40 * taken(8_000) + 0.05
