from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

POLICY = """
provider fake = scripted { replies: { small: ["no", "{}", "{}", "no"], large: "{}" } }
model small = fake("small") { max_tokens: 400, price: $1 / $5 }
model large = fake("large") { max_tokens: 400, price: $10 / $50 }
signal code = meta.kind == "code"
policy main = route code -> large else cascade [small, large] until json
policy dear = cascade [small, unknown_one] until json
model unknown_one = there("what") { max_tokens: 400 }
provider there = openai { base_url: "http://127.0.0.1:9/v1" }
"""
STATED = ("--mix", "code=20%", "--pass", "small=75%", "--tokens", "800/300", "--fail", "small=0%")
SMALL = (800 * 1 + 300 * 5) / 1e6
LARGE = (800 * 10 + 300 * 50) / 1e6


@pytest.fixture(autouse=True)
def _policy(cl):
    Path("c.cl").write_text(POLICY, encoding="utf-8")


def test_the_table(cl, snapshot):
    ran = cl("cost", "c.cl", *STATED, "--volume", "200k/month")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == snapshot


def test_as_json(cl):
    value = json.loads(cl("cost", "c.cl", *STATED, "--output", "json").out)
    assert value["version"] == 1
    ways = {way["name"]: way for way in value["ways"]}
    expected = 0.2 * LARGE + 0.8 * (SMALL + 0.25 * LARGE)
    assert ways["this policy"]["expected_usd"] == pytest.approx(expected)
    assert ways["this policy"]["expected_usd_per_month"] == pytest.approx(expected * 1e6)
    assert ways["router alone"]["expected_usd"] == pytest.approx(0.2 * LARGE + 0.8 * SMALL)
    assert ways["cascade alone"]["expected_usd"] == pytest.approx(SMALL + 0.25 * LARGE)
    assert ways["all:large"]["expected_usd"] == pytest.approx(LARGE)
    # 0.2 L + 0.8 (S + e L) = L, where L is ten times S
    assert value["break_even_escalation"] == pytest.approx(0.9, abs=1e-4)
    assert value["assumed"] == []
    assert sum(node["usd"] for node in value["nodes"]) == pytest.approx(expected)
    assert {(node["node"], node["part"]) for node in value["nodes"]} == {
        ("main.arm1", "answers"),
        ("main.else.rung1", "answers"),
        ("main.else.rung1", "rejected"),
        ("main.else.rung2", "answers"),
    }
    assert value["proved_usd"] >= ways["this policy"]["worst_usd"]


def test_as_csv_that_no_spreadsheet_calculates(cl):
    Path("c.cl").write_text(
        POLICY.replace('signal code = meta.kind == "code"', "").replace("route code", 'route meta.kind == "=1+1"'),
        encoding="utf-8",
    )
    out = cl("cost", "c.cl", "--output", "csv").out
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert len({len(row) for row in rows}) == 1
    assert [row[0] for row in rows][:3] == ["section", "way", "way"]
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for row in rows for cell in row)
    assert "\r\n" in out or out.count("\n") == len(rows)


def test_cells_that_begin_like_formulas():
    from cascadelang.workspace.cost_output import cell

    assert [cell(v) for v in ("=1", "+1", "-1", "@a", "\tx", "a=1", 0.5, -0.5, None)] == [
        "'=1", "'+1", "'-1", "'@a", "'\tx", "a=1", 0.5, -0.5, ""
    ]  # fmt: skip


def test_unknown_prices_stay_unknown(cl):
    ran = cl("cost", "c.cl", "--policy", "dear")
    line = next(line for line in ran.out.splitlines() if line.startswith("this policy"))
    assert line.split()[2:6] == ["unknown"] * 4
    assert "the price of `unknown_one` isn't known" in ran.out
    assert "proved: nothing, as a price" in ran.out


def test_a_page_is_written_over_nothing_else(cl):
    before = Path("c.cl").read_bytes()
    ran = cl("cost", "c.cl", "--plot", "c.cl")
    assert (ran.code, ran.out) == (2, "")
    assert "`c.cl` is no name for a page" in ran.err
    assert Path("c.cl").read_bytes() == before


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--mix", "cod=20%"), "the policy has no arm `cod`"),
        (("--mix", "code=120%"), "can't be read"),
        (("--mix", "code"), "can't be read"),
        (("--mix", "code=1%,code=2%"), "says `code` twice"),
        (("--mix", "code=60%,else=60%"), "add up to 120%, and have to add up to 100%"),
        (("--pass", "smal=20%"), "did you mean `small`?"),
        (("--fail", "nobody=20%"), "the policy has no model `nobody`"),
        (("--hits", "cached=20%"), "the policy has no cached `cached`"),
        (("--tokens", "800"), "is no size of a query and an answer"),
        (("--tokens", "tiny=8/3"), "the policy has no model `tiny`"),
        (("--volume", "lots"), "is no volume"),
        (("--volume", "3/fortnight"), "is no volume"),
        (("--vs", "opus"), "nothing to compare with"),
        (("--vs", "all:larg"), "did you mean `all:large`?"),
        (("--policy", "mian"), "did you mean `main`?"),
        (("--since", "7d"), "goes with `--from-traces`"),
        (("--plot", "."), "is no name for a page"),
        (("--plot", "nowhere/out.html"), "can't be written"),
    ],
)
def test_mistakes(cl, args: tuple[str, ...], said: str):
    ran = cl("cost", "c.cl", *args)
    assert ran.code in {1, 2}
    assert said in " ".join(ran.err.split())


def test_volumes():
    from cascadelang.workspace.cost_rates import monthly

    assert monthly("1M/month") == 1e6
    assert monthly("12k/year") == pytest.approx(1000)
    assert monthly("24/day") == pytest.approx(monthly("1/hour"))
    assert monthly("1,500") == 1500


def test_a_sample_is_called_one(cl, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(Path("t.db").resolve()))
    monkeypatch.setenv("CASCADELANG_TRACE_SAMPLE", "0.5")
    from cascadelang import Policy

    with Policy.load("c.cl") as policy:
        for _ in range(60):
            policy.run("hello", meta={"kind": "chat"})
    bill = json.loads(cl("cost", "c.cl", "--from-traces", "--output", "json").out)
    kept, runs = bill["recorded_kept"], round(bill["recorded_runs"])
    assert 0 < kept < 60
    assert f", by {kept} recorded runs, a sample that stands for {runs}\n" in cl("cost", "c.cl", "--from-traces").out
    assert cl("cost", "c.cl", "--from-traces", "--plot", "p.html").code == 0
    assert f"by {kept} recorded runs, a sample that stands for {runs}<" in Path("p.html").read_text()


def test_runs_of_the_file_elsewhere_are_told_of(cl, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(Path("t.db").resolve()))
    from cascadelang import Policy

    Path("x").mkdir()
    Path("x/c.cl").write_text(Path("c.cl").read_text())
    with Policy.load("x/c.cl") as policy:
        policy.run("hello", meta={"kind": "chat"})
    told = f"runs of `{Path('x', 'c.cl')}` are: is it this policy elsewhere, give both one `trace_project`"
    assert told in cl("cost", "c.cl", "--from-traces").err
    report = cl("report", "c.cl")
    assert "no run of `c.cl` is recorded in this window" in report.err
    assert told in report.err


def test_from_what_was_recorded(cl, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(Path("t.db").resolve()))
    assert "no run of `main` is recorded" in cl("cost", "c.cl", "--from-traces").err
    from cascadelang import Policy

    policy = Policy.load("c.cl")
    for kind in ("code", "chat", "chat", "chat"):
        policy.run("hello", meta={"kind": kind})
    policy.close()
    value = json.loads(cl("cost", "c.cl", "--from-traces", "--output", "json").out)
    rates = {rate["what"]: (rate["share"], rate["whence"]) for rate in value["rates"]}
    assert value["recorded_runs"] == 4
    assert rates["main: code"] == (0.25, "recorded")
    assert rates["main.else: `small` passes"] == (pytest.approx(2 / 3), "recorded")
    spent = json.loads(cl("stats", "--output", "json").out)["policies"][0]["cost"]
    assert value["ways"][0]["expected_usd"] == pytest.approx(spent["per_query_usd"], rel=1e-6)
    stated = json.loads(cl("cost", "c.cl", "--from-traces", "--mix", "code=0", "--output", "json").out)
    rates = {rate["what"]: (rate["share"], rate["whence"]) for rate in stated["rates"]}
    assert rates["main: code"] == (0.0, "stated")
    # another file's policy of the same name is another policy
    Path("d.cl").write_text(POLICY, encoding="utf-8")
    assert "no run of `main` is recorded" in cl("cost", "d.cl", "--from-traces").err


def test_the_page_opens_offline(cl):
    ran = cl("cost", "c.cl", *STATED, "--plot", "out.html")
    assert (ran.code, ran.err) == (0, "wrote out.html\n")
    html = Path("out.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|<script|<link|<img|url\(|@import", html)
    assert "default-src &#x27;none&#x27;" in html or "default-src 'none'" in html
    assert "break-even 90%" in html
    assert len(html) < 60_000


def test_nothing_in_a_policy_does_anything_in_the_page(cl):
    nasty = "</script><img src=x onerror=alert(1)>"
    text = POLICY.replace('meta.kind == "code"', f'meta.kind == "{nasty}"').replace(
        "route code", f'route meta.kind == "{nasty}"'
    )
    Path("c.cl").write_text(text, encoding="utf-8")
    assert cl("cost", "c.cl", "--plot", "out.html").code == 0
    html = Path("out.html").read_text(encoding="utf-8")
    assert "<img" not in html
    assert "</script" not in html
    assert "&lt;/script&gt;" in html


def test_shares_too_small_for_a_figure():
    from cascadelang.workspace.figures import percent

    assert [percent(share, least="<0.1%") for share in (0, 0.0001, 0.004, 0.5, 0.999, 1)] == [
        "0%", "<0.1%", "0.4%", "50%", "99.9%", "100%"
    ]  # fmt: skip
