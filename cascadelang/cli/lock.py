"""``cascadelang lock``."""

from __future__ import annotations

import click

from cascadelang.cli.help import Command
from cascadelang.cli.options import output_option, print_json
from cascadelang.cli.paint import color_option, paint, write


@click.command("lock", cls=Command)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a lock would change.")
@output_option("text", "json")
@color_option
def command(paths: tuple[str, ...], check: bool, output: str | None) -> int:
    """Write NAME.lock.yaml beside each NAME.cl: the prices and files it was reviewed with. Check it in.

    Values under `tune` are kept. A lock that says nothing new isn't touched. `lint --locked` says what is stale.

      cascadelang lock
      cascadelang lock support.cl
      cascadelang lock --check
    """
    from cascadelang.cli.options import chosen_output
    from cascadelang.workspace.lock import lock

    done = lock(paths, check=check)
    stale = any(each.did == "stale" for each in done)
    if chosen_output(output, paths[0] if paths else ".") == "json":
        rows = [{"policy": d.policy, "lock": d.path, "did": d.did, "changes": list(d.changes)} for d in done]
        print_json({"version": 1, "locks": rows})
        return 1 if stale else 0
    colours = {"written": "green", "stale": "red"}
    for each in done:
        words = f"{each.policy}: no policy that can be asked" if each.did == "nothing" else each.path
        write(f"{paint(f'{each.did:8}', colours.get(each.did), dim=each.did not in colours)} {words}")
        for change in each.changes:
            write(f"         {change}")
    return 1 if stale else 0
