"""``cascadelang graph``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Command
from cascadelang.cli.paint import color_option, write

if TYPE_CHECKING:
    from cascadelang.workspace.compile import Form


@click.command("graph", cls=Command)
@click.argument("policy_file", metavar="POLICY.cl")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "svg", "json"]),
    default="text",
    show_default=True,
    help="svg needs no system program.",
)
@color_option
def command(policy_file: str, form: Form) -> None:
    """Draw the execution graph.

    cascadelang graph support.cl
    cascadelang graph support.cl --format svg > support.svg
    """
    from cascadelang.workspace.compile import draw

    write(draw(policy_file, form).rstrip("\n"))
