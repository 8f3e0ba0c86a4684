"""The connections of this process to PostgreSQL: a few for each URL, shared by whoever reads or writes there.

Takes: a URL, with options for libpq. Gives: connections, lent for one transaction or one statement. Guarantees:

- None is opened before one is asked for, never more than `cascadelang.trace.postgres.most_connections` says, and one
  that wasn't needed for a minute is closed. What writes runs, what keeps answers and what reads share them: a process
  with many policies needs no more than one with one.
- A connection that wasn't used just now is looked at before it is lent, and one that broke is thrown away; whoever
  asks for one while there is none to be had is told why as soon as that is known. When to ask again is theirs to
  say: each has its own back-off.
- Nothing hangs on the session: each transaction sets what it needs for itself and no statement is prepared, so that a
  pooler may stand between that gives a server's connection for one transaction only (as PgBouncer's
  ``pool_mode = transaction``).
- They are closed at the end of the process. A forked child leaves its parent's alone, and opens its own.
- No name of a thread and no line of a log holds a part of the URL.

Built on `psycopg_pool.ConnectionPool`, which doesn't tell those who wait why no connection comes; that is done here.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import psycopg
import psycopg_pool
from psycopg.adapt import Loader

from cascadelang.trace.postgres import most_connections
from cascadelang.trace.sql import StoreAway

_IDLE_S: Final = 60.0
_TRUSTED_S: Final = 2.0
"""How long after it was used a connection is taken to be there still, by who can do without."""
_LOOKS_S: Final = (0.02, 0.05, 0.1, 0.2)
"""How often who waits looks whether connecting has failed; the last of these from then on."""
_CLOSE_S: Final = 1.0
_OURS: Final = {"autocommit": True, "prepare_threshold": None, "client_encoding": "UTF8"}

logging.getLogger("psycopg").addHandler(logging.NullHandler())  # what goes wrong is ours to tell


class _Number(Loader):
    """What ``sum`` of integers gives, as SQLite has it."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or not text.lstrip(b"-").isdigit() else int(text)


Words = Callable[[Exception], str]
"""What went wrong, for people."""


class Raw(psycopg.Connection[tuple[Any, ...]]):
    """A connection, with what is known of it.

    Attributes:
        used_s: when it was last known to be there, by the process's clock.
        alone: it isn't the pool's, and is closed when it is given back.
    """

    used_s: float = 0.0
    alone: bool = False

    @classmethod
    def connect(cls, conninfo: str = "", *, refused: Callable[[psycopg.Error], str], **options: Any) -> Raw:  # type: ignore[override]
        """Connect; that it can't be had is told to who waits for it, and to a log without what was typed.

        It has to answer first: a pooler may let us in, and have no connection of the server's left for us. Who waits
        then gets one of the others.
        """
        try:
            raw = super().connect(conninfo, **options)
            try:
                raw.execute("")
            except BaseException:
                raw.close()
                raise
        except psycopg.Error as error:
            raise psycopg.OperationalError(refused(error)) from None
        raw.adapters.register_loader("numeric", _Number)
        raw.used_s = time.monotonic()
        return raw


class Pool:
    """The connections to one URL.

    Args:
        url: where.
        options: what libpq is told besides.
        words: says why a connection couldn't be had, without a password.
        wait_s: how long to wait for one.

    Attributes:
        most: how many there are at most.
        breaks: how many times a connection was found broken: what was known of the server may not be so any more.
    """

    def __init__(self, url: str, options: Mapping[str, Any], words: Words, wait_s: float) -> None:
        self.most = most_connections()
        self.breaks = 0
        self._url = url
        self._words = words
        self._wait_s = wait_s
        self._options = {**options, **_OURS, "refused": self._refused}
        self._lock = threading.Lock()
        self._lent = 0
        self._refusals = 0
        self._refusal = ""
        self._suspect_s = 0.0
        self._pool: psycopg_pool.ConnectionPool[Raw] | None = None
        with contextlib.suppress(RuntimeError):  # no threads are to be had, or the process is ending
            self._pool = psycopg_pool.ConnectionPool(
                url,
                connection_class=Raw,
                kwargs=self._options,
                min_size=0,
                max_size=self.most,
                max_idle=_IDLE_S,
                reconnect_timeout=0,
                num_workers=1,
                name="cascadelang-store",
                open=True,
            )

    def _refused(self, error: psycopg.Error) -> str:
        self._refusal = self._words(error)
        self._refusals += 1
        return self._refusal

    @contextlib.contextmanager
    def lent(self, *, checked: bool = True) -> Iterator[Raw]:
        """A connection outside a transaction, until the end of the block.

        Args:
            checked: make sure that it is there, even if it was used just now.

        Raises:
            StoreAway: when there is none to be had.
        """
        raw = self.take(checked=checked)
        try:
            yield raw
        finally:
            self.give_back(raw)

    def take(self, *, checked: bool = True) -> Raw:
        """A connection outside a transaction, to be given back.

        Raises:
            StoreAway: when there is none to be had.
        """
        while True:
            raw = self._next()
            if not checked and raw.used_s > max(self._suspect_s, time.monotonic() - _TRUSTED_S):
                return raw
            try:
                raw.execute("")
            except psycopg.Error:
                raw.close()
                self.give_back(raw)
            except BaseException:
                self.give_back(raw)
                raise
            else:
                return raw

    def _next(self) -> Raw:
        """The next connection that is free, as it is."""
        refusals, look, until_s = self._refusals, 0, time.monotonic() + self._wait_s
        while self._pool is not None:
            left_s = until_s - time.monotonic()
            try:
                raw = self._pool.getconn(min(_LOOKS_S[min(look, len(_LOOKS_S) - 1)], max(left_s, 0.001)))
            except psycopg_pool.PoolTimeout:
                look += 1
                if self._refusals != refusals and (not self._lent or left_s <= 0):
                    raise StoreAway(self._refusal) from None
                if left_s <= 0:
                    busy = f"all {self.most} connections to it are in use"
                    raise StoreAway(busy if self._lent else "it doesn't answer") from None
            except psycopg_pool.PoolClosed:
                break
            else:
                self._count(1)
                return raw
        try:
            raw = Raw.connect(self._url, **self._options)
        except psycopg.Error as error:
            raise StoreAway(str(error)) from None
        raw.alone = True
        self._count(1)
        return raw

    def _count(self, more: int) -> None:
        with self._lock:
            self._lent += more

    def give_back(self, raw: Raw) -> None:
        """Give a connection back, in whatever state it is."""
        self._count(-1)
        with contextlib.suppress(psycopg.Error):
            if raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                raw.rollback()
        raw.used_s = time.monotonic()
        if raw.closed:
            self.breaks += 1
            self._suspect_s = raw.used_s  # the others may have gone the same way
        if self._pool is None or raw.alone:
            raw.close()
        else:
            with contextlib.suppress(psycopg.Error):
                self._pool.putconn(raw)

    def close(self) -> None:
        """Close what isn't lent, and the rest when it comes back."""
        if self._pool is not None:
            self._pool.close(_CLOSE_S)


_POOLS: dict[tuple[object, ...], Pool] = {}
_INHERITED: Final[list[Pool]] = []
"""Those of a parent process, which a child must not even close."""
_lock = threading.Lock()


def pool_of(url: str, options: Mapping[str, Any], words: Words, wait_s: float) -> Pool:
    """The process's connections to a URL, and to what else libpq's environment variables say of it."""
    variables = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("PG")))
    key = (url, variables, most_connections())
    with _lock:
        pool = _POOLS.get(key)
        if pool is None:
            pool = _POOLS[key] = Pool(url, options, words, wait_s)
        return pool


def close_pools() -> None:
    """Close all connections; whoever asks again gets new ones."""
    with _lock:
        pools = list(_POOLS.values())
        _POOLS.clear()
    for pool in pools:
        pool.close()


def _begin_in_child() -> None:
    global _lock  # noqa: PLW0603 - who holds it is the parent's
    _lock = threading.Lock()
    _INHERITED.extend(_POOLS.values())
    _POOLS.clear()


# INVARIANT: registered before a store registers its own end, for what is registered last is done first.
atexit.register(close_pools)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)
