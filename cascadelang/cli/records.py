"""What commands that read records have in common: which of them are taken, and what they call the models.

Takes: the words of the command line. Gives: `Taken`, and a progress bar. Guarantees: what has the wrong form is a
mistake in the arguments.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from cascadelang.cli.paint import on_terminal


@dataclass(frozen=True, slots=True)
class Taken:
    """Which records are taken, and how.

    Attributes:
        policy: which policy of the file; ``None`` where nothing was said.
        named: by the policy's name of a model, the records' name of it.
        limit: only the first so many.
        sample: only so many, drawn by their ids.
        seed: of what is drawn; ``None`` where nothing was said.
        resamples: how many resamples intervals are made of.
        impute: how answers that aren't recorded are filled in.
    """

    policy: str | None = None
    named: dict[str, str] = field(default_factory=dict)
    limit: int | None = None
    sample: int | None = None
    seed: int | None = None
    resamples: int | None = None
    impute: str | None = None

    def as_args(self) -> dict[str, Any]:
        """As functions of the workspace take them."""
        return {
            "policy": "main" if self.policy is None else self.policy,
            "named": self.named,
            "limit": self.limit,
            "sample": self.sample,
            "seed": self.seed or 0,
            "resamples": self.resamples,
            "impute": self.impute,
        }

    def refuse(self) -> None:
        """Say that records are missing, where something of them was said.

        Raises:
            click.UsageError: in that case.
        """
        if self != Taken():
            raise click.UsageError("which records are meant is said by `--on`, and it isn't there")


model_option = click.option(
    "--model", "names", multiple=True, metavar="NAME=RECORDED", help="What records call a model; repeatable."
)


def records_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What says which records are taken: ``--limit``, ``--sample``, ``--seed`` and so on, as one `Taken`."""

    @functools.wraps(command)
    def work(  # noqa: PLR0917 - one for each option
        policy: str | None,
        names: tuple[str, ...],
        limit: int | None,
        sample: int | None,
        seed: int | None,
        resamples: int | None,
        impute: str | None,
        **rest: Any,
    ) -> Any:
        return command(taken=Taken(policy, named_models(names), limit, sample, seed, resamples, impute), **rest)

    found: Callable[..., Any] = work
    for option in (
        click.option(
            "--impute",
            type=click.Choice(("mean", "worst", "best")),
            help="Fill in answers that aren't recorded: by the mean of their model's, or the worst or best case.",
        ),
        click.option("--resamples", type=click.IntRange(20, 1_000_000), metavar="N", help="Resamples of intervals."),
        click.option(
            "--seed", type=click.IntRange(0), metavar="N", help="Of the sample, the intervals and `split`; 0."
        ),
        click.option("--sample", type=click.IntRange(1), metavar="N", help="Only N records, drawn by their ids."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N records."),
        model_option,
        click.option("--policy", metavar="NAME", help="Which policy runs over the records; main."),
    ):
        found = option(found)
    return found


def named_models(words: tuple[str, ...]) -> dict[str, str]:
    """``haiku=claude-haiku`` as names by name.

    Raises:
        click.UsageError: when one has another form.
    """
    found = {}
    for word in words:
        name, _, recorded = word.partition("=")
        if not (name and recorded):
            raise click.UsageError(f"`--model {word}` names no model; write `--model haiku=claude-haiku-4-5`")
        found[name] = recorded
    return found


@contextmanager
def watching(records: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal, told of bytes; nothing elsewhere."""
    if not on_terminal(err=True):
        yield None
        return
    from cascadelang.cli.progress import bar

    with bar(records, shown=True) as tell:
        yield lambda done, total: tell(done, total, "")
