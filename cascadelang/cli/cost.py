"""``cascadelang cost``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, terminal_width, write


def rate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How often each way is taken, and how long calls are."""
    for name, parameter, metavar, words in (
        ("--hits", "hits", "NODE=30%", "How often `cached` has the answer already; `cached=30%` for all."),
        ("--slow", "slow", "NODE=5%", "How often a hedge starts its second; `hedge=5%` for all."),
        ("--fail", "fails", "MODEL=1%", "How often a call of a model fails, retries and all."),
        ("--pass", "passes", "RUNG=60%", "How often the answers of a rung pass its gate."),
        ("--mix", "mix", "ARM=20%", "How many queries take an arm; what is left is spread evenly."),
        ("--tokens", "tokens", "IN/OUT", "Tokens of a query and of an answer; `MODEL=IN/OUT` for one model."),
    ):
        add: Callable[[Callable[..., Any]], Callable[..., Any]]
        add = click.option(name, parameter, multiple=True, metavar=metavar, help=words)
        command = add(command)
    return command


@click.command("cost", cls=Command)
@click.argument("policy_file", metavar="POLICY.cl")
@click.option("--policy", "policy_name", default="main", show_default=True, help="Which policy of the file.")
@click.option("--volume", default="1M/month", show_default=True, help="How many queries come: `20k/day`, `300/hour`.")
@rate_options
@click.option("--from-traces", is_flag=True, help="Take the rates of what was recorded.")
@click.option("--since", metavar="AGE", help="With `--from-traces`: only runs of the last `7d`, say.")
@click.option("--vs", "versus", multiple=True, metavar="all:MODEL", help="A further model to compare with.")
@click.option("--plot", metavar="FILE.html", help="Write a page with a drawing of the same.")
@output_option("text", "json", "csv")
@color_option
def command(  # noqa: PLR0917 - one for each option
    policy_file: str,
    policy_name: str,
    volume: str,
    tokens: tuple[str, ...],
    mix: tuple[str, ...],
    passes: tuple[str, ...],
    fails: tuple[str, ...],
    slow: tuple[str, ...],
    hits: tuple[str, ...],
    from_traces: bool,
    since: str | None,
    versus: tuple[str, ...],
    plot: str | None,
    output: str | None,
) -> None:
    """Say what a policy costs: best, expected and worst, beside its router, its cascade and each model alone.

    Rates are stated or, with --from-traces, those of recorded runs; what neither says is assumed, and shown. Calls
    nothing.

      cascadelang cost support.cl --volume 200k/month --mix code=20% --pass haiku=70%,sonnet=60% --tokens 800/300
      cascadelang cost support.cl --from-traces --since 30d --plot cost.html
      cascadelang cost support.cl --output csv > cost.csv
    """
    from cascadelang.workspace.cost import bill
    from cascadelang.workspace.cost_rates import Asked

    if since is not None and not from_traces:
        raise click.UsageError("`--since` goes with `--from-traces`")
    if plot is not None:
        from cascadelang.workspace.cost_page import check_page_name, write_page

        check_page_name(plot)
    made = bill(
        policy_file,
        policy=policy_name,
        asked=Asked(mix, passes, fails, slow, hits, tokens),
        volume=volume,
        versus=versus,
        from_traces=from_traces,
        since=since,
    )
    form = chosen_output(output, policy_file)
    if form == "json":
        from cascadelang.workspace.cost_output import bill_json

        print_json(bill_json(made))
    elif form == "csv":
        from cascadelang.workspace.cost_output import bill_csv

        click.echo(bill_csv(made), nl=False)
    else:
        from cascadelang.cli.draw_cost import draw_bill

        write(draw_bill(made, terminal_width()))
    if plot is not None:
        write_page(made, plot)
        write(f"wrote {plot}", err=True)
