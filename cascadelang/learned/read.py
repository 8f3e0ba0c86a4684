"""Reads a learned file: JSON into a `Learned`, or the one thing that is wrong with it.

Takes: the parsed JSON, which may be anything. Gives: a whole `Learned`. Guarantees: `WrongLearned` is the only error,
and says where in the file; nothing is imported that lint doesn't have; time linear in the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar

from cascadelang.learned.model import FORMAT, Dense, Gives, Grams, Learned, Made, Numbers, Of
from cascadelang.learned.numbers import QUERY_NUMBERS

MOST_OUTPUTS: Final = 200
MOST_GRAM: Final = 8
LEAST_BITS: Final = 8
MOST_BITS: Final = 22
_LARGEST: Final = 1e9
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

T = TypeVar("T")


class _AnyAnswer:
    """Every name that begins with ``answer.``."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith("answer.")

    def __iter__(self) -> Iterator[str]:
        return iter(("answer.…",))

    def __len__(self) -> int:
        return 1


ANY_ANSWER: Final[Collection[str]] = _AnyAnswer()
"""Every number about answers, where it isn't known yet who serves the file."""


class WrongLearned(Exception):  # noqa: N818 - it names what is so
    """The file can't be used; ``str()`` of it says why, and where.

    Attributes:
        place: where, as ``features[0].weights[1]``; empty for the whole file.
    """

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"at `{place}`: {why}" if place else why)
        self.place = place


def read_learned(value: object, answer_numbers: Collection[str] = ()) -> Learned:
    """The file, checked from top to bottom.

    Args:
        value: the parsed JSON.
        answer_numbers: names of numbers about answers (``answer.words``) that whoever serves the file can give.

    Raises:
        WrongLearned: if it can't be used.
    """
    if not isinstance(value, dict) or "cascadelang" not in value:
        _wrong("", 'it isn\'t a learned file: those are objects with `"cascadelang": "learned 1"`')
    if value["cascadelang"] != FORMAT:
        said = value["cascadelang"]
        newer = isinstance(said, str) and re.fullmatch(r"learned \d+", said)
        _wrong("cascadelang", f"this version reads `{FORMAT}`" + (f", and the file is `{said}`" if newer else ""))
    required = ("cascadelang", "gives", "outputs", "bias", "features", "made")
    _fields(value, "", required, ("temperature", "least"))
    gives: Gives = _one_of(value["gives"], "gives", ("label", "score", "scores"))
    outputs = _outputs(value["outputs"], gives)
    if "least" in value and gives != "label":
        _wrong("least", "only labels have a `least`: a score is compared where it is used")
    temperature = _number(value.get("temperature", 1.0), "temperature")
    if temperature <= 0:
        _wrong("temperature", "it must be above 0")
    least = _number(value.get("least", 0.0), "least")
    if not 0 <= least < 1:
        _wrong("least", "it is a probability: 0 or more, and below 1")
    blocks = _list(value["features"], "features")
    features = tuple(
        _feature(block, f"features[{at}]", len(outputs), answer_numbers) for at, block in enumerate(blocks)
    )
    if sum(isinstance(block, Dense) for block in features) > 1:
        _wrong("features", "there can be one `embedding`")
    bias = _row(value["bias"], "bias", len(outputs))
    return Learned(gives, outputs, bias, temperature, least, features, _made(value["made"]))


def _wrong(place: str, why: str) -> NoReturn:
    raise WrongLearned(place, why)


def _outputs(value: object, gives: Gives) -> tuple[str, ...]:
    outputs = tuple(_text(item, f"outputs[{at}]") for at, item in enumerate(_list(value, "outputs")))
    if gives == "score" and outputs != ("score",):
        _wrong("outputs", 'of a score it is `["score"]`')
    if gives == "label" and len(outputs) < 2:
        _wrong("outputs", "there must be two labels or more")
    if not outputs:
        _wrong("outputs", "it is empty")
    if len(outputs) > MOST_OUTPUTS:
        _wrong("outputs", f"there can be {MOST_OUTPUTS}")
    for at, output in enumerate(outputs):
        if output in outputs[:at]:
            _wrong(f"outputs[{at}]", f"`{output[:40]}` stands there twice")
        if gives == "label" and _LABEL.fullmatch(output) is None:
            _wrong(f"outputs[{at}]", "a label is a word that a policy can name: letters, digits and `_`")
    return outputs


def _feature(value: object, place: str, outputs: int, answer_numbers: Collection[str]) -> Grams | Numbers | Dense:
    if not isinstance(value, dict):
        _wrong(place, "it must be an object")
    kind = _one_of(value.get("kind"), f"{place}.kind", ("words", "chars", "numbers", "embedding"))
    if kind == "numbers":
        return _numbers(value, place, outputs, answer_numbers)
    if kind == "embedding":
        _fields(value, place, ("kind", "embedder", "weights"))
        rows = _rows(value["weights"], f"{place}.weights", outputs, None)
        return Dense(_text(value["embedder"], f"{place}.embedder"), rows)
    _fields(value, place, ("kind", "n", "bits", "at", "weights"), ("of",))
    of: Of = _one_of(value.get("of", "query"), f"{place}.of", ("query", "answer"))
    if of == "answer" and not answer_numbers:
        _wrong(f"{place}.of", "there is no answer yet where this is used")
    lengths = tuple(
        _whole(n, f"{place}.n[{at}]", 1, MOST_GRAM) for at, n in enumerate(_list(value["n"], f"{place}.n"))
    )
    if not lengths or len(set(lengths)) != len(lengths):
        _wrong(f"{place}.n", "name each length once, and one at least")
    bits = _whole(value["bits"], f"{place}.bits", LEAST_BITS, MOST_BITS)
    at = _list(value["at"], f"{place}.at")
    before = -1
    for number, bucket in enumerate(at):
        if type(bucket) is not int or not before < bucket < 2**bits:
            _wrong(f"{place}.at[{number}]", f"buckets are whole numbers below {2**bits}, in rising order")
        before = bucket
    rows = _rows(value["weights"], f"{place}.weights", outputs, len(at))
    return Grams(kind, of, lengths, bits, tuple(at), rows)


def _numbers(value: Mapping[str, Any], place: str, outputs: int, answer_numbers: Collection[str]) -> Numbers:
    _fields(value, place, ("kind", "names", "mean", "scale", "weights"), ("log", "missing"))
    names = tuple(
        _text(name, f"{place}.names[{at}]") for at, name in enumerate(_list(value["names"], f"{place}.names"))
    )
    for at, name in enumerate(names):
        if name in names[:at]:
            _wrong(f"{place}.names[{at}]", f"`{name[:40]}` stands there twice")
        if name not in QUERY_NUMBERS and name not in answer_numbers:
            known = ", ".join(f"`{one}`" for one in sorted({*QUERY_NUMBERS, *answer_numbers}))
            _wrong(f"{place}.names[{at}]", f"nothing is known by the name `{name[:40]}`; there are {known}")
    scale = _row(value["scale"], f"{place}.scale", len(names))
    for at, one in enumerate(scale):
        if one <= 0:
            _wrong(f"{place}.scale[{at}]", "it must be above 0")
    log = _each(value.get("log", [False] * len(names)), f"{place}.log", len(names), _bool)
    missing = _each(value.get("missing", [None] * len(names)), f"{place}.missing", len(names), _number_or_none)
    mean = _row(value["mean"], f"{place}.mean", len(names))
    rows = _rows(value["weights"], f"{place}.weights", outputs, len(names))
    return Numbers(names, log, mean, scale, missing, rows)


def _made(value: object) -> Made:
    if not isinstance(value, dict):
        _wrong("made", "it must be an object")
    _fields(value, "made", ("on", "records"), ("data", "models", "by"))
    on = _text(value["on"], "made.on")
    if _DAY.fullmatch(on) is None or not _is_day(on):
        _wrong("made.on", "it is a day, as `2026-11-24`")
    counts = value["records"]
    if not isinstance(counts, dict):
        _wrong("made.records", "it must be an object: how many records of each label")
    records = {name: _whole(count, f"made.records.{name[:40]}", 0, 10**12) for name, count in counts.items()}
    models = _list(value.get("models", []), "made.models")
    return Made(
        on,
        records,
        _text(value.get("data", ""), "made.data", empty=True),
        tuple(_text(model, f"made.models[{at}]") for at, model in enumerate(models)),
        _text(value.get("by", ""), "made.by", empty=True),
    )


def _is_day(text: str) -> bool:
    from datetime import date

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# ---- Values -----------------------------------------------------------------------------------------------------


def _fields(value: Mapping[str, Any], place: str, required: Sequence[str], others: Sequence[str] = ()) -> None:
    for name in required:
        if name not in value:
            _wrong(place, f"`{name}` is missing")
    for name in value:
        if name not in required and name not in others:
            _wrong(f"{place}.{name[:40]}" if place else name[:40], "there is no such field")


def _one_of(value: object, place: str, words: Sequence[str]) -> Any:
    if not isinstance(value, str) or value not in words:
        _wrong(place, "it must be one of " + ", ".join(f"`{word}`" for word in words))
    return value


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        _wrong(place, "it must be a list")
    return value


def _text(value: object, place: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty) or len(value) > 200:
        _wrong(place, "it must be a text of at most 200 characters")
    return value


def _whole(value: object, place: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        _wrong(place, f"it must be a whole number from {least} to {most}")
    return value


def _bool(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        _wrong(place, "it must be `true` or `false`")
    return value


def _number(value: object, place: str) -> float:
    if type(value) not in (int, float) or not -_LARGEST <= value <= _LARGEST:  # type: ignore[operator] # one of both
        _wrong(place, "it must be a number, no larger than a billion")
    return float(value)  # type: ignore[arg-type] # likewise


def _number_or_none(value: object, place: str) -> float | None:
    return None if value is None else _number(value, place)


def _each(value: object, place: str, length: int, read: Callable[[object, str], T]) -> tuple[T, ...]:
    items = _list(value, place)
    if len(items) != length:
        _wrong(place, f"it has {_count(len(items), 'item')}, and {length} are needed")
    return tuple([read(item, f"{place}[{at}]") for at, item in enumerate(items)])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _row(value: object, place: str, length: int | None) -> tuple[float, ...]:
    items = _list(value, place)
    if length is not None and len(items) != length:
        _wrong(place, f"it has {_count(len(items), 'number')}, and {length} are needed")
    if all(type(item) is float and math.isfinite(item) and -_LARGEST <= item <= _LARGEST for item in items):
        return tuple(items)
    return tuple([_number(item, f"{place}[{at}]") for at, item in enumerate(items)])


def _rows(value: object, place: str, outputs: int, length: int | None) -> tuple[tuple[float, ...], ...]:
    rows = _list(value, place)
    if len(rows) != outputs:
        _wrong(place, f"it has {_count(len(rows), 'list')}, and one for each of the {outputs} outputs is needed")
    found = tuple([_row(row, f"{place}[{at}]", length) for at, row in enumerate(rows)])
    for at, row in enumerate(found):
        if len(row) != len(found[0]) or not row:
            _wrong(f"{place}[{at}]", "the lists must be of one length, and not empty")
    return found
