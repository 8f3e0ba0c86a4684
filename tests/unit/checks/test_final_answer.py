r"""The final answer in an answer: what is the same, what isn't, and that no text breaks it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.final_answer import LONGEST, final_answer

ALIKE = [
    # JSON, whole or in the only fenced block
    ['{"a": 1, "b": [2.50]}', '```json\n{"b": [2.5], "a": 1.0}\n```', ' {"b":[25e-1],"a":1}\n'],
    ["[]", "```\n[ ]\n```", "Here it is:\n\n```json\n[]\n```\nDone."],
    # numbers: boxed, stated, alone, at the end of the last line
    [
        "42",
        "42.",
        "**42**",
        "$42$",
        "42.0",
        "4.2e1",
        r"so \boxed{42}",
        r"\boxed{41} no, \boxed{42}",
        "The answer is 42.",
        "It's 42.",
        "So that\u2019s 42 apples.",
        "The answer is **42**.",
        "Final answer: 42",
        "Answer:\n42",
        "#### 42",
        "First 7, then 35.\n\nSo 7 + 35 = 42",
        "x = 42",
        "In total there are 42 apples.",
        "7 boxes of 6 are 7 * 6 = 42 apples in the whole of the shop.",
        "7 * 6 = <<7*6=42>>42 apples",
        "We multiply: 7 * 6 = 42 apples.\n\nTherefore, the whole shop on the corner has 42 apples this week.",
        "7 * 6 = $42 in a week.\nSo, all in all, Ann and Ben earn $42 for what they sell.",
        "Die Antwort lautet 42.",
        "La réponse est 42.",
        "Ergebnis: 42",
        "La respuesta es 42",
    ],
    ["1,234.50", "1234.5", "$1,234.50", "The total is $1,234.50.", "answer: 1234.50"],
    ["-3", "\u22123", "The answer is -3"],
    ["0.5", "1/2", "the answer is 1/2", "0.50", r"\boxed{\frac{1}{2}}", r"The answer is $\dfrac{1}{2}$."],
    ["-0.75", r"Answer: -\frac{3}{4}", r"\boxed{-\frac{3}{4}}"],
    ["50%", "50 %", "It is 50%", "It is 50 percent.", "Answer: 50 per cent", "Ergebnis: 50 Prozent"],
    ["3,000,000", "3 million", "The answer is 3 million.", "It is 3 Millionen", "Answer: $3 million"],
    ["2,500,000,000", "2.5 billion", "Answer: 2.5 bn", "Ergebnis: 2.5 Milliarden"],
    [
        "17",
        "The answer is 17. I hope that this helps you to see how it is done.",
        "Answer:\n17\n\nTell me if it helps!",
    ],
    # option letters
    [
        "B",
        "(B)",
        "b",
        "**B**",
        "B.",
        "B) because it is blue",
        "Option B",
        "The correct option is (B).",
        "The best choice is B, I think.",
        r"\boxed{\text{B}}",
        "Answer: b",
        "The answer is (B).",
        "Answer: B",
        "The correct answer is B, for it is blue",
        "Answer: option B",
        r"\boxed{B}",
        "It looks like C.\nAnswer: B",
        "The closest answer is 38 psi. The answer is (B).",
        "The answer is 38. No, the answer is 39. The answer is (B).",
        "The answer is (B). The answer is 38 psi.",
        "The answer is (C), I thought. In fact the answer is (B).",
        "Thus, the answer is:\n\nThe answer is (B).",
        "Therefore, the correct answer is:\n\nThe answer is B. 38 psi",
        "The answer is (B) 38 psi.",
        "The answer is B (38 psi).",
        "The answer is B because it is blue",
        "The answer is therefore B.",
        "The answer to the question is B.",
        r"It comes to \boxed{38}. Thus, the answer is (B).",
        r"The answer is \(B\).",
        r"The answer is \( \text{B. } 38 \).",
        "The answer is (B). That the result is so small is a surprise.",
        "The answer is (A).\n\nThe answer is (C).\n\nThe answer is (B).",
    ],
    # words
    [
        "Paris",
        "paris.",
        "  PARIS!",
        "The answer is Paris.",
        "**Paris**",
        "Answer: \u201cParis\u201d",
        r"\boxed{Paris}",
    ],
    ["Caf\u00e9 Zo\u00eb", "cafe zoe", "CAFE\u0301 zoe."],
    ["yes", "Yes.", "YES"],
]

APART = [
    ("42", "43"),
    ("42", "42%"),
    ("42", "-42"),
    ("4", "four"),
    ("B", "C"),
    ("Paris", "Rome"),
    ('{"a": 1}', '{"a": 2}'),
    ('{"a": 1}', '{"a": "1"}'),
    ("[1, 2]", "[2, 1]"),
    ("true", "[true]"),
    ("Neil Armstrong, in 1969", "Buzz Aldrin, in 1969"),  # the number isn't the answer
    ("A cat sat down", "A dog sat down"),  # an article is no option
    ("2024-01-02", "2024-02-01"),
    ("10:30", "11:30"),
    ("2 + 2 = 4.\nSo Apollo 11 was the first to land there", "2 + 2 = 4.\nSo Apollo 11 was the last to come back"),
    ("2 * 2 = 4.\nSo it takes at least 4 of them to do it", "2 * 2 = 4.\nSo it takes at most 4 of them to do it"),
    ("6 * 7 = 42 apples for 3 of them", "6 * 7 = 42 apples for 5 of them"),
    ("So you can eat 0.8 * 60g = 48g of it", "So you can eat 0.8 * 50g = 40g of it"),
    (
        "It took 3 days, and then we left for good and never returned",
        "It took 3 days and nobody ever left that place",
    ),
    ("The answer isn't 4", "The answer is 4"),
    ("The answer is not 4", "The answer is 4"),
    ("The answer is greater than 4", "The answer is 4"),
    ("The answer is at least 4", "4"),
    ("It is 4 or more", "It is 4"),
    ("The answer is A, B and C", "The answer is A, C"),
    ("The answer is A and B", "The answer is A"),
    ("Answer: (A), (B)", "Answer: (A)"),
    ("Answer: i.e. the first", "Answer: I"),
    ("x = 3, y = 4", "x = 5, y = 4"),
    ("Answer:\n1. Red\n2. Blue", "Answer:\n1. Green\n2. Blue"),
    ("Answer:\n- red\n- blue", "Answer:\n- red\n- green"),
    ("1. Red", "1. Blue"),
    ("The population is 3 million", "The population is 3 billion"),
    ("It is 5 pm", "It is 5 am"),
    ("Answer: 1.2.3", "Answer: 1.2.4"),
    ("The answer is 5 or 6", "The answer is 5"),
    (r"\boxed{3\frac{1}{2}}", r"\boxed{31/2}"),
    ("The answer is (B). No, the answer is none of them.", "The answer is (B)."),
    ("The answer is 4. No, the answer is 5.", "The answer is 4."),
    (r"\boxed{4}. That this result is small is a surprise.", r"\boxed{5}. That this result is small is a surprise."),
    ("The answer is A cat", "The answer is (A)"),
    ("Answer: (2, 3)", "Answer: (2, 4)"),
]


@pytest.mark.parametrize("texts", ALIKE, ids=lambda texts: texts[0][:20])
def test_what_is_the_same(texts):
    assert {text: final_answer(text) for text in texts} == dict.fromkeys(texts, final_answer(texts[0]))
    assert final_answer(texts[0])


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_is_not(one, other):
    assert final_answer(one) != final_answer(other)


def test_groups_stay_apart_from_each_other():
    keys = [final_answer(texts[0]) for texts in ALIKE]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "."])
def test_texts_that_say_next_to_nothing(text):
    assert final_answer(text) == final_answer(text.strip())


@given(st.text(st.characters(), max_size=300))
def test_no_text_breaks_it_and_edges_do_not_count(text):
    key = final_answer(text)
    assert isinstance(key, str)
    key.encode()  # no lone surrogates
    assert key or not text.strip()
    assert final_answer(f"\n {text} \n") == key


@given(st.integers(-(10**12), 10**12))
def test_every_whole_number_is_found_however_it_is_said(number):
    key = final_answer(str(number))
    assert key == f"number:{number}"
    for said in (f"{number:,}", f"The answer is {number}.", f"#### {number}", f"\\boxed{{{number}}}", f"{number}.0"):
        assert final_answer(said) == key, said


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{" * 100_000 + "}" * 100_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "\\boxed{" * 30_000,
        "```\n" * 60_000,
        "~~~" * 60_000,
        "answer " * 30_000,
        "answer: " * 30_000,
        "answer is " * 30_000,
        "1" * 200_000,
        "1," * 100_000,
        "1/" * 100_000 + "1",
        "-" * 200_000,
        "is 1 " * 40_000,
        "1 = 1 " * 30_000 + "\nso all of it is 1 for them",
        "= " * 90_000 + "\nso all of it has 1 for them",
        "the result is x " * 12_000,
        "the answer to the answer to " * 7_000,
        "x = 1, " * 30_000,
        "Answer: 1. a\n" * 15_000,
        "\\boxed{" + "\\frac{" * 280 + "1",
        "not " * 50_000 + "1",
        "\u0301" * 100_000,
        "x " * 2_500_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_texts_take_no_time(text):
    begun_s = time.process_time()
    final_answer(text)
    assert time.process_time() - begun_s < 5.0  # a hang, not a benchmark: it takes some milliseconds


def test_the_end_of_a_long_text_is_what_counts():
    assert final_answer("word " * LONGEST + "\nThe answer is 7") == "number:7"
