"""``cascadelang traces``."""

from __future__ import annotations

import click

from cascadelang.cli.figures import count, money, one_line, safe, seconds
from cascadelang.cli.help import Group
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, paint, write

_COLOURS = {"accepted": "green", "unchecked": "cyan", "unmet": "yellow", "failed": "red", "cancelled": "red"}


@click.group("traces", cls=Group)
def command() -> None:
    """List, show and delete what was recorded.

    Runs are recorded in a file in the platform's data folder, unless the setting `trace_store` names another, or a
    PostgreSQL database, or says `off`; the settings are those of this folder. `trace_keep` says what is kept.
    """


@command.command("list")
@click.option("--policy", "policy", help="Only runs of this policy.")
@click.option("--model", "model", metavar="NAME", help="Only runs that asked this model for an answer.")
@click.option(
    "--since", metavar="AGE", help="Only runs of the last `30m`, `12h`, `7d` or `2w`, say, or since `2026-11-23`."
)
@click.option("--status", type=click.Choice(sorted(_COLOURS)), help="Only runs that ended like this.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most this many.")
@output_option("text", "json")
@color_option
def list_(  # noqa: PLR0917 - one for each option
    policy: str | None, model: str | None, since: str | None, status: str | None, limit: int, output: str | None
) -> None:
    """List runs, newest first.

    cascadelang traces list --limit 5
    cascadelang traces list --status unmet --output json
    cascadelang traces list --model sonnet --since 7d
    """
    from cascadelang.workspace.traces import list_recorded, row_json

    runs = list_recorded(policy=policy, model=model, since=since, status=status, limit=limit)
    if chosen_output(output) == "json":
        print_json({"version": 1, "runs": [row_json(run) for run in runs]})
        return
    if not runs:
        narrowed = any(only is not None for only in (policy, model, since, status))
        write("no run matches" if narrowed else "nothing is recorded yet", err=True)
    from time import localtime, strftime

    width = max((len(run.policy) for run in runs), default=0)
    for run in runs:
        when = strftime("%Y-%m-%d %H:%M:%S", localtime(run.started_wall_s))
        status_ = paint(f"{run.status:<9}", _COLOURS.get(run.status))
        facts = f"{' → '.join(run.path) or run.failure or '-'}  {money(run.cost_usd)}  {seconds(run.latency_s)}"
        query = paint(one_line(run.query, 40), dim=True)
        write(f"{run.trace_id}  {when}  {run.policy:<{width}}  {status_}  {facts}  {query}")


@command.command("show")
@click.argument("trace_id", metavar="ID")
@output_option("text", "json")
@color_option
def show(trace_id: str, output: str | None) -> None:
    """Show one run: query, path, verdicts, answer. ID may be its first letters, or `last`.

    cascadelang traces show last
    """
    from cascadelang.workspace.traces import find_recorded, run_json

    run = find_recorded(trace_id)
    if chosen_output(output) == "json":
        print_json({"version": 1, **run_json(run)})
        return
    from cascadelang.cli.draw_trace import draw_trace

    write(f"{paint('trace', bold=True)}   {run.trace_id}\n{paint('policy', bold=True)}  {run.policy_path}")
    if run.query:
        write(f"{paint('query', bold=True)}   {one_line(run.query, 500)}")
    write("\n" + draw_trace(run, err=False))
    if run.answer:
        write("\n" + safe(run.answer))


@command.command("prune")
@click.option("--older", required=True, metavar="AGE", help="Runs that began longer ago: `30d`, `12h`, `2w`.")
@click.option("--dry", is_flag=True, help="Only say how many.")
@output_option("text", "json")
def prune(older: str, dry: bool, output: str | None) -> None:
    """Delete old runs, with all that is known of them.

    cascadelang traces prune --older 30d --dry
    cascadelang traces prune --older 30d
    """
    from cascadelang.workspace.traces import prune_recorded

    number = prune_recorded(older, dry=dry)
    if chosen_output(output) == "json":
        print_json({"version": 1, "runs": number, "deleted": not dry})
        return
    write(f"{count(number, 'run')} {'would be' if dry else 'deleted'}{' deleted' if dry else ''}")
