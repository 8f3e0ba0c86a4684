"""``command``: what a program is given, what its end means, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from cascadelang.checks.command import CHECK, Command
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Message, Query, Reply
from cascadelang.sandbox.choose import chosen

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs are checks on Linux and macOS")


@pytest.fixture
def judge(tmp_path):
    """Writes a script of the shell and judges an answer by it."""

    def judged(script: str, answer: str = "an answer", *, query=None, **args):
        program = tmp_path / "check.sh"
        program.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        given = {"program": str(program), "timeout": 60.0, "sandboxed": False, **args}
        assert not Command.missing_for(given)
        asked = query or Query.of("a question")
        return asyncio.run(Command(given).judge_timed(Answer(asked, Reply(answer), "haiku")))

    return judged


@pytest.mark.parametrize(
    ("script", "value", "reason"),
    [
        ("exit 0", True, ""),
        ("echo fine; exit 0", True, "fine"),
        ("echo 'too short'; echo more; exit 1", False, "too short"),
        ("echo 'on the other' >&2; exit 1", False, "on the other"),
        ("echo broken >&2; exit 2", None, "`check.sh` ended with exit code 2: broken"),
        ("kill -9 $$", None, "`check.sh` was ended by signal 9"),
        ("""echo '{"pass": true, "reason": "looks right"}'""", True, "looks right"),
        ("""echo noise; echo '{"pass": false, "reason": "wrong\\\\ncity"}'""", False, "wrong city"),
        ("""echo '{"pass": null, "reason": "who knows"}'""", None, "who knows"),
        ("""echo '{"pass": 1}'""", None, "what `check.sh` wrote has no `pass` that is true, false or null"),
        ("""echo '{}'""", None, "what `check.sh` wrote has no `pass` that is true, false or null"),
        ("""echo '{"pass": tr'""", None, "what `check.sh` wrote is no JSON"),
        ("printf '\\377\\033[31m red'; exit 1", False, "� [31m red"),
    ],
)
def test_what_its_end_means(judge, script, value, reason):
    found = judge(script)
    assert (found.value, found.reason) == (value, reason)


def test_what_it_is_given(judge, tmp_path):
    query = Query((Message("system", "Be brief."), Message("user", "Why?")), {"plan": "gold", "odd": object()})
    judge('cat > "$(dirname "$0")/given"', "because \ud800 \x00 \x1b", query=query)
    assert json.loads((tmp_path / "given").read_text(encoding="utf-8")) == {
        "query": "Why?",
        "answer": "because \ud800 \x00 \x1b",
        "model": "haiku",
        "messages": [{"role": "system", "text": "Be brief."}, {"role": "user", "text": "Why?"}],
        "meta": {"plan": "gold"},
    }


@pytest.mark.parametrize("answer", ["", "x" * 5_000_000, "\ud800", "\x00"])
def test_odd_answers_are_handed_on(judge, answer):
    script = f"#!{sys.executable}\nimport json, sys\nsys.exit(json.load(sys.stdin)['answer'] != {answer!r})"
    if len(answer) > 1000:
        script = (
            f"#!{sys.executable}\nimport json, sys\nsys.exit(len(json.load(sys.stdin)['answer']) != {len(answer)})"
        )
    assert judge(script, answer).value is True
    assert judge("exit 0", answer).value is True  # also when nothing is read


def test_an_answer_is_no_shell_code(judge, tmp_path):
    judge("cat >/dev/null", f"$(touch {tmp_path}/made); touch {tmp_path}/made")
    assert not (tmp_path / "made").exists()


def test_no_keys_are_passed_on(judge, monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "made-up-key")
    monkeypatch.setenv("LD_PRELOAD", "")
    judge('env > "$(dirname "$0")/env"')
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text(encoding="utf-8").splitlines()}
    assert "PATH" in names
    assert not names & {"OPENAI_API_KEY", "LD_PRELOAD", "VIRTUAL_ENV"}


def test_it_runs_in_its_own_folder(judge, tmp_path):
    assert judge("pwd").reason == str(tmp_path)


def test_what_is_late_is_killed_with_all_it_started(judge, tmp_path, until):
    began_s = time.monotonic()
    found = judge("(sleep 600; touch late) & echo $! > child; sleep 600", timeout=2.0)
    assert (found.value, found.reason) == (None, "`check.sh` wasn't done within 2s")
    assert time.monotonic() - began_s < 60
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    until(lambda: is_gone(child))


def test_what_it_leaves_behind_is_killed(judge, tmp_path, until):
    assert judge("sleep 600 >/dev/null 2>&1 & echo $! > child; exit 0").value is True
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    until(lambda: is_gone(child))


def test_its_end_is_the_verdict_whoever_holds_its_output(judge, tmp_path):
    began_s = time.monotonic()
    found = judge("echo no\n(trap '' HUP; echo $$ > pid; exec sleep 600) &\nexit 1")
    assert (found.value, found.reason) == (False, "no")
    assert time.monotonic() - began_s < 60


def test_what_leaves_its_group_holds_nothing_up(judge, tmp_path):
    began_s = time.monotonic()
    found = judge("setsid sh -c 'echo $$ > pid; exec sleep 600' &\nexec sleep 600", timeout=2.0)
    assert (found.value, found.reason) == (None, "`check.sh` wasn't done within 2s")
    assert time.monotonic() - began_s < 60
    os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), signal.SIGKILL)


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_flood_is_cut(judge):
    found = judge("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done")
    assert (found.value, found.reason) == (None, "`check.sh` wrote more than 64 KB")


def test_what_cant_be_run_is_told_before_anything_is_asked(tmp_path):
    program = tmp_path / "check.sh"
    args = {"program": str(program), "timeout": 1.0, "sandboxed": False}
    assert CHECK.missing_for(args) == f"there is no program `{program}`"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o644)
    assert CHECK.missing_for(args) == f"`{program}` may not be run: `chmod +x {program}` lets it"


def test_what_cant_be_started_is_unknown(judge):
    assert judge("#!/no/such/interpreter\n").reason == (
        "`check.sh` couldn't be started: what its first line names isn't there"
    )


def test_a_program_without_a_first_line_is_told(tmp_path):
    program = tmp_path / "check.sh"
    program.write_text("echo fine\n", encoding="utf-8")
    program.chmod(0o755)
    check = Command({"program": str(program), "timeout": 60.0, "sandboxed": False})
    found = asyncio.run(check.judge_timed(Answer(Query.of("q"), Reply("a"))))
    assert found.reason == (
        "`check.sh` couldn't be started: its first line names nothing that runs it, as `#!/bin/sh` does"
    )


def test_in_the_sandbox_it_sees_little(judge, monkeypatch):
    if chosen().sandbox is None:
        pytest.skip(f"no sandbox: {chosen().why}")
    monkeypatch.setenv("OPENAI_API_KEY", "made-up-key")
    script = (
        "cat >/dev/null\nif cat /etc/passwd 2>/dev/null; then echo 'reads /etc'; exit 1; fi\n"
        'if [ -n "$OPENAI_API_KEY" ]; then echo keys; exit 1; fi\n'
        "if touch ./written 2>/dev/null && touch /program/written 2>/dev/null; then echo writes; exit 1; fi\n"
        "if [ ! -r /program/check.sh ]; then echo 'no program'; exit 1; fi\n"
        "echo contained | sed s/con/CON/"
    )
    found = judge(script, sandboxed=True)
    assert (found.value, found.reason) == (True, "CONtained")


def test_in_the_sandbox_time_counts(judge):
    if chosen().sandbox is None:
        pytest.skip(f"no sandbox: {chosen().why}")
    assert judge("sleep 600", sandboxed=True, timeout=0.5).reason == "`check.sh` wasn't done within 500ms"
