"""A real PostgreSQL server for tests: in a folder of its own, as a user that isn't root, on loopback only.

Takes: the programs `initdb` and `pg_ctl`, from the PATH or where `pg_config` says. Gives: `Server`. Guarantees:
nothing of it is left when it is stopped; each process of the tests has its own.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

PASSWORD = "s3cret:p@ss/word"
URL_PASSWORD = "s3cret%3Ap%40ss%2Fword"
_USERS = ("postgres", "nobody")


def programs() -> Path:
    """The folder of PostgreSQL's programs; skips the test where there is none, or fails it where there has to be."""
    folders = [str(Path(found).parent)] if (found := shutil.which("initdb")) else []
    if config := shutil.which("pg_config"):
        folders.append(
            subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        )
    for folder in folders:
        if all((Path(folder) / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return Path(folder)
    missing = "PostgreSQL's programs (initdb, pg_ctl, postgres) are not on the PATH"
    if os.environ.get("CASCADELANG_NEED_POSTGRES"):
        pytest.fail(missing)
    pytest.skip(missing)


def free_port() -> int:
    """A port that is free, and stays so: none of those that the system gives to whoever wants any."""
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first, last = map(int, given.read_text().split()) if given.exists() else (32_768, 65_535)
    ports = [port for port in range(10_000, 65_536) if not first <= port <= last]
    chance = random.SystemRandom()  # not the one that tests seed: each process would get the same
    while True:
        port = chance.choice(ports)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


class Server:
    """A server that can be stopped, killed and started again.

    Attributes:
        url: with the password.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="cl-pg-"))
        self._user = self._other_user()
        self.own(self.folder)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb",
            *("-D", self.folder / "data", "-U", "tester", "--pwfile", secret, "-A", "scram-sha-256"),
            *("-E", "UTF8", "--no-locale", "--no-sync"),
        )
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
                "fsync = off\nshared_buffers = 16MB\nmax_connections = 40\nautovacuum = off\n"
            )
        for _ in range(4):  # a port that was free may be taken a moment later
            self.port = free_port()
            if self._started():
                break
        else:
            self.port = free_port()
            self.start()
        self.url = f"postgresql://tester:{URL_PASSWORD}@127.0.0.1:{self.port}/postgres"

    def _other_user(self) -> str | None:
        """Whom to run it as: PostgreSQL refuses root."""
        if os.geteuid() != 0:
            return None
        import pwd

        known = {user.pw_name for user in pwd.getpwall()}
        return next(user for user in _USERS if user in known)

    def own(self, folder: Path) -> None:
        """Give a folder to whom it runs as."""
        if self._user is not None:
            shutil.chown(folder, self._user)

    def _done(self, program: str, *args: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._programs / program, *map(str, args)],
            user=self._user,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,  # the server would hold the pipe
            stderr=subprocess.STDOUT if program == "initdb" else subprocess.DEVNULL,
            check=False,
        )

    def _run(self, program: str, *args: object) -> None:
        done = self._done(program, *args)
        if done.returncode:
            pytest.fail(f"{program} failed: {(done.stdout or b'').decode()}")

    def _started(self) -> bool:
        how = ("-w", "-t", "300", "-D", self.folder / "data", "-l", self.folder / "log", "-o", f"-F -p {self.port}")
        return self._done("pg_ctl", "start", *how).returncode == 0

    def start(self) -> None:
        if not self._started():
            pytest.fail(f"PostgreSQL doesn't start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends connections, `immediate` is as if it had been killed."""
        self._run("pg_ctl", "stop", "-w", "-t", "300", "-D", self.folder / "data", "-m", mode)

    def remove(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def empty(self) -> None:
        """Forget whatever was stored."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cascadelang'"
            )
            connection.execute("SET client_min_messages TO warning")
            connection.execute("DROP SCHEMA IF EXISTS cascadelang CASCADE")
