"""What the pages say is true: their policies lint, their links lead somewhere, generated pages are current."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from cascadelang.workspace.lint import lint, render

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```cascade\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, _ in LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{name_of(page)} links to {target}, which is not there"


BLOCKS = [
    pytest.param(block, id=f"{name_of(page)}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
]
"""Those that stand alone; one that can't is fenced as ``cascade fragment``."""


@pytest.mark.parametrize("block", BLOCKS)
def test_policies_on_pages_lint(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cascadelang.workspace.load.today", lambda: date(2026, 11, 24))  # as the files beside it
    policy = tmp_path / "policy.cl"
    policy.write_text(block, encoding="utf-8")
    schema = (ROOT / "examples" / "answer.schema.json").read_text(encoding="utf-8")
    (tmp_path / "answer.schema.json").write_text(schema, encoding="utf-8")
    (tmp_path / "rubric.md").write_text("A good answer is correct and complete.\n", encoding="utf-8")
    for named in ("support_topics.yaml", "support_router.json"):
        text = (ROOT / "examples" / named).read_text(encoding="utf-8")
        (tmp_path / named).write_text(text, encoding="utf-8")
    for named in (ROOT / "tests" / "corpus" / "breadth").glob("by_meaning.*.*"):
        (tmp_path / named.name).write_text(named.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "models").mkdir()
    for named in ("models/mine.gguf", "answers.jsonl", "answers.jsonl.gz"):
        (tmp_path / named).touch()
    report = lint([str(policy)])
    assert not report.diagnostics, render(report.diagnostics, report.sources)


def test_the_readme_has_exactly_two_setup_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("```sh setup") == 2


def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_policies_on_pages_are_laid_out_as_fmt_does():
    done = subprocess.run(
        [sys.executable, "docs/lay_out.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"`python docs/lay_out.py` lays out {done.stdout}{done.stderr}"
