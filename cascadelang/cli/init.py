"""``cascadelang init``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.paint import color_option, paint, write


@click.command("init", cls=Command)
@click.argument("folder", default=".", metavar="[DIR]")
@color_option
def command(folder: str) -> None:
    """Write a first policy with its test, schema, settings, pre-commit entry and ignore lines.

    What is written lints, tests and runs as it is. Existing files are kept.

      cascadelang init
      cascadelang init routing
    """
    from cascadelang.workspace.init import write_first_policy

    done = write_first_policy(folder)
    for name in done.written:
        write(f"{paint('wrote', 'green')}  {_shown(folder, name)}")
    for name in done.kept:
        write(f"{paint('kept', dim=True)}   {_shown(folder, name)}")
    policy = _shown(folder, "policy.cl")
    write("\nnext:")
    write(f"  cascadelang lint {policy}")
    write(f"  cascadelang test {policy}")
    write(f'  cascadelang run {policy} --query "Two pens and a ruler for Ada, please" --trace')


def _shown(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"
