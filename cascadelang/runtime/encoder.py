"""The built-in encoder, for what a strategy compares itself.

Takes: a run and the limits around. Gives: the encoder, loaded. Guarantees: the loop goes on meanwhile; loading it is
no part of any call, so no ``within`` counts the time.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascadelang.embedding.built_in import BuiltIn
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.state import Run


async def loaded_encoder(run: Run, budget: Budget | None) -> BuiltIn:
    """The process's encoder, ready to read.

    Raises:
        Exception: whatever loading it raises.
    """
    from cascadelang.embedding.built_in import built_in
    from cascadelang.embedding.off_loop import off_loop

    encoder = built_in()
    if not encoder.ready:
        begun_s = run.now_s()
        with getattr(run.around.clock, "held", nullcontext)():
            await off_loop(encoder.load)
        if budget is not None:
            budget.put_off(run.now_s() - begun_s)
    return encoder
