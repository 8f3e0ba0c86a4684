"""Diagnostics about values: their types, and the ranges they must lie in."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

CODES: Final = (
    Code(
        "wrong-type",
        "error",
        "a value of the wrong type",
        "A value stands where one of another type is needed, or two values are compared that have nothing in common.",
        "A score isn't a log probability, and a number isn't a condition: taking one for the other decides nothing, "
        "in silence.",
        'use "std/anthropic"\ncascade [haiku, opus] until words\n',
        'use "std/anthropic"\ncascade [haiku, opus] until words <= 200\n',
    ),
    Code(
        "out-of-range",
        "error",
        "a number that can't be",
        "A setting is a number outside what it can be: no tokens, a temperature of 3, a limit of nothing.",
        "A provider would refuse it at run time, or every call would be refused.",
        'model mini = openai("gpt-4.1-mini") { temperature: 3 }\npolicy main = mini\n',
        'model mini = openai("gpt-4.1-mini") { temperature: 1 }\npolicy main = mini\n',
    ),
    Code(
        "threshold-out-of-range",
        "error",
        "a comparison with what can't be",
        "A score lies between 0 and 1, a log probability at or below 0, a perplexity at or above 1; the number it is "
        "compared with, or may be tuned to, lies outside.",
        "The comparison would come out the same on every answer.",
        'use "std/anthropic"\ncascade [haiku, sonnet] until judge(opus, "Is it polite?") >= 80\n',
        'use "std/anthropic"\ncascade [haiku, sonnet] until judge(opus, "Is it polite?") >= 0.8\n',
    ),
    Code(
        "tune-range",
        "error",
        "a tune outside its own range",
        "The range of a `tune` is empty, or its value lies outside it.",
        "Calibration moves the value within the range, so the range must hold it.",
        'use "std/anthropic"\ntune strict = 0.95 in 0.5 .. 0.9\n'
        'cascade [haiku, sonnet] until judge(opus, "Is it polite?") >= strict\n',
        'use "std/anthropic"\ntune strict = 0.85 in 0.5 .. 0.9\n'
        'cascade [haiku, sonnet] until judge(opus, "Is it polite?") >= strict\n',
    ),
    Code(
        "shares-total",
        "error",
        "shares that don't add up",
        "The shares of a `split` don't add up to 100%.",
        "Some callers would have nobody to answer them.",
        'use "std/anthropic"\npolicy main = split { 90% -> haiku, 20% -> sonnet }\n',
        'use "std/anthropic"\npolicy main = split { 90% -> haiku, 10% -> sonnet }\n',
    ),
    Code(
        "literal-key",
        "error",
        "a key in a policy file",
        "A provider's key is written out in the file.",
        "Policies are checked in and shown around; a key in one is a key that leaks. Name the environment variable "
        "that holds it.",
        'provider acme = openai { key: "sk-123" }\nmodel mini = acme("gpt-4.1-mini")\npolicy main = mini\n',
        'provider acme = openai { key: env("ACME_KEY") }\nmodel mini = acme("gpt-4.1-mini")\npolicy main = mini\n',
    ),
    Code(
        "empty-text",
        "error",
        "an id that is empty",
        "The id of a model is an empty text.",
        "No provider serves a model without a name.",
        'model mini = openai("")\npolicy main = mini\n',
        'model mini = openai("gpt-4.1-mini")\npolicy main = mini\n',
    ),
)
