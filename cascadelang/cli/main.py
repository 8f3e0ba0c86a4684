"""The entry point: finds the command, runs it, and turns whatever happens into words and an exit code.

Takes: the arguments. Gives: an exit code (docs/cli.md, "Exit codes"). Guarantees: a command's module is imported only
when it runs; no traceback is shown unless ``CASCADELANG_DEBUG`` is set; a closed pipe is quiet.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import click

from cascadelang.cli.help import Group
from cascadelang.workspace.mistake import Mistake

EXIT_POLICY = 1
EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_CANCELLED = 130
EXIT_PIPE = 141

COMMANDS = {
    "init": "Write a first policy with its test; all of it runs at once.",
    "run": "Run one query through a policy and print the answer.",
    "lint": "Prove policy files before anything is paid for.",
    "fmt": "Lay policy files out in the one form there is.",
    "diff": "Say what changes from one policy to another.",
    "lock": "Record the prices and files that policies were reviewed with; `lint --locked` holds them.",
    "test": "Run the tests in policy files, offline.",
    "replay": "Run a policy over recorded answers: quality, cost, rates, with no call made.",
    "explain": "Show a policy's plan, or the page of a check, signal, strategy or diagnostic.",
    "cost": "Say what a policy costs: best, expected and worst, beside what else its parts could be.",
    "graph": "Draw a policy's execution graph.",
    "compile": "Print a policy's execution graph as JSON; `run` takes it.",
    "traces": "List, show, export and delete what was recorded.",
    "stats": "Say where queries and money went: routes, escalations, verdicts, costs, savings.",
    "watch": "Look at a policy's alerts until one holds.",
    "report": "Write a page about recorded runs, for the one who pays.",
    "models": "List models with prices and capabilities; pull local ones.",
    "rule": "Write a lint rule of your own.",
    "doctor": "Say what is set up and what is missing.",
}
LATER = frozenset({"train", "tune", "learn", "serve", "batch", "lsp"})
"""Commands that are designed but not part of this version: typing one says so."""


_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class _Cancelled(Exception):  # noqa: N818 - it names what happened
    """Ctrl-C."""


class _PipeClosed(Exception):  # noqa: N818 - it names what happened
    """Whoever read our output went away."""


@contextmanager
def _ends() -> Iterator[None]:
    """Take two ends out of click's hands, which has ways of its own with them."""
    try:
        yield
    except KeyboardInterrupt:
        raise _Cancelled from None
    except BrokenPipeError:
        raise _PipeClosed from None


class Commands(Group):
    """A group whose commands are imported when they are asked for, and whose ends are all in words."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """The commands, in the order of a first day with them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"cascadelang.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker what our modules export
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands from the table above, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say what was probably meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if name in LATER:
            raise click.UsageError(f"`{name}` is not part of this version of cascadelang", ctx)
        if name.endswith((".cl", ".json")):
            raise click.UsageError(f"`{name}` is not a command; did you mean `cascadelang run {name}`?", ctx)
        from cascadelang.workspace.mistake import nearest

        meant = nearest(name, list(COMMANDS))
        hint = f"; did you mean `{meant}`?" if meant else ""
        raise click.UsageError(f"there is no command `{name}`{hint}", ctx)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the arguments; `--help` writes here."""
        with _ends():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _ends():
            return super().invoke(ctx)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run and exit; see `run`."""
        extra["standalone_mode"] = False
        _fill_streams()
        sys.exit(self.run(args, prog_name or "cascadelang", extra))

    def run(self, args: Sequence[str] | None, prog_name: str, extra: dict[str, Any]) -> int:  # noqa: PLR0911 - one a kind of end
        """Run one command line and give the exit code."""
        try:
            done = super().main(args, prog_name, **extra)
            if sys.stdout is not None:  # it was closed before we began
                sys.stdout.flush()
        except click.exceptions.Exit as end:
            return end.exit_code
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            return EXIT_USAGE
        except click.UsageError as error:
            return _usage(error)
        except click.ClickException as error:
            return _say(error.format_message(), "", EXIT_USAGE)
        except Mistake as error:
            return tell_mistake(error)
        except (_Cancelled, KeyboardInterrupt, click.Abort):
            return _cancelled()
        except (_PipeClosed, BrokenPipeError):
            return _closed_pipe()
        except Exception as error:  # noqa: BLE001 - the last resort: a user never sees a traceback
            return _unforeseen(error)
        return done if isinstance(done, int) else 0


def _fill_streams() -> None:
    """Put nothing in the place of a standard stream that the caller closed, as ``cascadelang … >&-`` does.

    Whatever is opened first, the trace store say, would else have its number, and get what is printed there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in the order of their numbers
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(nothing, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for good


def _say(message: str, help_: str, code: int) -> int:
    """One message on stderr, with its help."""
    from cascadelang.cli.paint import paint

    text = paint("error", "red", bold=True, err=True) + paint(f": {message}", bold=True, err=True)
    if help_:
        text += f"\n  = help: {help_}"
    click.echo(text, err=True, color=True)
    return code


def _usage(error: click.UsageError) -> int:
    """A mistake in the arguments: exit code 2 and where help is."""
    message = error.format_message().rstrip(".")
    path = error.ctx.command_path if error.ctx else "cascadelang"
    return _say(message[:1].lower() + message[1:], f"`{path} --help` shows how it is used", EXIT_USAGE)


def tell_mistake(error: Mistake) -> int:
    """Tell of a mistake in a file or in what was asked; gives the exit code."""
    from cascadelang.workspace.mistake import PolicyError

    if isinstance(error, PolicyError):
        from cascadelang.cli.paint import colours
        from cascadelang.workspace.lint import render

        click.echo(render(error.diagnostics, error.sources, colour=colours(err=True)), err=True, color=True)
        return EXIT_POLICY
    return _say(error.message, error.help, EXIT_USAGE if error.usage else EXIT_POLICY)


def _cancelled() -> int:
    """Ctrl-C: one line, below the ``^C`` that a terminal shows."""
    from cascadelang.cli.paint import on_terminal

    if on_terminal(err=True):
        click.echo(err=True)
    return _say("cancelled", "", EXIT_CANCELLED)


def _closed_pipe() -> int:
    """Whoever read our output has seen enough: say nothing, and let the interpreter's last flush do no harm."""
    _drop_what_waits()
    return EXIT_PIPE


def _no_room(error: OSError) -> int:
    """What was written has no room where it goes to: ``cascadelang stats > file`` on a full disk, say."""
    _drop_what_waits()
    return _say(f"the output can't be written: {(error.strerror or 'no room').lower()}", "", EXIT_USAGE)


def _drop_what_waits() -> None:
    """Leave nothing for the interpreter's last flush, which would complain by itself."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def _unforeseen(error: Exception) -> int:
    """Something that no command foresaw: a full disk, or a bug."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return _no_room(error)
    if os.environ.get("CASCADELANG_DEBUG"):
        raise error
    return _say(
        f"cascadelang itself failed ({type(error).__name__}); this is a bug",
        "please report it with what `CASCADELANG_DEBUG=1` in front of the same command shows",
        EXIT_BUG,
    )


def _version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked:
        from cascadelang.version import __version__

        click.echo(f"cascadelang {__version__}")
        ctx.exit()


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="`cascadelang COMMAND --help` shows a command's options and examples.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Print the version."
)
def main() -> None:
    """The policy language for LLM routing and cascading: who answers, when to escalate, what it can cost.

    cascadelang init                             a first policy, with its test
    cascadelang lint policy.cl                   is it right?
    cascadelang run policy.cl --query "hello"    ask it
    """


if __name__ == "__main__":
    main()
