"""``cascadelang traces``."""

from __future__ import annotations

from typing import Any

import click

from cascadelang.cli.draw_runs import STATUSES, draw_runs, when
from cascadelang.cli.help import Group
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, on_terminal, one_line, paint, safe, terminal_width, write
from cascadelang.workspace.figures import count


@click.group("traces", cls=Group)
def command() -> None:
    """List, show, export and delete what was recorded.

    Runs are recorded in a file in the platform's data folder, unless the setting `trace_store` names another, or a
    PostgreSQL database, or says `off`; the settings are those of this folder. `trace_keep` says what is kept.
    """


@command.command("list")
@click.option("--policy", metavar="NAME|FILE", help="Only runs of this policy, or of this file.")
@click.option("--model", metavar="NAME", help="Only runs that asked this model for an answer.")
@click.option("--status", type=click.Choice(sorted(STATUSES)), help="Only runs that ended like this.")
@click.option("--failure", metavar="KIND", help="Only runs that failed like this: `timeout`, say.")
@click.option(
    "--verdict",
    type=click.Choice(["passed", "failed", "unknown"]),
    help="Only runs in which a check came to this.",
)
@click.option("--check", metavar="TEXT", help="Only runs in which a condition with this in it was checked.")
@click.option("--text", metavar="TEXT", help="Only runs with this in the query or the answer, in any case.")
@click.option("--cost", metavar="BOUND", multiple=True, help="Only runs that cost so much: `'>0.01'`, or `unknown`.")
@click.option("--latency", metavar="BOUND", multiple=True, help="Only runs that took so long: `'>5s'`, `'<300ms'`.")
@click.option("--meta", metavar="NAME=VALUE", multiple=True, help="Only runs with this fact of the caller.")
@click.option(
    "--since", metavar="AGE", help="Only runs of the last `30m`, `12h`, `7d` or `2w`, say, or since `2026-11-23`."
)
@click.option("--until", metavar="AGE", help="Only runs that began longer ago, or before that day.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most this many.")
@click.option("--after", metavar="ID", help="Go on behind this run: the next page.")
@output_option("text", "json")
@color_option
def list_(limit: int, output: str | None, **search: Any) -> None:
    """List runs, newest first; all that is said has to fit.

    cascadelang traces list --limit 5
    cascadelang traces list --status unmet --output json
    cascadelang traces list --model sonnet --since 7d --cost '>0.01'
    cascadelang traces list --text "charged twice" --verdict failed
    """
    from cascadelang.workspace.traces import list_recorded, row_json

    runs = list_recorded(limit=limit + 1, **search)
    more = len(runs) > limit
    runs = runs[:limit]
    if chosen_output(output) == "json":
        next_ = runs[-1].trace_id if more else None
        print_json({"version": 1, "runs": [row_json(run) for run in runs], "next": next_})
        return
    if not runs:
        narrowed = any(only not in {None, ()} for only in search.values())
        write("no run matches" if narrowed else "nothing is recorded yet", err=True)
    for line in draw_runs(runs, terminal_width() if on_terminal() else None, queries=True):
        write(line)
    if more:
        write(f"there are more: add `--after {runs[-1].trace_id}`", err=True)


@command.command("show")
@click.argument("trace_id", metavar="ID")
@output_option("text", "json")
@color_option
def show(trace_id: str, output: str | None) -> None:
    """Show one run: query, path, verdicts, answer. ID may be its first letters, or `last`.

    cascadelang traces show last
    """
    from cascadelang.workspace.traces import beside_recorded, find_recorded, row_json, run_json

    run = find_recorded(trace_id)
    beside = beside_recorded(run)
    if chosen_output(output) == "json":
        print_json({"version": 1, **run_json(run), "beside": [row_json(other) for other in beside]})
        return
    from cascadelang.cli.draw_path import draw_path
    from cascadelang.workspace.policy_file import path_from_here

    head = (("trace", run.trace_id), ("policy", path_from_here(run.policy_path)), ("began", when(run)))
    lines = [f"{paint(f'{word:<6}', bold=True)}  {one_line(said, 500)}" for word, said in head]
    if run.query:
        lines.append(f"{paint('query ', bold=True)}  {one_line(run.query, 500)}")
    if run.meta:
        facts = ", ".join(f"{name} = {value}" for name, value in run.meta.items())
        lines.append(f"{paint('meta  ', bold=True)}  {one_line(facts, 500)}")
    write("\n".join(lines) + "\n\n" + draw_path(run, err=False))
    if beside:
        write(
            "\n"
            + paint("beside it", bold=True)
            + "\n"
            + "\n".join(draw_runs(beside, terminal_width() if on_terminal() else None))
        )
    if run.answer:
        write("\n" + safe(run.answer))


@command.command("export")
@click.option(
    "-o", "--to", "target", default="-", metavar="FILE", help="A .jsonl or .jsonl.gz file; stdout, unless given."
)
@click.option("--policy", metavar="NAME|FILE", help="Only runs of this policy, or of this file.")
@click.option("--model", metavar="NAME", help="Only runs that asked this model for an answer.")
@click.option("--status", type=click.Choice(sorted(STATUSES)), help="Only runs that ended like this.")
@click.option("--text", metavar="TEXT", help="Only runs with this in the query or the answer, in any case.")
@click.option("--meta", metavar="NAME=VALUE", multiple=True, help="Only runs with this fact of the caller.")
@click.option("--since", metavar="AGE", help="Only runs of the last `12h`, `7d` or `2w`, say, or since `2026-11-23`.")
@click.option("--until", metavar="AGE", help="Only runs that began longer ago, or before that day.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most this many runs.")
def export(target: str, limit: int | None, **search: Any) -> None:
    """Write runs as records, newest first: queries, and what each model answered, for `replay`.

    A record has the answers that were asked for, and no others; it has no `quality`, which a trace doesn't know.

      cascadelang traces export -o answers.jsonl.gz --policy main --since 7d
    """
    from cascadelang.workspace.export import export_recorded

    done = export_recorded(target, limit=limit, **search)
    said = f"{count(done.records, 'record')}" + ("" if target == "-" else f" written to {one_line(target, 200)}")
    if done.without_query:
        said += f"; {done.without_query:,} without a query: it was empty, or its text isn't kept"
    write(said, err=True)


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
