"""Turns one argument into the value its parameter takes.

Takes: the argument's expression and the parameter. Gives: the value, or `BAD` after telling why there is none.
Guarantees: a file that an argument names is read through the policy's files and noted with its hash; a regular
expression is one that RE2 takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.patterns import TOO_LARGE, pattern_problem
from cascadelang.contracts.spec import Param
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.checked import Symbol
from cascadelang.semantics.constants import number, plain, whole
from cascadelang.semantics.resolve import require
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import SAID, comparable
from cascadelang.source import FileMissing
from cascadelang.source.files import beside
from cascadelang.syntax import ast

if TYPE_CHECKING:
    from cascadelang.semantics.example_files import WrongExamples

BAD: Final = object()
"""What an argument comes to when it can't be used; why was told."""

_PATH = re.compile(r"[^\s<>|*?\"]+\.[A-Za-z][A-Za-z0-9]{0,9}")

_KEY_WORDS = frozenset(
    {"apikey", "auth", "authorization", "cookie", "credential", "credentials", "key", "passwd", "password", "pwd"}
    | {"secret", "sig", "signature", "token"}
)
"""Words in the name of a header, or of a parameter in an address, that holds a key."""

_KEY_VALUE = re.compile(r"(?i)(?:bearer|basic)\s+\S|sk-\w")
"""How values start that are keys, whatever they are called."""

_USER_INFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@")
_QUERY_NAME = re.compile(r"[?&;]([^=&;#?]+)=[^&;#]")

_WANTED = {
    "text": 'a text in quotes: `"…"`',
    "texts": 'a text or a list of texts: `["…", "…"]`',
    "number": "a number",
    "count": "a whole number, 0 or more",
    "bool": "`true` or `false`",
    "regex": "a regular expression: `/…/`",
    "file": 'the path of a file: `"…"`',
    "text_or_file": 'a text in quotes, or the path of a file: `"…"`',
    "text_or_meta": 'a text in quotes, or a fact from the caller: `"…"` or `meta.NAME`',
    "json_file": 'the path of a JSON file: `"….json"`',
    "schema_file": 'the path of a JSON Schema: `"….json"`',
    "examples_file": 'the path of a file of examples: `"….txt"`',
    "topics_file": 'the path of a file of labels with examples: `"….yaml"`',
    "learned_file": 'the path of a learned file: `"….json"`',
    "path": 'a path: `"…"`',
    "program": 'the path of a program: `"./check.sh"`',
    "model": "the name of a model",
    "labels": "a list of labels: `[a, b]`",
    "secret": 'the name of an environment variable: `env("NAME")`',
    "duration": "a duration: `10s`",
    "record": "a record: `{ name: value }`",
}


def convert(expr: ast.Expr, param: Param, of: str, place: Place, state: State) -> Any:
    """The value of an argument; `BAD`, and an error, when the parameter can't take it.

    Args:
        expr: the argument.
        param: the parameter.
        of: the entry's name, for the message.
        place: where the argument stands.
        state: the check's tables.
    """
    if param.type == "choice" or param.choices:
        chosen = _choice(expr, param, of, state)
        if chosen is not None:
            return chosen
    if param.type == "expr":
        return _expr(expr, param, of, place, state)
    if param.name == "base_url" and isinstance(expr, ast.Text) and _address_holds_key(expr.value):
        return _literal_key(expr, state)
    if param.name == "headers" and isinstance(expr, ast.Record) and not _headers_stand(expr, state):
        return BAD
    value = _CONVERT[param.type](expr, place, state)
    if value is None:
        state.error(
            "wrong-type",
            f"`{param.name}` of `{of}` must be {_WANTED[param.type].split(':')[0]}",
            expr.span,
            help=f"give {_WANTED[param.type]}",
        )
        return BAD
    return value


def _choice(expr: ast.Expr, param: Param, of: str, state: State) -> Any:
    """One of a parameter's words; ``None`` when the parameter takes other things too and this is one."""
    word = ""
    if isinstance(expr, ast.Ref) and len(expr.name.parts) == 1:
        word = expr.name.parts[0]
    elif isinstance(expr, ast.Text):
        word = expr.value
    if word in param.choices:
        return word
    if param.type != "choice":
        return None
    near = did_you_mean(word, param.choices) if word else None
    words = ", ".join(f"`{choice}`" for choice in param.choices)
    state.error(
        "unknown-choice",
        f"`{param.name}` of `{of}` can't be `{word}`" if word else f"`{param.name}` of `{of}` must be one of {words}",
        expr.span,
        help=f"did you mean `{near}`?" if near else f"choose one of {words}",
    )
    return BAD


def _expr(expr: ast.Expr, param: Param, of: str, place: Place, state: State) -> Any:
    found = state.type_of(expr, place)
    if found is None:
        return BAD
    if param.of is not None and not comparable(found.value, param.of):
        state.error(
            "wrong-type",
            f"`{param.name}` of `{of}` must be {SAID[param.of]}, and this is {SAID[found.value]}",
            expr.span,
            help=f"give {SAID[param.of]}",
        )
        return BAD
    return expr


def _text(expr: ast.Expr, place: Place, state: State) -> str | None:  # noqa: ARG001 - the forms' one signature
    return expr.value if isinstance(expr, ast.Text) else None


def _texts(expr: ast.Expr, place: Place, state: State) -> Any:  # noqa: ARG001 - the forms' one signature
    if isinstance(expr, ast.Text):
        return [expr.value]
    if not isinstance(expr, ast.ListExpr):
        return None
    if not expr.items:
        state.error("empty-list", "the list is empty", expr.span, help="name at least one text")
        return BAD
    texts = [item.value for item in expr.items if isinstance(item, ast.Text)]
    return texts if len(texts) == len(expr.items) else None


def _number(expr: ast.Expr, place: Place, state: State) -> float | None:
    value = number(expr, place.path, state)
    return None if value is None else float(value)


def _count(expr: ast.Expr, place: Place, state: State) -> int | None:  # noqa: ARG001 - the forms' one signature
    value = whole(expr)
    return value if value is not None and value >= 0 else None


def _bool(expr: ast.Expr, place: Place, state: State) -> bool | None:  # noqa: ARG001 - the forms' one signature
    return expr.value if isinstance(expr, ast.Bool) else None


def _regex(expr: ast.Expr, place: Place, state: State) -> Any:  # noqa: ARG001 - the forms' one signature
    if not isinstance(expr, ast.Regex):
        return None
    value = {"pattern": expr.pattern, "flags": expr.flags}
    why = pattern_problem(value)
    if why:
        state.error(
            "invalid-regex",
            f"the regular expression can't be used: {why}",
            expr.span,
            help="repeat less often, or fewer kinds of characters"
            if why == TOO_LARGE
            else "patterns are in RE2 syntax, which has no look-around and no back-references",
        )
        return BAD
    return value


def _file(expr: ast.Expr, place: Place, state: State) -> Any:
    if not isinstance(expr, ast.Text):
        return None
    text = state.read_text(expr, place.path)
    return BAD if text is None else text


def _program(expr: ast.Expr, place: Place, state: State) -> str | None:  # noqa: ARG001 - the forms' one signature
    """A program's path: beside the file in which it is written, never looked up among the system's programs."""
    return beside(place.path, expr.value) if isinstance(expr, ast.Text) else None


def _text_or_file(expr: ast.Expr, place: Place, state: State) -> Any:
    """The words of a file when the text is a path, else the words themselves."""
    if not isinstance(expr, ast.Text):
        return None
    words = expr.value
    if _PATH.fullmatch(words):
        return _file(expr, place, state)
    if words and len(words) <= 120 and not re.search(r"\s", words):
        try:
            state.files.read_bytes(beside(place.path, words))
        except FileMissing:
            return words
        return _file(expr, place, state)
    return words


def _text_or_meta(expr: ast.Expr, place: Place, state: State) -> Any:
    """The words of a text; the name of a fact that the caller gives, as ``{"meta": name}``."""
    if isinstance(expr, ast.Ref) and expr.name.parts[0] == "meta":
        return BAD if state.type_of(expr, place) is None else {"meta": expr.name.parts[1]}
    return expr.value if isinstance(expr, ast.Text) else None


def _json_file(expr: ast.Expr, place: Place, state: State) -> Any:
    text = _file(expr, place, state)
    if text is None or text is BAD:
        return text
    assert isinstance(expr, ast.Text)  # noqa: S101 - only a text names a file
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        why = f"{error.msg[0].lower()}{error.msg[1:]}, at line {error.lineno}, column {error.colno}"
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError:
        why = "a number in it is too long"
    state.error("invalid-json", f"`{expr.value}` is not valid JSON: {why}", expr.span, help="correct the file")
    return BAD


def _examples_file(expr: ast.Expr, place: Place, state: State) -> Any:
    text = _file(expr, place, state)
    if text is None or text is BAD:
        return text
    assert isinstance(expr, ast.Text)  # noqa: S101 - only a text names a file
    from cascadelang.semantics.example_files import WrongExamples, examples_in

    try:
        return {"file": expr.value, "texts": examples_in(expr.value, text)}
    except WrongExamples as wrong:
        return _wrong_examples(expr, wrong, state)


def _topics_file(expr: ast.Expr, place: Place, state: State) -> Any:
    text = _file(expr, place, state)
    if text is None or text is BAD:
        return text
    assert isinstance(expr, ast.Text)  # noqa: S101 - only a text names a file
    from cascadelang.semantics.example_files import WrongExamples, topics_in

    try:
        return {"file": expr.value, "topics": topics_in(expr.value, text)}
    except WrongExamples as wrong:
        return _wrong_examples(expr, wrong, state)


def learned_file(expr: ast.Expr, place: Place, state: State) -> Any:
    """A learned file. Which numbers about answers it can name is for the entry to say: it has `problems`."""
    value = _json_file(expr, place, state)
    if value is None or value is BAD:
        return value
    assert isinstance(expr, ast.Text)  # noqa: S101 - only a text names a file
    from cascadelang.learned.read import ANY_ANSWER, WrongLearned, read_learned

    try:
        read_learned(value, ANY_ANSWER)
    except WrongLearned as wrong:
        wrong_learned(expr, str(wrong), state)
        return BAD
    return {"file": expr.value, "learned": value}


def wrong_learned(expr: ast.Text, why: str, state: State) -> None:
    """Tell of a learned file that can't be used where it is named."""
    state.error(
        "invalid-learned",
        f"`{expr.value}` can't be used: {why}",
        expr.span,
        help="name a file that was trained for this, and don't change it by hand",
    )


def _wrong_examples(expr: ast.Text, wrong: WrongExamples, state: State) -> Any:
    at = f", line {wrong.line}" if wrong.line else ""
    state.error("invalid-examples", f"`{expr.value}`{at}: {wrong}", expr.span, help=wrong.help)
    return BAD


def _model(expr: ast.Expr, place: Place, state: State) -> Any:
    if not isinstance(expr, ast.Ref):
        return None
    symbol: Symbol | None = require(expr.name, place.path, ("model",), state)
    return BAD if symbol is None else symbol


def _labels(expr: ast.Expr, place: Place, state: State) -> Any:  # noqa: ARG001 - the forms' one signature
    if not isinstance(expr, ast.ListExpr):
        return None
    labels: list[str] = []
    for item in expr.items:
        if isinstance(item, ast.Ref) and len(item.name.parts) == 1:
            word = item.name.parts[0]
        elif isinstance(item, ast.Text):
            word = item.value
        else:
            return None
        if word in labels:
            state.error("duplicate-name", f"the label `{word}` is listed twice", item.span, help="leave one out")
            return BAD
        labels.append(word)
    if not labels:
        state.error("empty-list", "the list of labels is empty", expr.span, help="name the labels")
        return BAD
    return labels


def _duration(expr: ast.Expr, place: Place, state: State) -> float | None:  # noqa: ARG001 - the forms' one signature
    return float(expr.value_s) if isinstance(expr, ast.Duration) else None


def _record(expr: ast.Expr, place: Place, state: State) -> Any:  # noqa: ARG001 - the forms' one signature
    if not isinstance(expr, ast.Record):
        return None
    seen: set[str] = set()
    for entry in expr.entries:
        if entry.key in seen:
            state.error("duplicate-field", f"`{entry.key}` is given twice", entry.key_span, help="leave one out")
            return BAD
        seen.add(entry.key)
    try:
        return plain(expr)
    except ValueError:
        return None


def _headers_stand(headers: ast.Record, state: State) -> bool:
    """Whether no header has a key in it: the provider sends its own, from ``key``. Each that has is told."""
    stand = True
    for entry in headers.entries:
        value = entry.value
        if isinstance(value, ast.Call) and value.name.parts == ("env",):
            state.error(
                "wrong-type",
                f"the header `{entry.key}` can't take its value from an environment variable",
                value.span,
                help='only a provider\'s key can: `key: env("ACME_KEY")`',
            )
        elif _names_key(entry.key) or (isinstance(value, ast.Text) and _KEY_VALUE.match(value.value)):
            _literal_key(value, state)
        else:
            continue
        stand = False
    return stand


def _address_holds_key(address: str) -> bool:
    """Whether an address has a user or a password in it, or a parameter that holds a key."""
    return _USER_INFO.match(address) is not None or any(map(_names_key, _QUERY_NAME.findall(address)))


def _names_key(name: str) -> bool:
    return not _KEY_WORDS.isdisjoint(re.split(r"[^a-z0-9]+", name.lower()))


def secret(expr: ast.Expr, state: State) -> Any:
    """The environment variable's name in ``env("NAME")``; `BAD`, and an error, for anything else."""
    if isinstance(expr, ast.Call) and expr.name.parts == ("env",):
        if len(expr.args) == 1 and not expr.args[0].name and isinstance(expr.args[0].value, ast.Text):
            name = expr.args[0].value.value
            if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                return name
        state.error(
            "wrong-type",
            "`env` takes the name of one environment variable",
            expr.span,
            help='write `env("ACME_KEY")`',
        )
        return BAD
    return _literal_key(expr, state)


def _literal_key(expr: ast.Expr, state: State) -> Any:
    state.hide(expr.span)
    state.error(
        "literal-key",
        "a key can't stand in a policy file",
        expr.span,
        help='name the environment variable that holds it: `key: env("ACME_KEY")`',
    )
    return BAD


def _secret(expr: ast.Expr, place: Place, state: State) -> Any:  # noqa: ARG001 - the forms' one signature
    return secret(expr, state)


_CONVERT: dict[str, Callable[[ast.Expr, Place, State], Any]] = {
    "text": _text,
    "texts": _texts,
    "number": _number,
    "count": _count,
    "bool": _bool,
    "regex": _regex,
    "file": _file,
    "text_or_file": _text_or_file,
    "text_or_meta": _text_or_meta,
    "json_file": _json_file,
    "schema_file": _json_file,
    "examples_file": _examples_file,
    "topics_file": _topics_file,
    "learned_file": learned_file,
    "path": _text,
    "program": _program,
    "model": _model,
    "labels": _labels,
    "secret": _secret,
    "duration": _duration,
    "record": _record,
}
