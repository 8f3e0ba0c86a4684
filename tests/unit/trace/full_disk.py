"""Fills a real disk, a small one in memory, under a trace store, and makes room again.

Run as a script in a mount namespace of its own, as somebody who may mount: ``unshare -m python full_disk.py DIALECT
FOLDER``, with this folder's parents on the path. The disk is FOLDER; for PostgreSQL it is in the folder of a server
that is started here, and holds the tables. Prints one line of JSON: ``warnings`` (in order), ``dropped``, ``kept``
(how many runs are there in the end), ``recorded``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from conftest import run
from postgres_server import Server

from cascadelang.trace import store as store_module
from cascadelang.trace.query import list_runs
from cascadelang.trace.store import TraceStore

MIB = 2**20


def noise(number: int) -> str:
    """A text of 40,000 characters that doesn't get smaller when it is packed."""
    import random

    return random.Random(number).randbytes(20_000).hex()  # noqa: S311 - not a secret


def wait_for(condition) -> None:
    until_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def fill(where: str, ballast: Path) -> None:
    """Record until the disk is full, go on for a while, make room, and record again."""
    store_module._BACK_OFF_S = (0.05,)
    warnings: list[str] = []
    store = TraceStore(where, warn=warnings.append)
    number = 0
    while not warnings:
        store.record(run(number, query=noise(number)))
        number += 1
        time.sleep(0.01)
    for _ in range(20):
        store.record(run(number, query=noise(number)))
        number += 1
    wait_for(lambda: store._absences > 1 or not store.waiting)
    ballast.unlink()
    if store._absences:
        wait_for(lambda: len(warnings) == 2)
    wait_for(lambda: not store.waiting and not store._at_hand)
    store.record(run(number))
    number += 1
    store.close()
    kept = list_runs(where, limit=None)
    assert all(len(one.query) in {40_000, 10} for one in kept)
    print(json.dumps({"warnings": warnings, "dropped": store.dropped, "kept": len(kept), "recorded": number}))  # noqa: T201


def mount(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=777", "none", folder], check=True)


def main(dialect: str, folder: Path) -> None:
    """Mount it, and fill it."""
    if dialect == "sqlite":
        mount(folder)
        (folder / "ballast").write_bytes(b"\0" * 22 * MIB)
        fill(str(folder / "t.sqlite"), folder / "ballast")
        return
    import psycopg

    server = Server()
    disk, tables = server.folder / "disk", server.folder / "disk" / "tables"
    try:
        disk.mkdir()
        mount(disk)
        tables.mkdir()
        server.own(tables)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
            connection.execute("ALTER ROLE tester SET default_tablespace = small")
        (disk / "ballast").write_bytes(b"\0" * 20 * MIB)
        fill(server.url, disk / "ballast")
    finally:
        server.stop("immediate")
        subprocess.run(["umount", disk], check=False)
        server.remove()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
