from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from cascadelang.contracts.price import Price, PriceStep
from cascadelang.diagnostics.render_text import render_all
from cascadelang.lock.model import Lock, LockedFile, LockedModel, LockedTune
from cascadelang.lock.read import read_lock
from cascadelang.lock.write import lock_text
from cascadelang.source import SourceFile

SHA = "0123456789abcdef" * 4
LOCK = Lock(
    date(2026, 11, 24),
    "genai-prices 0.2.3 (MIT)",
    "2026-11-23",
    {
        "small": LockedModel("small", "openai", "gpt-small", Price(Decimal("0.10"), Decimal(1))),
        "large": LockedModel(
            "large",
            "anthropic",
            "claude: large",
            Price(
                Decimal(3),
                Decimal("15.50"),
                Decimal("0.3"),
                (PriceStep(200_000, Decimal(6), Decimal("22.5"), Decimal("0.6")),),
            ),
        ),
        "odd": LockedModel("odd", "openai", "unheard-of", None),
    },
    {"schemas/a.json": LockedFile("schemas/a.json", SHA), "std/openai.cl": LockedFile("std/openai.cl", SHA)},
    {
        "strict": LockedTune(
            "strict",
            Decimal("0.8300"),
            date(2026, 11, 20),
            412,
            SHA,
            ("gpt-small", "claude: large"),
            "quality >= 98% of large",
            "with a certainty of 95%",
        ),
        "plain": LockedTune("plain", Decimal(-2)),
    },
)


def read(text: str) -> Lock:
    found = read_lock(SourceFile("p.lock.yaml", text))
    assert isinstance(found, Lock), [d.message for d in found]
    return found


def wrong(text: str) -> str:
    source = SourceFile("p.lock.yaml", text)
    found = read_lock(source)
    assert not isinstance(found, Lock)
    assert {d.name for d in found} == {"invalid-lock"}
    return render_all(found, {source.path: source})


def plain(lock: Lock) -> object:
    """What a lock says, its places left out."""
    return (
        lock.locked,
        lock.prices_from,
        lock.prices_as_of,
        sorted((m.name, m.provider, m.id, m.price) for m in lock.models.values()),
        sorted((f.path, f.sha256) for f in lock.files.values()),
        sorted(
            (t.name, t.value, t.calibrated, t.records, t.data, t.models, t.target, t.guarantee)
            for t in lock.tunes.values()
        ),
    )


def test_the_text(snapshot: SnapshotAssertion):
    assert lock_text(LOCK) == snapshot


def test_what_is_written_is_read():
    assert plain(read(lock_text(LOCK))) == plain(LOCK)


def test_the_order_in_which_things_are_found_changes_nothing():
    turned = Lock(
        LOCK.locked,
        LOCK.prices_from,
        LOCK.prices_as_of,
        dict(reversed(LOCK.models.items())),
        dict(reversed(LOCK.files.items())),
        dict(reversed(LOCK.tunes.items())),
    )
    assert lock_text(turned) == lock_text(LOCK)


NAMES = st.text("abcXYZ_é: #-?!'\"\\{}[]\n", min_size=1, max_size=12) | st.sampled_from(
    ["null", "yes", "1", "~", "="]
)
AMOUNTS = st.decimals(0, 1000, places=6, allow_nan=False)
PRICES = st.none() | st.builds(Price, AMOUNTS, AMOUNTS, st.none() | AMOUNTS)


@given(
    st.dictionaries(NAMES, st.tuples(NAMES, PRICES), max_size=4),
    st.dictionaries(NAMES, st.decimals(-1000, 1000, places=9, allow_nan=False), max_size=4),
)
def test_any_lock_comes_back(models, tunes):
    lock = Lock(
        date(2026, 1, 2),
        models={n: LockedModel(n, "openai", id_, price) for n, (id_, price) in models.items()},
        files={n: LockedFile(n, SHA) for n in models},
        tunes={n: LockedTune(n, value, target=n) for n, value in tunes.items()},
    )
    again = read(lock_text(lock))
    assert {(m.name, m.id, m.price) for m in again.models.values()} == {(n, i, p) for n, (i, p) in models.items()}
    assert {(t.name, t.value, t.target) for t in again.tunes.values()} == {(n, v, n) for n, v in tunes.items()}
    assert set(again.files) == set(models)


def test_places_are_those_of_the_text():
    text = lock_text(LOCK)
    lock = read(text)
    source = SourceFile("p.lock.yaml", text)
    assert source.snippet(lock.models["small"].span) == "small"
    assert source.snippet(lock.files["schemas/a.json"].span) == "schemas/a.json"
    assert source.snippet(lock.tunes["strict"].span) == "0.83"
    assert source.snippet(lock.tunes["strict"].name_span) == "strict"


HEAD = "version: 1\nlocked: 2026-11-24\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# only words\n", id="only_a_comment"),
        pytest.param("- a\n", id="a_list"),
        pytest.param("locked: 2026-11-24\n", id="no_version"),
        pytest.param("version: 2\nlocked: 2026-11-24\n", id="newer"),
        pytest.param("version: 0\n", id="version_0"),
        pytest.param("version: one\n", id="version_a_word"),
        pytest.param("version: 1\n", id="no_day"),
        pytest.param("version: 1\nlocked: yesterday\n", id="no_such_day"),
        pytest.param(HEAD + "prcies: {}\ntunes: {}\n", id="unknown_keys"),
        pytest.param(HEAD + "tune: {}\ntune: {}\n", id="twice"),
        pytest.param(HEAD + "tune: [a]\n", id="tunes_as_a_list"),
        pytest.param(HEAD + "tune:\n  a: '0.3'\n  b: high\n  c: .nan\n  d: .inf\n", id="no_numbers"),
        pytest.param(HEAD + "tune:\n  a: {calibrated: 2026-11-01}\n", id="tune_without_value"),
        pytest.param(HEAD + "tune:\n  a: {value: 1, records: 1.5}\n", id="half_a_record"),
        pytest.param(HEAD + "tune:\n  a: {value: 1, models: gpt}\n", id="models_no_list"),
        pytest.param(HEAD + "files:\n  a.json: 1234\n", id="no_hash"),
        pytest.param(HEAD + "prices:\n  models:\n    a: {provider: openai, id: a}\n", id="no_price"),
        pytest.param(HEAD + "prices:\n  models:\n    a: {provider: openai, id: a, price: 3}\n", id="price_a_number"),
        pytest.param(HEAD + "prices:\n  models:\n    a: {provider: o, id: a, input: -1, output: 2}\n", id="negative"),
        pytest.param(HEAD + "tune: {a: 1\n", id="unclosed"),
        pytest.param(HEAD + "tune:\n<<<<<<< ours\n  a: 1\n=======\n  a: 2\n>>>>>>> theirs\n", id="merge"),
        pytest.param(HEAD + "tune: {a: !!python/object:os.system {}}\n", id="a_tag"),
        pytest.param(HEAD + "tune: *a\n", id="an_alias"),
        pytest.param("version: 1\x00\n", id="a_control_character"),
        pytest.param("[" * 5000, id="deep"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(text: str, snapshot: SnapshotAssertion):
    said = wrong(text)
    assert (said if len(text) < 1000 else said.splitlines()[0]) == snapshot


@given(st.text(max_size=200) | st.text("abc:[]{}-&*!|>'\"#%@,?\n 01", max_size=60).map(lambda t: HEAD + t))
def test_no_text_is_too_odd(text: str):
    found = read_lock(SourceFile("p.lock.yaml", text))
    if not isinstance(found, Lock):
        assert found
        assert all(0 <= d.span.start <= d.span.end <= max(1, len(text)) for d in found)
