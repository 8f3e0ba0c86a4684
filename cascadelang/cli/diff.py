"""``cascadelang diff``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import chosen_output, output_option, print_json, token_count
from cascadelang.cli.paint import color_option, terminal_width, write
from cascadelang.cli.records import Taken, records_options, watching

_GIT_ARGS = 7
"""What git gives to the command of an external diff: path, old file, hex, mode, new file, hex, mode."""


@click.command("diff", cls=Command)
@click.argument("sides", nargs=-1, required=True, metavar="OLD NEW.cl")
@click.option("--input", "input_size", metavar="TOKENS", help="Compare costs for an input of so many tokens: 4k.")
@click.option("--old-root", metavar="DIR", help="The folder that what OLD names is relative to.")
@click.option("--external", is_flag=True, help="Take the arguments that git gives to an external diff.")
@click.option(
    "--on", "records", metavar="RECORDS", help="Compare on recorded answers, too: .jsonl, .csv or .parquet."
)
@records_options
@output_option("text", "json")
@color_option
def command(
    *,
    sides: tuple[str, ...],
    input_size: str | None,
    old_root: str | None,
    external: bool,
    records: str | None,
    taken: Taken,
    output: str | None,
) -> int:
    """Say what changes from one policy to another: bounds and why, strategies, checks, models, tunes, requirements.

    OLD is a policy file, a graph that `compile` printed, - for stdin, COMMIT:path, or a mere commit for NEW's version
    in it. With --on, both run over recorded answers, with no call made: what changes for quality, cost, latency and
    queries. Exit code: 0 when both mean the same, 1 when they differ, 2 when one can't be compared.

      cascadelang diff HEAD support.cl
      cascadelang diff main:policies/support.cl policies/support.cl --input 16k
      cascadelang diff reviewed.graph.json support.cl --output json
      cascadelang diff HEAD support.cl --on answers.jsonl.gz
    """
    from cascadelang.workspace.diff import compare_policies
    from cascadelang.workspace.mistake import Mistake, PolicyError

    if records is None:
        taken.refuse()
    if external:
        return _external(sides)
    if len(sides) != 2:
        raise click.UsageError(f"two sides are compared, OLD and NEW; {len(sides)} are given")
    tokens = None if input_size is None else token_count(input_size)
    try:
        compared = compare_policies(sides[0], sides[1], old_root=old_root, input_tokens=tokens)
        if records is not None:
            with watching(records) as tell:
                compared = compared.on_records(records, progress=tell, **taken.as_args())
    except PolicyError as error:
        write(str(error), err=True)
        return 2
    except Mistake as error:
        raise Mistake(error.message, error.help, usage=True) from None
    if chosen_output(output, sides[1]) == "json":
        print_json(compared.as_json())
    else:
        write(compared.text(terminal_width()).rstrip("\n"))
        if compared.comparison is not None:
            from cascadelang.cli.draw_replay import draw_comparison

            write("\n" + draw_comparison(compared.comparison))
    if compared.errors is not None:
        write(str(compared.errors), err=True)
    return 0 if compared.same else 1


def _external(args: tuple[str, ...]) -> int:
    """As the command of `diff.NAME.command` in git's settings, which is called file by file and must end in 0."""
    from cascadelang.workspace.diff import compare_policies
    from cascadelang.workspace.mistake import Mistake

    if len(args) < _GIT_ARGS:
        raise click.UsageError("`--external` takes what git gives: path, old file, hex, mode, new file, hex, mode")
    path, old, new = args[0], args[1], args[4]
    write(f"cascadelang diff {path}")
    gone = "it is new" if old == "/dev/null" else "it is gone" if new == "/dev/null" else ""
    if gone:
        write(f"  {gone}")
        return 0
    try:
        compared = compare_policies(old, new, beside=path)
        write(compared.text(terminal_width()).rstrip("\n"))
        if compared.errors is not None:
            write(str(compared.errors))
    except Mistake as error:
        write(str(error))
    return 0
