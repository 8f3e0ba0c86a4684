"""Work that computes, done beside the event loop.

Takes: a function without arguments. Gives: what it gives, or raises. Guarantees: the loop goes on meanwhile; all such
work of a process is done one after the other in one thread, for two embeddings at once are no quicker than one by one
on the core they share. Cancelling the wait doesn't undo the work, whose result is then dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")


async def off_loop(work: Callable[[], T]) -> T:
    """Do some work in the process's one thread for it, and wait for it."""
    return await asyncio.get_running_loop().run_in_executor(_thread(), work)


@cache
def _thread() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="cascadelang-embedding")
