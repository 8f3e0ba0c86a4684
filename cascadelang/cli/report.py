"""``cascadelang report``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.paint import color_option, write
from cascadelang.cli.records import model_option, named_models


@click.command("report", cls=Command)
@click.argument("policy", required=False, metavar="[POLICY]")
@click.option(
    "-o", "--out", default="report.html", show_default=True, metavar="FILE.html", help="Where it is written."
)
@click.option("--since", metavar="WHEN", default="30d", show_default=True, help="An age, a day, or `all`.")
@click.option("--until", metavar="WHEN", help="Till when, likewise; now unless said.")
@click.option(
    "--on", "records", metavar="RECORDS", help="Graded answers (.jsonl, .jsonl.gz, .parquet) that quality is told by."
)
@model_option
@click.option(
    "--samples", type=click.IntRange(0, 50), default=6, show_default=True, help="How many runs are shown with texts."
)
@color_option
def command(
    *,
    policy: str | None,
    out: str,
    since: str,
    until: str | None,
    records: str | None,
    names: tuple[str, ...],
    samples: int,
) -> None:
    """Write a page about recorded runs: what was saved, where queries went, rates, cost, latency, reasons, some runs.

    One file that opens offline. POLICY is a name or a file; unless given, the policy that ran most.

      cascadelang report support.cl -o report.html
      cascadelang report --since 7d --samples 0
      cascadelang report support.cl --on answers.jsonl.gz
    """
    from cascadelang.workspace.cost_page import check_page_name, write_file
    from cascadelang.workspace.report import findings
    from cascadelang.workspace.report_page import report_page

    if names and records is None:
        raise click.UsageError("`--model` says what records call a model, and `--on` names none")
    check_page_name(out)
    found = findings(
        policy,
        since=None if since == "all" else since,
        until=until,
        records=records,
        named=named_models(names),
        samples=samples,
    )
    write_file(out, report_page(found))
    write(f"wrote {out}")
