"""``require``: what it names exists, and each bound compares one known thing with a limit of its type.

Whether the bounds hold is proved on the graph, not here.
"""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.constants import whole
from cascadelang.semantics.resolve import require
from cascadelang.semantics.state import State
from cascadelang.syntax import ast

BOUNDS: Final = {
    "cost": "an amount of money: `cost <= $0.30`",
    "calls": "a whole number: `calls <= 5`",
    "latency": "a duration: `latency <= 60s`",
}
"""What can be bounded, and with what."""


def check_require(decl: ast.RequireDecl, path: str, state: State) -> None:
    """Check one ``require``."""
    require(decl.policy, path, ("policy",), state)
    if decl.input_limit is not None and (whole(decl.input_limit) or 0) <= 0:
        state.error(
            "wrong-type",
            "the size of the input must be a number of tokens",
            decl.input_limit.span,
            help="write `for input <= 4k`",
        )
    for bound in decl.bounds:
        _bound(bound, state)


def _bound(bound: ast.Bound, state: State) -> None:
    if bound.what not in BOUNDS:
        near = did_you_mean(bound.what, list(BOUNDS))
        state.error(
            "unknown-choice",
            f"`{bound.what}` can't be bounded",
            bound.what_span,
            help=f"did you mean `{near}`?" if near else "`cost`, `calls` and `latency` can",
        )
        return
    fits = {
        "cost": isinstance(bound.limit, ast.Money),
        "calls": whole(bound.limit) is not None,
        "latency": isinstance(bound.limit, ast.Duration),
    }
    if not fits[bound.what]:
        state.error(
            "wrong-type",
            f"the limit of `{bound.what}` must be {BOUNDS[bound.what].split(':')[0]}",
            bound.limit.span,
            help=f"give {BOUNDS[bound.what]}",
        )
