"""Records: queries, and what each model answered to them.

Takes: a file of one JSON object a line (``.jsonl``, ``.jsonl.gz``), or of the same as rows (``.parquet``, ``.csv``,
``.csv.gz``); ``docs/replay.md`` has the form. Gives: `Record` values, one after the other. Guarantees: no more than
one line, or a few hundred rows, are held at a time; what is wrong with a file is a `RecordsUnusable` that names the
file and the line; what isn't recorded is ``None``, never a default.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, get_args

from cascadelang.contracts.messages import FinishReason, Message, Query

MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_FINISH: Final[Mapping[str, FinishReason]] = {reason: reason for reason in get_args(FinishReason)}
_ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


class RecordsUnusable(Exception):  # noqa: N818 - it names what is so
    """The file can't be read, or a line of it is no record. ``str()`` of it is a message for people."""


class _Wrong(Exception):  # noqa: N818 - it names what is so
    """A line is no record; why, in words."""


class RecordedAnswer:
    """What one model answered to one query, as far as it is recorded.

    Attributes:
        text: the answer.
        quality: how good it is, from 0 to 1.
        cost_usd: what it cost.
        input_tokens, output_tokens: its usage.
        latency_s: how long it took, seconds.
        logprobs: of its tokens, natural logarithms.
        finish_reason: why it ended; ``unknown`` where what is recorded is no reason that is known.
        judgements: what models said of it when they were asked to judge it, by model.
    """

    __slots__ = (
        "cost_usd",
        "finish_reason",
        "input_tokens",
        "judgements",
        "latency_s",
        "logprobs",
        "output_tokens",
        "quality",
        "text",
    )

    def __init__(self, said: Mapping[str, Any]) -> None:
        get = said.get
        text = get("text")
        if text is not None and not isinstance(text, str):
            raise _Wrong("`text` is no text")
        self.text: str | None = text
        self.quality = _share(get("quality"))
        self.cost_usd = _amount("cost_usd", get("cost_usd"))
        self.latency_s = _amount("latency_s", get("latency_s"))
        self.input_tokens = _count("input_tokens", get("input_tokens"))
        self.output_tokens = _count("output_tokens", get("output_tokens"))
        logprobs = get("logprobs")
        self.logprobs: tuple[float, ...] | None = None if not logprobs else _logprobs(logprobs)
        finish = get("finish_reason")
        self.finish_reason: FinishReason | None = None if finish is None else _FINISH.get(str(finish), "unknown")
        judgements = get("judgements")
        self.judgements: Mapping[str, Any] = {} if judgements is None else _judgements(judgements)


class Record:
    """A query and its answers.

    Attributes:
        id: what it is called; ``line 7`` where nothing is said.
        line: where it stands, from 1.
        query: what was asked; without a text where `asked` is false.
        asked: what was asked is recorded.
        answers: by the names that the records give the models.
        meta: the caller's facts.
        reference: the right answer, where one is recorded.
    """

    __slots__ = ("answers", "asked", "id", "line", "meta", "query", "reference")

    def __init__(self, said: Any, line: int) -> None:
        if not isinstance(said, dict):
            raise _Wrong("it isn't an object")
        self.line = line
        name = said.get("id")
        self.id = f"line {line}" if name is None else str(name)
        meta = said.get("meta") or {}
        if not isinstance(meta, dict):
            raise _Wrong("`meta` is no object")
        self.meta: dict[str, Any] = meta
        self.asked = bool(said.get("messages")) or said.get("query", "") is not None
        self.query = _query(said, meta)
        self.reference: Any = said.get("reference")
        answers = said.get("answers")
        if not isinstance(answers, dict):
            raise _Wrong("it has no `answers` by model")
        found: dict[str, RecordedAnswer] = {}
        for model, answer in answers.items():
            if answer is None:
                continue
            if not isinstance(answer, dict):
                raise _Wrong(f"the answer of `{model}` is no object")
            try:
                found[model] = RecordedAnswer(answer)
            except _Wrong as error:
                raise _Wrong(f"the answer of `{model}`: {error}") from None
        self.answers = found


def read_records(
    path: str | Path, progress: Callable[[int, int], None] | None = None, *, shown: str | None = None
) -> Generator[Record]:
    """The records of a file, in its order.

    Args:
        path: of the file.
        progress: is told, now and then, how many bytes of the file are read, of how many.
        shown: what messages call the file; its path unless said.

    Raises:
        RecordsUnusable: when the file can't be read, a line of it is no record, two records have one id, or there is
            none.
    """
    path, shown = Path(path), shown or str(path)
    if not path.name.endswith((".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")):
        what = "records are `.jsonl`, `.jsonl.gz`, `.csv`, `.csv.gz` or `.parquet` files"
        raise RecordsUnusable(f"`{shown}` can't be read: {what}")
    seen: dict[str, int] = {}
    if path.suffix == ".parquet":
        found = _of_rows(path, shown, progress)
    else:
        found = (_of_cells if ".csv" in path.suffixes[-2:] else _of_lines)(path, shown, progress)
    with closing(found):
        for record in found:
            before = seen.setdefault(record.id, record.line)
            if before != record.line:
                where = f"`{shown}`, line {record.line}"
                raise RecordsUnusable(f"{where}: the id `{_cut(record.id)}` stands in line {before}, too")
            yield record
    if not seen:
        raise RecordsUnusable(f"`{shown}` holds no records")


def _of_lines(path: Path, shown: str, progress: Callable[[int, int], None] | None) -> Generator[Record]:
    for number, data in _lines(path, shown, progress):
        yield _record(shown, number, data)


def _of_rows(path: Path, shown: str, progress: Callable[[int, int], None] | None) -> Generator[Record]:
    """Records of a parquet file, its rows counted as lines."""
    from cascadelang.records.parquet import ParquetUnusable, rows_of

    try:
        with closing(rows_of(path, progress)) as rows:
            for number, row in enumerate(rows, start=1):
                yield _checked(shown, number, row)
    except ParquetUnusable as error:
        raise RecordsUnusable(f"`{shown}` can't be read: {error}") from None


def _of_cells(path: Path, shown: str, progress: Callable[[int, int], None] | None) -> Generator[Record]:
    """Records of a CSV file."""
    from cascadelang.records.csv_rows import CsvUnusable, rows_of

    with closing(_lines(path, shown, progress, all_of_them=True)) as lines:
        try:
            for number, row in rows_of((_decoded(shown, *line) for line in lines), MAX_LINE_BYTES):
                yield _checked(shown, number, row)
        except CsvUnusable as error:
            raise RecordsUnusable(f"`{shown}`, line {error.line}: {error}") from None


def _decoded(shown: str, number: int, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise RecordsUnusable(f"`{shown}`, line {number} isn't UTF-8 text") from None


def _record(shown: str, number: int, data: bytes) -> Record:
    import orjson

    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        words = f"{error.msg} (column {error.colno})" if error.colno else error.msg
        raise RecordsUnusable(f"`{shown}`, line {number} is no JSON: {words}") from None
    return _checked(shown, number, said)


def _checked(shown: str, number: int, said: Any) -> Record:
    try:
        return Record(said, number)
    except _Wrong as error:
        raise RecordsUnusable(f"`{shown}`, line {number} is no record: {error}") from None


def _lines(
    path: Path, shown: str, progress: Callable[[int, int], None] | None, *, all_of_them: bool = False
) -> Generator[tuple[int, bytes]]:
    """The lines, with their numbers; those that aren't empty, unless it is ``all_of_them``."""
    number = 0
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size
            lines: IO[bytes] = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw  # type: ignore[assignment]
            while line := lines.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    most = MAX_LINE_BYTES // 1024 // 1024
                    raise RecordsUnusable(f"`{shown}`, line {number} is longer than {most} MB")
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if progress is not None and not number & 255:
                    progress(raw.tell(), size)
                if all_of_them or not line.isspace():
                    yield number, line
    except FileNotFoundError:
        raise RecordsUnusable(f"`{shown}` can't be read: there is no such file") from None
    except (EOFError, zlib.error):
        raise RecordsUnusable(
            f"`{shown}` is damaged after line {number}: the file ends too early, or isn't whole"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise RecordsUnusable(f"`{shown}` can't be read: {reason[:1].lower()}{reason[1:]}") from None


def _query(said: Mapping[str, Any], meta: Mapping[str, Any]) -> Query:
    """What was asked: the conversation where there is one, else the query alone."""
    facts = {name: value for name, value in meta.items() if isinstance(value, str | int | float)} if meta else {}
    messages = said.get("messages")
    if not messages:
        text = said.get("query")
        if text is None and "query" in said:
            text = ""
        if not isinstance(text, str):
            raise _Wrong("it has no `query`")
        return Query((Message("user", text),), facts)
    if not isinstance(messages, list):
        raise _Wrong("`messages` is no list")
    found = tuple(_message(message) for message in messages)
    if not any(message.role == "user" for message in found):
        raise _Wrong("no message is from the user")
    return Query(found, facts)


def _message(said: Any) -> Message:
    role = _ROLES.get(said.get("role", "")) if isinstance(said, dict) else None
    if role is None:
        raise _Wrong("a message has no `role` that is known")
    text = said.get("content", said.get("text"))
    if isinstance(text, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in text):
        text = "".join(str(part.get("text", "")) for part in text)
    if not isinstance(text, str):
        raise _Wrong("a message has another content than text")
    return Message(role, text)  # type: ignore[arg-type]


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise _Wrong(f"`{name}` is no number: {_cut(str(value))}")
    return float(value)


def _share(value: Any) -> float | None:
    """A quality; right and wrong are 1 and 0."""
    if value is None:
        return None
    if value is True or value is False:
        return float(value)
    number = _number("quality", value)
    if not 0 <= number <= 1:
        raise _Wrong(f"`quality` is {value:g}, and has to be from 0 to 1")
    return number


def _amount(name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = _number(name, value)
    if number < 0:
        raise _Wrong(f"`{name}` is less than 0")
    return number


def _count(name: str, value: Any) -> int | None:
    number = _amount(name, value)
    return None if number is None else int(number)


def _logprobs(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise _Wrong("`logprobs` is no list of numbers")
    return tuple(_number("logprobs", value) for value in values)


def _judgements(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict) or not all(each is None or isinstance(each, dict) for each in said.values()):
        raise _Wrong("`judgements` are no objects by model")
    found: dict[str, Any] = {judge: each for judge, each in said.items() if each is not None}
    for each in found.values():
        score = each.get("score")
        if score is not None:
            _number("score", score)
    return found


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
