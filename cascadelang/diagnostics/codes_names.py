"""Diagnostics about names: what they name, and what must be named."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

CODES: Final = (
    Code(
        "unknown-name",
        "error",
        "a name that names nothing",
        "No declaration in the file, in what it uses, or in the catalogue of signals and checks has this name.",
        "A policy that asks what isn't there can't run. The usual cause is a typing mistake.",
        'use "std/anthropic"\nroute has_code -> opus else sonet\n',
        'use "std/anthropic"\nroute has_code -> opus else sonnet\n',
    ),
    Code(
        "wrong-kind",
        "error",
        "a name of the wrong kind of thing",
        "The name is declared, but as something else than is needed here: a signal where a model is needed, say.",
        "Models, tiers and policies answer; signals are known before an answer, checks judge one. None stands in for "
        "another.",
        'use "std/anthropic"\nsignal code = has_code\npolicy main = code\n',
        'use "std/anthropic"\nsignal code = has_code\npolicy main = route code -> opus else haiku\n',
    ),
    Code(
        "duplicate-name",
        "error",
        "a name declared twice",
        "Two declarations have one name: in the file, in the file and one it uses, or in two files it uses.",
        "Which of the two a name means would depend on their order, and a change in another file could change it.",
        'use "std/anthropic"\nmodel opus = openai("gpt-4.1")\npolicy main = opus\n',
        'use "std/anthropic" as a\nmodel opus = openai("gpt-4.1")\npolicy main = fallback [a.opus, opus]\n',
    ),
    Code(
        "reserved-name",
        "error",
        "a name with a meaning of its own",
        "`meta`, `query`, `conversation` and `case` stand in front of other names and can't be declared.",
        "`meta.plan` would have two meanings.",
        'use "std/anthropic"\nsignal meta = has_code\nroute meta -> opus else haiku\n',
        'use "std/anthropic"\nsignal code = has_code\nroute code -> opus else haiku\n',
    ),
    Code(
        "circle",
        "error",
        "a declaration that needs itself",
        "Signals, checks, tiers or policies name each other in a circle, which is written out beside the mistake.",
        "Every run must end, so nothing may need itself, not even through others.",
        'use "std/anthropic"\ntier cheap = fallback [haiku, spare]\ntier spare = fallback [sonnet, cheap]\n'
        "policy main = cheap\n",
        'use "std/anthropic"\ntier cheap = fallback [haiku, spare]\ntier spare = sonnet\npolicy main = cheap\n',
    ),
    Code(
        "unknown-label",
        "error",
        "a label that the signal doesn't have",
        "A label signal is compared with, or routed by, a word that isn't one of its labels.",
        "The comparison could never be true, and the arm never be taken.",
        'use "std/anthropic"\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "route topic == biling -> sonnet else haiku\n",
        'use "std/anthropic"\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "route topic == billing -> sonnet else haiku\n",
    ),
    Code(
        "missing-arm",
        "error",
        "a label without an arm",
        "A `route by` has neither an arm for every label nor an `else`.",
        "A query with that label would have nobody to answer it.",
        'use "std/anthropic"\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "route by topic billing -> sonnet\n",
        'use "std/anthropic"\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "route by topic billing -> sonnet else haiku\n",
    ),
    Code(
        "duplicate-arm",
        "error",
        "a label with two arms",
        "A `route by` names the same label twice; only the first arm could ever be taken.",
        "The second arm looks as if it did something, and never does.",
        'use "std/anthropic"\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "route by topic billing -> sonnet, billing -> opus else haiku\n",
        'use "std/anthropic"\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "route by topic billing -> sonnet, chat -> opus else haiku\n",
    ),
    Code(
        "unknown-rung",
        "error",
        "a label that names no rung",
        "The signal behind `from` has a label that none of the cascade's rungs is named after.",
        "A query with that label would have nowhere to start. A rung's name is that of its model, tier or policy.",
        'use "std/anthropic"\nsignal start: {small, opus} = meta.start else opus\n'
        "cascade [haiku, opus] from start until json\n",
        'use "std/anthropic"\nsignal start: {haiku, opus} = meta.start else opus\n'
        "cascade [haiku, opus] from start until json\n",
    ),
    Code(
        "unknown-field",
        "error",
        "a field that doesn't exist",
        "The braces of a provider, model, `with` or reply hold a word that isn't one of their fields.",
        "A setting that is ignored in silence is the mistake found last.",
        'model mini = openai("gpt-4.1-mini") { max_token: 800 }\npolicy main = mini\n',
        'model mini = openai("gpt-4.1-mini") { max_tokens: 800 }\npolicy main = mini\n',
    ),
    Code(
        "duplicate-field",
        "error",
        "a field given twice",
        "The same field stands twice in one pair of braces, or the same clause twice in one test.",
        "One of the two would be ignored.",
        'model mini = openai("gpt-4.1-mini") { timeout: 10s, timeout: 20s }\npolicy main = mini\n',
        'model mini = openai("gpt-4.1-mini") { timeout: 20s }\npolicy main = mini\n',
    ),
    Code(
        "missing-field",
        "error",
        "a field that must be given",
        "A provider needs a setting that has no default, or a test doesn't say what is asked.",
        "There is nothing sensible to assume.",
        'use "std/anthropic"\npolicy main = haiku\ntest "passes" { reply haiku "{}" expect unchecked }\n',
        'use "std/anthropic"\npolicy main = haiku\n'
        'test "passes" { query "hello" reply haiku "{}" expect unchecked }\n',
    ),
    Code(
        "unknown-argument",
        "error",
        "an argument that isn't taken",
        "A signal or check is given an argument it has no use for, or under a name it doesn't know.",
        "An argument that is ignored in silence makes a check look stricter than it is.",
        'use "std/anthropic"\ncascade [haiku, opus] until json(strikt: true)\n',
        'use "std/anthropic"\ncascade [haiku, opus] until json(strict: true)\n',
    ),
    Code(
        "duplicate-argument",
        "error",
        "an argument given twice",
        "The same parameter of a signal or check is given twice.",
        "One of the two would be ignored.",
        'use "std/anthropic"\nsignal bill = contains("bill", texts: "invoice")\nroute bill -> opus else haiku\n',
        'use "std/anthropic"\nsignal bill = contains(["bill", "invoice"])\nroute bill -> opus else haiku\n',
    ),
    Code(
        "missing-argument",
        "error",
        "an argument that must be given",
        "A signal or check is missing an argument that has no default.",
        "There is nothing sensible to assume.",
        'use "std/anthropic"\ncascade [haiku, sonnet] until judge(opus) >= 0.8\n',
        'use "std/anthropic"\ncascade [haiku, sonnet] until judge(opus, "Is it polite?") >= 0.8\n',
    ),
    Code(
        "unknown-choice",
        "error",
        "a word that isn't one of those to choose from",
        "Where one of a few words is expected (a statistic, an effort, a kind of failure), another one stands.",
        "It means nothing here; a typing mistake is the usual cause.",
        'model mini = openai("gpt-4.1-mini")\npolicy main = mini\n'
        'test "down" { query "hello" reply mini error rate_limt expect failed }\n',
        'model mini = openai("gpt-4.1-mini")\npolicy main = mini\n'
        'test "down" { query "hello" reply mini error rate_limit expect failed }\n',
    ),
    Code(
        "not-supported-yet",
        "error",
        "a signal, check or provider of a later version",
        "It is there, and says itself that this version of cascadelang can't run it: one of another package, say.",
        "It would have to be ignored, and the policy wouldn't do what it says.",
        'use "std/anthropic"\npolicy main = route mood > 0.5 -> haiku else sonnet\n',
        'use "std/anthropic"\npolicy main = route words > 50 -> haiku else sonnet\n',
    ),
    Code(
        "model-cannot",
        "error",
        "a check that a model's answers can never pass, or a score that they can't have",
        "The check needs something of the model that it can't give, log probabilities for one, and there is no other "
        "way to pass it; or a `vote` goes by a score that needs it.",
        "Every answer of that rung would be thrown away after it was paid for; in a vote, it would come after all "
        "that have a score, whatever it says.",
        'use "std/local"\nuse "std/anthropic"\ncascade [qwen, opus] until logprob(mean) >= -0.3\n',
        'use "std/local"\nuse "std/anthropic"\ncascade [qwen until logprob(mean) >= -0.3, opus]\n',
    ),
    Code(
        "unpriced-model",
        "error",
        "a limit in money over a model without a price",
        "`within` sets a limit in money, and the price of a model beneath it isn't known.",
        "A limit can't be kept without prices, and an unknown price is never taken for nothing.",
        'provider lan = openai { base_url: "http://localhost:8000/v1" }\nmodel house = lan("house-model")\n'
        "policy main = house within $0.05\n",
        'provider lan = openai { base_url: "http://localhost:8000/v1" }\n'
        'model house = lan("house-model") { price: $0 / $0 }\npolicy main = house within $0.05\n',
    ),
)
