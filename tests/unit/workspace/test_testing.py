"""Test blocks: scripted replies, case files, and expectations."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascadelang.workspace.case_file import read_cases
from cascadelang.workspace.expectations import compare
from cascadelang.workspace.mistake import Mistake
from cascadelang.workspace.testing import CaseResult, test_paths

MODELS = """
model small = anthropic("claude-haiku-5-5")
model large = anthropic("claude-opus-5-5")
check good = judge(large, "is it polite?") >= 0.7
check sure = not empty
policy main   = route meta.plan == "gold" -> large else cascade [small, large] until sure
policy judged = cascade [small, large] until good
policy down   = fallback [small retry 1, large]
"""
ASKED = """signal kind: {plain, hard} = ask(small, "is it hard?", [plain, hard]) else plain
policy sorted = route by kind plain -> small, hard -> large
"""


def cases(tmp_path: Path, text: str, **files: str) -> list[CaseResult]:
    for name, data in files.items():
        (tmp_path / name.replace("_", ".")).write_text(data, encoding="utf-8")
    (tmp_path / "p.cl").write_text(MODELS + text + ASKED, encoding="utf-8")
    report = test_paths([str(tmp_path / "p.cl")])
    assert report.broken == 0, str(report.files[0].error)
    return list(report.files[0].cases)


def one(tmp_path: Path, body: str) -> CaseResult:
    (case,) = cases(tmp_path, f'test "t" {{ {body} }}')
    return case


@pytest.mark.parametrize(
    "body",
    [
        'query "hi" reply small "hello" expect path == [small] and passed and model == small',
        'query "hi" reply small "" reply large "x" expect path == [small, large] and calls == 2',
        'query "hi" meta { plan: "gold" } reply large "x" expect unchecked and status == unchecked',
        'query "hi" policy judged reply small "x" judge large 0.9 "kind" expect path == [small] and calls == 2',
        'query "hi" policy judged reply small "x" judge large 0.2 reply large "y" expect answer == "y"',
        'query "hi" policy judged reply small "x" judge large error server reply large "y" expect model == large',
        'query "hi" policy down reply small error timeout reply large "y" expect calls == 3 and model == large',
        'query "hi" policy down reply small error auth expect failure == auth and failed and status == failed',
        'query "hi" reply small "x" { latency: 2s, output_tokens: 9 } expect latency >= 2s and cost > $0',
        'query "hi" policy sorted ask small hard reply large "y" expect model == large and calls == 2 and cost > $0',
        'query "hi" policy sorted ask small "plain" { latency: 2s } reply small "y" expect latency >= 2s',
        'query "hi" policy sorted ask small error timeout reply small "y" expect model == small and calls == 2',
        'query "hi" policy sorted ask small sideways reply small "y" expect model == small',
        'query "hi" reply small "x" expect model in [small, large] and calls != 3',
    ],
)
def test_what_holds(tmp_path: Path, body: str):
    case = one(tmp_path, body)
    assert case.passed, (case.problem, case.unmet)


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ('query "hi" reply small "x" expect model == large', {"model": "small"}),
        ('query "hi" reply small "x" expect calls > 1', {"calls": 1}),
        ('query "hi" reply small "x" expect answer == "y" or failed', {"answer": "x", "failed": False}),
    ],
)
def test_what_does_not_hold_shows_its_values(tmp_path: Path, body: str, values: dict[str, object]):
    case = one(tmp_path, body)
    (unmet,) = case.unmet
    assert {look.name: look.value for look in unmet.looked if look.name} == values


def test_a_model_without_a_reply_is_an_error(tmp_path: Path):
    assert "no answer of `small` is scripted" in one(tmp_path, 'query "hi" expect failure == policy').problem
    case = one(tmp_path, 'query "hi" policy judged reply small "x" expect passed')
    assert "no judgement of `large` is scripted" in case.problem
    assert case.help == "add a line: `judge large 0.9`"
    case = one(tmp_path, 'query "hi" policy sorted reply small "x" expect passed')
    assert "no choice of `small` is scripted" in case.problem
    assert case.help == "add a line: `ask small LABEL`"


def test_the_label_may_come_from_the_row(tmp_path: Path):
    text = 'test "t" for each "c.yaml" { policy sorted reply small "x" reply large "y" expect model == case.model }'
    rows = (
        "- {query: hi, ask: {small: hard}, model: large}\n- {query: hi, ask: {small: {error: server}}, model: small}"
    )
    assert all(case.passed for case in cases(tmp_path, text, c_yaml=rows))
    text = 'test "t" for each "c.yaml" { policy sorted ask small case.kind reply large "y" expect model == large }'
    assert all(case.passed for case in cases(tmp_path, text, c_yaml="- {query: hi, kind: hard}"))
    table = "query,ask.small,reply.large,path\nhi,hard,y,large\n"
    text = 'test "t" for each "c.csv" { policy sorted expect model == large }'
    assert all(case.passed for case in cases(tmp_path, text, c_csv=table))


def test_no_key_and_no_network_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a test opened a socket")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert one(tmp_path, 'query "hi" reply small "x" expect passed').passed


YAML = """
- query: "hi"
  path: [small]
  reply: {small: "x"}
- name: gold goes to the top
  query: "hi"
  meta: {plan: gold}
  path: [large]
  reply: {large: "x"}
- query: "hi"
  path: [small, large]
  reply: {small: {error: timeout}, large: ["x", "y"]}
- query: "hi"
  path: [large]
  reply: {small: "x"}
"""


def test_case_files(tmp_path: Path):
    found = cases(tmp_path, 'test "table" for each "c.yaml" { expect path == case.path }', c_yaml=YAML)
    assert [(case.name, case.passed) for case in found] == [
        ("table [1]", True),
        ("table [gold goes to the top]", True),
        ("table [3]", True),
        ("table [4]", False),
    ]


def test_the_path_of_a_row_is_expected_where_the_block_says_none(tmp_path: Path):
    *right, wrong = cases(tmp_path, 'test "table" for each "c.yaml" { }', c_yaml=YAML)
    assert [case.passed for case in right] == [True, True, True]
    assert wrong.problem == "the path is [small], and `path` of the case is [large]"
    *_, wrong = cases(tmp_path, 'test "table" for each "c.yaml" { expect passed }', c_yaml=YAML)
    assert not wrong.passed
    table = "query,reply.small,path\nhi,x,small\nhi,x,small large\n"
    found = cases(tmp_path, 'test "t" for each "c.csv" { expect passed }', c_csv=table)
    assert [case.passed for case in found] == [True, False]


@pytest.mark.parametrize(
    ("judge", "path"),
    [("0.9", "[small]"), ("{error: timeout}", "[small, large]"), ("error server", "[small, large]")],
)
def test_a_row_may_say_how_a_judge_fails(tmp_path: Path, judge: str, path: str):
    row = f"- {{query: hi, policy: judged, reply: {{small: x, large: y}}, judge: {{large: {judge}}}, path: {path}}}\n"
    (case,) = cases(tmp_path, 'test "t" for each "c.yaml" { }', c_yaml=row)
    assert case.passed, (case.problem, case.unmet)


def test_an_expect_about_the_path_wins_over_the_row(tmp_path: Path):
    found = cases(tmp_path, 'test "table" for each "c.yaml" { expect path != [] }', c_yaml=YAML)
    assert all(case.passed for case in found)


@pytest.mark.parametrize("path", ["3", "{small: 1}", "[1]"])
def test_a_path_that_is_none_is_told(tmp_path: Path, path: str):
    row = f"- {{query: hi, reply: {{small: x}}, path: {path}}}"
    (case,) = cases(tmp_path, 'test "t" for each "c.yaml" { expect passed }', c_yaml=row)
    assert case.problem == "`path` of the case is not a list of models"


def test_a_test_that_expects_nothing_fails(tmp_path: Path):
    case = one(tmp_path, 'query "hi" reply small "x"')
    assert (case.passed, case.problem) == (False, "the test expects nothing")


def test_csv_cases(tmp_path: Path):
    table = """\
query,meta.plan,reply.small,reply.large,path,calls
hi,,x,,small,1
hi,gold,,x,large,1
hi,,,x,small large,2
"""
    text = 'test "t" for each "c.csv" { reply small error server expect path == case.path and calls == case.calls }'
    found = cases(tmp_path, text, c_csv=table)
    assert [case.passed for case in found] == [False, True, True]


def test_the_block_wins_over_the_row(tmp_path: Path):
    text = 'test "t" for each "c.yaml" { query case.q reply small case.says expect answer == case.says }'
    (case,) = cases(tmp_path, text, c_yaml='- {q: "hi", says: "hello", reply: {small: "other"}}')
    assert case.passed, (case.problem, case.unmet)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "holds no case"),
        ("a: 1", "must be a list of cases"),
        ("- 3", "must be fields with names"),
        ("- {", "is not YAML"),
        ("- !!python/object/apply:os.system ['true']", "is not YAML"),
        ("- {path: [small]}", "no `query`"),
        ("- {query: hi, reply: {smal: x}}", "did you mean `small`?"),
        ("- {query: hi, reply: {small: {eror: x}}}", "neither a text nor an error"),
        ("- {query: hi, judge: {large: 7}}", "not between 0 and 1"),
        ("- {query: hi, policy: sorted, ask: {small: {eror: x}}}", "`ask.small` of the case is neither"),
        ("- {query: hi, policy: mian, reply: {small: x}}", "there is no policy `mian`"),
    ],
)
def test_case_files_that_can_not_be_used(tmp_path: Path, data: str, said: str):
    (case,) = cases(tmp_path, 'test "t" for each "c.yaml" { expect passed }', c_yaml=data)
    assert said in f"{case.problem} {case.help}"


@pytest.mark.parametrize(
    ("op", "left", "right", "value"),
    [
        ("==", 0.1, 0.1, True),
        ("<", 0.009999, 0.01, True),
        ("==", ["a", "b"], "a, b", True),
        ("==", ["a", "b"], "[b, a]", False),
        ("==", "7", 7, True),
        ("==", True, "true", True),
        ("<", None, 1, None),
        ("<", "a", 1, None),
        ("!=", None, 1, None),
    ],
)
def test_comparing(op: str, left: object, right: object, value: bool | None):
    assert compare(op, left, right) is value


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (f'query\n"{"x" * 200_000}"\n', "is not CSV that can be read"),
        ('query,path\n"hi,small\nho,large\n', "is not CSV that can be read"),
        ("query,meta,meta.plan\nhi,a,b\n", "a column `meta` and a column `meta.plan`"),
    ],
)
def test_csv_that_cannot_be_read_is_told(table: str, words: str):
    with pytest.raises(Mistake, match=words):
        read_cases("c.csv", table.encode())


def test_every_part_of_an_expectation_is_looked_at(tmp_path: Path):
    case = one(
        tmp_path, 'query "hi" reply small "x" expect path == [large] and not (calls + 1 > 2) and model in [large]'
    )
    (unmet,) = case.unmet
    assert [(look.name, look.value) for look in unmet.looked] == [
        ("path", ["small"]),
        ("", False),
        ("calls", 1),
        ("", 2),
        ("", False),
        ("", True),
        ("model", "small"),
        ("", False),
        ("", False),
    ]


def test_what_a_missing_reply_needs_is_said(tmp_path: Path):
    case = one(tmp_path, 'query "hi" reply small "" expect passed')
    assert case.help == 'add a line: `reply large "…"`'
    case = one(tmp_path, 'query "hi" policy judged reply small "x" expect passed')
    assert case.help == "add a line: `judge large 0.9`"
    case = one(tmp_path, 'query "hi" reply small "x"')
    assert case.help == "add a line: `expect path == [small]`"


def test_a_reply_that_no_call_used_is_told(tmp_path: Path):
    case = one(
        tmp_path, 'query "hi"\nreply small "x"\nreply small "y"\nreply large "z"\njudge large 0.5 expect passed'
    )
    assert case.passed
    assert case.notes == (
        "no call used `reply small` (line 11)",
        "no call used `reply large` (line 12)",
        "no call used `judge large` (line 13)",
    )
    assert one(tmp_path, 'query "hi" reply small "" reply large "z" expect calls == 2').notes == ()


def test_a_reply_of_a_table_is_told_when_no_row_used_it(tmp_path: Path):
    table = "query,reply.small\nhi,x\nho,y\n"
    first, last = cases(tmp_path, 'test "t" for each "c.csv" { reply large "z" expect passed }', c_csv=table)
    assert (first.notes, last.notes) == ((), ("no call used `reply large` (line 9)",))
    table = "query,reply.small\nhi,x\nho,error timeout\n"
    assert not any(
        case.notes
        for case in cases(tmp_path, 'test "t" for each "c.csv" { reply large "z" expect passed }', c_csv=table)
    )


@pytest.mark.parametrize(
    ("row", "block", "said"),
    [
        ("{query: hi, reply: {small: x}, paht: [small]}", "expect passed", "did you mean `path`?"),
        ("{query: hi, reply: {small: x}, model: small}", "expect passed", "add a line: `expect model == case.model`"),
        ("{query: hi, reply: {small: x}, want: x}", "expect answer == case.wnat", "did you mean `case.want`?"),
        ("{query: hi, reply: {small: x}}", "expect answer == case.says", "has a field `says`"),
        ("{query: hi, reply: {small: [[x]]}}", "expect passed", "the reply of `small` is no text"),
        ("{query: hi, reply: {small: }}", "expect passed", "the reply of `small` is no text"),
        ("{query: [hi], reply: {small: x}}", "expect passed", "`query` of the case is no text"),
        ("{query: hi, meta: {x: [1]}, reply: {small: x}}", "expect passed", "`meta.x` of the case must be"),
        ("{query: hi, meta: gold, reply: {small: x}}", "expect passed", "write `meta: {plan: gold}`"),
        ("{query: hi, judge: {large: high}, reply: {small: x}}", "expect passed", "is not a number"),
    ],
)
def test_rows_and_blocks_that_mean_different_fields(tmp_path: Path, row: str, block: str, said: str):
    found = cases(tmp_path, f'test "t" for each "c.yaml" {{ {block} }}', c_yaml=f"- {row}")
    assert [case.passed for case in found] == [False]
    assert said in f"{found[0].problem} {found[0].help}"


def test_a_field_that_one_row_lacks_is_told_with_its_line(tmp_path: Path):
    rows = '- {query: hi, says: x}\n- {query: hi}\n- {query: hi, says: x, reply: {large: "y"}}\n'
    found = cases(tmp_path, 'test "t" for each "c.yaml" { reply small case.says expect passed }', c_yaml=rows)
    assert [case.passed for case in found] == [True, False, True]
    assert found[1].problem == "the case has no `says`"
    assert found[1].at.endswith("c.yaml:2")


def test_a_table_may_say_how_a_call_fails(tmp_path: Path):
    table = "query,reply.small,reply.large,path\nhi,error timeout,x,small large\n"
    (case,) = cases(tmp_path, 'test "t" for each "c.csv" { expect model == large }', c_csv=table)
    assert case.passed, (case.problem, case.unmet)


def test_only_the_tests_asked_for_run(tmp_path: Path):
    text = MODELS + 'test "One" { query "hi" reply small "x" expect passed } test "two" { query "hi" expect passed }'
    (tmp_path / "p.cl").write_text(text)
    report = test_paths([str(tmp_path / "p.cl")], names=["ONE", "three"])
    assert (report.passed, report.failed, report.left_out) == (1, 0, 1)
    report = test_paths([str(tmp_path / "p.cl")], names=["none of these"])
    assert (report.passed, report.failed, report.left_out) == (0, 0, 2)


def test_only_the_rows_asked_for_run(tmp_path: Path):
    (tmp_path / "c.yaml").write_text(YAML)
    (tmp_path / "p.cl").write_text(MODELS + 'test "table" for each "c.yaml" { }')
    report = test_paths([str(tmp_path / "p.cl")], names=["gold goes"])
    assert [case.name for case in report.files[0].cases] == ["table [gold goes to the top]"]
    assert report.left_out == 3


def test_fail_fast_stops(tmp_path: Path):
    bad, good = 'test "b" { query "hi" expect passed }', 'test "g" { query "hi" reply small "x" expect passed }'
    (tmp_path / "a.cl").write_text(MODELS + good + bad + good)
    (tmp_path / "b.cl").write_text(MODELS + good)
    report = test_paths([str(tmp_path)], fail_fast=True)
    assert [file.path.rsplit("/", 1)[-1] for file in report.files] == ["a.cl"]
    assert (report.passed, report.failed, report.left_out) == (1, 1, 1)


def test_a_case_may_have_a_conversation(tmp_path: Path):
    rows = """
- messages: [{role: user, content: a}, {role: assistant, content: b}]
  query: c
  reply: {large: x}
- messages: {messages: [{role: user, content: a}], response_format: {type: json_object}}
  reply: {large: x}
- query: c
  reply: {small: x}
- messages: [{role: usr, content: a}]
"""
    text = MODELS.replace('meta.plan == "gold"', "turns > 1 or wants_json")
    (tmp_path / "c.yaml").write_text(rows)
    (tmp_path / "p.cl").write_text(text + 'test "t" for each "c.yaml" { expect path != [] }')
    (file,) = test_paths([str(tmp_path / "p.cl")]).files
    assert [(list(case.run.path) if case.run else case.problem) for case in file.cases] == [
        ["large"],
        ["large"],
        ["small"],
        "`messages[0]` has the role `usr`",
    ]
