"""After a token that fits nowhere."""

from __future__ import annotations

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import Span
from cascadelang.syntax.machine import Machine


def recover(machine: Machine, diagnostics: list[Diagnostic]) -> set[str]:
    """Reads on to the end of the file."""
    while True:
        tokens = machine.tokens
        index = machine.index
        diagnostics.append(
            Diagnostic("unexpected", "error", f"unexpected {tokens.texts[index]}", Span(machine.builder.path, tokens.starts[index], tokens.ends[index]))
        )
        machine.rewind()
        at = max(index, machine.index + 1)
        while at < len(tokens.kinds) - 1 and not machine.begins(at):
            at += 1
        machine.index = min(at, len(tokens.kinds) - 1)
        if machine.run():
            return set()
