"""Settings: from ``cascadelang.toml`` or ``[tool.cascadelang]`` in ``pyproject.toml``, then the environment.

Takes: a folder to look upwards from, and the environment. Gives: a `Config`. Guarantees: an unknown key and a value
of the wrong type are errors, never ignored; TOML is only parsed when there is a file with settings in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from cascadelang.source.frozen import dataclass
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from cascadelang.lint.levels import Levels

Output = Literal["text", "json", "sarif", "github", "junit"]
_PREFIX = "CASCADELANG_"
_KEEP = ("text", "hashes", "numbers")
_TELEMETRY = ("off", "api", "otlp")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MOST_DIGITS = 9
_MOST_SANDBOXES = 10_000
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Config:
    """What can be set, with its defaults.

    Attributes:
        trace_store: path of the trace store, relative to the file that says so, or a ``postgresql://`` URL; ``off``
            records nothing; empty is the platform's data folder.
        keep_text: whether queries and answers are kept in the trace store.
        trace_keep: what else anybody said is kept as: ``text``, ``hashes``, or not at all (``numbers``).
        trace_redact: RE2 patterns of what is blacked out before anything is kept; in the environment one a line.
        trace_project: what the project is called whose policies run: their files are then recorded by their paths
            below the settings' folder, alike wherever it is checked out.
        trace_key: of the hashes; a file in the data folder holds one unless it is given.
        trace_sample: the share of the runs that ended well that is kept.
        trace_retain: how long runs are kept, as ``30d``; empty is for ever.
        telemetry: where spans of runs go: ``off``, ``api`` (OpenTelemetry as the program has set it up) or ``otlp``.
        telemetry_content: whether spans hold texts, as far as the trace store may keep them.
        sandboxes: how many contained programs run at once in this process; 0 is as many as there are cores.
        output: what commands print where ``--output`` isn't given; one that hasn't that form prints text.
        rules: what lint's rules count as, by name: ``off``, ``warning`` or ``error``.
        found: the file these settings come from; empty when there is none.
    """

    trace_store: str = ""
    keep_text: bool = True
    trace_keep: Literal["text", "hashes", "numbers"] = "text"
    trace_redact: tuple[str, ...] = ()
    trace_key: str = ""
    trace_project: str = ""
    trace_sample: float = 1.0
    trace_retain: str = ""
    telemetry: Literal["off", "api", "otlp"] = "off"
    telemetry_content: bool = False
    sandboxes: int = 0
    output: Output = "text"
    rules: Mapping[str, Any] = field(default_factory=dict)
    found: str = ""

    def __repr__(self) -> str:
        """Without what may hold a password or is a key."""
        return f"<Config of {self.found or 'nothing'}>"

    @property
    def traces_off(self) -> bool:
        """Whether nothing is to be recorded."""
        return self.trace_store == "off"

    @property
    def levels(self) -> Levels | None:
        """What lint's rules count as; ``None`` where nothing is said."""
        if not self.rules:
            return None
        from cascadelang.lint.levels import Levels

        return Levels(self.rules)

    def trace_where(self) -> Path | str | None:
        """Where the trace store is, a path or a URL; ``None`` when nothing is to be recorded.

        A URL may hold a password: show it by `cascadelang.trace.sql.shown`.
        """
        if self.traces_off:
            return None
        if self.trace_store:
            from cascadelang.trace.sql import is_url

            return self.trace_store if is_url(self.trace_store) else _expanded(self.trace_store)
        from cascadelang.source.folders import data_folder

        return data_folder() / "traces.sqlite"


KEYS = tuple(f.name for f in fields(Config) if f.name != "found")
_TABLES = ("rules",)
# What is a table of its own, and so can't be said in the environment.


def read(start: str | Path = ".", environ: Mapping[str, str] | None = None) -> Config:
    """The settings for a policy file or a folder.

    Args:
        start: a policy file or a folder; its folder and those above it are searched.
        environ: the environment; the process's own by default.

    Raises:
        Mistake: for a settings file that can't be read, an unknown key, or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    config = Config()
    found = _find(Path(start))
    if found is not None:
        file, table = found
        config = _apply(config, table, str(file))
        store = config.trace_store
        if store and store != "off":
            from cascadelang.trace.sql import is_url

            config = config if is_url(store) else replace(config, trace_store=str(file.parent / _expanded(store)))
        config = replace(config, found=str(file))
    named = {k: environ[_PREFIX + k.upper()] for k in KEYS if k not in _TABLES and environ.get(_PREFIX + k.upper())}
    return _apply(config, named, "the environment") if named else config


def _find(start: Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The nearest settings file upwards and its table."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - `resolve` follows links, and a linked policy means its link's folder
    if not os.path.isdir(folder):  # noqa: PTH112 - pathlib's raises where a folder may not be looked into
        folder = folder.parent
    for above in (folder, *folder.parents):
        own = above / "cascadelang.toml"
        if os.path.isfile(own):  # noqa: PTH113 - the same
            return own, _toml(own)
        project = above / "pyproject.toml"
        if os.path.isfile(project) and b"cascadelang" in _bytes(project):  # noqa: PTH113 - the same
            table = _toml(project).get("tool", {}).get("cascadelang")
            if isinstance(table, dict):
                return project, table
    return None


def _expanded(path: str) -> Path:
    """The path with its ``~`` written out; that of a user there isn't is a name like any other."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _toml(path: Path) -> dict[str, Any]:
    """The file's tables."""
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Mistake(
            f"the settings in `{path}` can't be read: {(error.strerror or 'input error').lower()}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Mistake(f"the settings in `{path}` are not TOML: {str(error)[:200].lower()}") from None
    except (RecursionError, ValueError):  # nested without end, a number of thousands of digits
        raise Mistake(f"the settings in `{path}` can't be read: no setting is that large") from None


def _apply(config: Config, table: Mapping[str, Any], where: str) -> Config:
    """The settings with what ``table`` says.

    Raises:
        Mistake: for a key that isn't one, or a value that doesn't fit.
    """
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            from cascadelang.workspace.mistake import nearest

            meant = nearest(key, KEYS)
            help_ = f"did you mean `{meant}`?" if meant else "settings are " + ", ".join(f"`{k}`" for k in KEYS)
            raise Mistake(f"`{key}` in {where} is not a setting", help_)
        changes[key] = _value(key, value, where)
    return replace(config, **changes)


def _value(key: str, value: object, where: str) -> object:
    """One value, checked."""
    name = f"`{_PREFIX}{key.upper()}`" if where == "the environment" else f"`{key}` in {where}"
    read_it = _READ.get(key)
    if read_it is not None:
        return read_it(value, name, where)
    if not isinstance(value, str):
        raise Mistake(f"{name} must be a text in quotes")
    if key == "trace_keep" and value not in _KEEP:
        raise Mistake(f"{name} is `{value}`", "it may be `text`, `hashes` or `numbers`")
    if key == "telemetry" and value not in _TELEMETRY:
        raise Mistake(f"{name} is `{value}`", "it may be `off`, `api` or `otlp`")
    if key == "trace_retain" and value:
        age_s(value, name, usage=False)
    if key == "trace_project":
        from cascadelang.workspace.policy_file import check_project

        return check_project(value, name)
    if key == "output" and value not in get_args(Output):
        raise Mistake(
            f"{name} is `{value}`", "it may be `text`, `json`, or for `lint` also `sarif`, `github` or `junit`"
        )
    return value


def _switch(value: object, name: str, where: str) -> bool:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) and where == "the environment" else ""
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise Mistake(f"{name} must be true or false")


def _patterns(value: object, name: str, where: str) -> tuple[str, ...]:
    """The patterns, each tried."""
    patterns = value.splitlines() if isinstance(value, str) and where == "the environment" else value
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        raise Mistake(f"{name} must be a list of texts", "`trace_redact = ['[0-9]{13,19}']`, say")
    from cascadelang.contracts.patterns import BadPattern, compile_re2, without_surrogates

    for pattern in patterns:
        try:
            compile_re2(without_surrogates(pattern))
        except BadPattern as error:
            raise Mistake(f"{name} has `{pattern}`, which is no pattern: {error}") from None
    return tuple(pattern for pattern in patterns if pattern)


def _share(value: object, name: str, where: str) -> float:  # noqa: ARG001 - as the others
    """A share above 0."""
    try:
        share = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise Mistake(f"{name} must be a number above 0, up to 1", "`trace_sample = 0.1` keeps a tenth")
    return share


def _number_of_them(value: object, name: str, where: str) -> int:
    """A whole number above 0."""
    if isinstance(value, str) and where == "the environment" and value.isascii() and value.isdigit():
        value = int(value) if len(value) <= _MOST_DIGITS else 0
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_SANDBOXES:
        raise Mistake(f"{name} must be a whole number from 1 to {_MOST_SANDBOXES:,}")
    return value


def age_s(text: str, name: str, *, usage: bool = True) -> int:
    """The seconds of an age: ``90s``, ``30m``, ``12h``, ``7d``, ``2w``; typed, or else a setting.

    Raises:
        Mistake: when it is none.
    """
    number, unit = text.strip()[:-1], _UNITS_S.get(text.strip()[-1:])
    if unit is None or not (number.isascii() and number.isdigit()) or len(number) > _MOST_DIGITS:
        raise Mistake(f"{name} is `{text}`, which is no age", "give one as `30m`, `12h`, `7d` or `2w`", usage=usage)
    return int(number) * unit


def _rule_levels(value: object, name: str, where: str) -> Mapping[str, Any]:  # noqa: ARG001 - as the others
    """The table of rules, each name and level checked."""
    if not isinstance(value, dict):
        raise Mistake(f"`rules` in {where} must be a table", '`[rules]`, and a line such as `unused-name = "off"`')
    from cascadelang.lint.levels import LEVELS
    from cascadelang.workspace.rules import check_names

    check_names(value, f"in {where}")
    for rule, level in value.items():
        if level not in LEVELS:
            raise Mistake(f"`{rule}` in {where} is `{level}`", "a rule is `off`, `warning` or `error`")
    return value


_READ: Final[Mapping[str, Callable[[object, str, str], object]]] = {
    "rules": _rule_levels,
    "keep_text": _switch,
    "telemetry_content": _switch,
    "trace_redact": _patterns,
    "trace_sample": _share,
    "sandboxes": _number_of_them,
}
"""What isn't a text: its value, its name for people, and where it was found."""
