"""``cascadelang rule new``: what it writes is sound, and its example fails until the rule finds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli.main import main
from cascadelang.lint.table import rule, table
from cascadelang.workspace.rule_examples import misjudged

ROOT = Path(__file__).parents[3]
RUFF = shutil.which("ruff", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
RUN = CliRunner().invoke


def made(folder: Path, *args: str) -> list[str]:
    done = RUN(main, ["rule", "new", *args])
    assert done.exit_code == 0, done.output
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **env}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_package_with_one_rule(tmp_path: Path):
    assert made(tmp_path, "opus-for-prose", "rules") == [
        "rules/opus_for_prose.py",
        "rules/pyproject.toml",
        "rules/tests/test_opus_for_prose.py",
    ]
    assert 'opus-for-prose = "opus_for_prose"' in Path("rules/pyproject.toml").read_text()


def test_the_project_that_is_there_is_left_alone(tmp_path: Path):
    Path("pyproject.toml").write_text("[project]\n")
    done = RUN(main, ["rule", "new", "opus-for-prose"])
    assert Path("pyproject.toml").read_text() == "[project]\n"
    assert '[project.entry-points."cascadelang.rules"]\nopus-for-prose = "opus_for_prose"' in done.output


def test_in_a_checkout_it_is_one_of_the_own_rules(tmp_path: Path):
    Path("cascadelang/lint/rules").mkdir(parents=True)
    assert made(tmp_path, "opus-for-prose") == ["cascadelang/lint/rules/opus_for_prose.py"]


def test_its_test_fails_until_the_rule_finds_something(tmp_path: Path):
    made(tmp_path, "opus-for-prose")
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "tests")
    first = run(*pytest_, **env)
    assert "1 xfailed" in first.stdout, first.stdout + first.stderr
    file = Path("opus_for_prose.py")
    file.write_text(file.read_text().replace("if not node.model:", 'if node.model == "opus":'))
    then = run(*pytest_, **env)
    assert then.returncode == 1
    assert "XPASS(strict)" in then.stdout
    test = Path("tests/test_opus_for_prose.py")
    test.write_text("".join(line for line in test.read_text().splitlines(keepends=True) if "@pytest" not in line))
    assert "1 passed" in run(*pytest_, **env).stdout


def test_what_is_written_passes_ruff_and_mypy(tmp_path: Path):
    made(tmp_path, "opus-for-prose")
    Path("tests/test_opus_for_prose.py").rename("test_opus_for_prose.py")
    config = str(ROOT / "pyproject.toml")
    files = ["opus_for_prose.py", "test_opus_for_prose.py"]
    ignores = "INP001,S101"  # where a package's files and tests lie is its own affair
    checked = run(str(RUFF), "check", "--no-cache", "--config", config, "--extend-ignore", ignores, *files)
    assert checked.returncode == 0, checked.stdout
    assert run(str(RUFF), "format", "--no-cache", "--check", "--config", config, *files).returncode == 0
    typed = run(
        sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache"),
        "--follow-imports", "silent", files[0],
        MYPYPATH=str(ROOT),
    )  # fmt: skip
    assert typed.returncode == 0, typed.stdout + typed.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Opus", "can't be the name of a rule"),
        ("opus", "can't be the name of a rule"),
        ("opus_for_prose", "can't be the name of a rule"),
        ("../opus-x", "can't be the name of a rule"),
        ("many-rungs", "there is a diagnostic named `many-rungs` already"),
        ("unknown-name", "there is a diagnostic named `unknown-name` already"),
    ],
)
def test_names_that_can_t_be(name: str, message: str, tmp_path: Path):
    done = RUN(main, ["rule", "new", name])
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept(tmp_path: Path):
    Path("opus_for_prose.py").write_text("x = 1\n")
    done = RUN(main, ["rule", "new", "opus-for-prose"])
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["opus_for_prose.py"]


@pytest.mark.parametrize("name", ["many-rungs", "missing-reply", "dear-judge"])
def test_the_examples_of_our_own_rules_are_what_they_say(name: str):
    assert misjudged(rule(table()[name])) == []


def test_examples_that_are_not(tmp_path: Path):
    made(tmp_path, "opus-for-prose")
    text = Path("opus_for_prose.py").read_text()
    namespace: dict[str, object] = {"__name__": "opus_for_prose"}
    exec(compile(text.replace("if not node.model", "if node.model"), "opus_for_prose.py", "exec"), namespace)  # noqa: S102 - it was just written
    (said,) = misjudged(namespace["RULE"])
    assert said.startswith("of a good example it is said: opus-for-prose")
    exec(compile(text.replace("= opus", "= opsu"), "opus_for_prose.py", "exec"), namespace)  # noqa: S102 - it was just written
    (said,) = misjudged(namespace["RULE"])
    assert said.startswith("no model, tier or policy is named `opsu`")
