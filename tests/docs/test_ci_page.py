"""docs/ci.md: its workflow's commands run, its hooks are those of the repository, and what `init` writes works."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cascadelang.workspace.init import write_first_policy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
CONFIG, WORKFLOW = (
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["policies"]["steps"]
needs_pre_commit = pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="needs pre-commit")


@pytest.fixture(name="shell")
def _shell(tmp_path: Path):
    """Runs a command in a folder with a first policy, with `cascadelang` on the path."""
    folder = tmp_path / "repository"
    write_first_policy(str(folder))
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "cascadelang"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cascadelang "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PRE_COMMIT_HOME": str(tmp_path / "cache")}
    env |= {"PYTHONPATH": str(ROOT)}
    for name in ("user.name", "user.email"):
        env |= {f"GIT_{role}_{name[5:].upper()}": "someone@example.com" for role in ("AUTHOR", "COMMITTER")}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-ec", command], cwd=folder, env=env, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize("command", [step["run"] for step in STEPS if step.get("run", "").startswith("cascadelang")])
def test_the_commands_of_the_workflow_run(command: str, shell):
    done = shell(command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_workflow_uploads_is_written_by_it():
    written = {step["run"].partition("> ")[2].split()[0] for step in STEPS if ">" in step.get("run", "")}
    uploaded = {step["with"].get("sarif_file") or step["with"].get("path") for step in STEPS if "upload" in str(step)}
    assert written == uploaded - {None} == {"lint.sarif", "tests.xml"}


def test_the_page_names_the_hooks_there_are():
    ids = [hook["id"] for hook in HOOKS]
    assert [hook["id"] for hook in CONFIG["repos"][0]["hooks"]] == ids
    assert all(f"| `{name}` |" in PAGE for name in ids)


@needs_pre_commit
def test_the_hooks_are_a_manifest():
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@needs_pre_commit
def test_the_hooks_that_init_writes(shell):
    begun = shell("git init -q . && git add -A")
    assert begun.returncode == 0, begun.stderr
    run = f'"{sys.executable}" -m pre_commit run --all-files'
    done = shell(run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 3
    shell("sed -i 's/policy main =/policy  main=/' policy.cl && git add -A")
    done = shell(run)
    assert done.returncode == 1
    assert "formatted: policy.cl" in done.stdout
    shell("git add -A && printf 'policy other = hiaku\\n' >> policy.cl && git add -A")
    done = shell(run)
    assert done.returncode == 1
    assert "error[unknown-name]" in done.stdout
