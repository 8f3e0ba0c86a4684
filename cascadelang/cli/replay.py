"""``cascadelang replay``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, write
from cascadelang.cli.records import Taken, records_options, watching


@click.command("replay", cls=Command)
@click.argument("path", metavar="POLICY.cl")
@click.option("--on", "records", required=True, metavar="RECORDS", help="The records: .jsonl, .csv or .parquet.")
@records_options
@click.option("--weak", metavar="MODEL", help="With --strong: how much of the gap between two models is recovered.")
@click.option("--strong", metavar="MODEL", help="See --weak.")
@output_option("text", "json")
@color_option
def command(
    *, path: str, records: str, taken: Taken, weak: str | None, strong: str | None, output: str | None
) -> int:
    """Run a policy over recorded answers: quality, cost, latency and rates, with no call made.

    Every model is replaced by what the records hold of it; a record without what the policy asks for is counted as
    unobserved. Intervals are bootstrap percentiles, of 95%.
    Exit code: 0 done, 1 a file is wrong or no record can be used, 2 the arguments are wrong.

      cascadelang replay support.cl --on answers.jsonl.gz
      cascadelang replay support.cl --on answers.jsonl --model haiku=claude-haiku-4-5 --sample 500
      cascadelang replay support.cl --on answers.jsonl --weak haiku --strong opus --output json
    """
    from cascadelang.workspace.replay import replay

    if (weak is None) != (strong is None):
        raise click.UsageError("`--weak` and `--strong` are given together")
    form = chosen_output(output, path)
    with watching(records) as tell:
        ends = None if weak is None or strong is None else (weak, strong)
        found = replay(path, records, ends=ends, progress=tell, **taken.as_args())
    if form == "json":
        from cascadelang.learning.report_json import report_json

        print_json(report_json(found))
    else:
        from cascadelang.cli.draw_replay import draw_report

        write(draw_report(found))
    return 0
