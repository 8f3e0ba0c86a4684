"""``cascadelang run``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import output_option, query_options
from cascadelang.cli.paint import color_option


@click.command("run", cls=Command)
@click.argument("policy_file", metavar="POLICY.cl")
@query_options
@click.option("--policy", "policy_name", default="main", show_default=True, help="Which policy of the file.")
@click.option("--stream", is_flag=True, help="Print the answer as it comes, where it can't be taken back.")
@click.option("--trace", is_flag=True, help="Show the path, each verdict with its reason, tokens, cost and time.")
@click.option("--dry", is_flag=True, help="Call nothing: show the decisions that need no call, and the bounds.")
@click.option("--seed", type=int, help="Seed of everything random in the run; models that take one get it too.")
@click.option("--no-cache", is_flag=True, help="Answer anew what is `cached`, and keep nothing of it.")
@output_option("text", "json")
@color_option
def command(
    *,
    policy_file: str,
    query: str | None,
    messages: str | None,
    meta: tuple[str, ...],
    policy_name: str,
    stream: bool,
    trace: bool,
    dry: bool,
    seed: int | None,
    no_cache: bool,
    output: str | None,
) -> int:
    """Run one query through a policy and print the answer. Also takes what `compile` prints.

    The answer goes to stdout, everything else to stderr.
    Exit code: 0 accepted or unchecked, 3 answered but the check wasn't met, 4 no answer, 1 the policy is wrong,
    2 wrong usage, 130 cancelled.

      cascadelang run support.cl --query "I was charged twice" --trace
      git diff | cascadelang run review.cl --query - --meta plan=gold
      cascadelang run support.cl --query @letter.txt --output json
      cascadelang run support.cl --query "hello" --dry
    """
    from cascadelang.cli.options import chosen_output
    from cascadelang.workspace.run import read_query

    asked = read_query(query, messages, meta)
    form = chosen_output(output, policy_file)
    if stream and form == "json":
        raise click.UsageError("`--stream` prints text as it comes; it can't be joined with JSON output")
    if dry:
        from cascadelang.cli.explain import show_plan

        return show_plan(policy_file, asked, policy_name, form)
    from cascadelang.cli.show_result import exit_code, print_part, print_result, print_warning, progress
    from cascadelang.workspace.run import running

    warnings: list[str] = []
    on_text = print_part if stream else None
    with progress() as tell:
        run = running(
            policy_file,
            asked,
            policy=policy_name,
            seed=seed,
            cache=not no_cache,
            on_text=on_text,
            on_pull=tell,
            warn=warnings.append,
        )
        with run as result:
            print_result(result, form=form, trace=trace, streamed=stream)
    for warning in warnings:
        print_warning(warning)
    return exit_code(result)
