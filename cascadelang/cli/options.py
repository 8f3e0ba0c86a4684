"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

_DRIVING = r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters that JSON lets stand: a terminal takes some as commands, others turn text round. And halves of
characters, which names of files may hold and no encoding can write."""


def output_option(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--output``; without it, the command gets ``None`` and asks the settings."""
    return click.option(
        "--output",
        type=click.Choice(forms),
        default=None,
        metavar=f"[{'|'.join(forms)}]",
        help="The form of the output.",
    )


def query_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What makes a query: ``--query``, ``--messages`` and ``--meta``."""
    for option in (
        click.option("--meta", multiple=True, metavar="NAME=VALUE", help="A fact about the caller; may be repeated."),
        click.option(
            "--messages", metavar="FILE.json", help="A conversation: OpenAI-style messages, or an object with them."
        ),
        click.option("--query", "-q", metavar="TEXT", help="What to ask: a text, - for stdin, or @file."),
    ):
        command = option(command)
    return command


def token_count(words: str) -> int:
    """A number of tokens as the language writes it: ``4k``, ``1.5k``, ``2M``, ``4000``.

    Raises:
        click.UsageError: when it is none.
    """
    import re

    found = re.fullmatch(r"(\d[\d_,]*(?:\.\d+)?)([kKmM]?)", words.strip())
    size = 0.0
    if found is not None:
        size = float(found[1].replace(",", "").replace("_", "")) * {"": 1, "k": 1e3, "m": 1e6}[found[2].lower()]
    if found is None or size != int(size) or size > 1e12:
        raise click.UsageError(f"`--input {words}` is no number of tokens; write `4k`, `1500` or `2M`")
    return int(size)


def chosen_output(output: str | None, start: str = ".") -> str:
    """What ``--output`` says, else the settings.

    Raises:
        Mistake: when the settings can't be read.
    """
    if output:
        return output
    from cascadelang.workspace.config import read

    return read(start).output


def print_json(value: object) -> None:
    """A value as JSON on stdout, indented, in Unicode; what could drive a terminal is escaped."""
    import json
    import re

    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a number of an old record or of a division that JSON has no way to write
        text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(re.sub(_DRIVING, lambda found: f"\\u{ord(found[0]):04x}", text))


def _finite(value: object) -> object:
    """The same with null for every number that isn't finite."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
