"""A first policy with all that belongs to it, written into a folder.

Takes: a folder. Gives: which files were written and which were there already. Guarantees: no existing file is
changed, except that missing lines are added to ``.gitignore``; what is written lints, tests and runs as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cascadelang.workspace.mistake import Mistake

IGNORED = (".cascadelang/",)

FILES = {
    "policy.cl": "policy.cl",
    "order.schema.json": "order.schema.json",
    "cascadelang.toml": "cascadelang.toml",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
}
"""Names of the files written, and of those in ``first/`` that they are copies of."""

_FIRST = Path(__file__).with_name("first")


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_first_policy` did: names relative to the folder."""

    folder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]


def write_first_policy(folder: str = ".") -> Written:
    """Write a first policy with its test, schema, settings, pre-commit entry and ignore lines.

    Args:
        folder: where to; made when it isn't there.

    Raises:
        Mistake: when the folder can't be written to.
    """
    root = Path(folder)
    written: list[str] = []
    kept: list[str] = []
    try:
        root.mkdir(parents=True, exist_ok=True)
        for name, original in FILES.items():
            try:
                with (root / name).open("x", encoding="utf-8", newline="\n") as file:
                    file.write((_FIRST / original).read_text("utf-8"))
                written.append(name)
            except FileExistsError:
                kept.append(name)
        (written if _ignore(root / ".gitignore") else kept).append(".gitignore")
    except OSError as error:
        raise Mistake(f"`{folder}` can't be written to: {(error.strerror or 'output error').lower()}") from None
    return Written(folder, tuple(written), tuple(kept))


def _ignore(path: Path) -> bool:
    """Add the missing ignore lines; whether there were any."""
    before = path.read_text("utf-8", errors="surrogateescape") if path.exists() else ""
    missing = [line for line in IGNORED if line not in before.splitlines()]
    if missing:
        gap = "" if not before or before.endswith("\n") else "\n"
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(gap + "".join(f"{line}\n" for line in missing))
    return bool(missing)
