from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cascadelang.catalog.models import find
from cascadelang.lint.engine import look
from cascadelang.lint.subject import Subject
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.lint import lint

MODELS = """
model small = openai("small-2") { price: $1 / $4 }
model large = openai("large") { price: $4 / $16 }
model third = openai("third") { price: $4 / $16 }
"""
HEAD = "version: 1\nlocked: 2026-11-01\n"


def told(policy: str, lock: str, today: date = date(2026, 11, 24)) -> list[str]:
    files = MemoryFiles({"p.cl": MODELS + policy, "p.lock.yaml": HEAD + lock})
    checked = check("p.cl", files, InstalledCatalog(), find)
    assert checked.ok, checked.diagnostics
    names = ("old-calibration", "calibrated-for-others", "undeclared-locked-tune")
    found = look(Subject(checked, today=lambda: today, known_models=find)).diagnostics
    return sorted(d.message for d in found if d.name in names)


ROUTE = "tune long = 200 in 50 .. 800\npolicy main = route tokens > long -> large else small\n"


@pytest.mark.parametrize(
    ("today", "old"),
    [(date(2026, 10, 1), False), (date(2026, 10, 31), False), (date(2026, 11, 1), True), (date(2026, 1, 1), False)],
)
def test_a_value_is_old_after_thirty_days(today: date, old: bool):
    lock = "tune: {long: {value: 300, calibrated: 2026-10-01}}\n"
    said = told(ROUTE, lock, today)
    assert said == (["the value of `long` was calibrated on 2026-10-01, more than 30 days ago"] if old else [])


def test_a_value_without_a_day_is_never_old():
    assert told(ROUTE, "tune: {long: 300}\n", date(2126, 1, 1)) == []


def test_the_models_of_a_route_are_those_it_leads_to():
    assert told(ROUTE, "tune: {long: {value: 300, models: [large, small-2]}}\n") == []
    assert told(ROUTE, "tune: {long: {value: 300, models: [large, other]}}\n") == [
        "`long` is used with `small` (small-2), and was calibrated for `large`, `other`"
    ]


CASCADE = """
tune sure = 0.8 in 0.5 .. 0.99
check good = judge(large, "Is it right?") >= sure and not empty
policy main = cascade [small until good, third]
"""


def test_the_models_of_a_gate_are_those_it_judges_and_asks():
    assert told(CASCADE, "tune: {sure: {value: 0.9, models: [large, small-2]}}\n") == []
    assert told(CASCADE, "tune: {sure: {value: 0.9, models: [small-2]}}\n") == [
        "`sure` is used with `large` (large), and was calibrated for `small-2`"
    ]


def test_a_tune_that_nothing_uses_is_used_with_no_model():
    policy = "tune idle = 3 in 1 .. 9\npolicy main = small\n"
    assert told(policy, "tune: {idle: {value: 4, models: [other]}}\n") == []


def test_names_of_no_tune():
    assert told(ROUTE, "tune: {lnog: 3, m.long: 4}\n") == [
        "the lock has a value for `lnog`, and no tune of that name is declared",
        "the lock has a value for `m.long`, and no tune of that name is declared",
    ]
    assert told("policy main = small\n", "tune: {long: 3}\n") == [
        "the lock has a value for `long`, and no tune of that name is declared"
    ]


def test_a_comment_at_the_declaration_allows_an_old_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("p.lock.yaml").write_text(HEAD + "tune: {long: {value: 300, calibrated: 2020-10-01}}\n", encoding="utf-8")
    models = MODELS.replace(MODELS.splitlines()[-1] + "\n", "")  # the third is not used here
    Path("p.cl").write_text(models + ROUTE, encoding="utf-8")
    assert [d.name for d in lint(["p.cl"]).diagnostics] == ["old-calibration"]
    comment = "# cl: allow(old-calibration) because nothing changed\n"
    Path("p.cl").write_text(models + comment + ROUTE, encoding="utf-8")
    assert lint(["p.cl"]).diagnostics == ()
