"""How a run's result is printed: the answer on stdout, everything else on stderr, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from cascadelang.cli.options import print_json
from cascadelang.cli.paint import on_terminal, one_line, paint, safe, write

if TYPE_CHECKING:
    from cascadelang.workspace.result import Result

_EXIT = {"accepted": 0, "unchecked": 0, "unmet": 3, "failed": 4}


def exit_code(result: Result) -> int:
    """0 accepted or unchecked, 3 answered but unmet, 4 no answer."""
    return _EXIT[result.status]


def progress() -> AbstractContextManager[Callable[[int, int, str], None]]:
    """Shows the fetching of local models' weights while it happens."""
    from cascadelang.cli.progress import bar

    return bar("fetching", shown=on_terminal(err=True))


def print_part(text: str) -> None:
    """A piece of an answer, at once."""
    sys.stdout.write(_shown(text))
    sys.stdout.flush()


def print_result(result: Result, *, form: str, trace: bool, streamed: bool) -> None:
    """The whole result.

    Args:
        result: of the run.
        form: ``text`` or ``json``.
        trace: draw the trace too.
        streamed: the answer is on stdout already, without a line end.
    """
    if form == "json":
        print_json(result.to_json())
    elif streamed:
        click.echo("")
    elif result.status != "failed":
        click.echo(_shown(result.answer))
    if trace:
        from cascadelang.cli.draw_trace import draw_trace

        write(draw_trace(result.record), err=True)
    _print_end(result, traced=trace)


def _print_end(result: Result, *, traced: bool) -> None:
    """Why there is no answer, or why it wasn't accepted (a trace says it already); and whether it is empty."""
    if result.status != "failed" and not result.answer.strip():
        print_warning(f"the answer of `{result.model}` is empty")
    if result.status == "failed" and result.failure is not None:
        kind, message = result.failure.kind, one_line(result.failure.message, 1000)
        if not traced:
            write(f"{paint('error', 'red', bold=True, err=True)}: no answer: {message} ({kind})", err=True)
        if kind == "auth":
            write("  = help: `cascadelang doctor` shows which keys are set", err=True)
    elif result.status == "unmet" and not traced:
        reason = one_line(result.verdict.reason, 300)
        print_warning("the check wasn't met" + (f": {reason}" if reason else ""))


def print_warning(message: str) -> None:
    """A warning on stderr."""
    write(f"{paint('warning', 'yellow', bold=True, err=True)}: {message}", err=True)


def _shown(text: str) -> str:
    """An answer as it is; on a terminal without the control characters that could drive it."""
    return safe(text) if on_terminal() else text
