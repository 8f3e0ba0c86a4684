"""Files of examples: texts that `similar` compares with, and labels with the texts that `nearest` knows them by.

Takes: a file's name and its text. Gives: the texts, or the texts by label, in the file's order. Guarantees: at least
one text, and of every label; none is empty; the same text stands once, and under one label only; a label is a word
that a policy can name. What is wrong is told with its line, as the file counts them.

The name's ending says which form it is:

- ``.txt``: an example a line; blank lines and lines that begin with ``#`` are nothing.
- ``.json``: a list of texts; for labels, an object of such lists.
- ``.yaml``, ``.yml``: the same.
- ``.csv``: a first line of column names, then an example a line, in the column ``text``; its label in ``label``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

MOST: Final = 50_000
"""Examples in one file: embedding these takes two minutes."""

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = frozenset({"true", "false", "else", "and", "or", "not", "in", "is", "missing"})
_SHOWN: Final = 40

Found = tuple[str, str, int]
"""A label (empty for none), a text, and the line it stands in."""


class WrongExamples(Exception):  # noqa: N818 - it names what is so
    """The file can't be used; ``str()`` of it says why.

    Attributes:
        line: where, from 1; 0 when it is about the whole file.
        help: what to do.
    """

    def __init__(self, message: str, line: int = 0, help: str = "") -> None:  # noqa: A002 - the diagnostic's word
        super().__init__(message)
        self.line = line
        self.help = help


def examples_in(name: str, text: str) -> list[str]:
    """The examples in a file.

    Raises:
        WrongExamples: if there are none, or the file isn't of the form its name says.
    """
    ending = _ending(name)
    if ending == "csv":
        found = _rows(text, labelled=False)
    elif ending in ("json", "yaml", "yml"):
        found = _listed(_tree(text, ending), "", ending)
    elif ending == "txt":
        found = _lines(text)
    else:
        raise WrongExamples(
            "examples are read from `.txt`, `.json`, `.yaml` and `.csv` files",
            help="save it as text, an example a line",
        )
    texts: dict[str, None] = {}
    for _, example, _ in found:
        texts.setdefault(example)
    if not texts:
        raise WrongExamples("there is no example in it", help="write one example a line")
    return _few_enough(list(texts))


def topics_in(name: str, text: str) -> dict[str, list[str]]:
    """The labels in a file with their examples.

    Raises:
        WrongExamples: if there are none, or the file isn't of the form its name says, or a label or an example
            can't be one.
    """
    ending = _ending(name)
    if ending == "csv":
        found = _rows(text, labelled=True)
    elif ending in ("json", "yaml", "yml"):
        found = _mapped(_tree(text, ending), ending)
    else:
        raise WrongExamples(
            "labels with examples are read from `.yaml`, `.json` and `.csv` files",
            help="save it as YAML: each label with a list of examples below it",
        )
    topics: dict[str, dict[str, None]] = {}
    places: dict[str, tuple[str, int]] = {}
    for label, example, line in found:
        other, before = places.setdefault(example, (label, line))
        if other != label:
            where = f" in line {before}" if before != line else ""
            raise WrongExamples(
                f"`{_cut(example)}` is an example of `{label}`, and of `{other}`{where}",
                line,
                "leave one out: an example that two labels share tells neither",
            )
        topics.setdefault(label, {})[example] = None
    if not topics:
        raise WrongExamples("there is no label in it", help="write a label, and below it a list of examples")
    _few_enough([example for given in topics.values() for example in given])
    return {label: list(given) for label, given in topics.items()}


def _few_enough(texts: list[str]) -> list[str]:
    if len(texts) > MOST:
        raise WrongExamples(f"it has {len(texts):,} examples", help=f"keep the {MOST:,} that tell most")
    return texts


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _lines(text: str) -> Iterator[Found]:
    for number, line in enumerate(text.splitlines(), start=1):
        example = line.strip()
        if example and not example.startswith("#"):
            yield "", example, number


def _rows(text: str, *, labelled: bool) -> Iterator[Found]:
    import csv
    import io

    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    begun = 0
    try:
        columns = [str(column).strip() for column in rows.fieldnames or ()]
        rows.fieldnames = columns
        for column in ("label", "text") if labelled else ("text",):
            if column not in columns:
                raise WrongExamples(
                    f"it has no column `{column}`", 1, "name the columns in the first line: `label,text`"
                )
            if columns.count(column) > 1:
                raise WrongExamples(f"it has the column `{column}` twice", 1, "take one of them out")
        begun = rows.line_num
        for row in rows:
            beyond: Sequence[str] = row.pop(None, ())  # cells that no column is for
            line = rows.line_num - sum((cell or "").count("\n") for cell in (*row.values(), *beyond))
            if any(cell.strip() for cell in beyond):
                raise WrongExamples("a row has more cells than columns", line, "put texts with commas in quotes")
            begun = rows.line_num
            example = (row["text"] or "").strip()
            label = (row["label"] or "").strip() if labelled else ""
            if not example and not label:
                continue
            if not example:
                raise WrongExamples(
                    f"an example of `{_cut(label)}` is empty", line, "write it, or leave the line out"
                )
            yield _label(label, line) if labelled else "", example, line
    except csv.Error as error:
        line = next((n for n, words in enumerate(text.splitlines(), 1) if n > begun and words.strip()), begun)
        if "unexpected end" in str(error):
            words, help_ = "a quote that begins here has no end", "write a quote inside a text twice"
            raise WrongExamples(words, line, help_) from None
        raise WrongExamples(f"it isn't CSV: {error}", line, "put texts with commas in quotes") from None


def _label(word: str, line: int) -> str:
    """The label, if it can be one."""
    if not word:
        raise WrongExamples("an example has no label", line, "name its label")
    if _LABEL.fullmatch(word) is None:
        better = re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_")
        raise WrongExamples(
            f"`{_cut(word)}` can't be a label",
            line,
            "a label is a word that a policy can name: letters, digits and `_`"
            + (f"; `{better}`, say" if _LABEL.fullmatch(better) else ""),
        )
    if word in _WORDS:
        raise WrongExamples(
            f"`{word}` can't be a label", line, f"the word has a meaning of its own in a policy; `{word}_`, say"
        )
    return word


# ---- JSON and YAML ----------------------------------------------------------------------------------------------


class _Leaf:
    """A value with its line: a text, a list of `_Leaf` or of pairs of them, ``None`` for nothing, ``()`` for more."""

    __slots__ = ("line", "value")

    def __init__(self, value: Any, line: int) -> None:
        self.value = value
        self.line = line


def _tree(text: str, ending: str) -> _Leaf | None:
    """The whole file; ``None`` for one with nothing in it."""
    if ending == "json":
        return _json_tree(text)
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
        return None if node is None else _leaf(node, 0, {})
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(error.problem or error.context or "it can't be read").split())
        raise WrongExamples(f"it isn't YAML: {said}", mark.line + 1 if mark else 0, _YAML_HELP) from None
    except (yaml.YAMLError, UnicodeEncodeError):  # libyaml encodes what the other reader would refuse
        raise WrongExamples("it holds characters that a text file doesn't have", help="save it as text") from None
    except RecursionError:
        raise WrongExamples("it is nested too deeply", help=_HELP[ending]) from None


_YAML_HELP: Final = "write each label with a list of examples below it, and texts that hold `: ` in quotes"
_HELP: Final[Mapping[str, str]] = {
    "yaml": _YAML_HELP,
    "yml": _YAML_HELP,
    "json": 'write `{"label": ["example", "example"]}`',
}


def _json_tree(text: str) -> _Leaf:
    """The whole of a JSON file."""
    import json

    try:
        data = json.loads(text, object_pairs_hook=tuple)
    except json.JSONDecodeError as error:
        raise WrongExamples(
            f"it isn't JSON: {error.msg[0].lower()}{error.msg[1:]}", error.lineno, "correct the file"
        ) from None
    except (RecursionError, ValueError):
        raise WrongExamples(
            "it is nested too deeply, or a number in it is too long", help="correct the file"
        ) from None
    return _json_leaf(data, _Lines(text), 0)


class _Lines:
    """Finds the line of one text of a JSON file after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1

    def of(self, value: Any) -> int:
        """The line of the next such value; the last line found for one that isn't written as it is."""
        import json

        if isinstance(value, str):
            found = self._text.find(json.dumps(value, ensure_ascii=False), self._at)
            if found >= 0:
                self._line += self._text.count("\n", self._at, found)
                self._at = found
        return self._line


def _json_leaf(value: Any, lines: _Lines, depth: int) -> _Leaf:
    line = lines.of(value)
    if value is None or isinstance(value, str):
        return _Leaf(value, line)
    if depth >= 2 or not isinstance(value, (list, tuple)):
        return _Leaf((), line)
    if isinstance(value, list):
        return _Leaf([_json_leaf(item, lines, depth + 1) for item in value], line)
    return _Leaf([(_json_leaf(key, lines, 2), _json_leaf(given, lines, depth + 1)) for key, given in value], line)


def _leaf(node: Any, depth: int, known: dict[tuple[int, int], _Leaf]) -> _Leaf:
    """A node of YAML. Texts that YAML would take for something else (`yes`, `12`) are the texts they are.

    What stands deeper than the text of a label is not looked at, and what several places name is read once: a file
    can make neither of them large.
    """
    leaf = known.get((id(node), depth))
    if leaf is None:
        line = node.start_mark.line + 1
        value: Any = None
        if node.id == "scalar":
            empty = node.tag == "tag:yaml.org,2002:null" and node.value in ("", "~", "null")
            value = None if empty else node.value
        elif depth >= 2:
            value = ()
        elif node.id == "sequence":
            value = [_leaf(item, depth + 1, known) for item in node.value]
        else:
            value = [(_leaf(key, 2, known), _leaf(given, depth + 1, known)) for key, given in node.value]
        leaf = known[id(node), depth] = _Leaf(value, line)
    return leaf


def _listed(tree: _Leaf | None, label: str, ending: str) -> Iterator[Found]:
    """The texts of a list."""
    if tree is None:
        return
    of = f" of `{label}`" if label else ""
    if not isinstance(tree.value, list) or any(isinstance(item, tuple) for item in tree.value):
        raise WrongExamples(
            f"the examples{of} aren't a list of texts", tree.line, _HELP[ending] if label else "write a list of texts"
        )
    for item in tree.value:
        example = item.value.strip() if isinstance(item.value, str) else ""
        if not example:
            said = "is empty" if item.value is None or isinstance(item.value, str) else "isn't a text"
            raise WrongExamples(f"an example{of} {said}", item.line, "write it as one text, in quotes")
        yield label, example, item.line


def _mapped(tree: _Leaf | None, ending: str) -> Iterator[Found]:
    """The texts of a mapping of labels to lists."""
    if tree is None:
        return
    if not isinstance(tree.value, list) or not all(isinstance(item, tuple) for item in tree.value):
        raise WrongExamples("it isn't labels with lists of examples", tree.line, _HELP[ending])
    seen: dict[str, int] = {}
    for key, value in tree.value:
        label = _label(key.value if isinstance(key.value, str) else "", key.line)
        if label in seen:
            raise WrongExamples(
                f"the label `{label}` stands there twice, first in line {seen[label]}",
                key.line,
                "put the examples of both in one list",
            )
        seen[label] = key.line
        number = 0
        for found in _listed(value, label, ending) if value.value is not None else ():
            number += 1
            yield found
        if not number:
            raise WrongExamples(f"`{label}` has no example", key.line, "write some below it, or leave it out")


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _SHOWN else one_line[: _SHOWN - 1] + "…"
