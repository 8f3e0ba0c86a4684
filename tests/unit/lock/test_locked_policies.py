from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import cascadelang.catalog.models as catalog
from cascadelang import Policy
from cascadelang.contracts.messages import Query
from cascadelang.contracts.price import Price
from cascadelang.graph import model as g
from cascadelang.workspace.explain import plan
from cascadelang.workspace.lint import lint
from cascadelang.workspace.load import load
from cascadelang.workspace.lock import lock
from cascadelang.workspace.mistake import Mistake, PolicyError

POLICY = """
use "std/anthropic"
use "lib/more.cl" as more
tune long = 200 in 50 .. 800
policy main = route tokens > long -> opus,
                    words > more.few -> more.mini
              else cascade [haiku, sonnet] until schema("a.schema.json")
require main for input <= 4k { cost <= $0.12 }
"""
MORE = 'tune few = 5 in 1 .. 9\nmodel mini = openai("gpt-4o-mini")\n'
DAY = date(2026, 11, 24)


class FakeCatalogue:
    """Known models whose prices can be set."""

    def __init__(self) -> None:
        self.usd: dict[str, tuple[str, str]] = {"haiku": ("1", "5"), "sonnet": ("3", "15"), "opus": ("5", "20")}
        self.source = ("a catalogue", "2026-11-01")

    def find(self, provider: str, base_url: str, model: str) -> catalog.KnownModel | None:
        for word, (into, out) in self.usd.items():
            if word in model:
                return catalog.KnownModel(model, Price(Decimal(into), Decimal(out)), 200_000)
        return catalog.KnownModel(model, Price(Decimal("0.15"), Decimal("0.6")), 128_000)


@pytest.fixture(name="known", autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> FakeCatalogue:
    fake = FakeCatalogue()
    monkeypatch.setattr(catalog, "find", fake.find)
    monkeypatch.setattr(catalog, "data_source", lambda: fake.source)
    return fake


@pytest.fixture(name="folder", autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lib").mkdir()
    (tmp_path / "p.cl").write_text(POLICY, encoding="utf-8")
    (tmp_path / "lib" / "more.cl").write_text(MORE, encoding="utf-8")
    (tmp_path / "a.schema.json").write_text('{"type": "object"}', encoding="utf-8")
    return tmp_path


def told(path: str = "p.cl") -> list[tuple[str, str]]:
    return [(d.name, d.message) for d in lint([path], locked=True).diagnostics]


def test_a_lock_that_was_just_written_is_current(folder: Path):
    assert [(d.did, d.changes) for d in lock(["p.cl"], today=DAY)] == [("written", ("there is no lock yet",))]
    text = (folder / "p.lock.yaml").read_text(encoding="utf-8")
    assert told() == []
    assert [d.did for d in lock(["p.cl"], today=date(2027, 1, 1))] == ["current"]
    assert (folder / "p.lock.yaml").read_text(encoding="utf-8") == text
    for part in (
        "locked: 2026-11-24",
        "source: a catalogue",
        "as_of: 2026-11-01",
        "more.mini:",
        "lib/more.cl: sha256:",
    ):
        assert part in text
    assert "p.cl:" not in text  # the policy itself is reviewed as it is


def test_a_lock_that_is_missing():
    assert told() == [("missing-lock", "`p.cl` has no lock file")]
    assert lint(["p.cl"]).diagnostics == ()


def test_a_file_without_a_policy_needs_none(folder: Path):
    assert told("lib/more.cl") == []
    assert [d.did for d in lock(["lib/more.cl"])] == ["nothing"]
    assert not (folder / "lib" / "more.lock.yaml").exists()


def test_what_changed_is_told_and_only_under_locked(folder: Path, known: FakeCatalogue):
    lock(["p.cl"], today=DAY)
    known.usd["sonnet"] = ("2", "10")
    known.source = ("a catalogue", "2026-12-01")
    (folder / "a.schema.json").write_text("{}", encoding="utf-8")
    (folder / "lib" / "more.cl").write_text(MORE + "# more\n", encoding="utf-8")
    (folder / "p.cl").write_text(POLICY.replace("-> opus", "-> sonnet"), encoding="utf-8")
    assert told() == [
        ("outdated-lock", "the lock has the model `opus`, which the policy doesn't reach"),
        (
            "outdated-lock",
            "the price of `sonnet` changed: $3 / $15 when it was locked, on 2026-11-24, and $2 / $10 today",
        ),
        ("outdated-lock", "`a.schema.json` changed since it was locked, on 2026-11-24"),
        ("outdated-lock", "`lib/more.cl` changed since it was locked, on 2026-11-24"),
    ]
    assert lint(["p.cl"]).diagnostics == ()
    assert [(d.did, len(d.changes)) for d in lock(["p.cl"], check=True)] == [("stale", 4)]
    assert told() != []
    lock(["p.cl"], today=DAY)
    assert told() == []


def test_a_newer_catalogue_with_the_same_prices_is_no_change(known: FakeCatalogue):
    lock(["p.cl"], today=DAY)
    known.source = ("a catalogue", "2027-01-01")
    assert told() == []
    assert [d.did for d in lock(["p.cl"])] == ["current"]


def test_what_is_new_is_told(folder: Path):
    lock(["p.cl"], today=DAY)
    (folder / "b.schema.json").write_text("{}", encoding="utf-8")
    text = POLICY.replace('schema("a.schema.json")', 'schema("b.schema.json")').replace("haiku", "fable")
    (folder / "p.cl").write_text('model fable = anthropic("fable") { price: $1 / $1 }\n' + text, encoding="utf-8")
    text = (folder / "p.cl").read_text(encoding="utf-8").replace('use "std/anthropic"', 'use "std/anthropic" as std')
    text = text.replace("sonnet", "std.sonnet").replace("-> opus", "-> std.opus")
    (folder / "p.cl").write_text(text, encoding="utf-8")
    messages = [message for _, message in told()]
    assert "the policy reaches the model `fable`, which the lock doesn't have" in messages
    assert "the policy reads `b.schema.json`, which the lock doesn't have" in messages
    assert "the lock has the file `a.schema.json`, which the policy doesn't read" in messages
    assert "the lock has the model `opus`, which the policy doesn't reach" in messages


def test_a_model_that_is_another_one_now(folder: Path):
    lock(["p.cl"], today=DAY)
    (folder / "lib" / "more.cl").write_text(MORE.replace("gpt-4o-mini", "gpt-5-mini"), encoding="utf-8")
    assert ("outdated-lock", "the lock has `more.mini` as `gpt-4o-mini` of openai, and it is `gpt-5-mini`") in told()


def test_a_changed_price_that_breaks_a_requirement_is_told_as_that(known: FakeCatalogue):
    assert lint(["p.cl"]).diagnostics == ()
    lock(["p.cl"], today=DAY)
    known.usd["opus"] = ("10", "50")
    [found] = lint(["p.cl"]).diagnostics
    assert found.name == "price-breaks-requirement"
    assert found.message == (
        "`main` cost <= $0.12 was proved at $5 / $20 for `opus` on 2026-11-24; "
        "at today's $10 / $50 it can cost $0.245"
    )
    assert "the dearest way for an input of 4,000 tokens:" in found.notes
    known.usd["sonnet"] = ("4", "15")
    [found] = lint(["p.cl"]).diagnostics
    assert found.message == (
        "`main` cost <= $0.12 was proved at the prices of 2026-11-24; at today's it can cost $0.245"
    )
    assert found.notes[:2] == ("`opus` was $5 / $20 and is $10 / $50", "`sonnet` was $3 / $15 and is $4 / $15")
    with pytest.raises(PolicyError, match="price-breaks-requirement"):
        lock(["p.cl"])


def test_a_requirement_that_was_broken_before_is_told_as_ever(folder: Path, known: FakeCatalogue):
    lock(["p.cl"], today=DAY)
    known.usd["opus"] = ("10", "50")
    (folder / "p.cl").write_text(POLICY.replace("$0.12", "$0.01"), encoding="utf-8")
    assert [d.name for d in lint(["p.cl"]).diagnostics] == ["unproved-requirement"]


def tunes(graph: g.Graph) -> dict[str, float]:
    node = graph.nodes["main"]
    assert isinstance(node, g.RouteNode)
    values = [arm.condition.right for arm in node.arms if isinstance(arm.condition, g.CompareValue)]
    return {value.name: value.value for value in values if isinstance(value, g.TuneValue)}


def with_tunes(folder: Path, text: str) -> None:
    lock(["p.cl"], today=DAY)
    with (folder / "p.lock.yaml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_tuned_values_are_those_of_the_lock(folder: Path):
    assert tunes(load("p.cl").graph) == {"long": 200, "more.few": 5}
    with_tunes(folder, "tune:\n  long: 51\n  more.few: {value: 1}\n")
    assert tunes(load("p.cl").graph) == {"long": 51, "more.few": 1}
    assert told() == []


def test_run_explain_and_compile_honour_them(folder: Path):
    with_tunes(folder, "tune:\n  more.few: 2\n")
    shown = plan("p.cl", Query.of("one two three"))
    assert "words > more.few" in str(shown)
    assert "main takes arm 2, `words > more.few`" in str(shown)
    with Policy.load("p.cl", traces=False) as policy:
        assert tunes(policy._graph)["more.few"] == 2


def test_a_tune_that_is_an_argument_holds_the_locked_value(folder: Path):
    text = 'model m = openai("m") { price: $1 / $1, temperature: warm }\ntune warm = 0.2 in 0 .. 1\npolicy main = m\n'
    (folder / "q.cl").write_text(text, encoding="utf-8")
    (folder / "q.lock.yaml").write_text("version: 1\nlocked: 2026-11-24\ntune: {warm: 0.0}\n", encoding="utf-8")
    assert load("q.cl").graph.models["m"].temperature == 0.0
    (folder / "q.lock.yaml").unlink()
    assert load("q.cl").graph.models["m"].temperature == 0.2


def test_values_out_of_range_are_errors_wherever_the_policy_is_loaded(folder: Path):
    with_tunes(folder, "tune:\n  long: 801\n")
    assert told() == [
        ("locked-out-of-range", "the lock has `long` at 801, outside the range it is declared with"),
    ]
    with pytest.raises(PolicyError, match=r"p\.lock\.yaml"):
        Policy.load("p.cl", traces=False)
    for value in ("50", "800"):
        (folder / "p.lock.yaml").write_text(
            f"version: 1\nlocked: 2026-11-24\ntune: {{long: {value}}}\n", encoding="utf-8"
        )
        assert lint(["p.cl"]).diagnostics == ()


def test_a_lock_with_mistakes_is_never_written_over(folder: Path):
    (folder / "p.lock.yaml").write_text("version: 1\ntune: {long: 80}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="`locked` is missing"):
        lock(["p.cl"])
    assert (folder / "p.lock.yaml").read_text(encoding="utf-8") == "version: 1\ntune: {long: 80}\n"
    assert [name for name, _ in told()] == ["invalid-lock"]


def test_nothing_is_written_when_one_of_several_is_wrong(folder: Path):
    (folder / "z.cl").write_text("policy main = nobody\n", encoding="utf-8")
    with pytest.raises(PolicyError):
        lock(["p.cl", "z.cl"])
    assert not (folder / "p.lock.yaml").exists()


def test_values_are_kept_and_those_of_no_tune_are_taken_out(folder: Path, known: FakeCatalogue):
    with_tunes(folder, "tune:\n  gone: 1\n  long:\n    value: 90\n    records: 12\n    models: [claude-opus-5-5]\n")
    [done] = lock(["p.cl"], today=DAY)
    assert done.changes == ("the lock has a value for `gone`, which isn't declared",)
    text = (folder / "p.lock.yaml").read_text(encoding="utf-8")
    assert "gone" not in text
    assert text.endswith("tune:\n  long:\n    value: 90\n    records: 12\n    models:\n    - claude-opus-5-5\n")
    known.usd["opus"] = ("5", "19")
    lock(["p.cl"], today=DAY)
    assert "value: 90" in (folder / "p.lock.yaml").read_text(encoding="utf-8")


def test_the_lock_of_a_file_that_is_only_used_doesnt_count(folder: Path):
    (folder / "lib" / "more.lock.yaml").write_text("version: 1\nlocked: 2026-11-24\ntune: {few: 9}\n", "utf-8")
    assert tunes(load("p.cl").graph)["more.few"] == 5


def test_a_policy_in_another_folder_has_the_same_lock(folder: Path, monkeypatch: pytest.MonkeyPatch):
    lock(["p.cl"], today=DAY)
    text = (folder / "p.lock.yaml").read_text(encoding="utf-8")
    (folder / "p.lock.yaml").unlink()
    monkeypatch.chdir(folder.parent)
    lock([f"{folder.name}/p.cl"], today=DAY)
    assert (folder / "p.lock.yaml").read_text(encoding="utf-8") == text
    lock([str(folder / "p.cl")], today=DAY)
    assert (folder / "p.lock.yaml").read_text(encoding="utf-8") == text


def test_a_lock_that_can_not_be_read(folder: Path):
    (folder / "p.lock.yaml").mkdir()
    assert told() == [("invalid-lock", "`p.lock.yaml` can't be read: it is a folder")]


def test_a_graph_holds_no_lock(folder: Path):
    before = load("p.cl").graph
    lock(["p.cl"], today=DAY)
    assert load("p.cl").graph == before


def test_nothing_to_lock(folder: Path):
    (folder / "lib" / "more.cl").unlink()
    with pytest.raises(Mistake, match=r"there is no `\.cl` file"):
        lock(["lib/"])


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]):
    from cascadelang.cli.main import main

    assert main.run(["lock", "--check", "p.cl"], "cascadelang", {"standalone_mode": False}) == 1
    assert "stale    p.lock.yaml\n         there is no lock yet\n" in capsys.readouterr().out
    assert main.run(["lock", "p.cl", "--output", "json"], "cascadelang", {"standalone_mode": False}) == 0
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "locks": [
            {"policy": "p.cl", "lock": "p.lock.yaml", "did": "written", "changes": ["there is no lock yet"]},
        ],
    }
    assert main.run(["lint", "--locked", "p.cl"], "cascadelang", {"standalone_mode": False}) == 0
