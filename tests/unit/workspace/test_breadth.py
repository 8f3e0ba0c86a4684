"""What other tools' routing configurations express, in the language: ``tests/corpus/breadth``.

Each file lints without a warning, passes its own tests, which reach every part of it, and runs through `Policy` on a
scripted provider. `docs/patterns.md` shows them as they are.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang import Policy
from cascadelang.cli.main import main
from cascadelang.workspace.lint import lint, render
from cascadelang.workspace.testing import test_paths

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests" / "corpus" / "breadth"
FILES = sorted(FOLDER.glob("*.cl"))
PAGE = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
DECLARED = re.compile(r'model (\w+)\s*= (?:anthropic|openai|local)\("([^"]+)"\)(?:\s*\{([^}]*)\})?')
BLOCK = re.compile(r"^```cascade\n(.*?)^```", re.DOTALL | re.MULTILINE)


def policy_of(text: str) -> str:
    """A file without what it says about itself and without its tests."""
    head = re.match(r"(?:#[^\n]*\n)+", text)
    return re.split(r"^test ", text[head.end() if head else 0 :], maxsplit=1, flags=re.MULTILINE)[0].strip() + "\n"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_lints_clean_and_its_tests_reach_all_of_it(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(FOLDER)
    assert file.read_text(encoding="utf-8").startswith("# ")
    report = lint([file.name])
    assert not report.diagnostics, render(report.diagnostics, report.sources)
    (tested,) = test_paths([file.name]).files
    assert tested.error is None
    assert [(case.name, case.problem, case.unmet) for case in tested.cases if not case.passed] == []
    assert [case.notes for case in tested.cases if case.notes] == []
    assert list(tested.coverage.unreached()) == []
    assert len(tested.coverage.parts) >= 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_runs_on_a_scripted_provider(file: Path, tmp_path: Path):
    """The same file, its models' providers exchanged: nothing else is."""
    for path in FOLDER.iterdir():
        shutil.copy(path, tmp_path)
    models: dict[str, str] = {}

    def scripted(found: re.Match[str]) -> str:
        models[found[1]] = found[2]
        can = "can: [logprobs, top_logprobs, json, tools, vision], price: $1 / $5"
        return f'model {found[1]} = fake("{found[1]}") {{ {can}{", " + found[3].strip() if found[3] else ""} }}'

    text = file.read_text(encoding="utf-8")
    used = re.findall(r'use "std/(\w+)"', text)
    declared = "".join((ROOT / "cascadelang" / "std" / f"{name}.cl").read_text(encoding="utf-8") for name in used)
    declared = re.sub(r"^#[^\n]*\n", "", declared, flags=re.MULTILINE)
    text = re.sub(r'^use "std/\w+"[^\n]*\n', "", text, flags=re.MULTILINE)
    text = DECLARED.sub(scripted, declared + text)
    replies = ", ".join(f"{name}: {reply(file.stem)}" for name in models)
    (tmp_path / file.name).write_text(f"provider fake = scripted {{ replies: {{ {replies} }} }}\n{text}")
    policy = Policy.load(str(tmp_path / file.name))
    result = policy.run("Hello there, how are you?", meta={"user": "ada"})
    assert result.failure is None, result.failure
    assert result.path
    assert result.answer


def reply(stem: str) -> str:
    """What every model says; one that routes says a label."""
    return '"{\\"label\\": \\"billing\\"}"' if stem == "llm_router" else '"Fine, thanks"'


def test_they_are_laid_out_as_fmt_does(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(FOLDER)
    ran = CliRunner().invoke(main, ["fmt", "--check", "."])
    assert ran.exit_code == 0, ran.output


def test_the_page_shows_the_files_as_they_are():
    shown = BLOCK.findall(PAGE)
    in_order = sorted(FILES, key=lambda file: PAGE.find(file.name))
    assert [policy_of(file.read_text(encoding="utf-8")) for file in in_order] == shown
    for file in FILES:
        assert f"(../tests/corpus/breadth/{file.name})" in PAGE
