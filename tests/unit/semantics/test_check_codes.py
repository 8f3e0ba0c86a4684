"""Every diagnostic of names, types and files is documented, and its examples do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascadelang.catalog.models import find
from cascadelang.diagnostics import codes_files, codes_names, codes_types
from cascadelang.diagnostics.codes import Code, all_codes
from cascadelang.diagnostics.render_text import render_all
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

CODES = (*codes_names.CODES, *codes_types.CODES, *codes_files.CODES)
BESIDE = {
    "answer.schema.json": '{"type": "object"}',
    "wrong.schema.json": '{"type": "objekt"}',
    "cut.json": '{"type":',
}
SEMANTICS = Path(__file__).parents[3] / "cascadelang" / "semantics"


def checked(text: str) -> CheckedPolicy:
    return check("policy.cl", MemoryFiles({"policy.cl": text, **BESIDE}), InstalledCatalog(), find)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_the_bad_example_gives_it_and_nothing_else(code: Code, snapshot: SnapshotAssertion):
    policy = checked(code.bad)
    assert {d.name for d in policy.diagnostics} - {"not-supported-yet"} <= {code.name}
    assert code.name in {d.name for d in policy.diagnostics}
    sources = {path: module.source for path, module in policy.modules.items()}
    assert render_all(policy.diagnostics, sources) == snapshot


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_the_good_example_gives_nothing(code: Code):
    policy = checked(code.good)
    assert [d.message for d in policy.diagnostics] == []
    assert policy.policies == ("main",)


def test_every_name_that_is_told_is_registered():
    told = set()
    for file in SEMANTICS.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        told |= set(re.findall(r'(?:state\.error\(|Wrong\()\s*"([a-z-]+)"', text))
    assert told >= {code.name for code in CODES}
    assert told <= set(all_codes())
