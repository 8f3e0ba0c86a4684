"""The reference page of a catalogue entry, in Markdown, made from its spec and nothing else."""

from __future__ import annotations

from cascadelang.contracts.spec import Param, Spec

_GIVES = {
    "bool": "true or false",
    "score": "a score, 0 to 1",
    "logprob": "a log probability, 0 or less",
    "perplexity": "a perplexity, 1 or more",
    "number": "a number",
    "count": "a count",
    "text": "a text",
    "label": "a label",
    "language": "a language",
}
_TYPES = {
    "text": "text",
    "number": "number",
    "count": "whole number",
    "duration": "duration",
    "model": "name of a model",
    "path": "path of a file",
    "program": "path of a program",
    "record": "`{ name: value }`",
    "texts": "text or list of texts",
    "regex": "`/regex/`",
    "bool": "true or false",
    "choice": "a word",
    "file": "path of a file",
    "text_or_file": "text or path of a file",
    "text_or_meta": "text or `meta.NAME`",
    "json_file": "path of a JSON file",
    "schema_file": "path of a JSON Schema",
    "examples_file": "path of a file of examples",
    "topics_file": "path of a file of labels with examples",
    "learned_file": "path of a learned file",
    "labels": "list of labels",
    "bool_weights": "signals with weights",
    "bands": "labels with limits",
    "secret": '`env("NAME")`',
}
_EARLY = {
    "true": "under `not`",
    "false": "where it has to be true",
    "least": "under `<` and `<=`",
    "most": "under `>` and `>=`",
}


def spec_page(spec: Spec) -> str:
    """The page: what it is, what it gives, what it takes, and examples that lint."""
    parts = [f"# {spec.name}\n\n{spec.kind.capitalize()}: {spec.summary}"]
    if spec.supported:
        parts.append(f"**Not yet**: {spec.supported}.")
    if spec.doc:
        parts.append(spec.doc.strip())
    if spec.kind != "provider":
        parts.append(_facts(spec))
    if spec.params:
        parts.append("## Takes\n\n" + "\n".join(_param(param) for param in spec.params))
    if spec.examples:
        lines = "\n".join(f"{spec.kind} x = {example}" for example in spec.examples)
        parts.append(f"## Examples\n\n```text\n{lines}\n```")
    return "\n\n".join(parts) + "\n"


def _facts(spec: Spec) -> str:
    """What it gives, needs and costs, in one sentence each."""
    facts = [f"Gives {_GIVES.get(spec.gives, spec.gives)}."]
    if spec.needs:
        facts.append(f"Needs a model that can give {', '.join(sorted(spec.needs)).replace('_', ' ')}.")
    if spec.samples:
        facts.append(f"Calls the model that answered, once less than `{spec.samples}` says; that costs.")
    elif spec.calls is None:
        facts.append("Calls models.")
    elif spec.calls and spec.kind == "signal" and not any(p.required for p in spec.params if p.type == "model"):
        (named,) = (param.name for param in spec.params if param.type == "model")
        facts.append(f"Calls nothing; with `{named}` it calls a model up to {spec.calls} times, and that costs.")
    elif spec.calls:
        facts.append(f"Calls a model {'once' if spec.calls == 1 else f'up to {spec.calls} times'}; that costs.")
    elif spec.time_limit:
        facts.append(f"Free: no model is called; but it takes time, at most what `{spec.time_limit}` says.")
    elif spec.kind == "check":
        facts.append("Free: no model is called.")
    if spec.early:
        how = [words for kind, words in _EARLY.items() if kind in spec.early]
        facts.append(f"Can [stop an answer early](language.md#stopping-early): {' or '.join(how)}.")
    return " ".join(facts)


def _param(param: Param) -> str:
    """One line about a parameter: its name, its type, whether it must be given, and what it is."""
    facts = [_type(param)]
    if param.required:
        facts.append("required")
    elif param.default not in (None, "", (), [], {}):
        default = str(param.default).lower() if isinstance(param.default, bool) else param.default
        if param.type == "duration":
            default = f"{param.default:g}s"
        facts.append(f"default `{default}`")
    doc = param.doc.rstrip(".")
    return f"- `{param.name}` ({', '.join(facts)}): {doc[:1].upper()}{doc[1:]}"


def _type(param: Param) -> str:
    """What a parameter is given."""
    if param.choices:
        *others, last = (f"`{choice}`" for choice in param.choices)
        return f"{', '.join(others)} or {last}" if others else last
    if param.type == "expr":
        return _GIVES.get(param.of or "", "any value")
    return _TYPES[param.type]
