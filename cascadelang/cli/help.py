"""Help texts as they are written: examples keep their lines."""

from __future__ import annotations

import inspect

import click


def _write(help_: str | None, formatter: click.HelpFormatter) -> None:
    """The text, indented and not wrapped anew: our docstrings fit a terminal as they are."""
    if help_:
        formatter.write_paragraph()
        for line in inspect.cleandoc(help_).splitlines():
            example = line.startswith("cascadelang ")
            formatter.write(f"  {'  ' if example else ''}{line}".rstrip() + "\n")


class Command(click.Command):
    """A command whose docstring is its help, line by line."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's form
        """See `click.Command.format_help_text`."""
        _write(self.help, formatter)


class Group(click.Group):
    """The same, with commands under it."""

    command_class = Command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's form
        """See `click.Command.format_help_text`."""
        _write(self.help, formatter)
