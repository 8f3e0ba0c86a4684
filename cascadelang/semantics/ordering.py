"""``order by learned("quality.json")``: a file that predicts the quality of each rung.

Takes: a cascade's clause. Gives: what the graph needs of it, among the state's settings. Guarantees: a file that
can't be used, and one that says nothing of a rung, is one error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.arguments import BAD, learned_file
from cascadelang.semantics.state import Place, State
from cascadelang.syntax import ast

if TYPE_CHECKING:
    from cascadelang.learned.model import Learned

_HELP: Final = 'write `order by learned("quality.json")`, or leave it out: the rungs are asked as they stand'


def check_order(cascade: ast.Cascade, order: ast.Expr, path: str, state: State) -> None:
    """Check the clause, and note what it says for the cascade."""
    if not isinstance(order, ast.Call) or str(order.name) != "learned":
        state.error("wrong-type", "`order by` needs a file of predicted qualities", order.span, help=_HELP)
        return
    if cascade.start is not None:
        said = "`from` and `order by` both say which rung comes first"
        state.error("duplicate-clause", said, order.span, help="keep one of them")
    at, worth = _arguments(order, state)
    if at is None:
        return
    found = learned_file(at, Place(path, "signal"), state)
    if found is BAD:
        return
    learned = _learned(found["learned"])
    if isinstance(learned, str):
        state.error(
            "invalid-learned",
            f"`{at.value}` can't be used: {learned}",
            at.span,
            help="name a file that was trained for this: one that gives `scores`, from queries alone",
        )
        return
    names = [rung_name(rung.strategy) for rung in cascade.rungs]
    if _all_known(cascade, names, at, learned, state):
        state.settings[id(cascade)] = {
            "file": at.value,
            "quality": found["learned"],
            "names": names,
            "worth_usd": worth,
        }


def _arguments(call: ast.Call, state: State) -> tuple[ast.Text | None, float | None]:
    """The file, where there is one, and what a right answer is worth in dollars."""
    worth: float | None = None
    files: list[ast.Expr] = []
    for arg in call.args:
        if arg.name == "worth" and isinstance(arg.value, ast.Money) and arg.value.value > 0:
            worth = float(arg.value.value)
        elif arg.name == "worth":
            state.error("wrong-type", "`worth` is an amount above zero", arg.span, help="write `worth: $0.02`")
        elif arg.name or files:
            said = f"`learned` takes no `{arg.name}` here" if arg.name else "`learned` takes one file here"
            state.error("unknown-argument", said, arg.span, help=_HELP)
        else:
            files.append(arg.value)
    if not files:
        state.error("missing-argument", "`learned` needs to be told the file", call.span, help=_HELP)
    elif not isinstance(files[0], ast.Text):
        state.error("wrong-type", "`learned` needs a file's name", files[0].span, help=_HELP)
    else:
        return files[0], worth
    return None, None


def _learned(value: object) -> Learned | str:
    """The learned file, or what is wrong with it."""
    from cascadelang.learned.read import WrongLearned, read_learned

    try:
        learned = read_learned(value)
    except WrongLearned as wrong:
        return str(wrong)
    if learned.gives != "scores":
        return f"it gives `{learned.gives}`, and an order needs one that gives `scores`"
    return learned


def _all_known(cascade: ast.Cascade, names: list[str], at: ast.Text, learned: Learned, state: State) -> bool:
    """Tell the first rung that the file predicts nothing for."""
    for name, rung in zip(names, cascade.rungs, strict=True):
        if name not in learned.outputs:
            near = did_you_mean(name, learned.outputs) if name else None
            state.error(
                "unknown-rung",
                f"`{at.value}` predicts nothing for `{name}`" if name else "a rung without a name has no prediction",
                rung.strategy.span,
                label="it knows " + ", ".join(f"`{output}`" for output in learned.outputs[:6]),
                help=f"did you mean `{near}`?" if near else "give the rung one of these names: `tier NAME = …`",
            )
            return False
    return True


def rung_name(strategy: ast.Strategy) -> str:
    """The name a rung goes by, without the file it comes from and without suffixes; empty when it has none."""
    while isinstance(strategy, (ast.With, ast.Within, ast.Retry, ast.Cached)):
        strategy = strategy.strategy
    return strategy.name.parts[-1] if isinstance(strategy, ast.NameStrategy) else ""
