"""``cascadelang fmt``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Command
from cascadelang.cli.paint import color_option, colours, paint, write

if TYPE_CHECKING:
    from cascadelang.workspace.format import FormatReport, FormattedFile

EXIT_CHANGES = 1
STDIN = "-"


@click.command("fmt", cls=Command)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("--stdin-filename", metavar="PATH", help="What stdin is called in errors.")
@color_option
def command(paths: tuple[str, ...], check: bool, show_diff: bool, stdin_filename: str | None) -> int:
    """Lay policy files out in the one form there is, with their comments where they were.

    Folders are searched for .cl files, hidden and vendored folders left out; without PATHS, this folder is.
    A file that has errors is left as it is, and so is one whose layout would read differently.
    Exit code: 0 done, 1 with errors, or with --check when a file would change.

      cascadelang fmt
      cascadelang fmt policies/ --check
      cascadelang fmt support.cl --diff
      cascadelang fmt - < support.cl
    """
    import gc

    gc.freeze()  # as in lint: collecting the garbage of so short a life would be a tenth of it
    gc.set_threshold(200_000, 50, 50)
    if STDIN in paths:
        if paths != (STDIN,):
            raise click.UsageError(f"`{STDIN}` is stdin, and stands alone")
        return _stdin(stdin_filename or "<stdin>", check=check, show_diff=show_diff)
    if stdin_filename:
        raise click.UsageError(f"`--stdin-filename` goes with `{STDIN}`")
    from cascadelang.workspace.format import format_paths

    report = format_paths(paths, write=not (check or show_diff))
    for file in report.files:
        _tell(file, show_diff=show_diff, did="would change" if check or show_diff else "formatted")
    write(_summary(report, written=not (check or show_diff)), err=True)
    return _code(report.files, check=check)


def _stdin(name: str, *, check: bool, show_diff: bool) -> int:
    """Format stdin to stdout."""
    from cascadelang.workspace.format import format_bytes

    file = format_bytes(sys.stdin.buffer.read(), name)
    _tell(file, show_diff=show_diff, did="would change" if check else "")
    if file.text is not None and not (check or show_diff):
        sys.stdout.buffer.write(file.text.encode())
    return _code((file,), check=check)


def _code(files: tuple[FormattedFile, ...], *, check: bool) -> int:
    """The exit code."""
    from cascadelang.cli.main import EXIT_BUG, EXIT_POLICY

    if any(file.unsafe for file in files):
        return EXIT_BUG
    if any(file.text is None or file.unwritten is not None for file in files):
        return EXIT_POLICY
    return EXIT_CHANGES if check and any(file.changed for file in files) else 0


def _tell(file: FormattedFile, *, show_diff: bool, did: str) -> None:
    """Say what became of a file."""
    path = file.source.path
    if file.diagnostics:
        from cascadelang.workspace.lint import render

        write(render(file.diagnostics, {path: file.source}, colour=colours(err=True)), err=True)
    elif file.unsafe:
        error = paint("error", "red", bold=True, err=True)
        write(f"{error}: `{path}` was left as it is: its layout would read differently; this is a bug", err=True)
    elif file.unwritten is not None:
        from cascadelang.cli.main import tell_mistake

        tell_mistake(file.unwritten)
    elif file.changed:
        if show_diff:
            from cascadelang.cli.show_diff import show_diff as show
            from cascadelang.workspace.format import diff

            show(diff(file))
        elif did:
            write(f"{paint(did, 'green' if did == 'formatted' else 'yellow', err=True)}: {path}", err=True)


def _summary(report: FormatReport, *, written: bool) -> str:
    """``3 files: 1 formatted, 1 with errors``."""
    from cascadelang.workspace.figures import count

    changed, wrong = len(report.changed), len(report.wrong)
    parts = []
    if changed:
        parts.append(f"{changed:,} {'formatted' if written else 'would change'}")
    if wrong:
        parts.append(f"{wrong:,} left as {'it is' if wrong == 1 else 'they are'}")
    colour = "red" if wrong else "yellow" if changed and not written else "green"
    said = paint(", ".join(parts) or "nothing to change", colour, bold=True, err=True)
    return f"{count(len(report.files), 'file')}: {said}"
