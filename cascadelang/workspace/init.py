"""A first policy with all that belongs to it, written into a folder.

Takes: a folder. Gives: which files were written and which were there already. Guarantees: no existing file is
changed, except that missing lines are added to ``.gitignore``; what is written lints, tests and runs as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cascadelang.workspace.mistake import Mistake

POLICY = """\
# Takes an order out of a message, as JSON. Two local models, the small one first: no key, no account.
#
#   cascadelang lint                     is it right?
#   cascadelang test                     do its tests pass? (offline, no model is called)
#   cascadelang run policy.cl --query "Two pens and a ruler for Ada, please" --trace

model small  = local("smollm2-135m")       { system: "prompt.md", max_tokens: 120, temperature: 0 }
model bigger = local("qwen2.5-coder-0.5b") { system: "prompt.md", max_tokens: 120, temperature: 0 }

check order_ok = schema("order.schema.json")

policy main = cascade [small, bigger] until order_ok within 120s

require main for input <= 1k { calls <= 2 }

test "a good answer stays on the first rung" {
  query  "Two pens for Ada"
  reply  small "{\\"customer\\": \\"Ada\\", \\"items\\": [{\\"name\\": \\"pen\\", \\"count\\": 2}]}"
  expect path == [small]
  expect passed
}

test "an answer that isn't an order goes up one rung" {
  query  "Two pens for Ada"
  reply  small  "Sure! Two pens for Ada."
  reply  bigger "{\\"customer\\": \\"Ada\\", \\"items\\": [{\\"name\\": \\"pen\\", \\"count\\": 2}]}"
  expect path == [small, bigger]
  expect passed and calls == 2
}
"""

PROMPT = """\
You take orders. Answer with one JSON object and nothing else, of this form:
{"customer": "Grace", "items": [{"name": "stapler", "count": 1}]}
"""

SCHEMA = """\
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "An order",
  "type": "object",
  "required": ["customer", "items"],
  "additionalProperties": false,
  "properties": {
    "customer": { "type": "string", "minLength": 1 },
    "items": {
      "type": "array",
      "minItems": 1,
      "items": {
        "type": "object",
        "required": ["name", "count"],
        "additionalProperties": false,
        "properties": {
          "name": { "type": "string", "minLength": 1 },
          "count": { "type": "integer", "minimum": 1 }
        }
      }
    }
  }
}
"""

SETTINGS = """\
# Settings of cascadelang for this folder and those below it. Flags and CASCADELANG_… variables come first.

trace_store = ".cascadelang/traces.sqlite"   # what ran is recorded here; "off" records nothing
keep_text = true                             # false: queries and answers are left out of the record
"""

PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: cascadelang-lint
        name: cascadelang lint
        entry: cascadelang lint
        language: system
        files: \\.cl$
      - id: cascadelang-test
        name: cascadelang test
        entry: cascadelang test
        language: system
        files: \\.cl$
"""

IGNORED = (".cascadelang/",)

FILES = {
    "policy.cl": POLICY,
    "prompt.md": PROMPT,
    "order.schema.json": SCHEMA,
    "cascadelang.toml": SETTINGS,
    ".pre-commit-config.yaml": PRE_COMMIT,
}


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_first_policy` did: names relative to the folder."""

    folder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]


def write_first_policy(folder: str = ".") -> Written:
    """Write a first policy with its test, prompt, schema, settings, pre-commit entry and ignore lines.

    Args:
        folder: where to; made when it isn't there.

    Raises:
        Mistake: when the folder can't be written to.
    """
    root = Path(folder)
    written: list[str] = []
    kept: list[str] = []
    try:
        root.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            try:
                with (root / name).open("x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
                written.append(name)
            except FileExistsError:
                kept.append(name)
        (written if _ignore(root / ".gitignore") else kept).append(".gitignore")
    except OSError as error:
        raise Mistake(f"`{folder}` can't be written to: {(error.strerror or 'output error').lower()}") from None
    return Written(folder, tuple(written), tuple(kept))


def _ignore(path: Path) -> bool:
    """Add the missing ignore lines; whether there were any."""
    before = path.read_text("utf-8", errors="surrogateescape") if path.exists() else ""
    missing = [line for line in IGNORED if line not in before.splitlines()]
    if missing:
        gap = "" if not before or before.endswith("\n") else "\n"
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(gap + "".join(f"{line}\n" for line in missing))
    return bool(missing)
