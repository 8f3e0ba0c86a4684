"""What a contained program may use, and how it ended."""

from __future__ import annotations

from typing import Final, Literal

from cascadelang.source.frozen import dataclass

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a contained program may use.

    Attributes:
        time_s: seconds, its start and the wait for its turn included.
        memory_bytes: of address space, each process.
        disk_bytes: in its one folder that can be written to; also the largest file.
        files: in that folder, folders and links among them, about: they are counted twenty times a second.
        output_bytes: on its standard output; one that writes more is ended.
        processes: processes and threads, where the system counts them (it doesn't for root).
    """

    time_s: float = 10.0
    memory_bytes: int = 512 * MEGABYTE
    disk_bytes: int = 16 * MEGABYTE
    files: int = 10_000
    output_bytes: int = MEGABYTE
    processes: int = 64


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        why: it ended by itself, or was ended because of its time, its output or its files; or its turn never came.
        code: its exit code, minus the signal where one ended it; of no use unless it ended by itself.
        output: what it wrote to its standard output, at most as much as it may.
        errors: the first of what was written to the standard error.
        waited_s: how long it had to wait for its turn; 0 when it didn't.
    """

    why: Literal["itself", "time", "output", "files", "turn"]
    code: int
    output: bytes
    errors: str
    waited_s: float = 0.0
