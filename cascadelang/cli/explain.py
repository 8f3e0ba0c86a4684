"""``cascadelang explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import chosen_output, output_option, print_json, query_options, token_count
from cascadelang.cli.paint import color_option, terminal_width, write

if TYPE_CHECKING:
    from cascadelang.contracts.messages import Query
    from cascadelang.workspace.mistake import PolicyError


@click.command("explain", cls=Command)
@click.argument("what", metavar="NAME|POLICY.cl")
@query_options
@click.option("--policy", "policy_name", default="main", show_default=True, help="Which policy of the file.")
@click.option("--input", "input_size", metavar="TOKENS", help="Show costs for an input of so many tokens: 4k, 1500.")
@output_option("text", "json")
@color_option
def command(
    *,
    what: str,
    query: str | None,
    messages: str | None,
    meta: tuple[str, ...],
    policy_name: str,
    input_size: str | None,
    output: str | None,
) -> int:
    """Show a policy's plan: order of evaluation, bounds per node, and with a query which arm it takes and why.

    With a NAME instead: the page of a diagnostic, check, signal, strategy or provider. Calls nothing.
    Exit code: 1 when the policy has errors; one that only isn't proved is shown all the same.

      cascadelang explain support.cl
      cascadelang explain support.cl --input 16k
      cascadelang explain support.cl --query "I was charged twice" --meta plan=gold
      cascadelang explain unknown-name
      cascadelang explain judge
    """
    from cascadelang.workspace.explain import is_policy, page

    if is_policy(what):
        from cascadelang.workspace.run import read_query

        if meta and query is None and messages is None:
            raise click.UsageError("`--meta` goes with `--query` or `--messages`")
        asked = read_query(query, messages, meta) if query is not None or messages is not None else None
        tokens = None if input_size is None else token_count(input_size)
        return show_plan(what, asked, policy_name, chosen_output(output, what), tokens)
    from cascadelang.cli.draw_page import draw_page

    write(draw_page(page(what)))
    return 0


def show_plan(
    policy_file: str, query: Query | None, policy_name: str, form: str, input_tokens: int | None = None
) -> int:
    """Print a policy's plan; `run --dry` shows the same. Gives the exit code."""
    from cascadelang.workspace.explain import plan

    wrong: list[PolicyError] = []
    found = plan(
        policy_file,
        query,
        policy=policy_name,
        form=form,
        input_tokens=input_tokens,
        width=terminal_width(),
        tell=wrong.append,
    )
    if isinstance(found, str):
        write(found.rstrip("\n"))
    else:
        print_json(found)
    for error in wrong:
        write(str(error), err=True)
    return 1 if wrong else 0
