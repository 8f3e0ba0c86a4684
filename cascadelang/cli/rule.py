"""``cascadelang rule``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Group
from cascadelang.cli.paint import color_option, paint, write


@click.group("rule", cls=Group)
def command() -> None:
    """Write lint rules of your own.

    cascadelang rule new opus-for-prose
    """


@command.command("new")
@click.argument("name", metavar="NAME")
@click.argument("folder", default=".", metavar="[DIR]")
@color_option
def new(name: str, folder: str) -> None:
    """Write a new rule to be filled in, with an example that fails until the rule finds it.

    In a checkout of cascadelang it is one of its own rules. Elsewhere it is a package that brings the rule by an
    entry point in `cascadelang.rules`; once that is installed, lint asks the rule.

      cascadelang rule new opus-for-prose
      cascadelang rule new opus-for-prose rules/
    """
    from cascadelang.workspace.rule_scaffold import new_rule

    done = new_rule(name, folder)
    for path in done.written:
        write(f"{paint('wrote', 'green')}  {path}")
    if done.entry:
        write(f"\nadd to pyproject.toml:\n\n{done.entry.rstrip()}")
    write("\nnext:")
    write("  say in `look` what is wrong, and in `code` why")
    if done.built_in:
        write("  pytest tests/unit/diagnostics --snapshot-update")
        write("  python docs/generate.py")
    else:
        where = "" if folder == "." else f" {folder}"
        write(f"  pip install -e{where or ' .'}")
        write(f"  pytest{where}")
    write("  cascadelang lint")
