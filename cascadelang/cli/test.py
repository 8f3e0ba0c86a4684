"""``cascadelang test``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import output_option
from cascadelang.cli.paint import color_option, write


@click.command("test", cls=Command)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--coverage", is_flag=True, help="List the arms, rungs and checks that no test reached.")
@output_option("text", "json", "junit")
@color_option
def command(paths: tuple[str, ...], coverage: bool, output: str | None) -> int:
    """Run the tests in policy files, offline: every model is replaced by the replies that the tests give.

    Folders are searched for .cl files; without PATHS, this folder is.
    Exit code: 0 all passed, 1 a test failed or a file has errors, 5 there are no tests.

      cascadelang test
      cascadelang test support.cl --coverage
      cascadelang test --output junit > results.xml
    """
    from cascadelang.cli.draw_tests import draw_tests, junit, tests_json
    from cascadelang.cli.options import chosen_output, print_json
    from cascadelang.workspace.testing import test_paths

    form = chosen_output(output, paths[0] if paths else ".")
    report = test_paths(paths)
    if form == "json":
        print_json(tests_json(report))
    elif form == "junit":
        write(junit(report))
    else:
        write(draw_tests(report, coverage=coverage))
    if report.failed or report.broken:
        return 1
    return 0 if report.passed else 5
