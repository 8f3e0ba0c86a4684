"""Colour and symbols, where the other end can show them, and the words of others without what would drive it.

Takes: ``--color``, ``NO_COLOR`` and what stdout and stderr are. Gives: painted text. Guarantees: without a terminal
and without ``--color always`` no escape code is written; a terminal that can't encode our symbols gets plain ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Literal

import click

When = Literal["auto", "always", "never"]
_chosen: dict[str, When] = {}
"""What ``--color`` said. Kept outside click's context, which is gone when an error is shown."""


def _settle(_ctx: click.Context, _param: click.Parameter, value: When | None) -> None:
    if value is None:
        _chosen.clear()
    else:
        _chosen["color"] = value


def color_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--color auto|always|never``."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        expose_value=False,
        callback=_settle,
        help="Colour: auto (on a terminal, unless NO_COLOR is set), always or never.",
    )(command)


def colours(*, err: bool = False) -> bool:
    """Whether stdout (or stderr) takes colour."""
    when = _chosen.get("color", "auto")
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return on_terminal(err=err)


def on_terminal(*, err: bool = False) -> bool:
    """Whether stdout (or stderr) is a terminal."""
    try:
        return (sys.stderr if err else sys.stdout).isatty()
    except (AttributeError, ValueError):
        return False


def terminal_width() -> int:
    """The columns of the terminal; 100 where there is none, or what ``COLUMNS`` says."""
    import shutil

    return max(40, shutil.get_terminal_size((100, 24)).columns)


def paint(text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False, err: bool = False) -> str:
    """``text``, painted where colour is taken."""
    if not text or not colours(err=err):
        return text
    return click.style(text, fg=colour, bold=bold or None, dim=dim or None)


def one_line(text: str, width: int) -> str:
    """``text`` on one line, cut to ``width`` columns with an ellipsis; control characters become spaces."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= width else flat[: max(1, width - 1)] + "…"


def safe(text: str) -> str:
    """``text`` without the control characters that could drive a terminal; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def plain(text: str, *, err: bool = False) -> str:
    """``text`` with our symbols in ASCII, where the stream can't encode them."""
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        for symbol, ascii_ in _ASCII.items():
            text = text.replace(symbol, ascii_)
        return text.encode(encoding or "ascii", "replace").decode(encoding or "ascii", "replace")
    return text


_ASCII = {
    "├─": "|-",
    "└─": "`-",
    "┌─": "-->",
    "│": "|",
    "✓": "ok",
    "✗": "x",
    "→": "->",
    "·": "-",
    "↑": "^",
    "…": "...",
    "≤": "<=",
    "━": "=",
    "─": "-",
    **dict(zip("█▉▊▋▌▍▎▏", "####==--", strict=True)),
    **dict(zip("▁▂▃▄▅▆▇", "_.-=+*%", strict=True)),
}


def write(text: str, *, err: bool = False) -> None:
    """A text and a line end, to stdout (or stderr)."""
    click.echo(plain(text, err=err), err=err, color=True)
