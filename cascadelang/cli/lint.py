"""``cascadelang lint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import output_option
from cascadelang.cli.paint import color_option, colours, paint, write

if TYPE_CHECKING:
    from cascadelang.workspace.fix import Repairs


@click.command("lint", cls=Command)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--fix", is_flag=True, help="Make the repairs that are certain, then lint again.")
@click.option("--diff", "show_diff", is_flag=True, help="With --fix: write nothing, print what would change.")
@click.option("--locked", is_flag=True, help="Tell where lock files are missing or out of date.")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="How many processes lint; chosen unless said.")
@click.option("--no-cache", is_flag=True, help="Don't use or keep what was found before.")
@click.option("--select", multiple=True, metavar="NAME[,NAME]", help="Look only at these rules.")
@click.option("--ignore", multiple=True, metavar="NAME[,NAME]", help="Don't look at these rules.")
@output_option("text", "json", "sarif", "github", "junit")
@color_option
def command(
    *,
    paths: tuple[str, ...],
    fix: bool,
    show_diff: bool,
    locked: bool,
    strict: bool,
    jobs: int | None,
    no_cache: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    output: str | None,
) -> int:
    """Prove policy files: names, types, limits, bounds and rules, before anything is paid for.

    Folders are searched for .cl files, hidden and vendored folders left out; without PATHS, this folder is.
    Exit code: 0 without errors (with --strict: without findings), 1 with errors.

      cascadelang lint
      cascadelang lint policies/ --strict
      cascadelang lint --fix --diff
      cascadelang lint --locked
      cascadelang lint --select cascade-without-check
      cascadelang lint support.cl --output json
      cascadelang lint --output sarif > lint.sarif
    """
    if show_diff and not fix:
        raise click.UsageError("`--diff` goes with `--fix`")
    import atexit
    import gc

    gc.freeze()  # a short life that makes little garbage: collecting it would be a tenth of it
    gc.set_threshold(200_000, 50, 50)
    atexit.register(gc.freeze)  # nor is there anything to gain by looking through all of it once more at the end
    from cascadelang.workspace.lint import lint, output_of, render

    report = lint(
        paths,
        fix=fix,
        write=not show_diff,
        locked=locked,
        select=_names(select),
        ignore=_names(ignore),
        cached=not no_cache,
        jobs=jobs,
    )
    if show_diff and report.repairs is not None:
        _show_repairs(report.repairs)
        return 1 if report.errors or (strict and report.warnings) else 0
    form = output or output_of(paths)
    if form != "text":
        from cascadelang.workspace.lint_output import lint_output

        shown = lint_output(report, form, strict=strict)
        if shown:
            click.echo(shown)
    else:
        if report.diagnostics:
            write(render(report.diagnostics, report.sources, colour=colours()))
        for title in report.fixed:
            write(f"{paint('fixed', 'green', err=True)}: {title}", err=True)
        for title in report.repairs.left if report.repairs is not None else ():
            write(f"{paint('not fixed', 'yellow', err=True)}: {title}: there would be more errors then", err=True)
        write(_summary(len(report.files), report.errors, report.warnings), err=True)
    for why in report.unwritten:
        from cascadelang.cli.main import tell_mistake

        tell_mistake(why)
    return 1 if report.errors or report.unwritten or (strict and report.warnings) else 0


def _show_repairs(repairs: Repairs) -> None:
    """Print what repairs would make of the files."""
    from cascadelang.cli.show_diff import show_diff
    from cascadelang.workspace.figures import count
    from cascadelang.workspace.unified import unified

    for path, text in repairs.after.items():
        show_diff(unified(path, repairs.before[path], text))
    write(f"{count(len(repairs.after), 'file')} would change: {count(len(repairs.made), 'repair')}", err=True)


def _names(given: tuple[str, ...]) -> list[str]:
    """The names in ``a,b`` and further ones."""
    return [name for words in given for part in words.split(",") if (name := part.strip())]


def _summary(files: int, errors: int, warnings: int) -> str:
    """``3 files: 1 error, 2 warnings``."""
    from cascadelang.workspace.figures import count

    found = [count(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    colour = "red" if errors else "yellow" if warnings else "green"
    return f"{count(files, 'file')}: {paint(', '.join(found) or 'nothing wrong', colour, bold=True, err=True)}"
