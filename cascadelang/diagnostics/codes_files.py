"""Diagnostics about the files that a policy names."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

_ROUTER: Final = """{
  "cascadelang": "learned 1",
  "gives": "label",
  "outputs": ["easy", "hard"],
  "bias": [0.2, -0.2],
  "features": [
    {"kind": "numbers", "names": ["query.words"], "mean": [30], "scale": [20], "weights": [[-1], [1]]}
  ],
  "made": {"on": "2099-01-01", "records": {"easy": 120, "hard": 80}}
}
"""

CODES: Final = (
    Code(
        "missing-file",
        "error",
        "a file that can't be read",
        "The policy names a file that isn't there or may not be read. Paths are relative to the policy.",
        "What the file holds, a schema or other declarations, is part of the policy.",
        'use "std/anthropic"\ncascade [haiku, opus] until schema("anwser.schema.json")\n',
        'use "std/anthropic"\ncascade [haiku, opus] until schema("answer.schema.json")\n',
    ),
    Code(
        "use-circle",
        "error",
        "files that use each other in a circle",
        "A file uses itself, directly or through the files it uses.",
        "What a file declares would depend on itself.",
        'use "policy.cl"\nuse "std/anthropic"\npolicy main = haiku\n',
        'use "std/anthropic"\npolicy main = haiku\n',
    ),
    Code(
        "invalid-json",
        "error",
        "a file that is no JSON",
        "The file was read, but what it holds isn't JSON; the place where it stops being so is told.",
        "Every answer would fail the check, whatever it says.",
        'use "std/anthropic"\n# cut.json ends in the middle: {"type":\n'
        'cascade [haiku, opus] until schema("cut.json")\n',
        'use "std/anthropic"\ncascade [haiku, opus] until schema("answer.schema.json")\n',
    ),
    Code(
        "invalid-schema",
        "error",
        "a file that is no JSON Schema",
        "The file is JSON, but not a JSON Schema that can be used.",
        "A schema with a typing mistake in it lets pass what it should refuse.",
        'use "std/anthropic"\n# wrong.schema.json says {"type": "objekt"}\n'
        'cascade [haiku, opus] until schema("wrong.schema.json")\n',
        'use "std/anthropic"\ncascade [haiku, opus] until schema("answer.schema.json")\n',
    ),
    Code(
        "invalid-examples",
        "error",
        "a file of examples that can't be used",
        "The file that `similar` or `nearest` is to know a topic by has no examples, isn't of the form its name "
        "says, names a label that can't be one, or gives one text to two labels. The line is told.",
        "Every query would be as near to it as any other, or a label could never be told from another.",
        'use "std/anthropic"\n# both.yaml has one text below `billing` and below `technical`\n'
        'signal topic = nearest("both.yaml")\nroute topic == billing -> haiku else opus\n',
        'use "std/anthropic"\nsignal topic = nearest("topics.yaml")\nroute topic == billing -> haiku else opus\n',
        files={
            "both.yaml": "billing: [where is my invoice]\ntechnical: [where is my invoice]\n",
            "topics.yaml": "billing:\n"
            + "".join(f"- where is invoice number {number}\n" for number in range(8))
            + "technical:\n"
            + "".join(f"- error {number} in the app\n" for number in range(8)),
        },
    ),
    Code(
        "invalid-learned",
        "error",
        "a learned file that can't be used",
        "The file that `learned` or `order by` names isn't one that was trained for it, or was damaged; the place in "
        "it is told.",
        "A router with one coefficient too few sends queries anywhere, in silence.",
        'use "std/anthropic"\n# cut.router.json has two labels and one bias\n'
        'signal kind = learned("cut.router.json")\nroute kind == hard -> opus else haiku\n',
        'use "std/anthropic"\nsignal kind = learned("router.json")\nroute kind == hard -> opus else haiku\n',
        files={
            "cut.router.json": _ROUTER.replace("[0.2, -0.2]", "[0.2]"),
            "router.json": _ROUTER,
        },
    ),
    Code(
        "invalid-regex",
        "error",
        "a regular expression that can't be used",
        "RE2 refuses the pattern: it is malformed, or uses what RE2 leaves out on purpose, look-around and "
        "back-references.",
        "RE2 reads any text in linear time; a pattern that needs more could be made to hang by an answer.",
        'use "std/anthropic"\nsignal order = matches(/(?=#)\\d+/)\nroute order -> opus else haiku\n',
        'use "std/anthropic"\nsignal order = matches(/#\\d+/)\nroute order -> opus else haiku\n',
    ),
)
