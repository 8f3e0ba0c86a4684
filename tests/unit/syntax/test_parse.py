from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from lark import Lark

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import DiskFiles, MemoryFiles, SourceFile
from cascadelang.syntax import ast
from cascadelang.syntax.parse import parse
from cascadelang.syntax.read_source import read_source
from cascadelang.syntax.tables import LARK_OPTIONS, grammar_path
from cascadelang.syntax.visit import children, depth, walk

ALL_FORMS = Path(__file__).parents[2] / "corpus" / "parse" / "all_forms.cl"


def read(text):
    result = parse(SourceFile("x.cl", text))
    assert result.diagnostics == ()
    return result.file


def strategy(text):
    return read(f"policy p = {text}").decls[0].strategy


def expression(text):
    return read(f"signal s = {text}").decls[0].expr


def names(text):
    return [d.name for d in parse(SourceFile("x.cl", text)).diagnostics]


def name(word):
    return ast.NameStrategy(ast.Name((word,)))


def ref(*parts):
    return ast.Ref(ast.Name(parts))


def test_every_class_of_the_syntax_is_reached():
    file = read(ALL_FORMS.read_text(encoding="utf-8"))
    seen = {type(node) for node in walk(file)}
    classes = {c for c in vars(ast).values() if isinstance(c, type) and issubclass(c, ast.Node) and c is not ast.Node}
    assert classes - seen == set()


def test_spans_lie_inside_the_text_and_inside_their_parents():
    text = ALL_FORMS.read_text(encoding="utf-8")
    file = read(text)
    for node in walk(file):
        assert 0 <= node.span.start <= node.span.end <= len(text)
        for child in children(node):
            assert node.span.start <= child.span.start
            assert child.span.end <= node.span.end


def test_lark_itself_reads_every_form_with_the_same_grammar():
    lark = Lark(grammar_path().read_text(encoding="utf-8"), **LARK_OPTIONS)
    text = ALL_FORMS.read_text(encoding="utf-8")
    # Keywords are names in two more places here, where our parser knows better than the tables what fits.
    for ours, plain in [("model -> haiku", "other -> haiku"), ("from == billing", "topic == billing")]:
        assert ours in text
        text = text.replace(ours, plain)
    lark.parse(text)


def test_clauses_of_a_cascade_come_in_any_order_and_suffixes_from_left_to_right():
    assert strategy("cascade [a] within $1 until x carry draft retry 2") == ast.Retry(
        ast.Within(ast.Cascade((ast.Rung(name("a")),), until=ref("x"), carry="draft"), ast.Money(Decimal(1))),
        ast.Number(Decimal(2)),
    )


def test_clauses_belong_to_the_nearest_cascade():
    inner = ast.Otherwise("strategy", name("c"))
    assert strategy("cascade [a, b] otherwise c until x") == ast.Cascade(
        (ast.Rung(name("a")), ast.Rung(name("b"))), until=ref("x"), otherwise=inner
    )
    assert strategy("cascade [a until x, cascade [b] until y]").rungs == (
        ast.Rung(name("a"), ref("x")),
        ast.Rung(ast.Cascade((ast.Rung(name("b")),), until=ref("y"))),
    )
    assert strategy("cascade [(cascade [a]) until x]").rungs[0].until == ref("x")


def test_a_suffix_belongs_to_what_stands_just_before_it():
    assert strategy("route c -> a else b within 5s") == ast.Route(
        (ast.Arm(ref("c"), name("a")),), ast.Within(name("b"), None, ast.Duration(Decimal(5)))
    )
    assert isinstance(strategy("(route c -> a else b) within 5s"), ast.Within)
    assert isinstance(strategy("hedge a after 1s with b retry 1"), ast.Hedge)
    assert isinstance(strategy("(hedge a after 1s with b) retry 1"), ast.Retry)


def test_with_before_a_brace_is_the_suffix():
    shadow = strategy("shadow a with { seed: 1 } with # and a comment\n b with {} on 5%")
    assert isinstance(shadow.live, ast.With)
    assert isinstance(shadow.beside, ast.With)
    assert shadow.share == ast.Percent(Decimal("0.05"))


def test_keywords_are_names_where_they_can_be():
    file = read(
        "signal route = has_code signal signal = meta.from\ncheck check = contains(model, until: 1)\n"
        "policy policy = route by signal check -> a, until -> b, tier -> c else d\n"
        "provider cascade = openai { model: 1, with: 2, signal: 3 }"
    )
    assert [d.name for d in file.decls] == ["route", "signal", "check", "policy", "cascade"]
    assert [arm.label for arm in file.decls[3].strategy.arms] == ["check", "until", "tier"]


def test_names_need_no_spaces_round_arrows():
    assert strategy("route code->tier3 else a") == ast.Route((ast.Arm(ref("code"), name("tier3")),), name("a"))


def test_division_and_regular_expressions():
    assert expression("a / b / c").op == "/"
    assert expression(r"matches(/a\/b[c]/im)").args[0].value == ast.Regex("a/b[c]", "im")
    assert expression("x / 2 > 1 or matches(/y/)").op == "or"


def test_a_price_is_one_only_in_a_record():
    assert read('model m = p("x") { price: $1 / $5 }').decls[0].fields.entries[0].value == ast.Price(
        ast.Money(Decimal(1)), ast.Money(Decimal(5))
    )
    assert isinstance(expression("$1 / $5"), ast.Arith)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("42", ast.Number(Decimal(42))),
        ("4k", ast.Count(4000)),
        ("1.5M", ast.Count(1_500_000)),
        ("60%", ast.Percent(Decimal("0.6"))),
        ("$0.02", ast.Money(Decimal("0.02"))),
        ("250ms", ast.Duration(Decimal("0.25"))),
        ("5m", ast.Duration(Decimal(300))),
        ("12h", ast.Duration(Decimal(43200))),
        ("30d", ast.Duration(Decimal(2592000))),
        ("true", ast.Bool(value=True)),
        ("-0.3", ast.Negative(ast.Number(Decimal("0.3")))),
        (r'"a\n\"\u00e9\\"', ast.Text('a\n"é\\')),
        (r'"\ud83d\ude00"', ast.Text("😀")),
        (r'"\ud83d"', ast.Text("\ufffd")),
        ('""', ast.Text("")),
        ('"""a "b"\r\n\\n"c""""', ast.Text('a "b"\n\\n"c"', long=True)),
        ('""""""', ast.Text("", long=True)),
        ("[]", ast.ListExpr(())),
        ("{}", ast.Record(())),
        ("f()", ast.Call(ast.Name(("f",)), ())),
    ],
)
def test_literals(written, value):
    assert expression(written) == value


def test_and_binds_tighter_when_it_is_mixed_with_or():
    result = parse(SourceFile("x.cl", "signal s = a or b and not c or d"))
    assert [d.fix.text for d in result.diagnostics] == ["a or (b and not c) or d"]
    assert result.file.decls[0].expr == expression("a or (b and not c) or d")


def test_fixes_put_right_what_they_are_about():
    for text in [
        "signal s = a and b or c",
        "policy p = fallback [a b]",
        "policy p = route x then a else b",
        "policy p = route x -> route y -> a else b else c",
        "policy p = cascade [a] untill x",
        "signal s = a = 3",
        "polcy p = a",
        "opus",
        "signal s = words > 4K",
        "signal s = contains('x')",
        "policy p = a within 5 sec",
        "signal s = x;",
        "policy p = fallback [a,, b]",
    ]:
        (found,) = parse(SourceFile("x.cl", text)).diagnostics
        fixed = text[: found.fix.span.start] + found.fix.text + text[found.fix.span.end :]
        assert names(fixed) == [], fixed


def test_what_was_read_stays_and_what_was_guessed_is_named():
    result = parse(SourceFile("x.cl", "signal a = has_code\ncheck b =\ntier c = fallback [x y]\nmodel d = p(q)\n"))
    assert [d.name for d in result.file.decls] == ["a", "c"]
    assert result.damaged == {"b", "d"}
    assert len(result.diagnostics) == 3


def test_comments_are_kept():
    file = read("# one\ntier a = b # two\n")
    assert [(c.text, c.span.start) for c in file.comments] == [("# one", 0), ("# two", 17)]


def test_the_odd_files():
    assert read("").decls == ()
    assert read("\ufeff# x\ntier a = b").decls[0].span.start == 5
    assert names("tier a = b\r# c\rtier d = e") == ["confusable-text"]
    assert len(read("tier a = b\r\ntier d = e\u00a0\f\v\n").decls) == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[" * 10_000_000, "file-too-large"),
        ("policy p = " + "(" * 100_000, "too-deep"),
        ("signal s = " + "not " * 100_000 + "x", "too-deep"),
        ("signal s = " + "-" * 100_000 + "x", "too-deep"),
        ("signal s = " + "x + " * 50_000 + "x", "too-deep"),
        ("policy p = " + "route a -> b else " * 20_000 + "c", "too-deep"),
        ("policy p = a" + " retry 1" * 30_000, "too-deep"),
        ("tier a = b\0", "not-text"),
        (")" * 100_000, "unmatched-bracket"),
        ('"' * 900_000, "unexpected"),
    ],
)
def test_hostile_files_are_one_clear_error(text, name):
    assert set(names(text)) <= {name, "too-many-errors"}
    assert names(text)[0] == name


def test_wide_files_are_read():
    assert len(expression(" and ".join(["x"] * 3000)).values) == 3000
    assert len(read("tier a = b\n" * 3000).decls) == 3000


def test_a_file_with_many_mistakes_is_given_up():
    found = names("signal = 1\n" * 200)
    assert found.count("missing-name") == 50
    assert "too-many-errors" in found


def test_depth_is_counted():
    assert depth(ast.Not(ast.Not(ast.Bool(value=True)))) == 3


def test_reading_sources(tmp_path):
    files = MemoryFiles(
        {"a.cl": b"\xef\xbb\xbftier a = b", "b.cl": b"\xff\xfet\0", "c.cl": b"\x80abc", "policy.cl": b""}
    )
    assert read_source("a.cl", files) == SourceFile("a.cl", "tier a = b")
    assert read_source("b.cl", files).name == "not-text"
    assert read_source("c.cl", files).label == "byte 1 is not UTF-8"
    assert read_source("polcy.cl", files).help == "did you mean `policy.cl`?"
    folder = read_source(str(tmp_path), DiskFiles())
    assert isinstance(folder, Diagnostic)
    assert "it is a folder" in folder.message


def test_time_grows_with_the_text_and_not_faster():
    def cost(count):
        text = "signal s = has_code and words > 3\npolicy p = cascade [a b] until\n" * count
        start = time.process_time()
        parse(SourceFile("x.cl", text))
        return time.process_time() - start

    cost(10)
    assert cost(4000) < 60 * cost(400) + 1.0


@pytest.mark.parametrize("written", ["{}", "{}k", "{}%", "${}", "{}d", "{}.5"])
def test_numbers_that_no_arithmetic_can_hold_are_errors(written):
    for digits, names in (
        ("9" * 18, []),
        ("0" * 30 + "1", []),
        ("9" * 19, ["bad-number"]),
        ("9" * 5000, ["bad-number"]),
    ):
        file = parse(SourceFile("p.cl", f"signal s = words > {written.format(digits)}\n"))
        assert [d.name for d in file.diagnostics] == names
