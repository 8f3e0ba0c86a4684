"""``cascadelang compile``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.paint import color_option


@click.command("compile", cls=Command)
@click.argument("policy_file", metavar="POLICY.cl")
@color_option
def command(policy_file: str) -> None:
    """Print the execution graph as JSON: versioned, every default written out, no secret in it.

    cascadelang compile support.cl > graph.json
    cascadelang run graph.json --query "hello"
    """
    from cascadelang.workspace.compile import compile_text

    click.echo(compile_text(policy_file), nl=False)
