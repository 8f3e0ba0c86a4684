"""The catalogue's entries: what a provider, check or signal is called and takes, as data.

Lint and compile read these and nothing else of a provider, check or signal: loading an entry imports no SDK, no
numpy and no pydantic. That is why parameters are declared as data here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from cascadelang.source.frozen import dataclass

ValueType = Literal[
    "bool",
    "score",
    "logprob",
    "perplexity",
    "number",
    "count",
    "text",
    "label",
    "language",
    "money",
    "duration",
    "share",
    "meta",
]
"""Types of values in the language. ``share`` is a percentage; ``meta`` fits whatever it is compared with."""

ParamType = Literal[
    "text",  # "…"
    "texts",  # "…" or ["…", …]
    "number",
    "count",
    "bool",
    "regex",  # /…/
    "choice",  # one bare name out of `choices`
    "file",  # "path": read at compile time, its text given to the check
    "text_or_file",  # "path.md" when such a file exists or it looks like a path, else the words themselves
    "text_or_meta",  # "…", given as text; or meta.NAME, given as {"meta": NAME}, to be read at run time
    "json_file",  # "path.json": read and parsed at compile time, the value given
    "schema_file",  # the same, and it must be a valid JSON Schema
    "examples_file",  # "path.txt": read at compile time; ``{"file": path, "texts": [text, …]}``
    "topics_file",  # "path.yaml": read at compile time; ``{"file": path, "topics": {label: [text, …], …}}``
    "learned_file",  # "path.json": read at compile time, a learned file; ``{"file": path, "learned": its value}``
    "path",  # "path": not read at compile time; given as text
    "program",  # "path" of a program: not read at compile time; given relative to the working directory
    "model",  # the name of a declared model
    "labels",  # [a, b, c]
    "bool_weights",  # keyword arguments: signal names with weights
    "bands",  # keyword arguments label: threshold, then one bare label
    "expr",  # an expression of type `of`
    "secret",  # env("NAME"), never written out
    "duration",
    "record",
]

Capability = Literal["logprobs", "top_logprobs", "json", "tools", "vision"]

Early = Literal["true", "false", "least", "most"]
"""What the beginning of an answer can settle of a check: that it is true, or false, or that its number will be at
least, or at most, so much."""

Kind = Literal["provider", "check", "signal"]
"""Kinds of entries."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter.

    Positional ones are taken in order of declaration; every one may be given by name. A parameter without
    a default (``required``) must be given.
    """

    name: str
    type: ParamType
    doc: str
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    of: ValueType | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """What all catalogue entries have.

    Attributes:
        name: what a policy calls it; also the name of its file.
        kind: provider, check or signal.
        summary: one line, for `cascadelang explain NAME` and editors.
        doc: the reference page's text, Markdown, without the title.
        gives: type of its value (checks and signals).
        params: what it takes.
        needs: what a model must be capable of for it (checks).
        needs_vary: it needs more than that with some arguments; the static method ``needs(args)`` of its class says
            all of it.
        calls: the most calls of a model one evaluation makes; 0 is free. ``None``: not known.
        samples: the parameter that says how many answers of the same model it looks at, the one it judges included:
            one evaluation makes that many calls less one, whatever ``calls`` says. Empty: it takes none.
        plain: the models it calls are asked the query itself, as it came, not a text with the query and the answer in
            it: what that costs doesn't hang on the answer.
        time_limit: the parameter, a ``duration``, that says how long one evaluation takes at most, for a check that
            calls no model but takes time (`TimedCheck`). Empty: it takes no time to speak of.
        supported: empty, or why this version can't run it (a clear error at lint time).
        bare: it may stand without parentheses.
        early: what the beginning of an answer can settle (checks); empty: nothing. Such a check has ``watch``.
        always_known: its value is never unknown (checks and signals), whatever the query or answer is.
        examples: source texts that lint without errors when they stand in a policy as ``check x = …`` or
            ``signal x = …``.
    """

    name: str
    kind: Kind
    summary: str
    doc: str = ""
    gives: ValueType = "bool"
    params: tuple[Param, ...] = ()
    needs: frozenset[Capability] = frozenset()
    needs_vary: bool = False
    calls: int | None = 0
    samples: str = ""
    plain: bool = False
    time_limit: str = ""
    supported: str = ""
    bare: bool = True
    early: frozenset[Early] = frozenset()
    always_known: bool = False
    examples: tuple[str, ...] = ()


class Catalog(Protocol):
    """Which providers, checks and signals exist. Names are known without loading anything."""

    def names(self, kind: Kind) -> Sequence[str]:
        """All names of a kind, sorted."""
        ...

    def spec(self, kind: Kind, name: str) -> Spec | None:
        """The entry of that name, or ``None``."""
        ...

    def fault(self, kind: Kind, name: str) -> str:
        """Why an entry that is there can't be had, once `spec` was asked for it; empty when nothing is wrong."""
        ...

    def problems(self, kind: Kind, name: str, args: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with the arguments of an entry beyond their types, in words; empty when nothing is.

        Args:
            kind: of the entry.
            name: of an entry that `spec` gives.
            args: its arguments by name, each of its parameter's type, defaults written out.
        """
        ...

    def needs(self, kind: Kind, name: str, args: Mapping[str, Any]) -> frozenset[Capability]:
        """What a model must be capable of for an entry with these arguments, which it has no `problems` with.

        Only asked of an entry whose spec says ``needs_vary``.
        """
        ...

    def capabilities(self, provider: str) -> frozenset[Capability] | None:
        """What the wire format of a kind of provider can carry; ``None`` when it isn't known."""
        ...

    def models(self, provider: str) -> Sequence[str] | None:
        """The only ids that a kind of provider knows, its own files aside; ``None`` when it takes any."""
        ...

    def key_env(self, provider: str) -> str:
        """The environment variable that holds a provider's key when the policy names none; empty for none."""
        ...
