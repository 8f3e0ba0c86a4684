"""One name for each declaration, as the file that was compiled would write it.

Takes: the files of a policy. Gives: the name of any symbol of its files. Guarantees: two symbols never share a name,
and a symbol's name doesn't depend on what else is declared beside it.

A declaration that the compiled file can name is called what it calls it: ``haiku``, or ``m.haiku`` behind
``use … as m``. One that it can't (a file used by a used file, behind an alias of its own) is called by its file:
``ladder:haiku``, or ``lib/ladder.cl:haiku`` where two such files have the same name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from cascadelang.semantics.checked import Module, Symbol


class Names:
    """The names of the symbols of a policy's files, as the file ``root`` would write them."""

    def __init__(self, root: str, modules: Mapping[str, Module]) -> None:
        self._visible: dict[int, str] = {}
        waiting = [("", root)]
        seen = {root}
        for prefix, path in waiting:  # grows while it is walked: files nearer to the root come first
            names = modules[path].names
            for name, symbol in names.items():
                if symbol.kind != "module":
                    self._visible.setdefault(id(symbol), prefix + name)
            for name, symbol in names.items():
                if symbol.kind == "module" and symbol.module not in seen and symbol.module in modules:
                    seen.add(symbol.module)
                    waiting.append((f"{prefix}{name}.", symbol.module))
        stems = [_stem(path) for path in modules if path not in seen]
        self._shared_stems = {stem for stem in stems if stems.count(stem) > 1}

    def of(self, symbol: Symbol) -> str:
        """The symbol's name."""
        name = self._visible.get(id(symbol))
        if name is not None:
            return name
        stem = _stem(symbol.path)
        return f"{symbol.path if stem in self._shared_stems else stem}:{symbol.name}"


def _stem(path: str) -> str:
    """``ladder`` of ``lib/ladder.cl``."""
    return posixpath.basename(path).removesuffix(".cl")
