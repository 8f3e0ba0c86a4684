"""The page about recorded runs: its figures are those of stats, and no text in it can do anything."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.pages.html import POLICY, text
from cascadelang.trace.store import TraceStore
from cascadelang.workspace.report import findings
from cascadelang.workspace.report_page import _inline, report_page
from cascadelang.workspace.stats import read_stats

FILE = """
provider x = openai { base_url: "http://127.0.0.1:9/v1" }
model small = x("s") { price: $1 / $5 }
model large = x("l") { price: $10 / $50 }
policy main = route meta.kind == "code" -> large else cascade [small, large] until json
"""
NASTY = (
    "</script><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "\u2028\u2029</pre></details><style>*{display:none}</style>",
    "\" onmouseover='alert(1)' x=\"",
    "&lt;b&gt; &#x3c;script&#x3e; <!-- --> ]]> <![CDATA[",
    "http://evil.example/a.png url(http://evil.example) @import 'x'",
    "\u202egnp.exe \x00\x07\x1b[31m \ud800 \ufeff",
    "<svg onload=alert(1)><foreignObject><iframe srcdoc='<script>'>",
)


def run(
    at: int, words: str = "hello", *, status: str = "accepted", climbs: bool = False, path: str = "p.cl"
) -> RunRecord:
    models = ("small", "large") if climbs else ("small",)
    events = [
        Event("route", "main", 0.0, {"arm": "else", "to": "main.else", "because": {words: words}, "unknown": [words]})
    ]
    for number, model in enumerate(models):
        last = number + 1 == len(models)
        called = {"model": model, "purpose": "answer", "attempt": 1, "finish_reason": "stop"}
        called |= {"input_tokens": 800, "output_tokens": 300, "cost_usd": 0.0023 * 10**number, "latency_s": 1.0}
        events.append(Event("call", f"main.else.rung{number + 1}", 1.0, {**called, "text": words}))
        good = last and status == "accepted"
        verdict = {
            "check": words or "json",
            "model": model,
            "outcome": "passed" if good else "failed",
            "reason": words,
        }
        events.append(Event("check", "main.else", 1.0, verdict))
        if not last:
            events.append(Event("escalate", "main.else", 1.0, {"from": model, "to": models[1], "because": "unmet"}))
    events.append(Event("end", "", 1.0, {"status": status, "kind": "", "message": ""}))
    cost = sum(event.data["cost_usd"] for event in events if event.kind == "call")
    return RunRecord(
        trace_id=f"{at:08x}{'0' * 12}",
        policy="main",
        policy_path=path,
        graph_sha256="0" * 64,
        started_wall_s=time.time() - 4000 + at,
        latency_s=1.0 + at / 10,
        status=status,
        failure="",
        model=models[-1],
        path=models,
        cost_usd=cost,
        input_tokens=800 * len(models),
        output_tokens=300 * len(models),
        query=words,
        answer=words,
        meta={"m": words},
        events=events,
    )


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(tmp_path / "t.db"))
    (tmp_path / "p.cl").write_text(FILE, encoding="utf-8")

    def fill(*runs: RunRecord) -> None:
        store = TraceStore(tmp_path / "t.db", warn=pytest.fail)
        for one in runs:
            store.record(one)
        store.close()

    return fill


class Tags(HTMLParser):
    """What a browser would make of it: the tags and attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


def harmless(html: str) -> Tags:
    tags = parsed(html)
    assert not tags.tags & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "foreignobject",
        "a",
    }
    assert not [name for name in tags.attributes if name.startswith("on") or name in {"href", "src", "srcdoc"}]
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in html
    assert "script" not in POLICY
    assert "default-src 'none'" in POLICY
    return tags


def test_all_of_it_is_what_any_clock_recorded(tmp_path, make_run, monkeypatch):
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(tmp_path / "t.sqlite"))
    store = TraceStore(tmp_path / "t.sqlite")
    for number, started_wall_s in enumerate((-3.0, 5.0, time.time(), time.time() + 1e9)):
        store.record(make_run(number, started_wall_s=started_wall_s))
    store.close()
    assert [read_stats(since=None).pop().runs, findings(since=None).stats.runs] == [4, 4]
    assert [read_stats(since="7d").pop().runs, read_stats(since=None, until="7d").pop().runs] == [1, 2]


def test_the_head_says_what_was_saved(record):
    record(*(run(at) for at in range(8)), run(8, climbs=True), run(9, climbs=True, status="unmet"))
    found = findings()
    stats = read_stats(since="30d")[0]
    assert replace(found.stats, until_wall_s=0) == replace(stats, until_wall_s=0)
    assert found.without_top == pytest.approx(0.8)
    said = " ".join(parsed(report_page(found)).said.split())
    # 8 x 0.0023 + 2 x 0.0253, against ten answers of the dear one
    assert "Saved $0.161 of $0.23: 80% of queries never needed large" in said
    assert "20%" in said


def test_flows_keep_every_query(record):
    record(*(run(at) for at in range(5)), run(8, climbs=True), run(9, climbs=True, status="unmet"))
    flows = findings().flows
    ends = {flow.target[0] for flow in flows}
    last = max(ends)
    assert sum(flow.amount for flow in flows if flow.source[0] == 0) == 7
    assert sum(flow.amount for flow in flows if flow.target[0] == last) == 7
    asked = {(flow.source[1], flow.target[1]): flow.amount for flow in flows}
    assert asked["else", "small"] == 7
    assert asked["small", "large"] == 2
    assert asked["large", "not good enough"] == 1
    assert asked["small", "accepted"] == 5


def test_opens_offline(record):
    record(run(1), run(2, climbs=True))
    html = report_page(findings())
    assert not re.search(r"https?:|src=|href=|url\(|@import|<script|<link", html)
    assert not re.search(r"['\"(=]//", html)
    harmless(html)
    assert len(html) < 120_000


@pytest.mark.parametrize("words", NASTY)
def test_no_text_does_anything(record, words: str):
    record(*(run(at, words, climbs=at % 2 == 0, status="unmet" if at % 3 else "accepted") for at in range(6)))
    tags = harmless(report_page(findings()))
    assert "alert(1)" not in words or "alert(1)" in tags.said  # it is there, as text


def test_hostile_names(record, tmp_path: Path):
    nasty = "<b>.cl"
    (tmp_path / nasty).write_text(FILE.replace("small", "sm"), encoding="utf-8")
    record(*(replace(run(at, path=nasty), policy="<i>main", model="<u>x", path=("<u>x", "<u>y")) for at in range(3)))
    harmless(report_page(findings()))


def test_what_cannot_be_seen_is_replaced():
    assert text("a\u2028b\u202ec\x00d\ud800e\n\t") == "a�b�c�d�e\n\t"
    assert text("<\"'&>") == "&lt;&quot;&#x27;&amp;&gt;"


def test_drawings_lose_what_runs():
    svg = '<?xml?><!-- x --><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><a xlink:href="http://x"></a></svg>'
    assert _inline(svg) == "<svg><a></a></svg>"
    assert _inline("<svg><g><title>n1&#45;&gt;b1</title></g></svg>") == "<svg><g></g></svg>"
    assert "<script" not in _inline("<svg><script>1</script></svg>")


def test_unknown_is_said_to_be(record, tmp_path: Path):
    record(replace(run(1), cost_usd=None, events=[e for e in run(1).events if e.kind != "call"]))
    (tmp_path / "p.cl").unlink()
    said = parsed(report_page(findings())).said
    assert "unknown" in said
    assert "isn't known" in said
    assert "$0 spent" not in " ".join(said.split())


def test_without_samples_no_text_is_in_it(record):
    record(*(run(at, "a very secret query") for at in range(4)))
    assert "a very secret query" in report_page(findings())
    html = report_page(findings(samples=0))
    assert "<details" not in html
    assert html.count("a very secret query") < report_page(findings()).count("a very secret query")


def test_the_command(record, cl_main):
    record(run(1))
    assert cl_main("report", "-o", "out.html") == (0, "wrote out.html\n", "")
    harmless(Path("out.html").read_text(encoding="utf-8"))
    assert "no run of `other` is recorded" in cl_main("report", "other")[2]
    assert "can't be written" in cl_main("report", "-o", "nowhere/out.html")[2]
    assert "is no name for a page" in cl_main("report", "-o", "traces.sqlite")[2]
    assert "ends before it begins" in cl_main("report", "--since", "1d", "--until", "2d")[2]


def test_another_file_of_that_name_is_another_policy(record, cl_main):
    Path("x").mkdir()
    Path("x/p.cl").write_text(FILE, encoding="utf-8")
    record(run(1, "of the one"), *(run(at, "of the other", path="x/p.cl") for at in range(2, 60)))
    assert (findings("p.cl").stats.queries, findings("x/p.cl").stats.queries) == (1, 58)
    assert [sample.query for sample in findings("p.cl").samples] == ["of the one"]
    recorded = [
        json.loads(cl_main("cost", file, "--from-traces", "--output", "json")[1]) for file in ("p.cl", "x/p.cl")
    ]
    assert [bill["recorded_runs"] for bill in recorded] == [1, 58]


def test_a_policy_that_ran_in_another_folder_is_found(record, cl_main, monkeypatch):
    record(run(1))
    Path("deep").mkdir()
    monkeypatch.chdir("deep")
    assert findings("../p.cl").stats.queries == 1
    assert json.loads(cl_main("cost", "../p.cl", "--from-traces", "--output", "json")[1])["recorded_runs"] == 1


def test_whoever_pays_sees_what_shadows_cost(record):
    alone = [run(at) for at in range(4)]
    record(*alone)
    before = findings("main").stats
    record(*(replace(run(at), policy="main (shadow main)") for at in range(10, 12)))
    shadows_usd = 2 * 0.0023
    for asked in ("main", "p.cl", None):
        found = findings(asked)
        assert (found.stats.queries, found.others) == (4, [])
        assert found.stats.cost.total_usd == pytest.approx(before.cost.total_usd + shadows_usd)
        assert found.stats.cost.per_query_usd == pytest.approx(found.stats.cost.total_usd / 4)
        assert found.stats.savings.saved_usd == pytest.approx(before.savings.saved_usd - shadows_usd)
        assert sum(slot.cost_usd for slot in found.stats.over_time) == pytest.approx(found.stats.cost.total_usd)
    assert "shadows, for the record" in report_page(findings())
    dear = run(20)
    events = [one._replace(data={**one.data, "cost_usd": None}) if one.kind == "call" else one for one in dear.events]
    record(replace(dear, policy="main (shadow main)", cost_usd=None, events=events))
    unknown = findings().stats
    assert (unknown.cost.total_usd, unknown.savings.saved_usd) == (None, None)
    assert "shadow" in unknown.savings.unknown


def test_records_without_quality_are_told(record, cl_main):
    record(run(1))
    Path("r.jsonl").write_text('{"query": "q", "answers": {"small": {"text": "{}"}, "large": {"text": "{}"}}}')
    assert "no answer in `r.jsonl` has a `quality`" in cl_main("report", "p.cl", "--on", "r.jsonl")[2]


@pytest.fixture
def cl_main():
    from click.testing import CliRunner

    from cascadelang.cli.main import main

    def go(*args: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, args)
        return result.exit_code, result.stdout, result.stderr

    return go


def test_what_records_call_a_model_is_said(record, cl_main):
    record(run(1))
    rows = [{"query": q, "answers": {"S": {"text": "{}", "quality": 1}, "large": {"text": "{}"}}} for q in "ab"]
    Path("r.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert "`--model NAME=RECORDED` says which is meant" in cl_main("report", "p.cl", "--on", "r.jsonl")[2]
    code, _, err = cl_main("report", "p.cl", "--on", "r.jsonl", "--model", "small=S")
    assert (code, err) == (0, "")
    assert "Quality as it is graded in r.jsonl, of 2 records" in Path("report.html").read_text(encoding="utf-8")
    assert "`--on` names none" in cl_main("report", "p.cl", "--model", "small=S")[2]
    assert "names no model" in cl_main("report", "p.cl", "--on", "r.jsonl", "--model", "small")[2]


LADDER = """
provider x = openai { base_url: "http://127.0.0.1:9/v1" }
model small = x("s") { price: $1 / $5 }
model large = x("l") { price: $10 / $50 }
policy main = cascade [small, large] until json
"""


def test_quality_by_records(record, tmp_path: Path):
    import json

    (tmp_path / "p.cl").write_text(LADDER, encoding="utf-8")
    answers = [("{}", 1.0), ("no", 0.0), ("{}", 1.0), ("no", 0.0)]
    rows = [
        {
            "id": f"q{at}",
            "query": "hello",
            "answers": {
                "s": {"text": said, "quality": good, "cost_usd": 0.001},
                "l": {"text": "{}", "quality": 1.0, "cost_usd": 0.01},
            },
        }
        for at, (said, good) in enumerate(answers)
    ]
    (tmp_path / "records.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    record(run(1))
    found = findings("p.cl", records="records.jsonl")
    assert found.replayed is not None
    assert found.replayed.quality.value == 1.0
    assert found.replayed.cost_usd.value == pytest.approx(0.001 + 0.5 * 0.01)
    tags = harmless(report_page(found))
    assert "Quality as it is graded in records.jsonl, of 4 records" in tags.said
    assert "Quality isn't recorded" not in tags.said


def test_prices_and_times_in_words():
    from cascadelang.workspace.figures import whole_dollars

    said = [whole_dollars(usd) for usd in (None, 0, 0.000057, 0.00123456, 0.5, 4.2, 12345.6)]
    assert said == ["unknown", "$0", "$0.000057", "$0.00123", "$0.5", "$4.20", "$12,346"]


def test_what_is_free_saves_nothing(record, tmp_path: Path):
    (tmp_path / "p.cl").write_text(
        FILE.replace("price: $1 / $5", "price: $0 / $0").replace("$10 / $50", "$0 / $0"), "utf-8"
    )
    one = run(1)
    free = [e._replace(data={**e.data, "cost_usd": 0.0}) if e.kind == "call" else e for e in one.events]
    record(replace(one, cost_usd=0.0, events=free))
    said = parsed(report_page(findings())).said
    assert "1 query, answered for free" in said
    assert "Saved" not in said
    assert "All of them are free" in said


def test_names_of_dots_are_never_written_over_each_other():
    from cascadelang.pages.charts import Dot, dots

    given = [Dot(f"m{n}", 0.1, 0.8 + n / 1000) for n in range(4)]
    html = dots(given, "x", x_format=str, y_format=str, y_range=(0.0, 1.0))
    wide = html[: html.index("narrow")]
    lines_ = [float(found) for found in re.findall(r'<text class=halo x="[\d.]+" y="([\d.]+)"', wide)]
    assert len(lines_) == 4
    assert all(abs(one - other) >= 15 for at, one in enumerate(lines_) for other in lines_[:at])


def test_only_this_policy_is_drawn_and_mermaid_is_text(record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "p.cl").write_text(FILE + "policy aside = large\n", encoding="utf-8")
    record(run(1))
    found = findings()
    assert found.drawn
    assert "aside" not in found.drawing
    monkeypatch.setattr("cascadelang.graph.export_svg.layout_program", lambda: None)
    found = findings()
    assert not found.drawn
    tags = harmless(report_page(found))
    assert "flowchart" in tags.said


def test_names_of_levels_and_marks_are_never_written_over_each_other():
    from cascadelang.pages.charts import Line, lines

    html = lines(
        [Line("cost", [(0.0, 1.0), (1.0, 100.0)], 1)],
        "x",
        x_format=str,
        y_format=str,
        marks=[(0.05, "now"), (0.06, "break-even 6%")],
        levels=[(3.0, "b for everything", 2), (2.0, "a for everything", 3)],
    )
    wide = html[: html.index("<div class=narrow>")]
    written = [float(y) for y in re.findall(r'<text class=halo x="[\d.]+" y="([\d.]+)"', wide)]
    assert len(written) == 4
    assert all(abs(one - other) >= 15 for at, one in enumerate(written) for other in written[:at])


def test_dollars_over_time_hold_what_shadows_spent(record):
    """In the part of the window in which they ran; the cost of a part in which that isn't known is none."""
    hours = [time.time() - hour * 3600 for hour in (9, 6, 3)]
    live = [replace(run(at), started_wall_s=wall_s) for at, wall_s in enumerate(hours)]
    shadows = [
        replace(run(at + 10), started_wall_s=wall_s, policy="main (shadow main)") for at, wall_s in enumerate(hours)
    ]
    late = replace(shadows[1], trace_id=f"{20:020x}", started_wall_s=hours[1] + 3600)  # in a part without a query
    record(*live, *shadows[:2], late)
    costs = [slot.cost_usd for slot in findings().stats.over_time if slot.queries]
    assert costs == pytest.approx([2 * 0.0023, 3 * 0.0023, 0.0023])
    assert "Dollars a thousand queries, shadows included" in report_page(findings())
    events = [
        one._replace(data={**one.data, "cost_usd": None}) if one.kind == "call" else one for one in shadows[2].events
    ]
    record(replace(shadows[2], cost_usd=None, events=events))
    assert [slot.priced for slot in findings().stats.over_time if slot.queries] == [1, 1, 0]
