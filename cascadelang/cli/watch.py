"""``cascadelang watch``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.main import EXIT_POLICY
from cascadelang.cli.options import chosen_output, output_option, print_json
from cascadelang.cli.paint import color_option, on_terminal, paint, write


@click.command("watch", cls=Command)
@click.argument("policy_file", metavar="POLICY.cl")
@click.option("--once", is_flag=True, help="Look once and end: exit code 1 when an alert holds, for CI.")
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 86_400),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long between two looks.",
)
@click.option("--baseline", metavar="FROM..TO|FILE.json", help="What drift is told against: `30d..7d`.")
@output_option("text", "json", "prometheus")
@color_option
def command(policy_file: str, once: bool, interval: float, baseline: str | None, output: str | None) -> int:
    """Look at a policy's alerts until one holds; then end, with exit code 1.

    cascadelang watch support.cl
    cascadelang watch support.cl --once --output json
    """
    import time

    from cascadelang.cli.draw_alerts import draw_alerts
    from cascadelang.cli.show_result import print_warning
    from cascadelang.workspace.alerts import Alerts, alerts_json
    from cascadelang.workspace.mistake import Mistake

    alerts = Alerts(policy_file, baseline=baseline)
    form = chosen_output(output)
    looked = False
    while True:
        try:
            states = alerts.look()
        except Mistake as mistake:
            if once or not looked:
                raise
            print_warning(f"{mistake.message}; it is looked at again in {interval:g} s")
            time.sleep(interval)
            continue
        looked = True
        holds = any(state.state == "holds" for state in states)
        if form == "json":
            print_json(alerts_json(states))
        elif form == "prometheus":
            click.echo(alerts.exposition(states), nl=False)
        else:
            if not once and on_terminal():
                click.clear()
            write(draw_alerts(states))
        if holds:
            return EXIT_POLICY
        if once:
            return 0
        if form == "text":
            write(paint(f"watching {policy_file} every {interval:g} s; Ctrl-C ends", dim=True))
        time.sleep(interval)
