"""What tests reach: arms, rungs, members, and both ends of checks."""

from __future__ import annotations

from pathlib import Path

from cascadelang.workspace.coverage import Coverage
from cascadelang.workspace.testing import test_paths

MODELS = """
model small = anthropic("claude-haiku-5-5")
model large = anthropic("claude-opus-5-5")
"""


def reached(tmp_path: Path, text: str) -> Coverage:
    (tmp_path / "p.cl").write_text(MODELS + text, encoding="utf-8")
    (file,) = test_paths([str(tmp_path / "p.cl")]).files
    assert file.error is None, str(file.error)
    assert all(case.passed for case in file.cases), [(case.problem, case.unmet) for case in file.cases]
    return file.coverage


def missing(tmp_path: Path, text: str) -> list[str]:
    return list(reached(tmp_path, text).unreached())


def test_arms_and_else(tmp_path: Path):
    text = 'policy main = route chars > 9 -> large, meta.x == "y" -> small else small'
    one = text + ' test "t" { query "hi" reply small "x" expect passed or unchecked }'
    assert missing(tmp_path, one) == ["main: arm 1, chars > 9", "main: arm 2, meta.x == y"]
    two = one + ' test "u" { query "0123456789" reply large "x" expect unchecked }'
    assert missing(tmp_path, two) == ["main: arm 2, meta.x == y"]


def test_labels_and_the_rung_a_label_starts_with(tmp_path: Path):
    text = """
    signal kind: {a, b} = meta.kind else a
    policy main   = route by kind a -> small, b -> large
    policy starts = cascade [small, large] from level until json
    signal level: {low, high} = meta.level else low
    test "b" { query "hi" meta { kind: "b" } reply large "x" expect unchecked }
    """
    starts = text.replace("cascade [small, large] from level until json", "small")
    assert missing(tmp_path, starts) == ["main: a"]


def test_rungs_members_and_verdicts(tmp_path: Path):
    text = """
    check ok = json
    tier both = fallback [small, large]
    policy main = cascade [both, large] until ok otherwise small
    """
    down = text + 'test "d" { query "hi" reply small error server reply large "[]" expect calls == 2 }'
    assert missing(tmp_path, down) == [
        "main: rung 2, large",
        "main: otherwise, small",
        "check ok: never failed",
    ]
    up = text + 'test "u" { query "hi" reply small "no" reply large "no" expect calls == 3 }'
    assert missing(tmp_path, up) == ["tier.both: member 2, large", "check ok: never passed"]
    assert missing(tmp_path, up + down.removeprefix(text)) == []


def test_both_sides_of_a_hedge(tmp_path: Path):
    text = """
    policy main = hedge small after 2s with (cascade [large, small] until json)
    """
    quick = text + 'test "q" { query "hi" reply small "x" { latency: 1s } expect path == [small] and latency == 1s }'
    assert missing(tmp_path, quick) == [
        "main: second, main.second",
        "main.second: rung 1, large",
        "main.second: rung 2, small",
        "main.second: json",
    ]
    slow = """
    test "s" {
      query "hi"
      reply small "x" { latency: 9s }
      reply large "[]" { latency: 1s }
      expect path == [small, large] and model == large and latency == 3s and calls == 2
    }
    """
    assert missing(tmp_path, text + slow) == ["main.second: rung 2, small", "main.second: json: never failed"]


def test_a_tier_in_two_cascades_counts_where_a_step_led_to_it(tmp_path: Path):
    text = """
    tier top = fallback [large, small]
    policy main  = cascade [small, top] until json
    policy other = cascade [small, top] until json
    test "t" { query "hi" reply small "no" reply large "[]" expect path == [small, large] }
    test "o" { policy other query "hi" reply small "[]" expect path == [small] }
    """
    assert missing(tmp_path, text) == [
        "tier.top: member 2, small",
        "policy.other: rung 2, top".replace("top", "tier.top"),
        "policy.other: json: never failed",
    ]


def test_a_gate_counts_itself_unless_named_checks_are_all_of_it(tmp_path: Path):
    named = """
    check a = json
    check b = not empty
    policy main = cascade [small, large] until b and a
    test "t" { query "hi" reply small "[]" expect passed }
    """
    assert missing(tmp_path, named) == ["main: rung 2, large", "check a: never failed", "check b: never failed"]
    own = named.replace("until b and a", "until b and words < 3").replace("check a = json", "")
    assert missing(tmp_path, own) == [
        "main: rung 2, large",
        "main: b and (words < 3): never failed",
        "check b: never failed",
    ]


def test_a_check_that_stops_early_was_not_made(tmp_path: Path):
    text = """
    check a = json
    check b = not empty
    policy main = cascade [small, large] until a and b
    test "t" { query "hi" reply small "x" reply large "x" expect failed }
    """
    assert missing(tmp_path, text) == ["check a: never passed", "check b"]


def test_a_paid_gate_that_decides_nothing_is_not_missed(tmp_path: Path):
    text = """
    check kind = judge(large, "kind?") >= 0.5
    policy main = cascade [small, large] until kind
    test "t" { query "hi" reply small "x" judge large 0.9 expect passed }
    test "u" { query "hi" reply small "x" judge large 0.1 reply large "y" expect unchecked }
    """
    assert missing(tmp_path, text) == []


def test_each_policy_has_its_own_figures(tmp_path: Path):
    text = """
    policy main  = route chars > 9 -> large else small
    policy other = route by k a -> small, b -> large
    signal k: {a, b} = meta.k else a
    test "t" { query "hi" reply small "x" expect unchecked }
    """
    coverage = reached(tmp_path, text)
    assert [(p, coverage.of(p).reached, len(coverage.of(p).parts)) for p in ("main", "other")] == [
        ("main", 1, 2),
        ("other", 0, 2),
    ]
    assert [part.line for part in coverage.parts] == [5, 5, 6, 6]


def test_nothing_ran_nothing_counts(tmp_path: Path):
    assert reached(tmp_path, "policy main = cascade [small, large] until json") == Coverage()
