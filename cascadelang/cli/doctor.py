"""``cascadelang doctor``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, paint, write

_SYMBOLS = {"ok": ("✓", "green"), "missing": ("·", "yellow"), "problem": ("✗", "red")}


@click.command("doctor", cls=Command)
@output_option("text", "json")
@color_option
def command(output: str | None) -> None:
    """Say what is set up and what is missing. Keys are named, never shown; nothing is called or fetched.

    cascadelang doctor
    cascadelang doctor --output json
    """
    from cascadelang.workspace.doctor import examine

    items = examine()
    if chosen_output(output) == "json":
        print_json(
            {
                "version": 1,
                "items": [
                    {"section": i.section, "name": i.name, "state": i.state, "detail": i.detail} for i in items
                ],
            }
        )
        return
    section = ""
    for item in items:
        if item.section != section:
            write(("\n" if section else "") + paint(item.section, bold=True))
            section = item.section
        symbol, colour = _SYMBOLS[item.state]
        write(f"  {paint(symbol, colour)} {item.name:<18} {item.detail}")
