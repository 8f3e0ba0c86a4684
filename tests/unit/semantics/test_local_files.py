"""Files and models of this machine that a policy names have to be there before anything runs."""

from __future__ import annotations

from cascadelang.providers.local import LocalProvider
from cascadelang.providers.weights import known

RECORDS = 'provider old = replay {{ records: "{}" }}\nmodel a = old("x") {{ price: $0 / $0 }}\npolicy main = a\n'
LOCAL = 'model a = local("{}")\npolicy main = a\n'


def told(checked, text: str, **others: str) -> list[tuple[str, str, str]]:
    return [(d.name, d.message, d.help) for d in checked(text, **others).diagnostics]


def test_records_have_to_be_there(checked):
    assert told(checked, RECORDS.format("answer.jsonl"), answers__jsonl="") == [
        ("missing-file", "`answer.jsonl` can't be read: there is no such file", "did you mean `answers.jsonl`?")
    ]
    assert told(checked, RECORDS.format("answers.jsonl"), answers__jsonl="") == []
    assert told(checked, RECORDS.format(" "))[0][:2] == ("missing-file", "the path is empty")


def test_a_file_of_weights_has_to_be_there(checked):
    assert told(checked, LOCAL.format("nope.gguf")) == [
        (
            "missing-file",
            "`nope.gguf` can't be read: there is no such file",
            "paths are relative to the policy file that names them",
        )
    ]
    assert told(checked, LOCAL.format("mine.gguf"), mine__gguf="") == []


def test_a_provider_of_one_file_answers_for_every_model(checked):
    text = 'provider oc = local {{ gguf: "{}" }}\nmodel a = oc("whatever")\npolicy main = a\n'
    assert [name for name, *_ in told(checked, text.format("nope.gguf"))] == ["missing-file"]
    assert told(checked, text.format("mine.gguf"), mine__gguf="") == []


def test_names_of_local_models_are_known(checked):
    assert told(checked, LOCAL.format("smollm2-13m")) == [
        ("unknown-choice", "no local model is named `smollm2-13m`", "did you mean `smollm2-135m`?")
    ]
    ((_, _, help_),) = told(checked, LOCAL.format("llama"))
    assert help_.startswith("there are `smollm2-135m`, ")
    assert help_.endswith("end in `.gguf`")
    assert told(checked, LOCAL.format("qwen2.5-coder-0.5b")) == []


def test_a_file_is_looked_for_beside_the_policy_that_declares_the_provider(checked):
    texts = {"sub/m.cl": LOCAL.format("mine.gguf"), "sub/mine.gguf": ""}
    assert told(checked, 'use "sub/m.cl"\npolicy main = a\n', **texts) == []
    assert told(checked, 'use "sub/m.cl"\npolicy main = a\n', **{"sub/m.cl": texts["sub/m.cl"], "mine.gguf": ""})


def test_lint_knows_the_names_that_can_be_pulled():
    assert LocalProvider.models == tuple(model.name for model in known())
