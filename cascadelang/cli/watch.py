"""``cascadelang watch``."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import click

from cascadelang.cli.help import Command
from cascadelang.cli.main import EXIT_POLICY, EXIT_USAGE
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, on_terminal, paint, write

if TYPE_CHECKING:
    from cascadelang.stats.alerts import AlertState
    from cascadelang.workspace.alerts import Alerts


def _is_number(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """What a range lets through, since it is on neither side of it: ``nan``."""
    if isnan(value):
        raise click.BadParameter("it is no number")
    return value


@click.command("watch", cls=Command)
@click.argument("policy_file", metavar="POLICY.cl")
@click.option("--once", is_flag=True, help="Look once and end: exit code 1 when an alert holds, for CI.")
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 86_400),
    callback=_is_number,
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long between two looks.",
)
@click.option("--baseline", metavar="FROM..TO|FILE.json", help="What drift is told against: `30d..7d`.")
@output_option("text", "json", "prometheus")
@color_option
def command(policy_file: str, once: bool, interval: float, baseline: str | None, output: str | None) -> int:
    """Look at alerts until one holds; then end, with exit code 1. Where it can't look: with 2.

    cascadelang watch support.cl
    cascadelang watch support.cl --once --output json
    """
    from cascadelang.workspace.mistake import Mistake, PolicyError

    try:
        return _watch(
            policy_file, interval_s=None if once else interval, baseline=baseline, form=chosen_output(output)
        )
    except PolicyError as error:
        write(str(error), err=True)
        return EXIT_USAGE
    except Mistake as mistake:
        raise Mistake(mistake.message, mistake.help, usage=True) from None


def _watch(policy_file: str, *, interval_s: float | None, baseline: str | None, form: str) -> int:
    """Look until an alert holds, or once."""
    import time

    from cascadelang.cli.show_result import print_warning
    from cascadelang.workspace.alerts import Alerts
    from cascadelang.workspace.mistake import Mistake

    alerts = Alerts(policy_file, baseline=baseline)
    looked = False
    while True:
        try:
            states = alerts.look()
        except Mistake as mistake:
            if interval_s is None or not looked:
                raise
            print_warning(f"{mistake.message}; it is looked at again in {interval_s:g} s")
            time.sleep(interval_s)
            continue
        looked = True
        _show(alerts, states, form, again=interval_s is not None)
        if any(state.state == "holds" for state in states):
            return EXIT_POLICY
        if interval_s is None:
            return 0
        if form == "text":
            write(paint(f"watching {policy_file} every {interval_s:g} s; Ctrl-C ends", dim=True))
        time.sleep(interval_s)


def _show(alerts: Alerts, states: list[AlertState], form: str, *, again: bool) -> None:
    """Write the states, in one of the forms of output."""
    if form == "json":
        from cascadelang.workspace.alerts import alerts_json

        print_json(alerts_json(states))
    elif form == "prometheus":
        click.echo(alerts.exposition(states), nl=False)
    else:
        from cascadelang.cli.draw_alerts import draw_alerts

        if again and on_terminal():
            click.clear()
        write(draw_alerts(states))
