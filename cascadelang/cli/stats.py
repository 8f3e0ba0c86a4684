"""``cascadelang stats``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, write


@click.command("stats", cls=Command)
@click.argument("policy", required=False, metavar="[POLICY]")
@click.option("--since", metavar="WHEN", default="7d", show_default=True, help="An age, a day, or `all`.")
@click.option("--until", metavar="WHEN", help="Till when, likewise; now unless said.")
@click.option(
    "--baseline", metavar="FROM..TO|FILE.json", help="How far it has moved from this window, or from kept statistics."
)
@output_option("text", "json")
@color_option
def command(policy: str | None, since: str, until: str | None, baseline: str | None, output: str | None) -> None:
    """Say where recorded queries and their money went, for each policy or for one: its name, or its file.

    cascadelang stats --since 30d
    cascadelang stats support.cl --since 1d --baseline 30d..1d
    cascadelang stats main --output json
    """
    from cascadelang.workspace.stats import read_stats, stats_json

    found = read_stats(policy, since=None if since == "all" else since, until=until, baseline=baseline)
    if chosen_output(output) == "json":
        print_json(stats_json(found))
        return
    if not found:
        write("nothing is recorded in this window" if policy is None else "no run matches", err=True)
        return
    from cascadelang.cli.draw_stats import draw_stats
    from cascadelang.workspace.policy_file import shown_path

    paths = {stats.path for stats in found}
    write("\n\n\n".join(draw_stats(stats, shown_path(stats.path, paths)) for stats in found))
