"""``cascadelang test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import output_option
from cascadelang.cli.paint import color_option, write

if TYPE_CHECKING:
    from cascadelang.workspace.test_report import TestReport


def _share(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """``90%``, or ``90``, as 0.9."""
    if value is None:
        return None
    try:
        share = float(value.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise click.BadParameter(f"`{value}` is no share; write one such as 90%")
    return share


@click.command("test", cls=Command)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--name", "-k", "names", multiple=True, metavar="TEXT", help="Only tests whose name holds TEXT.")
@click.option("--fail-fast", "-x", is_flag=True, help="Stop after the first test that fails.")
@click.option("--coverage", is_flag=True, help="List the arms, rungs and verdicts that no test reached.")
@click.option(
    "--coverage-min", callback=_share, metavar="SHARE", help="Fail when the tests reach less than this: 90%."
)
@click.option("--watch", is_flag=True, help="Run again what is affected whenever a file changes, until Ctrl-C.")
@output_option("text", "json", "junit")
@color_option
def command(
    paths: tuple[str, ...],
    *,
    names: tuple[str, ...],
    fail_fast: bool,
    coverage: bool,
    coverage_min: float | None,
    watch: bool,
    output: str | None,
) -> int:
    """Run the tests in policy files, offline: every model is replaced by the replies that the tests give.

    Folders are searched for .cl files; without PATHS, this folder is.
    Exit code: 0 all passed, 1 a test failed, a file has errors or too little is covered, 5 there are no tests.

      cascadelang test
      cascadelang test support.cl --coverage
      cascadelang test -k gold -x --watch
      cascadelang test --output junit > results.xml
    """
    from cascadelang.cli.options import chosen_output
    from cascadelang.workspace.testing import test_paths

    if watch:
        if output not in {None, "text"}:
            raise click.UsageError(f"--watch shows tests to people, and `{output}` is for programs")
        from cascadelang.cli.watch_tests import watch_tests

        return watch_tests(paths, names, fail_fast=fail_fast, coverage=coverage)
    form = chosen_output(output, paths[0] if paths else ".")
    report = test_paths(paths, names=names, fail_fast=fail_fast)
    _show(report, form, coverage=coverage or coverage_min is not None)
    if report.failed or report.broken:
        return 1
    return _covered(report, coverage_min) if report.passed else 5


def _show(report: TestReport, form: str, *, coverage: bool) -> None:
    """The report in the form that was asked for."""
    if form == "json":
        from cascadelang.cli.options import print_json
        from cascadelang.cli.tests_json import tests_json

        print_json(tests_json(report))
    elif form == "junit":
        from cascadelang.cli.tests_junit import junit

        write(junit(report))
    else:
        from cascadelang.cli.draw_tests import draw_tests

        write(draw_tests(report, coverage=coverage))


def _covered(report: TestReport, least: float | None) -> int:
    """0 when the tests reach enough, else 1, with the reason on stderr."""
    reached, parts = report.reached
    if least is None or reached >= least * parts:
        return 0
    from cascadelang.cli.draw_tests import percent

    found = f"coverage is {percent(reached, parts)} ({reached:,} of {parts:,})"
    write(f"{found}, and {100 * least:g}% is asked for", err=True)
    return 1
