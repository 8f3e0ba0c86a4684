"""``cascadelang models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Group
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, on_terminal, paint, write
from cascadelang.workspace.figures import count, size

if TYPE_CHECKING:
    from cascadelang.workspace.models import ListedModel


@click.group("models", cls=Group, invoke_without_command=True)
@click.option("--provider", help="Only models of this provider.")
@output_option("text", "json")
@color_option
@click.pass_context
def command(ctx: click.Context, provider: str | None, output: str | None) -> None:
    """List models with prices and capabilities; pull local ones.

    cascadelang models
    cascadelang models --provider anthropic --output json
    cascadelang models pull smollm2-135m
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, provider=provider, output=output)


@command.command("list")
@click.option("--provider", help="Only models of this provider.")
@output_option("text", "json")
@color_option
def list_(provider: str | None, output: str | None) -> None:
    """List known models: prices per million tokens, context, capabilities, and where that comes from."""
    from cascadelang.workspace.models import known_models, local_models, price_source

    rows, local = known_models(provider), local_models(provider)
    source, as_of = price_source()
    if chosen_output(output) == "json":
        print_json(
            {
                "version": 1,
                "prices": {"source": source, "as_of": as_of},
                "models": [row.as_json() for row in rows],
                "local": [model.as_json() for model in local],
            }
        )
        return
    _write_rows(rows)
    if rows:
        write(paint(f"\nUS dollars per million tokens, in / out; prices from {source}, as of {as_of}", dim=True))
    if local:
        write(("\n" if rows else "") + paint("on this machine", bold=True))
    for model in local:
        state = paint("✓ here", "green") if model.path else paint("· not here", "yellow")
        write(f"  {model.name:<20} {size(model.size_bytes):>8}  {model.licence}  {state}")


def _write_rows(rows: list[ListedModel]) -> None:
    """The table of the services' models."""
    if not rows:
        return
    wide = max(len(row.id) for row in rows)
    write(paint(f"{'model':<{wide}}  {'provider':<9}  {'in':>8} / {'out':<8}  {'context':>9}  can", bold=True))
    for row in rows:
        prices = f"{_price(row.input_usd):>8} / {_price(row.output_usd):<8}"
        context = f"{row.context:,}" if row.context else "?"
        can = "?" if row.can is None else ", ".join(row.can)
        old = paint("  deprecated", "yellow") if row.deprecated else ""
        write(f"{row.id:<{wide}}  {row.provider:<9}  {prices}  {context:>9}  {can}{old}")


def _price(usd: float | None) -> str:
    return "?" if usd is None else f"${usd:.4g}"


@command.command("pull")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@color_option
def pull(names: tuple[str, ...]) -> None:
    """Fetch the weights of local models, verify them and keep them.

    cascadelang models pull smollm2-135m qwen2.5-coder-0.5b
    """
    from cascadelang.cli.progress import bar
    from cascadelang.workspace.models import pull_model

    for name in names:
        with bar(name, shown=on_terminal(err=True)) as tell:
            path = pull_model(name, tell)
        write(f"{paint('✓', 'green')} {name}  {path}")
    write(count(len(names), "model") + " ready", err=True)
