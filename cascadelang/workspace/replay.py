"""Policies over recorded answers: what they would have answered and cost, with no call made.

Takes: policy files (or graphs that `compile` printed) and a records file. Gives: a `Report` of one, a `Comparison` of
two. Guarantees: no provider is made and no key is read; records are read once, and only what is asked for of them is
kept.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cascadelang.learning.answering import NO_ANSWER
from cascadelang.learning.impute import Imputed, Method
from cascadelang.learning.replay import NO_QUERY, Replayed, Replayer, sampled
from cascadelang.learning.report import Change, Comparison, Report, compared, report
from cascadelang.learning.tally import Columns, Tally
from cascadelang.records.read import RecordsUnusable, read_records
from cascadelang.workspace.load import load, policy_named
from cascadelang.workspace.makers import end_workers, make_check, make_signal
from cascadelang.workspace.mistake import Mistake, nearest

if TYPE_CHECKING:
    from cascadelang.graph.model import Graph
    from cascadelang.records.read import Record

Progress = Callable[[int, int], None]
"""Is told how many bytes of the records are read, of how many."""

SHOWN: Final = 10
"""So many of the records that changed most are shown."""

_TURN: Final = 64
"""After so many records the event loop gets its turn, so that Ctrl-C is heard."""
_QUERY_CHARS: Final = 120


def replay(
    path: str,
    records: str,
    *,
    policy: str = "main",
    named: Mapping[str, str] | None = None,
    ends: tuple[str, str] | None = None,
    limit: int | None = None,
    sample: int | None = None,
    resamples: int | None = None,
    seed: int = 0,
    impute: Method | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run a policy over records.

    Args:
        path: of the policy file or graph.
        records: of the records.
        policy: which one of the file.
        named: by the policy's name of a model, the records' name of it, where they differ.
        ends: a weak and a strong model, by either name.
        limit: only the first so many records.
        sample: only so many of them, drawn by ids and seed.
        resamples: how many resamples intervals are made of.
        seed: of the sample, of intervals, and of ``split``.
        impute: how answers that aren't recorded are filled in; they aren't unless this is said. The records are read
            twice then.
        progress: is told how far it is.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when there is no such policy or model, a record is none, or no record holds what the policy asks for.
    """
    loaded = load(path)
    name = policy_named(loaded.graph, policy)
    replayer = _replayer(loaded.graph, name, named or {}, seed)
    tally = Tally(loaded.graph, replayer.names)
    (imputed,) = _imputed((replayer,), impute, lambda: _reading(records, limit, sample, seed, progress)) or (None,)

    def take(record: Record, found: Sequence[Replayed]) -> None:
        tally.add(record, found[0])
        if imputed is not None and not found[0].missing:
            imputed.add(found[0].imputed)

    with _reading(records, limit, sample, seed, progress) as taken:
        _run(_replayed(taken, (replayer,), take))
    if not tally.observed:
        raise _unobserved(tally.missing, tally.read, tally.recorded, records, name)
    if ends is not None:
        ends = _end(tally, ends[0]), _end(tally, ends[1])
        if ends[0] == ends[1]:
            raise Mistake(
                f"there is no gap between `{ends[0]}` and itself", "name a weak and a strong model", usage=True
            )
    return report(
        tally,
        policy=name,
        path=path,
        records=records,
        ends=ends,
        resamples=resamples,
        seed=seed,
        imputed=imputed,
    )


def compare_on_records(
    old: Graph,
    new: Graph,
    records: str,
    *,
    policy: str = "main",
    named: Mapping[str, str] | None = None,
    limit: int | None = None,
    sample: int | None = None,
    resamples: int | None = None,
    seed: int = 0,
    impute: Method | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run two policies over the same records. Takes what `replay` takes; ``policy`` is the name in both.

    Raises:
        Mistake: as `replay`.
    """
    name = policy_named(new, policy)
    policy_named(old, policy)
    given = named or {}
    known = {*old.models, *new.models}
    _check_named(given, known)
    pair = tuple(_replayer(graph, name, _of(given, graph), seed) for graph in (old, new))
    columns = Columns(), Columns()
    counts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    recorded: set[str] = set()
    ranked = _Ranked()
    imputed = _imputed(pair, impute, lambda: _reading(records, limit, sample, seed, progress))

    def take(record: Record, found: Sequence[Replayed]) -> None:
        was, is_ = found
        counts["read"] += 1
        recorded.update(record.answers)
        if lacks := was.missing or is_.missing:
            missing[lacks] += 1
            return
        for column, each in zip(columns, found, strict=True):
            column.add(each.quality, each.cost_usd, each.latency_s)
        for filled, each in zip(imputed, found, strict=False):
            filled.add(each.imputed)
        counts["paths"] += was.path != is_.path
        counts["models"] += was.model != is_.model
        if was.path != is_.path or was.model != is_.model:
            ranked.add(record, was, is_)

    with _reading(records, limit, sample, seed, progress) as taken:
        _run(_replayed(taken, pair, take))
    if not len(columns[0]):
        raise _unobserved(missing, counts["read"], recorded, records, name)
    differences, better, worse, p_value, drawn = compared(*columns, resamples=resamples, seed=seed)
    return Comparison(
        policy=name,
        records=records,
        read=counts["read"],
        observed=len(columns[0]),
        missing=missing,
        differences=differences,
        paths=counts["paths"],
        answers=counts["models"],
        better=better,
        worse=worse,
        p_value=p_value,
        resamples=drawn,
        seed=seed,
        changes=ranked.most(),
        imputed=imputed,
    )


def _imputed(
    replayers: Sequence[Replayer],
    method: Method | None,
    reading: Callable[[], AbstractContextManager[Iterable[Record]]],
) -> tuple[Imputed, ...]:
    """Have each fill in what isn't recorded; none where that isn't asked for. Reads the records once for each."""
    found: list[Imputed] = []
    if method is None:
        return ()
    for replayer in replayers:
        with reading() as taken:
            found.append(replayer.impute(taken, method))
    return tuple(found)


class _Ranked:
    """The records that changed most: in quality first, then in cost; which of them come doesn't hang on the order."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[float, float, int, str], Change]] = []

    def add(self, record: Record, was: Replayed, is_: Replayed) -> None:
        """Add one; few are kept."""
        # Among equals their ids' checksums decide: those of one kind often have ids that begin alike.
        drawn = zlib.crc32(record.id.encode("utf-8", "surrogatepass"))
        place = (-_apart(was.quality, is_.quality), -_apart(was.cost_usd, is_.cost_usd), drawn, record.id)
        if len(self._kept) >= 2 * SHOWN and place > self._kept[SHOWN - 1][0]:
            return
        text = " ".join(record.query.text[: 4 * _QUERY_CHARS].split())[:_QUERY_CHARS]
        costs = was.cost_usd, is_.cost_usd
        self._kept.append((place, Change(record.id, text, was.path, is_.path, was.quality, is_.quality, *costs)))
        if len(self._kept) > 2 * SHOWN:
            self._kept.sort(key=lambda each: each[0])
            del self._kept[SHOWN:]

    def most(self) -> tuple[Change, ...]:
        """Those that are shown."""
        return tuple(change for _, change in sorted(self._kept, key=lambda each: each[0])[:SHOWN])


def _apart(old: float | None, new: float | None) -> float:
    return 0.0 if old is None or new is None else abs(new - old)


def _replayer(graph: Graph, policy: str, named: Mapping[str, str], seed: int) -> Replayer:
    _check_named(named, graph.models)
    return Replayer(graph, policy, named=named, make_check=make_check, make_signal=make_signal, seed=seed)


def _of(named: Mapping[str, str], graph: Graph) -> dict[str, str]:
    return {name: recorded for name, recorded in named.items() if name in graph.models}


def _check_named(named: Mapping[str, str], models: Iterable[str]) -> None:
    known = list(models)
    for name in named:
        if name not in known:
            meant = nearest(name, known)
            names = ", ".join(f"`{each}`" for each in known)
            help_ = f"did you mean `{meant}`?" if meant else f"it has {names}"
            raise Mistake(f"the policy has no model `{name}`", help_, usage=True)


async def _replayed(
    records: Iterable[Record],
    replayers: Sequence[Replayer],
    take: Callable[[Record, Sequence[Replayed]], None],
) -> None:
    """Run all policies over all records, one after the other, and have what each comes to taken."""
    for number, record in enumerate(records):
        take(record, [await replayer.replay(record) for replayer in replayers])
        if not number % _TURN:
            await asyncio.sleep(0)


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    finally:
        end_workers()


@contextmanager
def _reading(
    path: str, limit: int | None, sample: int | None, seed: int, progress: Progress | None
) -> Iterator[Iterable[Record]]:
    """The records that are asked for; what is wrong with them is a `Mistake`."""
    try:
        with closing(read_records(path, progress)) as records:
            taken: Iterable[Record] = records if limit is None else islice(records, limit)
            yield taken if sample is None else sampled(taken, sample, seed)
    except RecordsUnusable as error:
        raise Mistake(str(error), "docs/replay.md says what a record is") from None


def _unobserved(missing: Counter[str], read: int, recorded: set[str], records: str, policy: str) -> Mistake:
    """Nothing can be said: no record holds what the policy asks for."""
    what = "; ".join(f"{lacks} ({count:,})" for lacks, count in missing.most_common(3))
    names = ", ".join(f"`{name}`" for name in sorted(recorded)[:12])
    of = f"none of the {read:,} records" if read > 1 else "no record"
    words = f"{of} of `{records}` holds what `{policy}` asks for: {what}"
    if missing[NO_QUERY] == read:
        help_ = "exported runs have their queries where the store keeps texts: docs/traces.md"
    elif any(lacks.startswith(NO_ANSWER) for lacks in missing):
        help_ = f"they hold answers of {names}; `--model NAME=RECORDED` says which is meant"
    else:
        help_ = "nothing is filled in: record it, or take a policy that doesn't ask for it (docs/replay.md)"
    return Mistake(words, help_)


def _end(tally: Tally, name: str) -> str:
    """The records' name of a model."""
    if name in tally.singles:
        return name
    for recorded in tally.singles:
        if tally.labels.get(recorded) == name:
            return recorded
    known = sorted({*tally.singles, *(tally.labels[each] for each in tally.singles if each in tally.labels)})
    meant = nearest(name, known)
    help_ = f"did you mean `{meant}`?" if meant else f"they hold {', '.join(f'`{each}`' for each in known)}"
    raise Mistake(f"no record holds an answer of `{name}`", help_, usage=True)
