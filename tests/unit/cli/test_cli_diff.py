from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

POLICY = """
model small = scripted("small") { price: $1 / $5 }
model large = scripted("large") { price: $10 / $50 }
policy main = cascade [small, large] until schema("a.schema.json")
"""
LONGER = POLICY.replace("[small, large]", "[small, small until json, large]")


@pytest.fixture(autouse=True)
def _policies(cl):
    Path("p").mkdir()
    Path("p/old.cl").write_text(POLICY, encoding="utf-8")
    Path("p/new.cl").write_text(LONGER, encoding="utf-8")
    Path("p/a.schema.json").write_text('{"type": "object"}', encoding="utf-8")


def git(*args: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=True, env=env)
    return done.stdout


def test_two_files(cl):
    ran = cl("diff", "p/old.cl", "p/new.cl")
    assert ran.code == 1
    assert "the most calls rise from 2 to 3, because rung 2, `small`, is new" in ran.out
    assert cl("diff", "p/old.cl", "p/old.cl").out == "means the same\n"
    assert cl("diff", "p/old.cl", "p/old.cl").code == 0


def test_layout_and_comments_are_no_difference(cl):
    Path("p/laid.cl").write_text("# mine\n" + POLICY.replace("[small, large]", "[\n  small,\n  large,\n]"))
    assert cl("diff", "p/old.cl", "p/laid.cl").code == 0


def test_as_json(cl):
    ran = cl("diff", "p/old.cl", "p/new.cl", "--output", "json", "--input", "16k")
    assert ran.code == 1
    value = json.loads(ran.out)
    schema = json.loads((Path(__file__).parents[3] / "docs" / "diff.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(value)
    assert (value["version"], value["old"], value["new"], value["same"]) == (1, "p/old.cl", "p/new.cl", False)
    assert value["bounds"][0]["input_tokens"] == 16_000
    assert value["changes"][value["bounds"][0]["because"][0]]["what"] == "added"
    same = json.loads(cl("diff", "p/old.cl", "p/old.cl", "--output", "json").out)
    assert (same["same"], same["bounds"], same["changes"]) == (True, [], [])
    jsonschema.Draft202012Validator(schema).validate(same)


def test_a_compiled_graph_can_be_the_old_side(cl):
    Path("graph.json").write_text(cl("compile", "p/old.cl").out, encoding="utf-8")
    assert cl("diff", "graph.json", "p/old.cl").code == 0
    assert cl("diff", "graph.json", "p/new.cl").code == 1


def test_versions_in_git(cl):
    git("init", "-q")
    Path("p/new.cl").write_text(POLICY, encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "v1")
    Path("p/new.cl").write_text(LONGER, encoding="utf-8")
    Path("p/a.schema.json").write_text('{"type": "array"}', encoding="utf-8")
    assert cl("diff", "HEAD", "p/new.cl").code == 1
    ran = cl("diff", "v1:p/old.cl", "p/old.cl")  # what an old version reads is old, too
    assert "main\n  rungs 1 and 2 have to pass `schema` as it was, with other arguments" in ran.out
    assert cl("diff", "HEAD:p/old.cl", "v1:p/new.cl").code == 0
    ran = cl("diff", "HEAD:p/none.cl", "p/new.cl")
    assert ran.code == 2
    assert "there is no such file in `HEAD`" in ran.err
    assert cl("diff", "nothing", "p/new.cl").code == 2
    os.chdir("p")
    assert cl("diff", "HEAD", "new.cl").code == 1
    assert cl("diff", "HEAD:old.cl", "new.cl").code == 1


def test_as_gits_own_diff_command(cl):
    shown = Path("elsewhere").resolve()
    shown.mkdir()
    (shown / "x_old.cl").write_text(POLICY, encoding="utf-8")
    args = (str(shown / "x_old.cl"), "abc", "100644", "p/new.cl", "def", "100644")
    ran = cl("diff", "--external", "p/new.cl", *args)
    assert ran.code == 0
    assert ran.out.startswith("cascadelang diff p/new.cl\nmain\n")
    assert cl("diff", "--external", "p/n.cl", "/dev/null", ".", ".", "p/new.cl", "a", "b").out.endswith("it is new\n")
    Path("p/bad.cl").write_text("policy main = nobody\n", encoding="utf-8")
    ran = cl("diff", "--external", "p/bad.cl", str(shown / "x_old.cl"), "a", "b", "p/bad.cl", "c", "d")
    assert ran.code == 0
    assert "nobody" in ran.out
    assert cl("diff", "--external", "p/new.cl", "x").code == 2


def test_stdin_stands_where_the_other_one_does(cl):
    assert "rung 2, `small`, is new" in cl("diff", "-", "p/new.cl", stdin=POLICY).out
    assert cl("diff", "-", "p/old.cl", stdin=POLICY).out == "means the same\n"
    assert cl("diff", "p/new.cl", "-", stdin=LONGER).code == 0
    assert cl("diff", "-", "p/old.cl", stdin=cl("compile", "p/old.cl").out).code == 0
    assert cl("diff", "-", "-", stdin=POLICY).code == 2
    ran = cl("diff", "-", "p/old.cl", stdin="")
    assert (ran.code, "there is nothing on stdin" in ran.err) == (2, True)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the shell's pipes have names on Unix only")
def test_pipes_of_the_shell_stand_there_too(cl):
    read, write = os.pipe()
    os.write(write, POLICY.encode())
    os.close(write)
    try:
        assert cl("diff", f"/dev/fd/{read}", "p/old.cl").out == "means the same\n"
    finally:
        os.close(read)


def test_another_root(cl):
    Path("old_root").mkdir()
    Path("old_root/a.schema.json").write_text('{"type": "array"}', encoding="utf-8")
    Path("copy.cl").write_text(POLICY, encoding="utf-8")
    ran = cl("diff", "copy.cl", "p/old.cl")
    assert (ran.code, "`a.schema.json` can't be read" in ran.err) == (2, True)
    assert cl("diff", "copy.cl", "p/old.cl", "--old-root", "p").code == 0
    assert cl("diff", "copy.cl", "p/old.cl", "--old-root", "old_root").code == 1


def test_what_can_not_be_compared(cl):
    Path("bad.cl").write_text("policy main = nobody\n", encoding="utf-8")
    ran = cl("diff", "bad.cl", "p/new.cl")
    assert (ran.code, ran.out) == (2, "")
    assert "error[unknown-name]" in ran.err
    for name in ("HEAD~9", "nothing:p/old.cl"):
        ran = cl("diff", name, "p/new.cl")
        assert (ran.code, ran.err) == (2, f"error: `{name.partition(':')[0]}` is neither a file nor a commit\n")
    assert "there is no such file" in cl("diff", "nothing.cl", "p/new.cl").err
    assert cl("diff", "p/new.cl").code == 2
    assert cl("diff").code == 2
    ran = cl("diff", "p/old.cl", "p/new.cl", "--on", "records.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "`records.jsonl` can't be read: there is no such file" in ran.err
    ran = cl("diff", "p/old.cl", "p/new.cl", "--limit", "3")
    assert ran.code == 2
    assert "said by `--on`, and it isn't there" in ran.err


def test_locked_tunes_are_compared(cl):
    text = 'tune long = 9 in 1 .. 99\nmodel m = scripted("m")\npolicy main = route words > long -> m else m\n'
    Path("a.cl").write_text(text, encoding="utf-8")
    Path("b.cl").write_text(text.replace("1 .. 99", "2 .. 99"), encoding="utf-8")
    Path("b.lock.yaml").write_text("version: 1\nlocked: 2026-11-24\ntune: {long: 12}\n", encoding="utf-8")
    assert cl("diff", "a.cl", "b.cl").out == (
        "tunes\n  `long` is 12, it was 9\n  `long` may move in 2 .. 99, it was 1 .. 99\n"
    )


def test_a_requirement_that_no_longer_holds_is_told_beside_what_changed(cl):
    required = "\nrequire main { calls <= 2 }\n"
    Path("p/held.cl").write_text(POLICY + required)
    Path("p/broken.cl").write_text(LONGER + required)
    ran = cl("diff", "p/held.cl", "p/broken.cl")
    assert ran.code == 1
    assert "the most calls rise from 2 to 3, because rung 2, `small`, is new" in ran.out
    assert "error[unproved-requirement]: `main` can make 3 calls, and `calls <= 2` is required" in ran.err
    back = cl("diff", "p/broken.cl", "p/held.cl")
    assert (back.code, back.err) == (1, "")
