"""The policy files that ship with the package: ``use "std/anthropic"`` reads ``anthropic.cl`` here."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """What can follow ``std/``, sorted."""
    return sorted(file.stem for file in _FOLDER.glob("*.cl"))


def read(name: str) -> str | None:
    """The text of ``std/NAME``; ``None`` when there is no such file."""
    return (_FOLDER / f"{name}.cl").read_text(encoding="utf-8") if name in names() else None
