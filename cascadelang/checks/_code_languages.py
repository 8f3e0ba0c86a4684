"""The languages whose code can be parsed: their names, labels and grammars, as data.

A grammar is the module of a tree-sitter wheel and the function in it that gives the language; Python and JSON are
parsed by Python itself.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Language(NamedTuple):
    """A language: what stands behind fences for it, besides its name, and its grammar."""

    labels: tuple[str, ...] = ()
    module: str = ""
    function: str = "language"


LANGUAGES: Final[dict[str, Language]] = {
    "python": Language(("py", "python3", "py3")),
    "json": Language(),
    "javascript": Language(("js", "jsx", "mjs", "node"), "tree_sitter_javascript"),
    "typescript": Language(("ts", "mts"), "tree_sitter_typescript", "language_typescript"),
    "tsx": Language((), "tree_sitter_typescript", "language_tsx"),
    "java": Language((), "tree_sitter_java"),
    "go": Language(("golang",), "tree_sitter_go"),
    "rust": Language(("rs",), "tree_sitter_rust"),
    "c": Language(("h",), "tree_sitter_c"),
    "cpp": Language(("c++", "cc", "cxx", "hpp"), "tree_sitter_cpp"),
    "csharp": Language(("c#", "cs"), "tree_sitter_c_sharp"),
    "ruby": Language(("rb",), "tree_sitter_ruby"),
    "php": Language((), "tree_sitter_php", "language_php"),
    "bash": Language(("sh", "shell", "zsh"), "tree_sitter_bash"),
    "html": Language((), "tree_sitter_html"),
    "css": Language((), "tree_sitter_css"),
}

LABELS: Final[dict[str, str]] = {
    label: name for name, language in LANGUAGES.items() for label in (name, *language.labels)
}
"""Languages by what stands behind a fence."""
